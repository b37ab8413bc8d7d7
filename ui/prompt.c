#include "ui/prompt.h"

#include <stdio.h>
#include <string.h>

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

static void complete(Prompt *prompt)
{
    if (prompt->sign != ':')
        return;
    if (prompt->tabs == 0)
        memcpy(prompt->typed, prompt->text, sizeof prompt->typed);
    const char *name = action_complete(prompt->typed, prompt->scopes, prompt->tabs);
    if (!name && prompt->tabs > 0) {
        prompt->tabs = 0;
        name = action_complete(prompt->typed, prompt->scopes, 0);
    }
    if (name) {
        snprintf(prompt->text, sizeof prompt->text, "%s", name);
        prompt->tabs++;
    }
}

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

void prompt_draw(const Prompt *prompt, Area line)
{
    int column = area_printf(line, 0, 0, STYLE_NORMAL, "%c%s", prompt->sign, prompt->text);
    area_text(line, 0, column, STYLE_SELECTED, " ");
    if (prompt->sign != ':')
        return;
    column += 3;
    const char *name;
    for (int i = 0; (name = action_complete(prompt->text, prompt->scopes, i)) != NULL; i++)
        column = area_text(line, 0, column, STYLE_DIM, name) + 1;
}
