#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_monotonic_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_utc_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

double clock_seconds_since(int64_t start_ns)
{
    return (double)(clock_monotonic_ns() - start_ns) / 1e9;
}

const char *clock_utc_text(int64_t utc_ms, char text[CLOCK_TEXT_BYTES])
{
    time_t seconds = (time_t)(utc_ms / 1000);
    struct tm parts;
    if (!utc_ms || !gmtime_r(&seconds, &parts) ||
        !strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts))
        snprintf(text, CLOCK_TEXT_BYTES, "-");
    return text;
}
