/* What people add to a run: note, tags, the bin. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "db/store.h"
#include "db/store_internal.h"

static Status set_column(Store *store, int64_t id, const char *sql, const char *value)
{
    Statement update = statement_new(store->database, sql);
    bind_text(&update, value);
    bind_integer(&update, id);
    TRY(statement_run(&update));
    if (sqlite3_changes(store->database->handle) == 1)
        return OK;
    return error_set(ERR_REFUSED, "history %s: there is no run %lld", store_path(store),
                     (long long)id);
}

Status store_set_note(Store *store, int64_t id, const char *note)
{
    if (strlen(note) > STORE_NOTE_MAX_BYTES)
        return error_set(ERR_USAGE, "note: %zu bytes, at most %d", strlen(note),
                         STORE_NOTE_MAX_BYTES);
    return set_column(store, id, "UPDATE run SET note = ? WHERE id = ?", note);
}

/* ---- tags ------------------------------------------------------------------------------------ */

enum { MAX_TAGS = 64 };

static bool is_tag(const char *word)
{
    for (; *word; word++)
        if (!isalnum((unsigned char)*word) && !strchr("-_.:", *word))
            return false;
    return true;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Cuts `text` into its words, in order and once each. */
static Status split_tags(char *text, char *words[MAX_TAGS], int *count)
{
    char *rest = NULL;
    int found = 0;
    for (char *word = strtok_r(text, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest)) {
        if (!is_tag(word))
            return error_set(ERR_USAGE, "tag '%s': letters, digits and -_.: make a tag", word);
        if (found == MAX_TAGS)
            return error_set(ERR_USAGE, "more than %d tags", MAX_TAGS);
        words[found++] = word;
    }
    qsort(words, (size_t)found, sizeof *words, compare_words);
    *count = 0;
    for (int i = 0; i < found; i++)
        if (i == 0 || strcmp(words[i], words[i - 1]) != 0)
            words[(*count)++] = words[i];
    return OK;
}

Status store_set_tags(Store *store, int64_t id, const char *tags)
{
    char text[STORE_TAGS_MAX_BYTES + 1], *words[MAX_TAGS];
    int count = 0;
    if (strlen(tags) > STORE_TAGS_MAX_BYTES)
        return error_set(ERR_USAGE, "tags: %zu bytes, at most %d", strlen(tags),
                         STORE_TAGS_MAX_BYTES);
    snprintf(text, sizeof text, "%s", tags);
    TRY(split_tags(text, words, &count));
    Buffer joined = {0};
    for (int i = 0; i < count; i++)
        buffer_printf(&joined, "%s%s", i ? " " : "", words[i]);
    Status status = set_column(store, id, "UPDATE run SET tags = ? WHERE id = ?",
                               joined.data ? joined.data : "");
    buffer_free(&joined);
    return status;
}

/* ---- the bin --------------------------------------------------------------------------------- */

Status store_set_deleted(Store *store, int64_t id, bool deleted)
{
    Statement update = statement_new(
        store->database, deleted ? "UPDATE run SET deleted_ms = ? WHERE id = ?"
                                   " AND deleted_ms IS NULL AND status <> 'running'"
                                 : "UPDATE run SET deleted_ms = nullif(?, 0) WHERE id = ?"
                                   " AND deleted_ms IS NOT NULL");
    bind_integer(&update, deleted ? clock_utc_ms() : 0);
    bind_integer(&update, id);
    TRY(statement_run(&update));
    if (sqlite3_changes(store->database->handle) == 1)
        return OK;
    return error_set(ERR_REFUSED,
                     deleted ? "run %lld: cannot be deleted: it is running, deleted already, or "
                               "there is none of that number"
                             : "run %lld: is not in the bin: 'dnn2fpga runs list --deleted' shows "
                               "what is",
                     (long long)id);
}

Status store_purge(Store *store, int64_t id)
{
    Statement remove =
        statement_new(store->database, "DELETE FROM run WHERE id = ? AND deleted_ms IS NOT NULL");
    bind_integer(&remove, id);
    TRY(statement_run(&remove));
    if (sqlite3_changes(store->database->handle) == 1)
        return OK;
    return error_set(ERR_REFUSED,
                     "run %lld: only a run in the bin can be purged: 'dnn2fpga runs delete %lld' "
                     "first",
                     (long long)id, (long long)id);
}
