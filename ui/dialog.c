#include "ui/dialog.h"

#include <stdio.h>

#include "ui/key.h"

enum { WIDTH = 56, BUTTON_GAP = 2 };

void dialog_open(Dialog *dialog, const DialogText *text, int purpose)
{
    *dialog =
        (Dialog){.open = true, .title = text->title, .count = text->count, .purpose = purpose};
    snprintf(dialog->text, sizeof dialog->text, "%s", text->text);
    for (int i = 0; i < text->count; i++)
        dialog->choices[i] = text->choices[i];
}

static int answer(Dialog *dialog, int choice)
{
    dialog->open = false;
    return choice;
}

int dialog_key(Dialog *dialog, int key)
{
    for (int i = 0; i < dialog->count; i++)
        if (dialog->choices[i].key == key)
            return answer(dialog, i);
    if (key == KEY_ESCAPE)
        return answer(dialog, 0);
    if (key == KEY_RETURN)
        return answer(dialog, dialog->focus);
    if (key == KEY_TABULATOR || key == KEY_ARROW_RIGHT || key == KEY_ARROW_DOWN)
        dialog->focus = (dialog->focus + 1) % dialog->count;
    if (key == KEY_BACK_TAB || key == KEY_ARROW_LEFT || key == KEY_ARROW_UP)
        dialog->focus = (dialog->focus + dialog->count - 1) % dialog->count;
    return DIALOG_NO_ANSWER;
}

static void draw_choices(const Dialog *dialog, Area area, int row)
{
    int column = 0;
    for (int i = 0; i < dialog->count; i++) {
        char name[KEY_NAME_BYTES], label[64];
        snprintf(label, sizeof label, i == dialog->focus ? "[%s %s]" : " %s %s ",
                 key_label(dialog->choices[i].key, name), dialog->choices[i].label);
        Style style = i == dialog->focus ? STYLE_SELECTED : STYLE_KEY;
        int after = area_text(area, row, column, style, label);
        area_zone(area, row, column, after - column, (Click){.key = dialog->choices[i].key});
        column = after + BUTTON_GAP;
    }
}

void dialog_draw(const Dialog *dialog, Area screen)
{
    int width = screen.columns < WIDTH ? screen.columns : WIDTH;
    Area inside = {.canvas = screen.canvas, .columns = width - 4};
    int lines = area_paragraph(inside, 0, STYLE_NORMAL, dialog->text);
    int height = lines + 4;
    Area box =
        area_part(screen, (screen.rows - height) / 2, (screen.columns - width) / 2, height, width);
    area_frame(box, dialog->title);
    inside = area_part(box, 1, 2, height - 2, width - 4);
    area_paragraph(inside, 0, STYLE_NORMAL, dialog->text);
    draw_choices(dialog, inside, lines + 1);
}
