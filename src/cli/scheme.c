#include "cli/scheme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/report.h"
#include "quant/scheme_text.h"

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static json_t *text_or_null(const char *text)
{
    return text ? report_string(text) : json_null();
}

static void print_object(json_t *object)
{
    char *text = report_format(object, true);
    puts(text);
    free(text);
    json_decref(object);
}

/* ---- show --------------------------------------------------------------------------------------
 */

/* Of the widest cell in a column. */
static int column_width(const SchemeFile *file, int key)
{
    size_t width = strlen(scheme_key_name(key));
    for (int i = 0; i < file->count; i++) {
        size_t length = strlen(or_dash(file->sections[i].values[key]));
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_scheme(const SchemeFile *file)
{
    printf("model sha256 %s\n\n%-20s", file->model_sha256, "layer");
    for (int k = 0; k < scheme_key_count(); k++)
        if (scheme_key_name(k))
            printf(" %*s", column_width(file, k), scheme_key_name(k));
    printf("\n");
    for (int i = 0; i < file->count; i++) {
        printf("%-20s", file->sections[i].layer);
        for (int k = 0; k < scheme_key_count(); k++)
            if (scheme_key_name(k))
                printf(" %*s", column_width(file, k), or_dash(file->sections[i].values[k]));
        printf("\n");
    }
}

static json_t *scheme_to_json(const char *path, const SchemeFile *file)
{
    json_t *layers = json_array();
    for (int i = 0; i < file->count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", report_string(file->sections[i].layer));
        for (int k = 0; k < scheme_key_count(); k++)
            if (scheme_key_name(k))
                json_object_set_new(row, scheme_key_name(k),
                                    text_or_null(file->sections[i].values[k]));
        json_array_append_new(layers, row);
    }
    return json_pack("{s:o, s:s, s:o}", "file", report_string(path), "model_sha256",
                     file->model_sha256, "layers", layers);
}

Status scheme_show(const char *path, bool json)
{
    Arena *arena = arena_new();
    SchemeFile file;
    Status status = scheme_file_read(path, arena, &file);
    if (status == OK && json)
        print_object(scheme_to_json(path, &file));
    else if (status == OK)
        print_scheme(&file);
    arena_free(arena);
    return status;
}

/* ---- diff --------------------------------------------------------------------------------------
 */

static void print_differences(const SchemeDifference *differences, int count)
{
    for (int i = 0; i < count; i++) {
        const SchemeDifference *d = &differences[i];
        printf("%s%s%s %s -> %s\n", d->layer ? d->layer : "", d->layer ? ": " : "", d->key,
               or_dash(d->before), or_dash(d->after));
    }
}

static json_t *differences_to_json(const SchemeDifference *differences, int count)
{
    json_t *rows = json_array();
    for (int i = 0; i < count; i++) {
        const SchemeDifference *d = &differences[i];
        json_array_append_new(
            rows, json_pack("{s:o, s:s, s:o, s:o}", "layer", text_or_null(d->layer), "key", d->key,
                            "before", text_or_null(d->before), "after", text_or_null(d->after)));
    }
    return rows;
}

Status scheme_diff(const char *before, const char *after, bool json)
{
    Arena *arena = arena_new();
    SchemeFile files[2];
    const SchemeDifference *differences = NULL;
    int count = 0;
    Status status = scheme_file_read(before, arena, &files[0]);
    if (status == OK)
        status = scheme_file_read(after, arena, &files[1]);
    if (status == OK)
        count = scheme_file_differences(&files[0], &files[1], arena, &differences);
    if (status == OK && json)
        print_object(json_pack("{s:b, s:o, s:o, s:o}", "equal", count == 0, "before",
                               report_string(before), "after", report_string(after), "differences",
                               differences_to_json(differences, count)));
    else if (status == OK)
        print_differences(differences, count);
    arena_free(arena);
    if (status == OK && count > 0)
        return error_set(ERR_UNMET, "%s and %s differ in %d places", before, after, count);
    return status;
}
