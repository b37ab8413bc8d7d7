#include "ui/table_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/fs.h"
#include "flow/report.h"

enum { DIGITS = 15 };

static const double MOST_WHOLE = 1e15;

static const char *column_name(const Table *table, int column)
{
    const char *name = table->file_names ? table->file_names[column] : NULL;
    return name ? name : table->columns[column].title;
}

/* One without a name is for the eye alone. */
static bool is_written(const Table *table, int column)
{
    return !table->hidden[column] && *column_name(table, column);
}

/* The text of a cell without the blanks around it. */
static void read_text(const TableCell *cell, Buffer *text)
{
    const char *from = cell->whole ? cell->whole : cell->text;
    from += strspn(from, " ");
    size_t length = strlen(from);
    while (length > 0 && from[length - 1] == ' ')
        length--;
    text->length = 0;
    buffer_append(text, from, length);
}

static void append_csv_cell(const TableCell *cell, Buffer *scratch, Buffer *text)
{
    read_text(cell, scratch);
    if (isfinite(cell->number))
        buffer_printf(text, "%.*g", DIGITS, cell->number);
    else
        csv_append_field(text, scratch->data);
}

static void append_csv_row(const Table *table, int64_t row, Buffer *scratch, Buffer *text)
{
    int written = 0;
    for (int i = 0; i < table->column_count; i++) {
        if (!is_written(table, i))
            continue;
        const TableCell cell = table_cell(table, row, i);
        buffer_append_text(text, written++ ? "," : "");
        append_csv_cell(&cell, scratch, text);
    }
    buffer_append_text(text, "\r\n");
}

static void append_csv(const Table *table, Buffer *text)
{
    Buffer scratch = {0};
    int written = 0;
    for (int i = 0; i < table->column_count; i++)
        if (is_written(table, i)) {
            buffer_append_text(text, written++ ? "," : "");
            csv_append_field(text, column_name(table, i));
        }
    buffer_append_text(text, "\r\n");
    for (int64_t row = 0; row < table->source.count(table->source.self); row++)
        append_csv_row(table, row, &scratch, text);
    buffer_free(&scratch);
}

/* Counts without a point, other numbers with one, the rest as text. */
static json_t *cell_value(const TableCell *cell, Buffer *scratch)
{
    read_text(cell, scratch);
    if (!isfinite(cell->number))
        return report_string(scratch->data);
    bool whole = cell->number == floor(cell->number) && fabs(cell->number) < MOST_WHOLE;
    return whole ? json_integer((json_int_t)cell->number) : json_real(cell->number);
}

static void append_json(const Table *table, const char *title, Buffer *text)
{
    Buffer scratch = {0};
    json_t *rows = json_array();
    for (int64_t row = 0; row < table->source.count(table->source.self); row++) {
        json_t *object = json_object();
        for (int i = 0; i < table->column_count; i++) {
            const TableCell cell = table_cell(table, row, i);
            if (is_written(table, i))
                json_object_set_new(object, column_name(table, i), cell_value(&cell, &scratch));
        }
        json_array_append_new(rows, object);
    }
    json_t *file = json_pack("{s:s, s:o}", "table", title, "rows", rows);
    char *formatted = report_format(file, true);
    buffer_printf(text, "%s\n", formatted);
    free(formatted);
    json_decref(file);
    buffer_free(&scratch);
}

Status table_write_file(const Table *table, const char *title, const char *path)
{
    const char *dot = strrchr(path, '.');
    bool csv = dot && strcmp(dot, ".csv") == 0, json = dot && strcmp(dot, ".json") == 0;
    if (!csv && !json)
        return error_set(ERR_USAGE, "%s: its name must end in .csv or .json", path);
    Buffer text = {0};
    if (csv)
        append_csv(table, &text);
    else
        append_json(table, title, &text);
    Status status = fs_write_new(path, text.data, text.length);
    buffer_free(&text);
    return status;
}
