// libpq, opened at run time: a ledger in a file needs none of it. Each function is libpq's own of that name; see
// https://www.postgresql.org/docs/15/libpq.html for what they do.
#pragma once

#include <stdbool.h>

typedef struct pg_conn papilla_pg_connection;
typedef struct pg_result papilla_pg_result;

/// Opens the library, once. Returns NULL, or what was not found.
const char *papilla_pg_open(void);

/// PQconninfoParse: whether an address is well formed.
bool papilla_pg_understands(const char *uri);
/// PQconnectdbParams. Never NULL while there is memory.
papilla_pg_connection *papilla_pg_connect(const char *uri);
/// PQstatus: whether the connection stands.
bool papilla_pg_stands(const papilla_pg_connection *connection);
/// PQerrorMessage.
const char *papilla_pg_error(const papilla_pg_connection *connection);
/// PQfinish.
void papilla_pg_finish(papilla_pg_connection *connection);

/// PQprepare, with types left to the server.
papilla_pg_result *papilla_pg_prepare(papilla_pg_connection *connection, const char *name, const char *sql);
/// PQexecPrepared, all values as text; NULL is null.
papilla_pg_result *
papilla_pg_execute(papilla_pg_connection *connection, const char *name, int count, const char *const *values);
/// PQexec.
papilla_pg_result *papilla_pg_run(papilla_pg_connection *connection, const char *sql);

/// Whether a result is rows, or a statement that went through.
bool papilla_pg_went_through(const papilla_pg_result *result);
/// PQresultErrorField: the SQLSTATE, or NULL where the server said nothing.
const char *papilla_pg_state(const papilla_pg_result *result);
/// PQresultErrorField: the message without details, which may hold values; or NULL.
const char *papilla_pg_message(const papilla_pg_result *result);
/// PQcmdTuples, PQntuples, PQnfields.
int papilla_pg_changes(const papilla_pg_result *result);
int papilla_pg_rows(const papilla_pg_result *result);
int papilla_pg_columns(const papilla_pg_result *result);
/// PQfname, PQftype.
const char *papilla_pg_column(const papilla_pg_result *result, int column);
unsigned papilla_pg_type(const papilla_pg_result *result, int column);
/// PQgetvalue, or NULL for null.
const char *papilla_pg_value(const papilla_pg_result *result, int row, int column);
/// PQclear.
void papilla_pg_clear(papilla_pg_result *result);
