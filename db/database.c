#include "db/database.h"

#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fs.h"

enum {
    BUSY_MS = 10000,             /* how long one writer waits for another */
    APPLICATION_ID = 0x64326670, /* as in migrations/0001_init.sql */
};

/* What to do about each kind of failure. */
typedef struct Advice {
    int code; /* primary SQLite result */
    const char *text;
} Advice;

static const Advice ADVICE[] = {
    {SQLITE_FULL, "the disk is full: free some space, or name another place with --db FILE"},
    {SQLITE_READONLY, "it may not be written: check the permissions of the file and its folder, or "
                      "name another place with --db FILE"},
    {SQLITE_CANTOPEN, "it cannot be opened: check that the path is a file and that its folder may "
                      "be written, or name another place with --db FILE"},
    {SQLITE_BUSY, "another program has kept it locked for 10 seconds: end that program, or try "
                  "again"},
    {SQLITE_IOERR, "reading or writing failed: check the disk, its free space and its mount"},
    {SQLITE_CORRUPT, "the file is damaged: move it away to begin a new history, or put a copy "
                     "(FILE.vN.backup) in its place"},
    {SQLITE_NOTADB, "the file is damaged or no SQLite database: move it away to begin a new "
                    "history, or name another place with --db FILE"},
};

/* ERR_ENVIRONMENT, worded from SQLite's latest failure. `doing` completes "cannot ...". */
static Status failed_to(const Database *database, const char *doing)
{
    int code = sqlite3_extended_errcode(database->handle);
    const char *words = sqlite3_errmsg(database->handle);
    for (size_t i = 0; i < sizeof ADVICE / sizeof *ADVICE; i++)
        if (ADVICE[i].code == (code & 0xff))
            return error_set(ERR_ENVIRONMENT, "history %s: cannot %s: %s (SQLite: %s)",
                             database->path, doing, ADVICE[i].text, words);
    return error_set(ERR_ENVIRONMENT, "history %s: cannot %s (SQLite: %s, code %d)", database->path,
                     doing, words, code);
}

static Status execute(const Database *database, const char *sql, const char *doing)
{
    /* A change of the journal mode, and a deadlock of two readers that both want to write, report
     * "busy" without the built-in wait. */
    int64_t start = clock_monotonic_ns();
    for (;;) {
        int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
        if (code == SQLITE_OK)
            return OK;
        if (code != SQLITE_BUSY || clock_seconds_since(start) * 1000 > BUSY_MS)
            return failed_to(database, doing);
        usleep(10000);
    }
}

Status database_begin(Database *database)
{
    return execute(database, "BEGIN IMMEDIATE", "begin to write");
}

