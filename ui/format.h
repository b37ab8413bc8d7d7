/* format.h: figures as people read them. Each function writes to `text` and returns it; an unknown
 * value (NAN, or a negative count) becomes "-". */
#ifndef UI_FORMAT_H
#define UI_FORMAT_H

#include <stdint.h>

enum { FORMAT_BYTES = 32 };

const char *format_count(double count, char text[FORMAT_BYTES]); /* "18,718" */
const char *format_size(double bytes, char text[FORMAT_BYTES]);  /* "74.9 kB", 1000 bytes each */
const char *format_fraction(double fraction, char text[FORMAT_BYTES]); /* "0.9841" */
/* At most so many significant digits (1 or more), and fewer where `width` cells do not hold them: "0.0083" */
const char *format_rounded(double value, int digits, int width, char text[FORMAT_BYTES]);
const char *format_microseconds(double us, char text[FORMAT_BYTES]); /* "8.12 us", "1.23 ms" */
const char *format_elapsed(double seconds,
                           char text[FORMAT_BYTES]); /* "0.4 s", "1:05", "2:03:04" */
/* Of what still goes on, in whole seconds: its text changes once a second. "3 s", "1:05" */
const char *format_going_on(double seconds, char text[FORMAT_BYTES]);
const char *format_date(int64_t utc_ms, char text[FORMAT_BYTES]);  /* "2026-11-22 14:03", local */
const char *format_clock(int64_t utc_ms, char text[FORMAT_BYTES]); /* "14:03:59", local */

#endif
