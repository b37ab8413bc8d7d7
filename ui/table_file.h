/* table_file.h: a table as a file, for other programs.
 *
 * All rows in the order they have on the screen, and all columns but those that were hidden by
 * choice: that a terminal is narrow takes none away. Numbers are not rounded, and without units or
 * commas; the unit is in the column's name.
 *
 *     csv   a line of names, a line a row (RFC 4180)
 *     json  {"table": "Model", "rows": [{"layer": "conv_1", "parameters": 120, ...}, ...]}
 */
#ifndef UI_TABLE_FILE_H
#define UI_TABLE_FILE_H

#include "ui/table.h"

/* Writes a new file; its ending says the format. ERR_USAGE: another ending, or there is such a file
 * already: nothing is written over. */
Status table_write_file(const Table *table, const char *title, const char *path) MUST_CHECK;

#endif
