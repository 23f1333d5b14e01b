#include <sql.h>
#include <sqlext.h>

// Macros with casts, which Swift does not see.
static const SQLHANDLE geartrain_odbc_no_handle = SQL_NULL_HANDLE;

// Attributes are pointers or numbers in the place of a pointer.
static inline SQLRETURN geartrain_odbc_set_environment(
    SQLHENV environment, SQLINTEGER name, SQLLEN value) {
    return SQLSetEnvAttr(environment, name, (SQLPOINTER)value, 0);
}

static inline SQLRETURN geartrain_odbc_set_connection(
    SQLHDBC connection, SQLINTEGER name, SQLLEN value) {
    return SQLSetConnectAttr(connection, name, (SQLPOINTER)value, 0);
}

static inline SQLRETURN geartrain_odbc_set_statement(
    SQLHSTMT statement, SQLINTEGER name, SQLLEN value) {
    return SQLSetStmtAttr(statement, name, (SQLPOINTER)value, 0);
}
