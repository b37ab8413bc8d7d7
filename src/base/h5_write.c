/* h5_write.c: new values for datasets that are there. h5_make.c makes new files. */
#include <string.h>

#include "base/h5_internal.h"

static Status write_values(const H5File *file, const H5Patch *patch)
{
    H5Array array;
    TRY(h5_describe(file, patch->path, &array));
    if (array.kind != H5_FLOAT32 || array.elements != patch->count)
        return error_set(ERR_REFUSED, "\"%s\": has %lld values of type %s, expected %lld float32",
                         patch->path, (long long)array.elements, array.type,
                         (long long)patch->count);
    hid_t dataset = -1;
    TRY(h5_open_object(file, patch->path, &dataset));
    herr_t outcome =
        H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, patch->values);
    h5_release(dataset);
    return outcome < 0 ? error_set(ERR_REFUSED, "\"%s\": HDF5 cannot write it", patch->path) : OK;
}

Status h5_take_image(const H5File *file, Buffer *image)
{
    if (H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0)
        return error_set(ERR_INTERNAL, "HDF5 cannot put the file together");
    ssize_t size = H5Fget_file_image(file->id, NULL, 0);
    if (size < 0)
        return error_set(ERR_INTERNAL, "HDF5 does not hand out the file");
    char *place = buffer_reserve(image, (size_t)size);
    if (H5Fget_file_image(file->id, place, (size_t)size) != size)
        return error_set(ERR_INTERNAL, "HDF5 hands out a part of the file");
    image->length += (size_t)size;
    image->data[image->length] = '\0';
    return OK;
}

/* HDF5 takes the mark "open for writing" out of the image's superblock, but leaves the checksum
 * that was made with it (1.10, superblocks of version 2 and 3). Values alone have changed, so the
 * superblock is that of the source. */
static Status mend_superblock(const uint8_t *source, size_t count, Buffer *image, size_t start)
{
    enum { VERSION_AT = 8, CHECKSUMMED = 2, SUPERBLOCK_BYTES = 48 };
    if (count <= SUPERBLOCK_BYTES || source[VERSION_AT] < CHECKSUMMED)
        return OK;
    if (image->length - start != count)
        return error_set(ERR_REFUSED, "the file would change its size; save the model without "
                                      "compression");
    memcpy(image->data + start, source, SUPERBLOCK_BYTES);
    return OK;
}

Status h5_patch_bytes(const void *bytes, size_t count, const H5Patch *patches, int patch_count,
                      Buffer *patched)
{
    H5File *file = NULL;
    size_t start = patched->length;
    TRY(h5_open_image_for_writing(bytes, count, &file));
    Status status = OK;
    for (int i = 0; i < patch_count && status == OK; i++)
        status = write_values(file, &patches[i]);
    if (status == OK)
        status = h5_take_image(file, patched);
    h5_close(file);
    if (status == OK)
        status = mend_superblock(bytes, count, patched, start);
    return status;
}
