#include "report/svg.h"

#include <stdio.h>

const char *const SVG_COLOURS[SVG_COLOUR_COUNT] = {"#1f5fa8", "#d1495b", "#2e8b57",
                                                   "#c98a00", "#6a4c93", "#555555"};

static void append_escaped(Buffer *svg, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '&')
            buffer_append_text(svg, "&amp;");
        else if (*at == '<')
            buffer_append_text(svg, "&lt;");
        else
            buffer_append(svg, at, 1);
    }
}

void svg_text(Buffer *svg, SvgLabel label)
{
    buffer_printf(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", label.x, label.y,
                  label.anchor);
    append_escaped(svg, label.text);
    buffer_append_text(svg, "</text>\n");
}

void svg_begin(Buffer *svg, const char *title)
{
    buffer_printf(svg,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "
                  "xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 "
                  "%d %d\" font-family=\"sans-serif\" font-size=\"13\">\n<title>",
                  SVG_WIDTH, SVG_HEIGHT, SVG_WIDTH, SVG_HEIGHT);
    append_escaped(svg, title);
    buffer_printf(svg,
                  "</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n<path d=\"M%d "
                  "%dV%dH%d\" fill=\"none\" stroke=\"#333333\"/>\n",
                  SVG_WIDTH, SVG_HEIGHT, SVG_LEFT, SVG_TOP, SVG_HEIGHT - SVG_BOTTOM,
                  SVG_WIDTH - SVG_RIGHT);
    svg_text(svg, (SvgLabel){SVG_WIDTH / 2.0, 24, "middle", title});
}

void svg_scale(Buffer *svg, double low, double high, int decimals)
{
    for (int i = 0; i <= SVG_TICKS; i++) {
        double y =
            SVG_HEIGHT - SVG_BOTTOM - (double)(SVG_HEIGHT - SVG_BOTTOM - SVG_TOP) * i / SVG_TICKS;
        char text[48];
        snprintf(text, sizeof text, "%.*f", decimals, low + (high - low) * i / SVG_TICKS);
        buffer_printf(svg, "<path d=\"M%d %.1fH%d\" stroke=\"#dddddd\"/>\n", SVG_LEFT, y,
                      SVG_WIDTH - SVG_RIGHT);
        svg_text(svg, (SvgLabel){SVG_LEFT - 6, y + 4, "end", text});
    }
}
