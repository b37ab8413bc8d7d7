/* Choices that go together, for the marked rows of the calibrate screen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app.h"
#include "ui/table.h"

typedef enum Column { COLUMN_NAME, COLUMN_HELP, COLUMNS_SHOWN } Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_NAME] = {"preset", 24, 0, false},
    [COLUMN_HELP] = {"what for", 0, 0, false},
};

typedef struct PresetsScreen {
    Screen base;
    Table table;
    bool *marked; /* owned; of each row of the tuning */
} PresetsScreen;

static int64_t rows_count(const void *self)
{
    (void)self;
    int64_t count = 0;
    while (tuning_preset((int)count))
        count++;
    return count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    (void)self;
    const TuningPreset *preset = tuning_preset((int)row);
    snprintf(cell->text, sizeof cell->text, "%s",
             column == COLUMN_NAME ? preset->name : preset->help);
}

static void presets_layout(Screen *base, int rows, int columns)
{
    (void)columns;
    table_layout(&((PresetsScreen *)base)->table, rows);
}

static void presets_draw(const Screen *base, Area area)
{
    table_draw(&((const PresetsScreen *)base)->table, area);
}

static void apply(PresetsScreen *screen)
{
    App *app = screen->base.app;
    const TuningPreset *preset = tuning_preset((int)screen->table.selected);
    app_commit_edits(app);
    for (int i = 0; i < tuning_count(app->tuning); i++)
        if (screen->marked[i])
            tuning_apply_preset(app->tuning, i, preset);
    app_message(app, MESSAGE_INFO, "%s; u takes it back", preset->name);
    app_commit_edits(app);
    app_pop(app); /* frees the screen */
}

static bool presets_action(Screen *base, ActionId action)
{
    PresetsScreen *screen = (PresetsScreen *)base;
    if (action == ACTION_OPEN)
        apply(screen);
    return action == ACTION_OPEN || table_action(&screen->table, action);
}

static bool presets_search(Screen *base, const char *text)
{
    return table_search(&((PresetsScreen *)base)->table, text);
}

static void presets_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    table_position(&((const PresetsScreen *)base)->table, text, SCREEN_TEXT_BYTES);
}

static void presets_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const PresetsScreen *screen = (const PresetsScreen *)base;
    int count = 0, last = 0;
    for (int i = 0; i < tuning_count(base->app->tuning); i++)
        if (screen->marked[i]) {
            count++;
            last = i;
        }
    if (count == 1)
        snprintf(text, SCREEN_TEXT_BYTES, "for %.80s", tuning_row(base->app->tuning, last).name);
    else
        snprintf(text, SCREEN_TEXT_BYTES, "for %d layers", count);
}

static void presets_close(Screen *base)
{
    free(((PresetsScreen *)base)->marked);
    free(base);
}

static const ScreenOps OPS = {
    .name = "Presets",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_ENTER,
    .layout = presets_layout,
    .draw = presets_draw,
    .action = presets_action,
    .search = presets_search,
    .position = presets_position,
    .subject = presets_subject,
    .close = presets_close,
};

Screen *screen_presets_new(App *app, const bool *marked)
{
    PresetsScreen *screen = calloc(1, sizeof *screen);
    size_t count = (size_t)tuning_count(app->tuning);
    if (!screen || !(screen->marked = calloc(count + 1, sizeof *marked)))
        abort();
    memcpy(screen->marked, marked, count * sizeof *marked);
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->table =
        table_of(COLUMNS, COLUMNS_SHOWN,
                 (TableSource){.self = app, .count = rows_count, .id = rows_id, .cell = rows_cell});
    return &screen->base;
}
