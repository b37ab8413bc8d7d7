/* line_splitter.h: bytes as they come from a pipe, cut into lines.
 *
 *     LineSplitter splitter = {.on_line = print};
 *     line_splitter_feed(&splitter, "one\ntw", 6);  // print("one")
 *     line_splitter_feed(&splitter, "o\n", 2);      // print("two")
 *     line_splitter_finish(&splitter);              // a last line without newline, and free
 *
 * A line ends with LF or CR LF. One longer than LINE_MAX_BYTES comes in pieces; a NUL becomes '?'.
 */
#ifndef TOOLS_LINE_SPLITTER_H
#define TOOLS_LINE_SPLITTER_H

#include <stddef.h>

#include "base/buffer.h"

enum { LINE_MAX_BYTES = 65536 };

typedef struct LineSplitter {
    void (*on_line)(void *context, const char *line);
    void *context;
    Buffer partial;
} LineSplitter;

void line_splitter_feed(LineSplitter *splitter, const char *bytes, size_t count);
void line_splitter_finish(LineSplitter *splitter);

#endif
