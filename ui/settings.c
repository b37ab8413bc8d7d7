#include "ui/settings.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

enum { FILE_CAP = 1 << 16 };

Settings settings_default(void)
{
    return (Settings){.theme = THEME_DEFAULT, .mouse = true, .color = true};
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool set_theme(const char *value, void *place)
{
    return theme_parse(value, place);
}

static bool set_switch(const char *value, void *place)
{
    bool yes = strcmp(value, "yes") == 0;
    if (yes || strcmp(value, "no") == 0)
        *(bool *)place = yes;
    return yes || strcmp(value, "no") == 0;
}

static bool set_hidden(const char *value, void *place)
{
    snprintf(((TableChoice *)place)->hidden, sizeof(TableChoice){0}.hidden, "%s", value);
    return true;
}

static bool set_sort(const char *value, void *place)
{
    snprintf(((TableChoice *)place)->sort, sizeof(TableChoice){0}.sort, "%s", value);
    return true;
}

static const struct {
    const char *name;
    const char *expected;
    bool (*set)(const char *value, void *place);
    size_t offset;
} KEYS[] = {
    {"theme", THEME_NAMES, set_theme, offsetof(Settings, theme)},
    {"mouse", "yes no", set_switch, offsetof(Settings, mouse)},
    {"ascii", "yes no", set_switch, offsetof(Settings, ascii)},
    {"color", "yes no", set_switch, offsetof(Settings, color)},
    {"history-hidden", "titles", set_hidden, offsetof(Settings, history)},
    {"history-sort", "a title", set_sort, offsetof(Settings, history)},
};

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

static void take(char *name, char *value, int line, Settings *settings, Buffer *warnings)
{
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        if (strcmp(KEYS[i].name, name) != 0)
            continue;
        if (!KEYS[i].set(value, (char *)settings + KEYS[i].offset))
            buffer_printf(warnings, "line %d: %s = %s: expected one of: %s\n", line, name, value,
                          KEYS[i].expected);
        return;
    }
    buffer_printf(warnings,
                  "line %d: \"%s\" is no setting; they are: theme mouse ascii color "
                  "history-hidden history-sort\n",
                  line, name);
}

void settings_parse(const char *text, Settings *settings, Buffer *warnings)
{
    char *copy = strdup(text), *rest = copy;
    if (!copy)
        abort();
    for (int number = 1; rest; number++) {
        char *line = trim(strsep(&rest, "\n")), *equals = strchr(line, '=');
        if (*line == '\0' || *line == '#')
            continue;
        if (!equals) {
            buffer_printf(warnings, "line %d: expected NAME = VALUE, found \"%s\"\n", number, line);
            continue;
        }
        *equals = '\0';
        take(trim(line), trim(equals + 1), number, settings, warnings);
    }
    free(copy);
}

void settings_read(const char *path, Settings *settings, Buffer *warnings)
{
    Buffer text = {0};
    if (fs_exists(path) && fs_read_file(path, FILE_CAP, &text) != OK)
        buffer_printf(warnings, "%s\n", error_message());
    else if (text.data)
        settings_parse(text.data, settings, warnings);
    buffer_free(&text);
}

Status settings_choose(const SettingsChoice *choice, Settings *settings)
{
    if (choice->theme && !theme_parse(choice->theme, &settings->theme))
        return error_set(ERR_USAGE, "--theme %s: expected one of: %s", choice->theme, THEME_NAMES);
    settings->ascii = settings->ascii || choice->ascii;
    settings->color = settings->color && !choice->no_color;
    settings->mouse = settings->mouse && !choice->no_mouse;
    return OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool sets(const char *line, const char *name)
{
    size_t length = strlen(name);
    line += strspn(line, " \t");
    return strncmp(line, name, length) == 0 && line[length + strspn(line + length, " \t")] == '=';
}

static void copy_other_lines(const char *text, Buffer *into)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        if (!sets(text, "theme") && !sets(text, "mouse") && !sets(text, "history-hidden") &&
            !sets(text, "history-sort"))
            buffer_printf(into, "%.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static Status make_folder_of(const char *path)
{
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (!folder)
        abort();
    if (slash)
        *slash = '\0';
    Status status = slash && *folder ? fs_make_folders(folder) : OK;
    free(folder);
    return status;
}

Status settings_write(const char *path, const Settings *settings)
{
    Buffer before = {0}, text = {0};
    Status status = fs_exists(path) ? fs_read_file(path, FILE_CAP, &before) : make_folder_of(path);
    copy_other_lines(before.data ? before.data : "", &text);
    buffer_printf(&text, "theme = %s\nmouse = %s\n", theme_name(settings->theme),
                  settings->mouse ? "yes" : "no");
    if (*settings->history.hidden)
        buffer_printf(&text, "history-hidden = %s\n", settings->history.hidden);
    if (*settings->history.sort)
        buffer_printf(&text, "history-sort = %s\n", settings->history.sort);
    if (status == OK)
        status = fs_write_atomic(path, text.data, text.length);
    buffer_free(&before);
    buffer_free(&text);
    return status;
}
