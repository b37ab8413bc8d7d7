#include "ui/action.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ui/key.h"

static const ActionInfo TABLE[ACTIONS] = {
    [ACTION_NONE] = {"", "", "", NULL, 0, false},
    [ACTION_SHOW_MODEL] = {"model", "1", "layers of the model", NULL, SCOPE_APP, false},
    [ACTION_SHOW_RUN] = {"run", "2", "the current run and its result", NULL, SCOPE_APP, false},
    [ACTION_SHOW_HISTORY] = {"history", "3", "all runs", NULL, SCOPE_APP, false},
    [ACTION_SHOW_MESSAGES] = {"messages", "4", "every message so far", NULL, SCOPE_APP, false},
    [ACTION_START_RUN] = {"start-run", "r", "quantize, generate and prove the model", "run",
                          SCOPE_APP, true},
    [ACTION_CANCEL_RUN] = {"cancel-run", "c", "stop the run that is shown", "cancel", SCOPE_APP,
                           true},
    [ACTION_OPEN] = {"open", "Enter", "open the selected row", "open", SCOPE_ENTER, false},
    [ACTION_BACK] = {"back", "Esc Backspace", "back to where you were", "back", SCOPE_APP, false},
    [ACTION_UP] = {"up", "k Up", "one row up", NULL, SCOPE_LIST, false},
    [ACTION_DOWN] = {"down", "j Down", "one row down", NULL, SCOPE_LIST, false},
    [ACTION_PAGE_UP] = {"page-up", "PgUp ^U ^B", "one page up", NULL, SCOPE_LIST, false},
    [ACTION_PAGE_DOWN] = {"page-down", "PgDn ^D ^F Space", "one page down", NULL, SCOPE_LIST,
                          false},
    [ACTION_FIRST] = {"first", "g Home", "to the first row", NULL, SCOPE_LIST, false},
    [ACTION_LAST] = {"last", "G End", "to the last row", NULL, SCOPE_LIST, false},
    [ACTION_SEARCH] = {"search", "/", "find a row that contains a text", "search", SCOPE_TABLE,
                       false},
    [ACTION_SEARCH_NEXT] = {"search-next", "n", "next row that was searched for", NULL, SCOPE_TABLE,
                            false},
    [ACTION_SEARCH_PREVIOUS] = {"search-previous", "N", "previous row that was searched for", NULL,
                                SCOPE_TABLE, false},
    [ACTION_SORT] = {"sort", "s", "sort by the next column", "sort", SCOPE_TABLE, false},
    [ACTION_SORT_REVERSE] = {"sort-reverse", "S", "sort the other way round", NULL, SCOPE_TABLE,
                             false},
    [ACTION_COMMAND] = {"command", ":", "type an action by its name", "command", SCOPE_APP, false},
    [ACTION_HELP] = {"help", "?", "keys of this screen", "help", SCOPE_APP, false},
    [ACTION_REPAINT] = {"repaint", "^L", "draw the whole screen again", NULL, SCOPE_APP, false},
    [ACTION_SUSPEND] = {"suspend", "^Z", "back to the shell; `fg` returns", NULL, SCOPE_APP, false},
    [ACTION_QUIT] = {"quit", "q Q ^C", "leave the workbench", "quit", SCOPE_APP, false},
};

const ActionInfo *action_info(ActionId action)
{
    return &TABLE[action];
}

static bool has_key(const char *keys, int key)
{
    char name[KEY_NAME_BYTES];
    int length;
    while (sscanf(keys, " %11s%n", name, &length) == 1) {
        if (key_parse(name) == key)
            return true;
        keys += length;
    }
    return false;
}

ActionId action_of_key(int key, unsigned scopes)
{
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++)
        if ((TABLE[i].scope & scopes) && has_key(TABLE[i].keys, key))
            return (ActionId)i;
    return ACTION_NONE;
}

const char *action_complete(const char *typed, unsigned scopes, int nth)
{
    size_t length = strlen(typed);
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++)
        if ((TABLE[i].scope & scopes) && strncmp(TABLE[i].name, typed, length) == 0 && nth-- == 0)
            return TABLE[i].name;
    return NULL;
}

ActionId action_of_name(const char *name, unsigned scopes)
{
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++)
        if ((TABLE[i].scope & scopes) && strcmp(TABLE[i].name, name) == 0)
            return (ActionId)i;
    const char *only = action_complete(name, scopes, 0);
    if (!only || !*name || action_complete(name, scopes, 1))
        return ACTION_NONE;
    return action_of_name(only, scopes);
}
