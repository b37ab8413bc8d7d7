#include "ui/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *unknown(char text[FORMAT_BYTES])
{
    snprintf(text, FORMAT_BYTES, "-");
    return text;
}

const char *format_count(double count, char text[FORMAT_BYTES])
{
    if (!(count >= 0 && count < 1e15))
        return unknown(text);
    char digits[FORMAT_BYTES];
    int length = snprintf(digits, sizeof digits, "%.0f", count);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

const char *format_size(double bytes, char text[FORMAT_BYTES])
{
    if (!(bytes >= 0))
        return unknown(text);
    static const char *const UNITS[] = {"B", "kB", "MB", "GB"};
    int unit = 0;
    while (bytes >= 1000 && unit < 3) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, FORMAT_BYTES, "%.*f %s", unit && bytes < 1000 ? 1 : 0, bytes, UNITS[unit]);
    return text;
}

const char *format_fraction(double fraction, char text[FORMAT_BYTES])
{
    if (isnan(fraction))
        return unknown(text);
    snprintf(text, FORMAT_BYTES, "%.4f", fraction);
    return text;
}

const char *format_rounded(double value, int digits, int width, char text[FORMAT_BYTES])
{
    if (isnan(value))
        return unknown(text);
    while (snprintf(text, FORMAT_BYTES, "%.*g", digits, value) > width && digits > 1)
        digits--;
    return text;
}

const char *format_microseconds(double us, char text[FORMAT_BYTES])
{
    if (!(us >= 0))
        return unknown(text);
    if (us < 1000)
        snprintf(text, FORMAT_BYTES, "%.*f us", us < 100 ? 2 : 1, us);
    else if (us < 1e6)
        snprintf(text, FORMAT_BYTES, "%.2f ms", us / 1e3);
    else
        snprintf(text, FORMAT_BYTES, "%.3f s", us / 1e6);
    return text;
}

const char *format_elapsed(double seconds, char text[FORMAT_BYTES])
{
    if (!(seconds >= 0 && seconds < 1e9))
        return unknown(text);
    int64_t whole = (int64_t)seconds;
    if (whole < 60)
        snprintf(text, FORMAT_BYTES, "%.1f s", seconds);
    else if (whole < 3600)
        snprintf(text, FORMAT_BYTES, "%" PRId64 ":%02" PRId64, whole / 60, whole % 60);
    else
        snprintf(text, FORMAT_BYTES, "%" PRId64 ":%02" PRId64 ":%02" PRId64, whole / 3600,
                 whole / 60 % 60, whole % 60);
    return text;
}

const char *format_going_on(double seconds, char text[FORMAT_BYTES])
{
    if (!(seconds >= 0 && seconds < 60))
        return format_elapsed(seconds, text);
    snprintf(text, FORMAT_BYTES, "%d s", (int)seconds);
    return text;
}

static bool local_time(int64_t utc_ms, struct tm *local)
{
    time_t seconds = (time_t)(utc_ms / 1000);
    return utc_ms > 0 && localtime_r(&seconds, local);
}

const char *format_date(int64_t utc_ms, char text[FORMAT_BYTES])
{
    struct tm local;
    if (!local_time(utc_ms, &local) || !strftime(text, FORMAT_BYTES, "%Y-%m-%d %H:%M", &local))
        return unknown(text);
    return text;
}

const char *format_clock(int64_t utc_ms, char text[FORMAT_BYTES])
{
    struct tm local;
    if (!local_time(utc_ms, &local) || !strftime(text, FORMAT_BYTES, "%H:%M:%S", &local))
        return unknown(text);
    return text;
}
