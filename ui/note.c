#include "ui/note.h"

#include <stdio.h>

#include "ui/key.h"

enum { WIDTH = 76, FRAME = 2, ROWS_BELOW = 2 };

void note_open(Note *note, const char *text, int number, int total)
{
    *note = (Note){.open = true, .number = number, .total = total};
    snprintf(note->text, sizeof note->text, "%s", text);
}

void note_key(Note *note, int key)
{
    note->left = key == KEY_ESCAPE || key == 'q' || key == KEY_CTRL_C;
    if (note->left || key == KEY_RETURN || key == KEY_BLANK)
        note->open = false;
}

void note_draw(const Note *note, Area screen)
{
    int width = screen.columns < WIDTH ? screen.columns : WIDTH;
    Area measured = {.canvas = screen.canvas, .columns = width - 2 * FRAME};
    int height = area_paragraph(measured, 0, STYLE_NORMAL, note->text) + 3;
    char title[64];
    snprintf(title, sizeof title, "Tour %d of %d", note->number, note->total);
    Area box = area_part(screen, screen.rows - height - ROWS_BELOW, (screen.columns - width) / 2,
                         height, width);
    area_frame(box, title);
    Area inside = area_part(box, 1, FRAME, height - 2, width - 2 * FRAME);
    area_paragraph(inside, 0, STYLE_NORMAL, note->text);
    int column = area_text(inside, height - 3, 0, STYLE_KEY, "Enter");
    column = area_text(inside, height - 3, column + 1, STYLE_NORMAL, "go on");
    column = area_text(inside, height - 3, column + 2, STYLE_KEY, "Esc");
    area_text(inside, height - 3, column + 1, STYLE_NORMAL, "leave the tour, stay here");
}
