/* dialog.h: a question that must be answered before anything else goes on.
 *
 * The first choice is the harmless one: it has the focus and is what Esc takes. The others are
 * taken by a key of their own, never the key that opened the dialog, or by moving the focus there
 * and Enter. So a key that repeats by itself cannot confirm.
 *
 *     dialog_open(&dialog, &(DialogText){"Cancel the run?", text, {{KEY, "Keep it"},
 *                                         {KEY, "Cancel it"}}, 2}, ASK_CANCEL);
 */
#ifndef UI_DIALOG_H
#define UI_DIALOG_H

#include <stdbool.h>

#include "ui/canvas.h"

enum { DIALOG_MAX_CHOICES = 3, DIALOG_TEXT_BYTES = 512, DIALOG_NO_ANSWER = -1 };

typedef struct DialogChoice {
    int key;
    const char *label;
} DialogChoice;

typedef struct DialogText {
    const char *title;
    const char *text;
    DialogChoice choices[DIALOG_MAX_CHOICES];
    int count;
} DialogText;

typedef struct Dialog {
    bool open;
    const char *title;
    char text[DIALOG_TEXT_BYTES];
    DialogChoice choices[DIALOG_MAX_CHOICES];
    int count;
    int focus;
    int purpose; /* the caller's: what is being asked */
} Dialog;

void dialog_open(Dialog *dialog, const DialogText *text, int purpose);

/* The index of the choice that the key takes (the dialog is closed then), or DIALOG_NO_ANSWER. */
int dialog_key(Dialog *dialog, int key);

void dialog_draw(const Dialog *dialog, Area screen);

#endif
