#include "import/importer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/quarantine.h"
#include "import/keras.h"

enum { HEAD_BYTES = 8 };

/* The same reading, for its outcome only. */
static Status try_to_read(const char *path)
{
    Graph *graph = NULL;
    Status status = keras_h5_import(path, &graph);
    graph_free(graph);
    return status;
}

/* The kinds of model files, by their first bytes. A row without a reader is a kind that we know
 * but do not read: the refusal says what to do instead. */
static const struct FileKind {
    const char *word;
    const char *magic;
    size_t magic_bytes;
    Status (*read)(const char *path, Graph **graph);
    QuarantinedTask *try_to_read;
    const char *advice;
} KINDS[] = {
    {"HDF5", "\x89HDF\r\n\x1a\n", 8, keras_h5_import, try_to_read, NULL},
    {"a zip archive, as the .keras format is", "PK\x03\x04", 4, NULL, NULL,
     "save the model as HDF5: model.save(\"model.h5\")"},
    {"JSON, which holds an architecture without weights", "{", 1, NULL, NULL,
     "train it first (dnn2fpga train), or save the model: model.save(\"model.h5\")"},
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

/* The first bytes as a person would recognise them: "hello" or 7f 45 4c 46. */
static const char *describe_head(const unsigned char *head, size_t count, char text[64])
{
    bool printable = count > 0;
    for (size_t i = 0; i < count; i++)
        printable = printable && (isprint(head[i]) || isspace(head[i])) && head[i] < 0x7F;
    if (count == 0)
        return "nothing: it is empty";
    int used = snprintf(text, 64, printable ? "the text \"" : "the bytes");
    for (size_t i = 0; i < count && used > 0; i++)
        used += printable ? snprintf(text + used, 64 - (size_t)used, "%c",
                                     isspace(head[i]) ? ' ' : head[i])
                          : snprintf(text + used, 64 - (size_t)used, " %02x", head[i]);
    if (printable)
        snprintf(text + used, 64 - (size_t)used, "\"");
    return text;
}

static Status read_head(const char *path, unsigned char head[HEAD_BYTES], size_t *count)
{
    if (fs_is_folder(path))
        return error_set(ERR_REFUSED,
                         "%s: is a folder, expected a model file; save the model as "
                         "HDF5: model.save(\"model.h5\")",
                         path);
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(ERR_REFUSED, "%s: cannot be opened: %s", path, strerror(errno));
    *count = fread(head, 1, HEAD_BYTES, file);
    fclose(file);
    return OK;
}

Status import_model(const char *path, Graph **graph)
{
    unsigned char head[HEAD_BYTES];
    size_t count = 0;
    TRY(read_head(path, head, &count));
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct FileKind *kind = &KINDS[i];
        if (count < kind->magic_bytes || memcmp(head, kind->magic, kind->magic_bytes) != 0)
            continue;
        if (kind->read) {
            TRY(quarantine_try(kind->try_to_read, path));
            return kind->read(path, graph);
        }
        return error_set(ERR_REFUSED, "%s: is %s, expected HDF5; %s", path, kind->word,
                         kind->advice);
    }
    char text[64];
    return error_set(ERR_REFUSED,
                     "%s: is not an HDF5 file: it starts with %s; expected a Keras model saved "
                     "with model.save(\"x.h5\")",
                     path, describe_head(head, count, text));
}
