/* idx.c: the IDX format of the MNIST files (http://yann.lecun.com/exdb/mnist): two zero bytes, a
 * type, the number of dimensions, each dimension as a big-endian 32-bit number, then the values.
 * zlib reads plain files and gzip files alike. */
#include "data/source.h"

#include <string.h>
#include <zlib.h>

#include "base/fs.h"

enum {
    IDX_UINT8 = 0x08,
    IDX_MAX_RANK = 1 + SHAPE_MAX_RANK,
    GZIP_MAX_INFLATION = 1032, /* of deflate */
    READ_STEP = 1 << 20
};

/* One IDX file while it is read. */
typedef struct IdxFile {
    gzFile stream;
    const char *path;
    int rank;
    int64_t dim[IDX_MAX_RANK];
    int64_t elements;
} IdxFile;

static Status read_exactly(IdxFile *file, uint8_t *bytes, int64_t count)
{
    for (int64_t done = 0; done < count;) {
        int64_t step = count - done < READ_STEP ? count - done : READ_STEP;
        int got = gzread(file->stream, bytes + done, (unsigned)step);
        if (got < 0)
            return error_set(ERR_REFUSED, "%s: the gzip data is damaged; fetch the file again",
                             file->path);
        if (got == 0)
            return error_set(ERR_REFUSED, "%s: ends after %lld of %lld bytes; fetch the file again",
                             file->path, (long long)done, (long long)count);
        done += got;
    }
    return OK;
}

static Status read_dimensions(IdxFile *file)
{
    file->elements = 1;
    for (int i = 0; i < file->rank; i++) {
        uint8_t b[4];
        TRY(read_exactly(file, b, sizeof b));
        file->dim[i] = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
        if (file->dim[i] == 0)
            return error_set(ERR_REFUSED, "%s: dimension %d is 0", file->path, i + 1);
        if (file->dim[i] > SAMPLES_MAX_BYTES / file->elements)
            return error_set(ERR_REFUSED, "%s: claims more than %lld bytes of values", file->path,
                             (long long)SAMPLES_MAX_BYTES);
        file->elements *= file->dim[i];
    }
    return OK;
}

/* The header; `min_rank` and `max_rank` count the first dimension, that of the images. */
static Status read_header(IdxFile *file, int min_rank, int max_rank)
{
    uint8_t magic[4];
    TRY(read_exactly(file, magic, sizeof magic));
    if (magic[0] != 0 || magic[1] != 0)
        return error_set(ERR_REFUSED,
                         "%s: is not an IDX file: it starts with bytes %02x %02x, expected 00 00",
                         file->path, magic[0], magic[1]);
    if (magic[2] != IDX_UINT8)
        return error_set(ERR_REFUSED,
                         "%s: IDX values of type 0x%02x, expected 0x08 (unsigned bytes)",
                         file->path, magic[2]);
    file->rank = magic[3];
    if (file->rank < min_rank || file->rank > max_rank)
        return error_set(ERR_REFUSED, "%s: has %d dimensions, expected %d to %d", file->path,
                         file->rank, min_rank, max_rank);
    return read_dimensions(file);
}

/* A header of a few bytes may claim gigabytes: compare it with what the file can hold. */
static Status check_size(const IdxFile *file)
{
    int64_t size = fs_size(file->path);
    int64_t expected = 4 + 4 * (int64_t)file->rank + file->elements; /* header and values */
    bool plain = gzdirect(file->stream) == 1;
    if (plain && size != expected)
        return error_set(ERR_REFUSED, "%s: has %lld bytes, expected %lld by its header", file->path,
                         (long long)size, (long long)expected);
    if (!plain && file->elements / GZIP_MAX_INFLATION > size)
        return error_set(ERR_REFUSED, "%s: claims %lld values, but has only %lld bytes", file->path,
                         (long long)file->elements, (long long)size);
    return OK;
}