Status database_end(Database *database, Status status)
{
    if (status == OK)
        status = execute(database, "COMMIT", "save");
    if (status != OK && !sqlite3_get_autocommit(database->handle))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

int64_t database_integer(const Database *database, const char *sql, int64_t fallback)
{
    sqlite3_stmt *query = NULL;
    int64_t value = fallback;
    if (sqlite3_prepare_v2(database->handle, sql, -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        value = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return value;
}

/* ---- opening --------------------------------------------------------------------------------- */

Status database_check(const Database *database)
{
    Statement check = statement_new(database, "PRAGMA quick_check(1)");
    Arena *arena = arena_new();
    const char *verdict = "ok";
    if (statement_next(&check))
        verdict = arena_strdup(arena, (const char *)sqlite3_column_text(check.handle, 0));
    Status status = statement_done(&check);
    if (status == OK && strcmp(verdict, "ok") != 0)
        status = error_set(ERR_ENVIRONMENT,
                           "history %s: the file is damaged (%s): move it away to begin a new "
                           "history, or put a copy (FILE.vN.backup) in its place",
                           database->path, verdict);
    arena_free(arena);
    return status;
}

/* Opening must not take long: a long file is checked where it is read, and when asked to be. */
static bool is_small(const Database *database)
{
    enum { SMALL_BYTES = 16 << 20 };
    return database_integer(database, "PRAGMA page_count", 0) *
               database_integer(database, "PRAGMA page_size", 0) <=
           SMALL_BYTES;
}

static int64_t schema_version(const Database *database)
{
    return database_integer(database, "PRAGMA user_version", 0);
}

static Status check_ours(const Database *database, int64_t newest)
{
    int64_t version = schema_version(database);
    /* The tables first: another process may be making both, in one transaction, right now. */
    int64_t tables = database_integer(database, "SELECT count(*) FROM sqlite_schema", 0);
    int64_t application = database_integer(database, "PRAGMA application_id", 0);
    if (tables > 0 && application != APPLICATION_ID)
        return error_set(ERR_ENVIRONMENT,
                         "history %s: this is a database of another program: name another file "
                         "with --db FILE",
                         database->path);
    if (version > newest)
        return error_set(
            ERR_ENVIRONMENT,
            "history %s: its schema has version %lld, this program knows up to %lld: "
            "use the newer dnn2fpga that wrote it, or name another file with --db FILE",
            database->path, (long long)version, (long long)newest);
    return OK;
}

/* A copy of the database as PATH.vN.backup, complete or not there. */
static Status back_up(const Database *database, int64_t version, Arena *arena)
{
    char *target = arena_printf(arena, "%s.v%lld.backup", database->path, (long long)version);
    char *temporary = arena_printf(arena, "%s.%ld", target, (long)getpid());
    sqlite3 *copy = NULL;
    unlink(temporary);
    int code = sqlite3_open(temporary, &copy);
    sqlite3_backup *backup =
        code == SQLITE_OK ? sqlite3_backup_init(copy, "main", database->handle, "main") : NULL;
    if (backup) {
        sqlite3_backup_step(backup, -1);
        sqlite3_backup_finish(backup);
    }
    code = sqlite3_errcode(copy);
    sqlite3_close(copy);
    if (code != SQLITE_OK || rename(temporary, target) != 0) {
        unlink(temporary);
        return error_set(
            ERR_ENVIRONMENT,
            "history %s: cannot write the copy %s that is kept before an update: check "
            "free space and permissions",
            database->path, target);
    }
    return OK;
}

static Status run_step(Database *database, const EmbeddedFile *step, int version)
{
    char mark[64];
    snprintf(mark, sizeof mark, "PRAGMA user_version = %d", version);
    TRY(database_begin(database));
    /* Another process may have done this step while we waited for the lock. */
    if (schema_version(database) >= version)
        return database_end(database, OK);
    Status status = execute(database, step->bytes, "update the schema");
    if (status == OK)
        status = execute(database, mark, "update the schema");
    return database_end(database, status);
}

static Status migrate(Database *database, const EmbeddedFile *steps, Arena *arena)
{
    int newest = 0;
    while (steps[newest].name)
        newest++;
    TRY(check_ours(database, newest));
    int64_t version = schema_version(database);
    if (version == newest)
        return OK;
    if (version > 0)
        TRY(back_up(database, version, arena));
    for (int step = (int)version; step < newest; step++)
        TRY_IN(run_step(database, &steps[step], step + 1), "migration %s", steps[step].name);
    return OK;
}

static Status make_folder_of(const char *path, Arena *arena)
{
    return fs_make_folders(dirname(arena_strdup(arena, path)));
}

static Status prepare(Database *database, const EmbeddedFile *steps, Arena *arena)
{
    TRY_IN(make_folder_of(database->path, arena), "history %s", database->path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(database->path, &database->handle, flags, NULL) != SQLITE_OK)
        return failed_to(database, "open it");
    sqlite3_extended_result_codes(database->handle, 1);
    sqlite3_busy_timeout(database->handle, BUSY_MS);
    if (sqlite3_db_readonly(database->handle, "main") == 1)
        return error_set(ERR_ENVIRONMENT,
                         "history %s: it may not be written: check the permissions of the file and "
                         "its folder, or name another place with --db FILE",
                         database->path);
    TRY(execute(database, "PRAGMA foreign_keys = ON", "read it"));
    if (is_small(database))
        TRY(database_check(database));
    TRY(execute(database, "PRAGMA journal_mode = WAL", "read it"));
    /* In WAL mode, NORMAL cannot damage the file; a power cut may lose the last moments. */
    TRY(execute(database, "PRAGMA synchronous = NORMAL", "read it"));
    return migrate(database, steps, arena);
}

Status database_open(const char *path, const EmbeddedFile *steps, Database **opened)
{
    Database *database = calloc(1, sizeof *database);
    if (!database || !(database->path = strdup(path))) {
        free(database);
        return error_set(ERR_ENVIRONMENT, "history %s: out of memory", path);
    }
    Arena *arena = arena_new();
    Status status = prepare(database, steps, arena);
    arena_free(arena);
    if (status == OK)
        *opened = database;
    else
        database_close(database);
    return status;
}

void database_close(Database *database)
{
    if (!database)
        return;
    sqlite3_close(database->handle);
    free(database->path);
    free(database);
}

/* ---- statements ------------------------------------------------------------------------------ */

static void check(Statement *statement, int code)
{
    if (code != SQLITE_OK && statement->status == OK)
        statement->status = failed_to(statement->database, "use it");
}

Statement statement_new(const Database *database, const char *sql)
{
    Statement statement = {.database = database};
    check(&statement, sqlite3_prepare_v2(database->handle, sql, -1, &statement.handle, NULL));
    return statement;
}

void bind_integer(Statement *statement, int64_t value)
{
    if (statement->status == OK)
        check(statement, sqlite3_bind_int64(statement->handle, ++statement->bound, value));
}

void bind_real(Statement *statement, double value)
{
    /* SQLite stores NaN as NULL. */
    if (statement->status == OK)
        check(statement, sqlite3_bind_double(statement->handle, ++statement->bound, value));
}

void bind_text(Statement *statement, const char *value)
{
    if (statement->status == OK)
        check(statement,
              sqlite3_bind_text(statement->handle, ++statement->bound, value, -1, SQLITE_STATIC));
}

bool statement_next(Statement *statement)
{
    if (statement->status != OK)
        return false;
    int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW)
        return true;
    check(statement, code == SQLITE_DONE ? SQLITE_OK : code);
    return false;
}

void statement_again(Statement *statement)
{
    sqlite3_reset(statement->handle); /* repeats a failure that is noted already */
    statement->bound = 0;
}

Status statement_done(Statement *statement)
{
    sqlite3_finalize(statement->handle);
    statement->handle = NULL;
    return statement->status;
}

Status statement_run(Statement *statement)
{
    while (statement_next(statement))
        continue;
    return statement_done(statement);
}
