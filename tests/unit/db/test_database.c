/* Opening: new, older, newer, damaged and foreign files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "db/database.h"

static const char V1[] = "PRAGMA application_id = 0x64326670;"
                         "CREATE TABLE fruit (name TEXT NOT NULL) STRICT;"
                         "INSERT INTO fruit VALUES ('apple');";
static const char V2[] = "ALTER TABLE fruit ADD COLUMN weight INTEGER NOT NULL DEFAULT 7;";
static const char BAD[] =
    "INSERT INTO fruit (name, weight) VALUES ('half', 1); SELECT * FROM none;";

static const EmbeddedFile ONE[] = {{"0001.sql", V1, sizeof V1 - 1}, {0}};
static const EmbeddedFile TWO[] = {
    {"0001.sql", V1, sizeof V1 - 1}, {"0002.sql", V2, sizeof V2 - 1}, {0}};
static const EmbeddedFile THREE[] = {{"0001.sql", V1, sizeof V1 - 1},
                                     {"0002.sql", V2, sizeof V2 - 1},
                                     {"0003.sql", BAD, sizeof BAD - 1},
                                     {0}};

typedef struct Place {
    char folder[64];
    char path[128];
} Place;

static int set_up(void **state)
{
    Place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/test_database.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/deep/er/history.db", place->folder);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    Place *place = *state;
    Status status = fs_remove_tree(place->folder);
    free(place);
    return status == OK ? 0 : -1;
}

static void open_and_close(const char *path, const EmbeddedFile *steps)
{
    Database *database = NULL;
    assert_int_equal(database_open(path, steps, &database), OK);
    database_close(database);
}

static void refused(const char *path, const EmbeddedFile *steps, const char *words)
{
    Database *database = NULL;
    assert_int_equal(database_open(path, steps, &database), ERR_ENVIRONMENT);
    assert_null(database);
    assert_non_null(strstr(error_message(), path));
    if (!strstr(error_message(), words))
        fail_msg("\"%s\" is not in: %s", words, error_message());
}

static int steps_known(void)
{
    int count = 0;
    while (migrations[count].name)
        count++;
    return count;
}

static void test_makes_folders_and_schema(void **state)
{
    const Place *place = *state;
    Database *database = NULL;
    assert_int_equal(database_open(place->path, migrations, &database), OK);
    assert_int_equal(database_integer(database, "PRAGMA user_version", -1), steps_known());
    assert_int_equal(database_integer(database, "PRAGMA foreign_keys", -1), 1);
    assert_int_equal(database_integer(database, "SELECT count(*) FROM run", -1), 0);
    Statement mode = statement_new(database, "PRAGMA journal_mode");
    assert_true(statement_next(&mode));
    assert_string_equal((const char *)sqlite3_column_text(mode.handle, 0), "wal");
    assert_int_equal(statement_done(&mode), OK);
    database_close(database);
    open_and_close(place->path, migrations);
}

static void test_migration_keeps_rows_and_a_copy(void **state)
{
    const Place *place = *state;
    open_and_close(place->path, ONE);
    char copy[160];
    snprintf(copy, sizeof copy, "%s.v1.backup", place->path);
    assert_false(fs_exists(copy));

    Database *database = NULL;
    assert_int_equal(database_open(place->path, TWO, &database), OK);
    assert_int_equal(database_integer(database, "PRAGMA user_version", -1), 2);
    assert_int_equal(database_integer(database, "SELECT weight FROM fruit", -1), 7);
    database_close(database);

    assert_int_equal(database_open(copy, ONE, &database), OK);
    assert_int_equal(database_integer(database, "SELECT count(*) FROM fruit", -1), 1);
    database_close(database);
}

/* A history as every released version left it, with a run in it, opens and keeps the run. */
static void test_every_older_schema_is_brought_up(void **state)
{
    const Place *place = *state;
    enum { MOST = 64 };
    EmbeddedFile old[MOST] = {0};
    for (int version = 1; version < steps_known(); version++) {
        char path[160], copy[192];
        snprintf(path, sizeof path, "%s/v%d.db", place->folder, version);
        snprintf(copy, sizeof copy, "%s.v%d.backup", path, version);
        memset(old, 0, sizeof old);
        memcpy(old, migrations, (size_t)version * sizeof *old);
        Database *database = NULL;
        assert_int_equal(database_open(path, old, &database), OK);
        Statement insert = statement_new(
            database, "INSERT INTO run (created_ms, status, owner_pid, owner_start, owner_boot,"
                      " model_path, model_name, model_sha256, options, tools, seed, report,"
                      " quantized_accuracy) VALUES (1, 'ok', 1, 1, '', 'm.h5', 'm', 'ab', '{}',"
                      " '{}', 7, '{}', 0.5)");
        assert_int_equal(statement_run(&insert), OK);
        /* until version 3 a layer in float had the largest float32 for a clip */
        insert = statement_new(
            database, "INSERT INTO layer_choice (run, position, layer, kind, weight_bits,"
                      " activation_bits, calibration, clip, scale, pe, simd) VALUES"
                      " (1, 0, 'a', 'dense', 8, 8, 'minmax', 2.5, 0.5, 0, 0),"
                      " (1, 1, 'b', 'dense', 32, 32, 'float', 3.4028234663852886e38, 1, 0, 0)");
        assert_int_equal(statement_run(&insert), OK);
        database_close(database);
        assert_int_equal(database_open(path, migrations, &database), OK);
        assert_int_equal(database_integer(database,
                                          "SELECT count(*) FROM layer_choice WHERE run = 1"
                                          " AND (clip = 2.5 OR (clip IS NULL AND scale IS NULL))",
                                          -1),
                         version < 3 ? 2 : 1);
        assert_int_equal(database_integer(database, "PRAGMA user_version", -1), steps_known());
        assert_int_equal(database_integer(database,
                                          "SELECT seed FROM run WHERE quantized_accuracy = 0.5"
                                          " AND deleted_ms IS NULL AND note = ''",
                                          -1),
                         7);
        database_close(database);
        assert_true(fs_exists(copy));
    }
}

