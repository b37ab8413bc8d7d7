/* The VHDL files of a run: a list to open one from. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "ui/app.h"
#include "ui/format.h"
#include "ui/table.h"

enum { MOST_FILES = 1024, NAME_BYTES = 128 };

typedef enum Column { COLUMN_NAME, COLUMN_SIZE, COLUMNS_SHOWN } Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_NAME] = {"file", 0, 0, false},
    [COLUMN_SIZE] = {"size", 10, 0, true},
};

static const char *const FILE_NAMES[COLUMNS_SHOWN] = {[COLUMN_SIZE] = "bytes"};

typedef struct FilesScreen {
    Screen base;
    Table table;
    char folder[RUN_PATH_BYTES + 8];
    char (*names)[NAME_BYTES]; /* owned */
    int count;
} FilesScreen;

static int64_t rows_count(const void *self)
{
    return ((const FilesScreen *)self)->count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

static void path_of(const FilesScreen *screen, int64_t row, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", screen->folder, screen->names[row]);
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    const FilesScreen *screen = self;
    char path[RUN_PATH_BYTES + NAME_BYTES + 16], size[FORMAT_BYTES];
    path_of(screen, row, path, sizeof path);
    if (column == COLUMN_NAME) {
        snprintf(cell->text, sizeof cell->text, "%s", screen->names[row]);
        return;
    }
    cell->number = (double)fs_size(path);
    snprintf(cell->text, sizeof cell->text, "%s", format_size(cell->number, size));
}

static int compare_names(const void *one, const void *other)
{
    return strverscmp(one, other);
}

static void list_files(FilesScreen *screen)
{
    DIR *folder = opendir(screen->folder);
    screen->names = calloc(MOST_FILES, sizeof *screen->names);
    if (!screen->names)
        abort();
    for (struct dirent *entry; folder && screen->count < MOST_FILES && (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && length < NAME_BYTES && strcmp(entry->d_name + length - 4, ".vhd") == 0)
            snprintf(screen->names[screen->count++], NAME_BYTES, "%.*s", NAME_BYTES - 1,
                     entry->d_name);
    }
    if (folder)
        closedir(folder);
    qsort(screen->names, (size_t)screen->count, sizeof *screen->names, compare_names);
}

static void files_layout(Screen *base, int rows, int columns)
{
    (void)columns;
    table_layout(&((FilesScreen *)base)->table, rows);
}

static void files_draw(const Screen *base, Area area)
{
    const FilesScreen *screen = (const FilesScreen *)base;
    if (screen->count == 0)
        area_text(area, 1, 1, STYLE_DIM, "The files of this run are not there any more.");
    else
        table_draw(&screen->table, area);
}

static bool files_action(Screen *base, ActionId action)
{
    FilesScreen *screen = (FilesScreen *)base;
    char path[RUN_PATH_BYTES + NAME_BYTES + 16];
    if (action != ACTION_OPEN)
        return table_action(&screen->table, action);
    if (screen->count > 0) {
        path_of(screen, screen->table.selected, path, sizeof path);
        app_push(base->app, screen_file_new(base->app, path));
    }
    return true;
}

static bool files_search(Screen *base, const char *text)
{
    return table_search(&((FilesScreen *)base)->table, text);
}

static void files_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    table_position(&((const FilesScreen *)base)->table, text, SCREEN_TEXT_BYTES);
}

static void files_close(Screen *base)
{
    free(((FilesScreen *)base)->names);
    free(base);
}

static const Table *files_table(const Screen *base)
{
    const FilesScreen *screen = (const FilesScreen *)base;
    return &screen->table;
}

static const ScreenOps OPS = {
    .name = "VHDL",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_ENTER | SCOPE_TABLE,
    .layout = files_layout,
    .draw = files_draw,
    .action = files_action,
    .search = files_search,
    .position = files_position,
    .table = files_table,
    .close = files_close,
};

Screen *screen_files_new(App *app, const char *folder)
{
    FilesScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    snprintf(screen->folder, sizeof screen->folder, "%s/hdl", folder);
    list_files(screen);
    screen->table = table_of(
        COLUMNS, COLUMNS_SHOWN,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    screen->table.file_names = FILE_NAMES;
    return &screen->base;
}
