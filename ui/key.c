#include "ui/key.h"

#include <stdio.h>
#include <string.h>

static const struct {
    int key;
    const char *name;
} NAMED[] = {
    {KEY_ARROW_UP, "Up"},         {KEY_ARROW_DOWN, "Down"},     {KEY_ARROW_LEFT, "Left"},
    {KEY_ARROW_RIGHT, "Right"},   {KEY_PAGE_UP, "PgUp"},        {KEY_PAGE_DOWN, "PgDn"},
    {KEY_GO_HOME, "Home"},        {KEY_GO_END, "End"},          {KEY_ERASE, "Backspace"},
    {KEY_RETURN, "Enter"},        {KEY_ESCAPE, "Esc"},          {KEY_TABULATOR, "Tab"},
    {KEY_BACK_TAB, "S-Tab"},      {KEY_BLANK, "Space"},         {KEY_FUNCTION_1 + 0, "F1"},
    {KEY_FUNCTION_1 + 1, "F2"},   {KEY_FUNCTION_1 + 2, "F3"},   {KEY_FUNCTION_1 + 3, "F4"},
    {KEY_FUNCTION_1 + 4, "F5"},   {KEY_FUNCTION_1 + 5, "F6"},   {KEY_FUNCTION_1 + 6, "F7"},
    {KEY_FUNCTION_1 + 7, "F8"},   {KEY_FUNCTION_1 + 8, "F9"},   {KEY_FUNCTION_1 + 9, "F10"},
    {KEY_FUNCTION_1 + 10, "F11"}, {KEY_FUNCTION_1 + 11, "F12"},
};

enum { NAMED_COUNT = sizeof NAMED / sizeof NAMED[0] };

int key_parse(const char *name)
{
    for (int i = 0; i < NAMED_COUNT; i++)
        if (strcmp(NAMED[i].name, name) == 0)
            return NAMED[i].key;
    if (name[0] == '^' && name[1] >= 'A' && name[1] <= 'Z' && !name[2])
        return name[1] - 'A' + 1;
    return name[0] > ' ' && name[0] < 0x7F && !name[1] ? name[0] : KEY_NOTHING;
}

const char *key_label(int key, char name[KEY_NAME_BYTES])
{
    for (int i = 0; i < NAMED_COUNT; i++)
        if (NAMED[i].key == key) {
            snprintf(name, KEY_NAME_BYTES, "%s", NAMED[i].name);
            return name;
        }
    if (key > 0 && key < ' ')
        snprintf(name, KEY_NAME_BYTES, "^%c", 'A' + key - 1);
    else if (key > ' ' && key < 0x7F)
        snprintf(name, KEY_NAME_BYTES, "%c", key);
    else
        snprintf(name, KEY_NAME_BYTES, "U+%04X", (unsigned)key & 0x1FFFFF);
    return name;
}