static void test_failing_migration_changes_nothing(void **state)
{
    const Place *place = *state;
    open_and_close(place->path, TWO);
    refused(place->path, THREE, "migration 0003.sql");
    Database *database = NULL;
    assert_int_equal(database_open(place->path, TWO, &database), OK);
    assert_int_equal(database_integer(database, "SELECT count(*) FROM fruit", -1), 1);
    database_close(database);
}

static void test_newer_schema_is_refused(void **state)
{
    const Place *place = *state;
    open_and_close(place->path, TWO);
    refused(place->path, ONE, "version 2, this program knows up to 1");
}

static void write_text(const char *path, const char *text, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void test_text_file_is_refused(void **state)
{
    const Place *place = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/notes.db", place->folder);
    char text[2000];
    memset(text, 'a', sizeof text);
    write_text(path, text, sizeof text);
    refused(path, migrations, "move it away");
}

static void test_damaged_file_is_refused(void **state)
{
    const Place *place = *state;
    Database *database = NULL;
    assert_int_equal(database_open(place->path, ONE, &database), OK);
    Statement fill = statement_new(
        database, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)"
                  " INSERT INTO fruit SELECT 'a fruit with a rather long name ' || i FROM n");
    assert_int_equal(statement_run(&fill), OK);
    database_close(database);

    Buffer bytes = {0};
    assert_int_equal(fs_read_file(place->path, 1 << 24, &bytes), OK);
    assert_true(bytes.length > 20000);
    memset(bytes.data + 4096, 0x5a, 12288);
    write_text(place->path, bytes.data, bytes.length);
    buffer_free(&bytes);
    refused(place->path, ONE, "damaged");
}

static void test_foreign_database_is_refused(void **state)
{
    const Place *place = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/other.db", place->folder);
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    refused(path, migrations, "another program");
}

static void test_folder_in_place_of_the_file(void **state)
{
    const Place *place = *state;
    refused(place->folder, migrations, "--db FILE");
}

static void test_full_disk_and_read_only_say_what_to_do(void **state)
{
    const Place *place = *state;
    Database *database = NULL;
    assert_int_equal(database_open(place->path, ONE, &database), OK);
    database_integer(database, "PRAGMA max_page_count = 3", 0);
    Statement fill =
        statement_new(database, "INSERT INTO fruit VALUES (printf('%.*c', 99999, 'x'))");
    assert_int_equal(statement_run(&fill), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "disk is full"));

    database_integer(database, "PRAGMA query_only = ON", 0);
    Statement write = statement_new(database, "INSERT INTO fruit VALUES ('pear')");
    assert_int_equal(statement_run(&write), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "may not be written"));
    database_close(database);
}

static void test_many_open_a_new_file_at_once(void **state)
{
    enum { PROCESSES = 8 };
    const Place *place = *state;
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            Database *database = NULL;
            Status status = database_open(place->path, TWO, &database);
            if (status != OK)
                fprintf(stderr, "%s\n", error_message());
            database_close(database);
            _exit((int)status);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    Database *database = NULL;
    assert_int_equal(database_open(place->path, TWO, &database), OK);
    assert_int_equal(database_integer(database, "SELECT count(*) FROM fruit", -1), 1);
    database_close(database);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_makes_folders_and_schema),
        PLACED(test_migration_keeps_rows_and_a_copy),
        PLACED(test_every_older_schema_is_brought_up),
        PLACED(test_failing_migration_changes_nothing),
        PLACED(test_newer_schema_is_refused),
        PLACED(test_text_file_is_refused),
        PLACED(test_damaged_file_is_refused),
        PLACED(test_foreign_database_is_refused),
        PLACED(test_folder_in_place_of_the_file),
        PLACED(test_full_disk_and_read_only_say_what_to_do),
        PLACED(test_many_open_a_new_file_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
