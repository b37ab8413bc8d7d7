/* The table of the screen that is shown, as a file. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "ui/app.h"
#include "ui/table_file.h"

enum { MOST_NAMES = 100 };

static const Table *table_shown(const App *app)
{
    const Screen *screen = app_screen(app);
    return screen->ops->table ? screen->ops->table(screen) : NULL;
}

bool app_can_export(const App *app, const char **why_not)
{
    const Table *table = table_shown(app);
    if (table && table->source.count(table->source.self) > 0)
        return true;
    *why_not = "there are no rows that could be written";
    return false;
}

void app_export_name(const App *app, char text[SCREEN_PREFILL_BYTES])
{
    char name[32];
    snprintf(name, sizeof name, "%s", app_screen(app)->ops->name);
    for (char *at = name; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    snprintf(text, SCREEN_PREFILL_BYTES, "%s.csv", name);
    for (int i = 2; i < MOST_NAMES && fs_exists(text); i++)
        snprintf(text, SCREEN_PREFILL_BYTES, "%s-%d.csv", name, i);
}

void app_export(App *app)
{
    const Table *table = table_shown(app);
    if (table_write_file(table, app_screen(app)->ops->name, app->argument) != OK) {
        app_message(app, MESSAGE_ERROR, "%s", error_message());
        return;
    }
    int64_t rows = table->source.count(table->source.self);
    Arena *arena = arena_new();
    app_message(app, MESSAGE_INFO, "%" PRId64 " %s written to %s", rows, rows == 1 ? "row" : "rows",
                fs_absolute(arena, app->argument));
    arena_free(arena);
}
