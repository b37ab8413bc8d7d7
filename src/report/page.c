#include "report/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "flow/report.h"

/* Colours are variables, so that dark and paper are one line each. */
static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n<style>\n"
    ":root{--ink:#1d2330;--dim:#5c6675;--paper:#fff;--card:#f6f8fa;--line:#d9dee5;--mark:#fff3c9;"
    "--good:#1a7f4b;--bad:#b3261e;--link:#1f5fa8}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--dim:#9aa5b4;--paper:#14181f;"
    "--card:#1c222b;--line:#343c48;--mark:#3b3518;--good:#5cc98f;--bad:#ff8a80;--link:#7db3f0}"
    "svg [fill=\"#1f5fa8\"]{fill:#7db3f0}svg [stroke=\"#1f5fa8\"]{stroke:#7db3f0}"
    "svg [fill=\"#555555\"]{fill:#9aa5b4}}\n"
    "*{box-sizing:border-box}\n"
    "body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1.5rem 1rem "
    "4rem;color:var(--ink);background:var(--paper)}\n"
    "h1{font-size:1.7rem;margin:0}h2{font-size:1.3rem;margin:2.5rem 0 .5rem}"
    "h3{font-size:1rem;margin:1.5rem 0 .3rem}\n"
    "p{margin:.4rem 0}.dim{color:var(--dim)}a{color:var(--link)}\n"
    ".wide{overflow-x:auto;border:1px solid var(--line);border-radius:8px;margin:.4rem 0 1rem}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "td,th{padding:.3rem .8rem;text-align:right;vertical-align:top;white-space:nowrap}\n"
    "tr+tr>*{border-top:1px solid var(--line)}\n"
    "th{font-weight:600;background:var(--card)}\n"
    "td:first-child,th:first-child{text-align:left;position:sticky;left:0;background:var(--card)}"
    "\n.group>*{color:var(--dim);font-weight:600}\n"
    "td.long{white-space:normal;overflow-wrap:anywhere;min-width:9rem}\n"
    ".differs{background:var(--mark)}.best{font-weight:700;color:var(--good)}\n"
    ".ok{color:var(--good)}.bad{color:var(--bad)}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.6rem 0}\n"
    "dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}\n"
    "@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}\n"
    "code,pre{font:13px/1.45 ui-monospace,monospace}pre{white-space:pre-wrap;overflow-wrap:"
    "anywhere;background:var(--card);padding:.8rem;border-radius:8px}\n"
    "summary{cursor:pointer;color:var(--link);margin:.4rem 0}\n"
    "figure{margin:1rem 0;text-align:center}svg{max-width:100%;height:auto}\n"
    "svg .paper{fill:none}svg text{fill:var(--ink)}svg .axis{stroke:var(--ink)}"
    "svg .grid{stroke:var(--line)}\n"
    "@media print{body{max-width:none;font-size:11px;padding:0}.wide{overflow:visible;border:0}"
    "td,th{padding:.15rem .4rem;white-space:normal;overflow-wrap:anywhere}"
    "td:first-child{white-space:nowrap}h2,h3{break-after:avoid}tr,figure{break-inside:avoid}"
    "details{display:none}}\n"
    "</style>\n";

void page_begin(Buffer *html, const char *title)
{
    buffer_append_text(html, HEAD);
    buffer_append_text(html, "<title>");
    page_text(html, title);
    buffer_append_text(html, "</title>\n</head>\n<body>\n");
}

void page_end(Buffer *html)
{
    buffer_append_text(html, "</body>\n</html>\n");
}

void page_text(Buffer *html, const char *text)
{
    static const struct {
        char sign;
        const char *escape;
    } signs[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    for (; *text; text++) {
        const char *escape = NULL;
        for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
            if (signs[i].sign == *text)
                escape = signs[i].escape;
        if (escape)
            buffer_append_text(html, escape);
        else
            buffer_append(html, text, 1);
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

enum { HASH_LENGTH = 64, HASH_SHOWN = 12 };

static bool is_hash(const char *text)
{
    return strlen(text) == HASH_LENGTH && strspn(text, "0123456789abcdef") == HASH_LENGTH;
}

static void put_count(Buffer *html, json_int_t count)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
    for (int i = 0; i < length; i++) {
        int left = length - i;
        bool comma = i > 0 && left % 3 == 0 && digits[i - 1] != '-';
        buffer_printf(html, "%s%c", comma ? "," : "", digits[i]);
    }
}

static void put_real(Buffer *html, double value)
{
    bool fraction = fabs(value) <= 1 && fabs(value) >= 0.1;
    if (value == rint(value) && fabs(value) < 1e15)
        put_count(html, (json_int_t)value);
    else
        buffer_printf(html, fraction ? "%.4f" : "%.4g", value);
}

static void put_list(Buffer *html, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        buffer_append_text(html, i ? ", " : "");
        page_value(html, json_array_get(list, i));
    }
}

void page_value(Buffer *html, const json_t *value)
{
    const char *text = json_string_value(value);
    if (text && is_hash(text)) {
        buffer_printf(html, "<code title=\"%s\">%.*s</code>", text, HASH_SHOWN, text);
    } else if (json_is_integer(value)) {
        put_count(html, json_integer_value(value));
    } else if (json_is_real(value)) {
        put_real(html, json_real_value(value));
    } else if (json_is_array(value) && json_array_size(value) > 0) {
        put_list(html, value);
    } else if (!value || json_is_null(value) || json_is_array(value) || (text && !*text)) {
        buffer_append_text(html, "–");
    } else {
        Buffer plain = {0};
        report_append_value(value, &plain);
        page_text(html, plain.data ? plain.data : "");
        buffer_free(&plain);
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

static bool holds_something(const json_t *list, const char *key)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_object_get(json_array_get(list, i), key);
        bool empty = !value || json_is_null(value) ||
                     (json_is_array(value) && json_array_size(value) == 0) ||
                     (json_is_string(value) && json_string_length(value) == 0);
        if (!empty)
            return true;
    }
    return false;
}

void page_table(Buffer *html, const char *title, const json_t *list, const PageColumn *columns)
{
    if (!json_array_size(list))
        return;
    buffer_printf(html, "<h3>%s</h3>\n<div class=\"wide\"><table>\n<tr>", title);
    for (const PageColumn *column = columns; column->key; column++)
        if (holds_something(list, column->key))
            buffer_printf(html, "<th>%s</th>", column->title);
    buffer_append_text(html, "</tr>\n");
    for (size_t i = 0; i < json_array_size(list); i++) {
        buffer_append_text(html, "<tr>");
        for (const PageColumn *column = columns; column->key; column++) {
            if (!holds_something(list, column->key))
                continue;
            buffer_append_text(html, "<td>");
            page_value(html, json_object_get(json_array_get(list, i), column->key));
            buffer_append_text(html, "</td>");
        }
        buffer_append_text(html, "</tr>\n");
    }
    buffer_append_text(html, "</table></div>\n");
}

void page_plot(Buffer *html, const Buffer *svg)
{
    const char *start = strstr(svg->data, "<svg"); /* after the XML declaration */
    if (start)
        buffer_printf(html, "<figure>%s</figure>\n", start);
}
