#include "base/h5.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/h5_internal.h"

/* What one byte of deflate can become at most (1032), and a little for small arrays. */
enum { MAX_INFLATION = 1100 };
enum {
    MAX_DEPTH = 16,       /* groups in a path */
    MAX_COMPONENT = 1024, /* bytes of one name in a path */
};
#define MAX_ELEMENTS    ((int64_t)1 << 40)
#define MAX_CHUNK_BYTES ((int64_t)256 << 20)

void h5_release(hid_t id)
{
    if (id >= 0)
        H5Idec_ref(id);
}

/* ---- opening -----------------------------------------------------------------------------------
 */

static void prepare_once(void)
{
    H5open();
    H5PLset_loading_state(0);
    H5Lunregister(H5L_TYPE_EXTERNAL);
    h5_register_references();
}

void h5_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_once);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* per thread, so on each opening */
}

bool h5_is_h5(const char *path)
{
    static const unsigned char SIGNATURE[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char found[8];
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    bool is_h5 = fread(found, 1, sizeof found, file) == sizeof found &&
                 memcmp(found, SIGNATURE, sizeof found) == 0;
    fclose(file);
    return is_h5;
}

/* The format allows other widths and a start elsewhere; Keras and h5py do not write them. */
static Status expect_usual_layout(hid_t id)
{
    size_t address = 0, length = 0;
    hsize_t user_block = 1;
    hid_t creation = H5Fget_create_plist(id);
    H5Pget_sizes(creation, &address, &length);
    H5Pget_userblock(creation, &user_block);
    h5_release(creation);
    if (user_block != 0)
        return error_set(ERR_REFUSED,
                         "the HDF5 data starts after a user block of %llu bytes, "
                         "expected none; save it again",
                         (unsigned long long)user_block);
    if (address == 8 && length == 8)
        return OK;
    return error_set(ERR_REFUSED,
                     "the HDF5 file has addresses of %zu and lengths of %zu bytes, "
                     "expected 8 and 8; save it again",
                     address, length);
}

/* Opens with the given driver settings, which it releases, and takes over what `file` holds. */
static Status open_with(const char *name, hid_t access, unsigned flags, H5File file,
                        H5File **opened)
{
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, false, true); /* read-only media cannot be locked */
#endif
    file.id = H5Fopen(name, flags, access);
    h5_release(access);
    *opened = malloc(sizeof **opened);
    if (!*opened)
        abort();
    **opened = file;
    Status status = file.id < 0
                        ? error_set(ERR_REFUSED, "HDF5 cannot open it: the file is damaged or cut "
                                                 "short; copy it again, or save the model again")
                        : expect_usual_layout(file.id);
    if (status != OK) {
        h5_close(*opened);
        *opened = NULL;
    }
    return status;
}

Status h5_open(const char *path, H5File **file)
{
    h5_prepare();
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (descriptor < 0 || fstat(descriptor, &info) != 0)
        return error_set(ERR_REFUSED, "cannot be opened: %s", strerror(errno));
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_sec2(access);
    H5File fresh = {.heap = {.descriptor = descriptor, .size = (uint64_t)info.st_size}};
    return open_with(path, access, H5F_ACC_RDONLY, fresh, file);
}

static Status open_image(const void *bytes, size_t count, unsigned flags, H5File **file)
{
    h5_prepare();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, false);
    uint8_t *copy = malloc(count ? count : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, count);
    H5Pset_file_image(access, copy, count);
    H5File fresh = {.heap = {.descriptor = -1, .bytes = copy, .size = count}, .memory = copy};
    return open_with("memory", access, flags, fresh, file);
}

Status h5_open_bytes(const void *bytes, size_t count, H5File **file)
{
    return open_image(bytes, count, H5F_ACC_RDONLY, file);
}

Status h5_open_image_for_writing(const void *bytes, size_t count, H5File **file)
{
    return open_image(bytes, count, H5F_ACC_RDWR, file);
}

void h5_close(H5File *file)
{
    if (!file)
        return;
    if (file->id >= 0)
        H5Fclose(file->id);
    if (file->heap.descriptor >= 0)
        close(file->heap.descriptor);
    h5_heap_clear(&file->heap);
    free(file->memory);
    free(file);
}

/* ---- objects -----------------------------------------------------------------------------------
 */

/* Cuts the next name off `*path`; false at its end. An over-long name comes back empty. */
static bool next_component(const char **path, char name[MAX_COMPONENT])
{
    if (**path == '\0')
        return false;
    size_t length = strcspn(*path, "/");
    name[0] = '\0';
    if (length < MAX_COMPONENT) {
        memcpy(name, *path, length);
        name[length] = '\0';
    }
    *path += length;
    if (**path == '/')
        (*path)++;
    return true;
}

