/* note.h: some words at the foot of the screen, until the user has read them: what a tour says about
 * the step that comes next. What is behind stays visible above. */
#ifndef UI_NOTE_H
#define UI_NOTE_H

#include <stdbool.h>

#include "ui/canvas.h"

enum { NOTE_BYTES = 512 };

typedef struct Note {
    bool open;
    bool left;         /* the user wants no more of them */
    int number, total; /* "3 of 12" */
    char text[NOTE_BYTES];
} Note;

void note_open(Note *note, const char *text, int number, int total);

/* Enter and Space go on, Esc and q leave; other keys are ignored. */
void note_key(Note *note, int key);

void note_draw(const Note *note, Area screen);

#endif
