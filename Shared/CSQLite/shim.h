#include <sqlite3.h>

// sqlite3_config is variadic, which Swift cannot call. Memory statistics take a process-wide lock
// at every allocation; without them connections on different threads do not meet.
static inline int geartrain_sqlite_configure(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

// sqlite3_db_config is variadic too. Nothing that is run through the connection can harm the file.
static inline int geartrain_sqlite_defend(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}