static bool is_plain_name(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Opens the object one hard link below `parent`. */
static Status open_child(hid_t parent, const char *name, hid_t *child)
{
    if (!is_plain_name(name))
        return error_set(ERR_REFUSED, "is not a path of plain names");
    if (H5Iget_type(parent) != H5I_GROUP || H5Lexists(parent, name, H5P_DEFAULT) <= 0)
        return error_set(ERR_REFUSED, "is missing");
    H5L_info_t link;
    if (H5Lget_info(parent, name, &link, H5P_DEFAULT) < 0)
        return error_set(ERR_REFUSED, "is damaged: its link cannot be read");
    if (link.type == H5L_TYPE_EXTERNAL)
        return error_set(ERR_REFUSED, "is an external link to another file, which is not followed; "
                                      "save the data inside this file");
    if (link.type != H5L_TYPE_HARD)
        return error_set(ERR_REFUSED, "is a symbolic link, which is not followed; save the data in "
                                      "this place");
    *child = H5Oopen(parent, name, H5P_DEFAULT);
    if (*child < 0)
        return error_set(ERR_REFUSED, "is damaged: HDF5 cannot open it");
    return OK;
}

Status h5_open_object(const H5File *file, const char *path, hid_t *object)
{
    char name[MAX_COMPONENT];
    const char *rest = path;
    hid_t current = H5Gopen2(file->id, "/", H5P_DEFAULT);
    if (current < 0)
        return error_set(ERR_REFUSED, "the root group is damaged: HDF5 cannot open it");
    for (int depth = 0; next_component(&rest, name); depth++) {
        hid_t child = -1;
        Status status = depth < MAX_DEPTH ? open_child(current, name, &child)
                                          : error_set(ERR_REFUSED, "is nested too deeply");
        h5_release(current);
        if (status != OK)
            return error_context(status, "\"%s\"", path);
        current = child;
    }
    *object = current;
    return OK;
}

bool h5_has(const H5File *file, const char *path)
{
    char parent_path[MAX_COMPONENT];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    const char *name = slash ? slash + 1 : path;
    if (length >= sizeof parent_path || !is_plain_name(name))
        return false;
    memcpy(parent_path, path, length);
    parent_path[length] = '\0';
    hid_t parent = -1;
    if (h5_open_object(file, parent_path, &parent) != OK)
        return false;
    bool found = H5Iget_type(parent) == H5I_GROUP && H5Lexists(parent, name, H5P_DEFAULT) > 0;
    h5_release(parent);
    return found;
}

bool h5_has_attribute(const H5File *file, const char *object, const char *attribute)
{
    hid_t id = -1;
    if (h5_open_object(file, object, &id) != OK)
        return false;
    bool found = H5Aexists(id, attribute) > 0;
    h5_release(id);
    return found;
}

/* ---- datasets ----------------------------------------------------------------------------------
 */

static Status open_dataset(const H5File *file, const char *path, hid_t *dataset)
{
    TRY(h5_open_object(file, path, dataset));
    if (H5Iget_type(*dataset) == H5I_DATASET)
        return OK;
    h5_release(*dataset);
    return error_set(ERR_REFUSED, "\"%s\": is a group, expected a dataset", path);
}

static void describe_type(hid_t type, H5Array *array)
{
    H5T_class_t class = H5Tget_class(type);
    int bits = (int)(H5Tget_size(type) * 8);
    bool is_unsigned = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
    bool is_float32 = H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0;
    bool is_integer = class == H5T_INTEGER && bits <= 64;
    array->kind = is_float32                               ? H5_FLOAT32
                  : is_integer && is_unsigned && bits == 8 ? H5_UINT8
                  : is_integer                             ? H5_INTEGER
                                                           : H5_OTHER;
    if (class == H5T_INTEGER || class == H5T_FLOAT)
        snprintf(array->type, sizeof array->type, "%s%d",
                 class == H5T_FLOAT ? "float"
                 : is_unsigned      ? "uint"
                                    : "int",
                 bits);
    else
        snprintf(array->type, sizeof array->type, "%s", class == H5T_STRING ? "text" : "records");
}

static Status describe_shape(hid_t space, H5Array *array)
{
    hsize_t dims[H5S_MAX_RANK];
    array->rank = H5Sget_simple_extent_ndims(space);
    if (array->rank > H5_MAX_RANK)
        return error_set(ERR_REFUSED, "has %d dimensions; at most %d are read", array->rank,
                         H5_MAX_RANK);
    if (array->rank < 0 || H5Sget_simple_extent_dims(space, dims, NULL) < 0 ||
        H5Sget_simple_extent_type(space) == H5S_NULL)
        return error_set(ERR_REFUSED, "has no shape");
    array->elements = 1;
    for (int i = 0; i < array->rank; i++) {
        if (dims[i] > (hsize_t)MAX_ELEMENTS)
            return error_set(ERR_REFUSED, "claims %llu values along one dimension",
                             (unsigned long long)dims[i]);
        array->dim[i] = (int64_t)dims[i];
        if (array->dim[i] > 0 && array->elements > MAX_ELEMENTS / array->dim[i])
            return error_set(ERR_REFUSED, "claims more than 2^40 values");
        array->elements *= array->dim[i];
    }
    return OK;
}

static Status check_filters(hid_t creation)
{
    int count = H5Pget_nfilters(creation);
    for (int i = 0; i < count; i++) {
        unsigned flags, config;
        size_t values = 0;
        char name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL,
                                             sizeof name, name, &config);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
            filter != H5Z_FILTER_FLETCHER32)
            return error_set(ERR_REFUSED,
                             "is compressed with filter %d; gzip, shuffle and "
                             "fletcher32 are read",
                             (int)filter);
    }
    return count < 0 ? error_set(ERR_REFUSED, "is damaged: its filters cannot be read") : OK;
}

