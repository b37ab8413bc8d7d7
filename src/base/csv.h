/* csv.h: fields of comma separated values, as RFC 4180 has them. Lines end in CR LF. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buffer.h"

/* Appends a field, in quotes where it needs them. */
void csv_append_field(Buffer *text, const char *field);

#endif
