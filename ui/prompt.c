#include "ui/prompt.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "ui/action.h"
#include "ui/key.h"

void prompt_open(Prompt *prompt, char sign, unsigned scopes)
{
    *prompt = (Prompt){.open = true, .sign = sign, .scopes = scopes};
}

void prompt_open_with(Prompt *prompt, char sign, unsigned scopes, const char *text)
{
    prompt_open(prompt, sign, scopes);
    snprintf(prompt->text, sizeof prompt->text, "%s", text);
}

/* ---- completion ------------------------------------------------------------------------------ */

/* The nth word of a list that starts so. */
static bool nth_choice(const char *choices, const char *start, int nth, char word[PROMPT_BYTES])
{
    int length;
    for (; sscanf(choices, " %255s%n", word, &length) == 1; choices += length)
        if (strncmp(word, start, strlen(start)) == 0 && nth-- == 0)
            return true;
    return false;
}

/* The nth file whose path starts so; folders end in a slash. What is typed is no pattern. */
static bool nth_file(const char *start, int nth, char path[PROMPT_BYTES])
{
    Buffer pattern = {0};
    glob_t found = {0};
    for (; *start; start++)
        buffer_printf(&pattern, strchr("*?[\\", *start) ? "\\%c" : "%c", *start);
    buffer_append_text(&pattern, "*");
    glob(pattern.data, GLOB_MARK, NULL, &found);
    bool there = nth < (int)found.gl_pathc;
    if (there)
        snprintf(path, PROMPT_BYTES, "%s", found.gl_pathv[nth]);
    globfree(&found);
    buffer_free(&pattern);
    return there;
}

/* The nth completion of an action's name, or of what it takes. */
static bool nth_completion(const char *typed, unsigned scopes, int nth, char text[PROMPT_BYTES])
{
    const char *blank = strchr(typed, ' ');
    char name[PROMPT_BYTES], word[PROMPT_BYTES];
    if (!blank) {
        const char *whole = action_complete(typed, scopes, nth);
        snprintf(text, PROMPT_BYTES, "%s", whole ? whole : "");
        return whole != NULL;
    }
    snprintf(name, sizeof name, "%.*s", (int)(blank - typed), typed);
    const ActionInfo *info = action_info(action_of_name(name, scopes));
    const char *start = blank + strspn(blank, " ");
    bool files = info->argument && strcmp(info->argument, "FILE") == 0, there = false;
    if (info->choices)
        there = nth_choice(info->choices, start, nth, word);
    else if (files)
        there = nth_file(start, nth, word);
    if (there)
        snprintf(text, PROMPT_BYTES, "%.120s %.134s", info->name, word);
    return there && strlen(word) <= 134;
}

static void complete(Prompt *prompt)
{
    char text[PROMPT_BYTES];
    if (prompt->sign != ':')
        return;
    if (prompt->tabs == 0)
        memcpy(prompt->typed, prompt->text, sizeof prompt->typed);
    bool there = nth_completion(prompt->typed, prompt->scopes, prompt->tabs, text);
    if (!there && prompt->tabs > 0) {
        prompt->tabs = 0;
        there = nth_completion(prompt->typed, prompt->scopes, 0, text);
    }
    if (there) {
        memcpy(prompt->text, text, sizeof prompt->text);
        prompt->tabs++;
    }
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void drop_character(Prompt *prompt)
{
    size_t length = strlen(prompt->text);
    while (length > 1 && (prompt->text[length - 1] & 0xC0) == 0x80)
        length--;
    prompt->text[length - 1] = 0;
}

static void append_character(Prompt *prompt, int key)
{
    char bytes[UTF8_BYTES];
    if (key < 0x20 || (key >= 0x7F && key < 0xA0) || key >= KEY_FIRST_NAMED)
        return;
    text_encode((uint32_t)key, bytes);
    size_t used = strlen(prompt->text), more = strlen(bytes) + 1;
    if (used + more <= sizeof prompt->text)
        memcpy(prompt->text + used, bytes, more);
}

PromptState prompt_key(Prompt *prompt, int key)
{
    size_t length = strlen(prompt->text);
    if (key == KEY_TABULATOR) {
        complete(prompt);
        return PROMPT_TYPING;
    }
    prompt->tabs = 0;
    if (key == KEY_ESCAPE || key == KEY_CTRL_C || (key == KEY_ERASE && length == 0)) {
        prompt->open = false;
        return PROMPT_LEFT;
    }
    if (key == KEY_RETURN) {
        prompt->open = false;
        return PROMPT_ENTERED;
    }
    if (key == KEY_ERASE)
        drop_character(prompt);
    else
        append_character(prompt, key);
    return PROMPT_TYPING;
}

/* Beside what is typed: the names that it may become, or what the action takes. */
void prompt_draw(const Prompt *prompt, Area line)
{
    int column = area_printf(line, 0, 0, STYLE_NORMAL, "%c%s", prompt->sign, prompt->text);
    const char *blank = strchr(prompt->text, ' '), *name;
    char word[PROMPT_BYTES];
    area_text(line, 0, column, STYLE_SELECTED, " ");
    if (prompt->sign != ':')
        return;
    column += 3;
    for (int i = 0; !blank && (name = action_complete(prompt->text, prompt->scopes, i)); i++)
        column = area_text(line, 0, column, STYLE_DIM, name) + 1;
    if (!blank)
        return;
    snprintf(word, sizeof word, "%.*s", (int)(blank - prompt->text), prompt->text);
    const ActionInfo *info = action_info(action_of_name(word, prompt->scopes));
    const char *start = blank + strspn(blank, " ");
    if (!info->choices && info->argument && !*start)
        area_text(line, 0, column, STYLE_DIM, info->argument);
    for (int i = 0; info->choices && nth_choice(info->choices, start, i, word); i++)
        column = area_text(line, 0, column, STYLE_DIM, word) + 1;
}
