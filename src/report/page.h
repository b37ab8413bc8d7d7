/* page.h: the pieces of a self-contained HTML page: head, texts, values, tables, plots.
 *
 *     page_begin(&html, "dnn2fpga: runs 1 and 2");
 *     page_table(&html, "Stages", report_at(report, "stages"), COLUMNS);
 *     page_plot(&html, &svg);
 *     page_end(&html);
 *
 * HTML 5, no script, no link to elsewhere, nothing loaded; readable on a phone, on paper, and where
 * the reader asks for dark colours. Every text and value that is given is escaped here.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <jansson.h>

#include "base/buffer.h"

void page_begin(Buffer *html, const char *title);
void page_end(Buffer *html);

/* Escaped for an element and for an attribute in double quotes. */
void page_text(Buffer *html, const char *text);

/* As people read it: counts with commas, fractions with four decimals or six digits, yes and no,
 * lists with commas, "–" for what is not known. A hash is shortened; its whole is a tooltip. */
void page_value(Buffer *html, const json_t *value);

typedef struct PageColumn {
    const char *key, *title;
} PageColumn;

/* A list of objects as a table of some of their keys (up to a row with no key); columns that hold
 * nothing are left out, and nothing is written for an empty list. */
void page_table(Buffer *html, const char *title, const json_t *list, const PageColumn *columns);

/* An SVG file inside the page. */
void page_plot(Buffer *html, const Buffer *svg);

#endif
