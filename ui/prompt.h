/* prompt.h: one line of typing on the status row: a command after `:`, a text after `/`. */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include <stdbool.h>

#include "ui/canvas.h"

enum { PROMPT_BYTES = 256 };

typedef enum PromptState { PROMPT_TYPING, PROMPT_ENTERED, PROMPT_LEFT } PromptState;

typedef struct Prompt {
    bool open;
    char sign; /* ':' or '/' */
    char text[PROMPT_BYTES];
    unsigned scopes;          /* ':': actions that are offered */
    char typed[PROMPT_BYTES]; /* what Tab completes */
    int tabs;                 /* how often Tab was pressed since */
} Prompt;

void prompt_open(Prompt *prompt, char sign, unsigned scopes);
/* The same with some text typed already. */
void prompt_open_with(Prompt *prompt, char sign, unsigned scopes, const char *text);

/* Takes a key; the prompt is closed unless the answer is PROMPT_TYPING. */
PromptState prompt_key(Prompt *prompt, int key);

void prompt_draw(const Prompt *prompt, Area line);

#endif
