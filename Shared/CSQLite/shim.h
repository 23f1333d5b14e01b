#include <sqlite3.h>

// sqlite3_config is variadic, which Swift cannot call. Memory statistics take a process-wide lock
// at every allocation; without them connections on different threads do not meet.
static inline int geartrain_sqlite_configure(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