/* Chunks are read whole, so their size needs a cap of its own. */
static Status check_chunks(hid_t creation, size_t value_bytes)
{
    hsize_t dims[H5S_MAX_RANK];
    int rank = H5Pget_chunk(creation, H5S_MAX_RANK, dims);
    int64_t bytes = (int64_t)value_bytes;
    for (int i = 0; i < rank; i++) {
        if (dims[i] == 0 || dims[i] > (hsize_t)(MAX_CHUNK_BYTES / bytes))
            return error_set(ERR_REFUSED, "has chunks of more than %lld bytes",
                             (long long)MAX_CHUNK_BYTES);
        bytes *= (int64_t)dims[i];
    }
    return OK;
}

/* Where and how the bytes are stored. */
static Status check_storage(hid_t dataset, hid_t creation, size_t value_bytes, int64_t elements)
{
    H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_VIRTUAL)
        return error_set(ERR_REFUSED, "is a virtual dataset, made of other files, which are not "
                                      "read; save the data inside this file");
    if (H5Pget_external_count(creation) != 0)
        return error_set(ERR_REFUSED, "has external storage in another file, which is not read; "
                                      "save the data inside this file");
    if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT)
        return error_set(ERR_REFUSED, "has a layout that is not known");
    TRY(check_filters(creation));
    if (value_bytes == 0 || value_bytes > 65536)
        return error_set(ERR_REFUSED, "has values of %zu bytes", value_bytes);
    if (layout == H5D_CHUNKED)
        TRY(check_chunks(creation, value_bytes));
    uint64_t stored = H5Dget_storage_size(dataset);
    if ((uint64_t)elements * value_bytes / MAX_INFLATION > stored)
        return error_set(ERR_REFUSED, "claims %lld values, but only %llu bytes are stored",
                         (long long)elements, (unsigned long long)stored);
    return OK;
}

static Status describe_open(hid_t dataset, H5Array *array)
{
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    hid_t creation = H5Dget_create_plist(dataset);
    Status status = space < 0 || type < 0 || creation < 0
                        ? error_set(ERR_REFUSED, "is damaged: HDF5 cannot describe it")
                        : describe_shape(space, array);
    if (status == OK) {
        describe_type(type, array);
        status = check_storage(dataset, creation, H5Tget_size(type), array->elements);
    }
    h5_release(creation);
    h5_release(type);
    h5_release(space);
    return status;
}

Status h5_describe(const H5File *file, const char *path, H5Array *array)
{
    *array = (H5Array){.path = path};
    hid_t dataset = -1;
    TRY(open_dataset(file, path, &dataset));
    Status status = describe_open(dataset, array);
    h5_release(dataset);
    return status == OK ? OK : error_context(status, "\"%s\"", path);
}

/* The memory's shape is the described one, so a file that changes meanwhile cannot overrun it. */
static Status read_values(const H5File *file, const H5Array *array, hid_t type, void *values)
{
    hsize_t dims[H5_MAX_RANK];
    for (int i = 0; i < array->rank; i++)
        dims[i] = (hsize_t)array->dim[i];
    hid_t dataset = -1;
    TRY(open_dataset(file, array->path, &dataset));
    hid_t space = array->rank ? H5Screate_simple(array->rank, dims, NULL) : H5Screate(H5S_SCALAR);
    herr_t outcome = H5Dread(dataset, type, space, H5S_ALL, H5P_DEFAULT, values);
    h5_release(space);
    h5_release(dataset);
    if (outcome < 0)
        return error_set(ERR_REFUSED, "\"%s\": is damaged: HDF5 cannot read its values",
                         array->path);
    return OK;
}

Status h5_read_floats(const H5File *file, const H5Array *array, float *values)
{
    assert(array->kind == H5_FLOAT32);
    return read_values(file, array, H5T_NATIVE_FLOAT, values);
}

Status h5_read_bytes(const H5File *file, const H5Array *array, uint8_t *values)
{
    assert(array->kind == H5_UINT8);
    return read_values(file, array, H5T_NATIVE_UINT8, values);
}

Status h5_read_integers(const H5File *file, const H5Array *array, int64_t *values)
{
    assert(array->kind == H5_UINT8 || array->kind == H5_INTEGER);
    return read_values(file, array, H5T_NATIVE_INT64, values);
}
