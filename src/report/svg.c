#include "report/svg.h"

#include <math.h>
#include <stdbool.h>
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
    buffer_printf(
        svg,
        "</title>\n<rect class=\"paper\" width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n<path "
        "class=\"axis\" d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#333333\"/>\n",
        SVG_WIDTH, SVG_HEIGHT, SVG_LEFT, SVG_TOP, SVG_HEIGHT - SVG_BOTTOM, SVG_WIDTH - SVG_RIGHT);
    svg_text(svg, (SvgLabel){SVG_WIDTH / 2.0, 24, "middle", title});
}

/* 1, 2 or 5 times a power of ten, so that about SVG_TICKS steps cover the span (> 0). */
static double nice_step(double span)
{
    double raw = span / SVG_TICKS, power = pow(10, floor(log10(raw)));
    double lead = raw / power;
    return power * (lead < 1.4 ? 1 : lead < 3 ? 2 : lead < 7 ? 5 : 10);
}

/* As many decimals as the step has. */
static void tick_text(double value, double step, char text[SVG_TICK_BYTES])
{
    int decimals = (int)fmax(0, ceil(-log10(step) - 1e-9));
    snprintf(text, SVG_TICK_BYTES, "%.*f", decimals > 9 ? 9 : decimals, value);
}

/* The `index`-th round value from `low` on; false: it is beyond `high`. */
static bool tick_at(double low, double high, int index, double *value)
{
    double step = nice_step(high - low);
    *value = (ceil(low / step) + index) * step;
    return *value <= high + step * 1e-6;
}

void svg_scale(Buffer *svg, double low, double high)
{
    double step = nice_step(high - low), value;
    char text[SVG_TICK_BYTES];
    for (int i = 0; tick_at(low, high, i, &value); i++) {
        double y = SVG_HEIGHT - SVG_BOTTOM -
                   (SVG_HEIGHT - SVG_BOTTOM - SVG_TOP) * (value - low) / (high - low);
        buffer_printf(svg, "<path class=\"grid\" d=\"M%d %.1fH%d\" stroke=\"#dddddd\"/>\n",
                      SVG_LEFT, y, SVG_WIDTH - SVG_RIGHT);
        tick_text(value, step, text);
        svg_text(svg, (SvgLabel){SVG_LEFT - 6, y + 4, "end", text});
    }
}

void svg_scale_across(Buffer *svg, double low, double high)
{
    double step = nice_step(high - low), value;
    char text[SVG_TICK_BYTES];
    for (int i = 0; tick_at(low, high, i, &value); i++) {
        double x = SVG_LEFT + (SVG_WIDTH - SVG_LEFT - SVG_RIGHT) * (value - low) / (high - low);
        tick_text(value, step, text);
        svg_text(svg, (SvgLabel){x, SVG_HEIGHT - SVG_BOTTOM + 16, "middle", text});
    }
}
