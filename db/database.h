/* database.h: opens an SQLite file that is sound and has the schema of this program.
 *
 * Opening makes the folders and the file, switches to WAL, checks the file, and brings an older
 * schema up to date: one transaction a migration, with a copy of the file (PATH.vN.backup) made
 * first. A newer schema, a damaged file and a database of another program are refused.
 *
 *     Database *database = NULL;
 *     TRY(database_open(path, migrations, &database));
 *     database_close(database);
 *
 * Every failure is ERR_ENVIRONMENT, with the file and what to do in the message.
 */
#ifndef DB_DATABASE_H
#define DB_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/embedded.h"
#include "base/error.h"

typedef struct Database {
    sqlite3 *handle;
    char *path;
} Database;

/* `steps`: the migrations in order, ended by a row without a name; step i (from 1) makes schema
 * version i. */
Status database_open(const char *path, const EmbeddedFile *steps, Database **database) MUST_CHECK;
void database_close(Database *database);

/* Reads the whole file; ERR_ENVIRONMENT when it is damaged. Small files are checked when opened. */
Status database_check(const Database *database) MUST_CHECK;

/* Begins a transaction that may write. */
Status database_begin(Database *database) MUST_CHECK;

/* Commits when `status` is OK, else rolls back and returns it. */
Status database_end(Database *database, Status status) MUST_CHECK;

/* First column of the first row of a query; `fallback` when there is none. */
int64_t database_integer(const Database *database, const char *sql, int64_t fallback);

/* ---- statements --------------------------------------------------------------------------------
 * A statement keeps its first failure; statement_run() and statement_done() give it back:
 *
 *     Statement s = statement_new(database, "UPDATE run SET message = ? WHERE id = ?");
 *     bind_text(&s, message);
 *     bind_integer(&s, id);
 *     TRY(statement_run(&s));
 */
typedef struct Statement {
    const Database *database;
    sqlite3_stmt *handle;
    int bound;
    Status status;
} Statement;

Statement statement_new(const Database *database, const char *sql);
void bind_integer(Statement *statement, int64_t value);
void bind_real(Statement *statement, double value);      /* NAN: NULL */
void bind_text(Statement *statement, const char *value); /* NULL: NULL; must outlive the run */

/* True while there is a row to be read with the sqlite3_column_ functions. */
bool statement_next(Statement *statement);

/* Makes the statement ready to be bound and run once more. */
void statement_again(Statement *statement);

/* Frees the statement; its first failure. */
Status statement_done(Statement *statement) MUST_CHECK;

/* Runs to the end and frees. */
Status statement_run(Statement *statement) MUST_CHECK;

#endif
