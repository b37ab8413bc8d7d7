/* clock.h: the two clocks. Durations come from the monotonic one, dates from the other. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ns(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_utc_ms(void);

/* "2026-01-31T12:00:00Z" (ISO 8601); "-" for 0. Returns `text`. */
enum { CLOCK_TEXT_BYTES = 32 };
const char *clock_utc_text(int64_t utc_ms, char text[CLOCK_TEXT_BYTES]);

/* Seconds since a value of clock_monotonic_ns(). */
double clock_seconds_since(int64_t start_ns);

#endif
