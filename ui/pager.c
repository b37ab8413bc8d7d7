#include "ui/pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

enum { SIDE_STEP = 16 };

void pager_free(Pager *pager)
{
    buffer_free(&pager->text);
    free(pager->lines);
    *pager = (Pager){0};
}

static void find_lines(Pager *pager)
{
    size_t count = 1;
    for (size_t i = 0; i < pager->text.length; i++)
        count += pager->text.data[i] == '\n';
    free(pager->lines);
    pager->lines = calloc(count, sizeof *pager->lines);
    if (!pager->lines)
        abort();
    pager->count = 0;
    for (size_t i = 0, start = 0; i < pager->text.length; i++) {
        bool last = i + 1 == pager->text.length && pager->text.data[i] != '\n';
        if (pager->text.data[i] != '\n' && !last)
            continue;
        if (!last)
            pager->text.data[i] = '\0';
        if (!pager->keeps || pager->keeps(pager->text.data + start, pager->level))
            pager->lines[pager->count++] = start;
        start = i + 1;
    }
}

void pager_set(Pager *pager, const char *text, size_t length)
{
    bool at_end = pager->scroll.top + pager->scroll.page >= pager->scroll.total;
    buffer_clear(&pager->text);
    buffer_append(&pager->text, text, length);
    find_lines(pager);
    pager->found = -1;
    scroll_layout(&pager->scroll, pager->scroll.page, pager->count);
    if (pager->follow && at_end)
        scroll_action(&pager->scroll, ACTION_LAST);
}

Status pager_load(Pager *pager, const char *path)
{
    Buffer text = {0};
    Status status = fs_read_file(path, PAGER_MOST_BYTES, &text);
    if (status == OK)
        pager_set(pager, text.data ? text.data : "", text.length);
    buffer_free(&text);
    return status;
}

void pager_layout(Pager *pager, int rows)
{
    bool at_end = pager->scroll.top + pager->scroll.page >= pager->scroll.total;
    scroll_layout(&pager->scroll, rows, pager->count);
    if (pager->follow && at_end)
        scroll_action(&pager->scroll, ACTION_LAST);
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Steps over columns at the left; a wide character that is cut in two goes as a whole. */
static const char *skip_columns(const char *text, int columns, bool ascii)
{
    int width;
    while (columns > 0 && text_next(&text, ascii, &width))
        columns -= width;
    return text;
}

static void draw_line(const Pager *pager, int line, Area row, Style style)
{
    char text[2048];
    const char *from =
        skip_columns(pager->text.data + pager->lines[line], pager->left, row.canvas->ascii);
    snprintf(text, sizeof text, "%s", from);
    for (char *tab = strchr(text, '\t'); tab; tab = strchr(tab, '\t'))
        *tab = ' ';
    area_text(row, 0, 0, style, text);
    if (line == pager->found)
        area_paint(row, 0, STYLE_SELECTED);
}

void pager_draw(const Pager *pager, Area area, Style (*style)(const char *line))
{
    for (int i = 0; i < area.rows && pager->scroll.top + i < pager->count; i++) {
        int line = pager->scroll.top + i;
        Style look = style ? style(pager->text.data + pager->lines[line]) : STYLE_NORMAL;
        draw_line(pager, line, area_part(area, i, 0, 1, area.columns), look);
    }
}

/* ---- moving ---------------------------------------------------------------------------------- */

static bool search_from(Pager *pager, int first, int step)
{
    for (int i = 0; i < pager->count && pager->search[0]; i++) {
        int line = ((first + step * i) % pager->count + pager->count) % pager->count;
        if (!strcasestr(pager->text.data + pager->lines[line], pager->search))
            continue;
        pager->found = line;
        pager->scroll.top = line - pager->scroll.page / 3;
        scroll_layout(&pager->scroll, pager->scroll.page, pager->count);
        return true;
    }
    return false;
}

bool pager_search(Pager *pager, const char *text)
{
    snprintf(pager->search, sizeof pager->search, "%s", text);
    return search_from(pager, pager->scroll.top, 1);
}

bool pager_action(Pager *pager, ActionId action)
{
    int from = pager->found >= 0 ? pager->found : pager->scroll.top;
    if (action == ACTION_SEARCH_NEXT)
        search_from(pager, from + 1, 1);
    else if (action == ACTION_SEARCH_PREVIOUS)
        search_from(pager, from - 1, -1);
    else if (action == ACTION_RIGHT)
        pager->left += SIDE_STEP;
    else if (action == ACTION_LEFT)
        pager->left -= pager->left < SIDE_STEP ? pager->left : SIDE_STEP;
    else
        return scroll_action(&pager->scroll, action);
    return true;
}

void pager_position(const Pager *pager, char *text, int size)
{
    int last = pager->scroll.top + pager->scroll.page;
    last = last < pager->count ? last : pager->count;
    if (pager->count > 0)
        snprintf(text, (size_t)size, "line %d of %d - %d%%", last, pager->count,
                 last * 100 / pager->count);
}