/* Nothing may follow the values; reading on also checks the gzip checksum. */
static Status check_end(const IdxFile *file)
{
    uint8_t extra;
    int got = gzread(file->stream, &extra, 1);
    if (got > 0)
        return error_set(ERR_REFUSED, "%s: has bytes after its %lld values", file->path,
                         (long long)file->elements);
    int code = Z_OK; /* a missing end is not an error to gzread() */
    gzerror(file->stream, &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
        return error_set(ERR_REFUSED,
                         "%s: the end of the gzip data is missing or its checksum is wrong; fetch "
                         "the file again",
                         file->path);
    return OK;
}

static Status read_values(IdxFile *file, Arena *arena, uint8_t **values)
{
    TRY(check_size(file));
    *values = ARENA_ARRAY(arena, uint8_t, file->elements);
    TRY(read_exactly(file, *values, file->elements));
    return check_end(file);
}

static Status idx_open(const char *path, IdxFile *file)
{
    *file = (IdxFile){.path = path, .stream = gzopen(path, "rbe")};
    if (!file->stream)
        return error_set(ERR_REFUSED, "%s: cannot be opened", path);
    gzbuffer(file->stream, 1 << 17);
    return OK;
}

static Status read_images(const char *path, Arena *arena, Samples *samples)
{
    IdxFile file;
    TRY(idx_open(path, &file));
    Status status = read_header(&file, 2, IDX_MAX_RANK);
    if (status == OK)
        status = read_values(&file, arena, &samples->bytes);
    gzclose(file.stream);
    TRY(status);
    samples->count = file.dim[0];
    samples->shape.rank = file.rank - 1;
    for (int i = 1; i < file.rank; i++)
        samples->shape.dim[i - 1] = file.dim[i];
    samples->images_place = path;
    return OK;
}

static Status read_labels(const char *path, Arena *arena, Samples *samples)
{
    IdxFile file;
    uint8_t *bytes = NULL;
    TRY(idx_open(path, &file));
    Status status = read_header(&file, 1, 1);
    if (status == OK)
        status = read_values(&file, arena, &bytes);
    gzclose(file.stream);
    TRY(status);
    samples->label_count = file.dim[0];
    samples->labels = ARENA_ARRAY(arena, int64_t, file.dim[0]);
    for (int64_t i = 0; i < file.dim[0]; i++)
        samples->labels[i] = bytes[i];
    samples->labels_place = path;
    return OK;
}

/* The path of the file that is there: either spelling, plain before .gz. */
static Status find_file(const char *folder, const char *stem, int rank, Arena *arena,
                        const char **path)
{
    for (int i = 0; i < 4; i++) {
        const char *name = arena_printf(arena, "%s%sidx%d-ubyte%s", stem, i & 1 ? "." : "-", rank,
                                        i & 2 ? ".gz" : "");
        *path = fs_join(arena, folder, name);
        if (fs_size(*path) >= 0)
            return OK;
    }
    return error_set(ERR_REFUSED,
                     "%s: has no %s-idx%d-ubyte (nor with .idx%d-ubyte, nor either with .gz)",
                     folder, stem, rank, rank);
}

/* Names of the two files of a split: images, labels. */
static const char *const STEMS[2][2] = {
    [DATASET_TRAIN] = {"train-images", "train-labels"},
    [DATASET_TEST] = {"t10k-images", "t10k-labels"},
};

bool idx_has_split(const char *folder, DatasetSplit split)
{
    Arena *arena = arena_new();
    const char *path;
    bool has = find_file(folder, STEMS[split][0], 3, arena, &path) == OK;
    arena_free(arena);
    return has;
}

Status idx_read(const char *folder, DatasetSplit split, Arena *arena, Samples *samples)
{
    const char *images, *labels;
    TRY(find_file(folder, STEMS[split][0], 3, arena, &images));
    TRY(find_file(folder, STEMS[split][1], 1, arena, &labels));
    TRY(read_images(images, arena, samples));
    return read_labels(labels, arena, samples);
}
