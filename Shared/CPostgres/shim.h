#include <libpq-fe.h>

// What a server says besides its answers, which libpq would print to standard error.
static inline void geartrain_postgres_quiet(void *argument, const PGresult *result) {
    (void)argument;
    (void)result;
}

static inline void geartrain_postgres_silence(PGconn *connection) {
    PQsetNoticeReceiver(connection, geartrain_postgres_quiet, 0);
}
