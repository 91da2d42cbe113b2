#include "CPostgres.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#define LIBRARY "libpq.so.5"

// Of <libpq-fe.h> and <postgres_ext.h>, whose numbers are part of the library's interface.
enum { connection_ok = 0, empty_query = 0, command_ok = 1, tuples_ok = 2 };
enum { field_state = 'C', field_message = 'M' };

static struct {
    void *(*conninfo_parse)(const char *, char **);
    void (*conninfo_free)(void *);
    void (*freemem)(void *);
    papilla_pg_connection *(*connectdb_params)(const char *const *, const char *const *, int);
    int (*status)(const papilla_pg_connection *);
    char *(*error_message)(const papilla_pg_connection *);
    void (*finish)(papilla_pg_connection *);
    papilla_pg_result *(*prepare)(papilla_pg_connection *, const char *, const char *, int, const unsigned *);
    papilla_pg_result *(*exec_prepared)(
        papilla_pg_connection *, const char *, int, const char *const *, const int *, const int *, int
    );
    papilla_pg_result *(*exec)(papilla_pg_connection *, const char *);
    int (*result_status)(const papilla_pg_result *);
    char *(*result_error_field)(const papilla_pg_result *, int);
    char *(*cmd_tuples)(papilla_pg_result *);
    int (*ntuples)(const papilla_pg_result *);
    int (*nfields)(const papilla_pg_result *);
    char *(*fname)(const papilla_pg_result *, int);
    unsigned (*ftype)(const papilla_pg_result *, int);
    char *(*getvalue)(const papilla_pg_result *, int, int);
    int (*getisnull)(const papilla_pg_result *, int, int);
    void (*clear)(papilla_pg_result *);
} pq;

static const char *missing;

static void open_library(void) {
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        missing = LIBRARY;
        return;
    }
    const struct {
        const char *name;
        void **to;
    } symbols[] = {
        {"PQconninfoParse", (void **)&pq.conninfo_parse},
        {"PQconninfoFree", (void **)&pq.conninfo_free},
        {"PQfreemem", (void **)&pq.freemem},
        {"PQconnectdbParams", (void **)&pq.connectdb_params},
        {"PQstatus", (void **)&pq.status},
        {"PQerrorMessage", (void **)&pq.error_message},
        {"PQfinish", (void **)&pq.finish},
        {"PQprepare", (void **)&pq.prepare},
        {"PQexecPrepared", (void **)&pq.exec_prepared},
        {"PQexec", (void **)&pq.exec},
        {"PQresultStatus", (void **)&pq.result_status},
        {"PQresultErrorField", (void **)&pq.result_error_field},
        {"PQcmdTuples", (void **)&pq.cmd_tuples},
        {"PQntuples", (void **)&pq.ntuples},
        {"PQnfields", (void **)&pq.nfields},
        {"PQfname", (void **)&pq.fname},
        {"PQftype", (void **)&pq.ftype},
        {"PQgetvalue", (void **)&pq.getvalue},
        {"PQgetisnull", (void **)&pq.getisnull},
        {"PQclear", (void **)&pq.clear},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        if (!(*symbols[i].to = dlsym(library, symbols[i].name))) {
            missing = symbols[i].name;
            return;
        }
    }
}

const char *papilla_pg_open(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_library);
    return missing;
}

bool papilla_pg_understands(const char *uri) {
    char *error = NULL;
    void *options = pq.conninfo_parse(uri, &error);
    // Without options and without an error there is no memory, which connecting will say.
    const bool is_malformed = !options && error;
    if (options)
        pq.conninfo_free(options);
    if (error)
        pq.freemem(error);
    return !is_malformed;
}

papilla_pg_connection *papilla_pg_connect(const char *uri) {
    // A server that is gone is noticed in seconds. What the URI says comes later and wins.
    const char *const names[] = {
        "connect_timeout",  "keepalives_idle",  "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "application_name",
        "client_encoding",  "dbname",           NULL,
    };
    const char *const values[] = {"5", "5", "2", "3", "10000", "papilla", "UTF8", uri, NULL};
    return pq.connectdb_params(names, values, 1);
}

bool papilla_pg_stands(const papilla_pg_connection *connection) { return pq.status(connection) == connection_ok; }

const char *papilla_pg_error(const papilla_pg_connection *connection) { return pq.error_message(connection); }

void papilla_pg_finish(papilla_pg_connection *connection) { pq.finish(connection); }

papilla_pg_result *papilla_pg_prepare(papilla_pg_connection *connection, const char *name, const char *sql) {
    return pq.prepare(connection, name, sql, 0, NULL);
}

papilla_pg_result *
papilla_pg_execute(papilla_pg_connection *connection, const char *name, int count, const char *const *values) {
    return pq.exec_prepared(connection, name, count, values, NULL, NULL, 0);
}

papilla_pg_result *papilla_pg_run(papilla_pg_connection *connection, const char *sql) {
    return pq.exec(connection, sql);
}

bool papilla_pg_went_through(const papilla_pg_result *result) {
    const int status = pq.result_status(result);
    return status == command_ok || status == tuples_ok || status == empty_query;
}

const char *papilla_pg_state(const papilla_pg_result *result) { return pq.result_error_field(result, field_state); }

const char *papilla_pg_message(const papilla_pg_result *result) { return pq.result_error_field(result, field_message); }

// PQcmdTuples reads, although its parameter is not const.
int papilla_pg_changes(const papilla_pg_result *result) { return atoi(pq.cmd_tuples((papilla_pg_result *)result)); }

int papilla_pg_rows(const papilla_pg_result *result) { return pq.ntuples(result); }

int papilla_pg_columns(const papilla_pg_result *result) { return pq.nfields(result); }

const char *papilla_pg_column(const papilla_pg_result *result, int column) { return pq.fname(result, column); }

unsigned papilla_pg_type(const papilla_pg_result *result, int column) { return pq.ftype(result, column); }

const char *papilla_pg_value(const papilla_pg_result *result, int row, int column) {
    return pq.getisnull(result, row, column) ? NULL : pq.getvalue(result, row, column);
}

void papilla_pg_clear(papilla_pg_result *result) { pq.clear(result); }
