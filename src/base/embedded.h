/* embedded.h: files that travel inside the program: SQL migrations, the VHDL library, the tour.
 *
 * The build turns a list of files into a table (src/embed.sh); the last row has name NULL.
 * Bytes are followed by a NUL, so text files can be used as strings.
 */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include <stddef.h>

typedef struct EmbeddedFile {
    const char *name; /* without folder */
    const char *bytes;
    size_t size;
} EmbeddedFile;

extern const EmbeddedFile migrations[];  /* db/migrations, in order of their numbers */
extern const EmbeddedFile hdl_library[]; /* hdl_templates/lib and the text templates */
extern const EmbeddedFile tours[];       /* walks through the workbench, ui/NAME.script */

#endif
