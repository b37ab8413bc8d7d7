/* A text file of a run to read: VHDL, mostly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app.h"
#include "ui/pager.h"

typedef struct FileScreen {
    Screen base;
    Pager pager;
    char name[SCREEN_TEXT_BYTES];
} FileScreen;

/* Comments of VHDL stand back. */
static Style style_of_line(const char *line)
{
    return strncmp(line + strspn(line, " "), "--", 2) == 0 ? STYLE_DIM : STYLE_NORMAL;
}

static void file_layout(Screen *base, int rows, int columns)
{
    (void)columns;
    pager_layout(&((FileScreen *)base)->pager, rows);
}

static void file_draw(const Screen *base, Area area)
{
    pager_draw(&((const FileScreen *)base)->pager, area_part(area, 0, 1, area.rows, area.columns),
               style_of_line);
}

static bool file_action(Screen *base, ActionId action)
{
    return pager_action(&((FileScreen *)base)->pager, action);
}

static bool file_search(Screen *base, const char *text)
{
    return pager_search(&((FileScreen *)base)->pager, text);
}

static void file_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    pager_position(&((const FileScreen *)base)->pager, text, SCREEN_TEXT_BYTES);
}

static void file_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    snprintf(text, SCREEN_TEXT_BYTES, "%s", ((const FileScreen *)base)->name);
}

static void file_close(Screen *base)
{
    pager_free(&((FileScreen *)base)->pager);
    free(base);
}

static const ScreenOps OPS = {
    .name = "File",
    .scopes = SCOPE_LIST | SCOPE_TEXT | SCOPE_ACROSS | SCOPE_SEARCH,
    .layout = file_layout,
    .draw = file_draw,
    .action = file_action,
    .search = file_search,
    .position = file_position,
    .subject = file_subject,
    .close = file_close,
};

Screen *screen_file_new(App *app, const char *path)
{
    const char *slash = strrchr(path, '/');
    FileScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    snprintf(screen->name, sizeof screen->name, "%s", slash ? slash + 1 : path);
    if (pager_load(&screen->pager, path) != OK)
        app_message(app, MESSAGE_ERROR, "%s", error_message());
    return &screen->base;
}
