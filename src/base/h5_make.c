/* h5_make.c: new HDF5 files, made in memory. The oldest form of the format that holds them is
 * written, without times of creation: every reader takes it, and equal parts give equal bytes. */
#include <stdlib.h>

#include "base/h5_internal.h"

Status h5_make(H5File **file)
{
    h5_prepare();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, false);
    hid_t id = H5Fcreate("made", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    h5_release(access);
    if (id < 0)
        return error_set(ERR_INTERNAL, "HDF5 cannot make a file in memory");
    *file = malloc(sizeof **file);
    if (!*file)
        abort();
    **file = (H5File){.id = id, .heap = {.descriptor = -1}};
    return OK;
}

/* How links are made: UTF-8 names, parents as needed. */
static hid_t link_list(void)
{
    hid_t list = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(list, 1);
    H5Pset_char_encoding(list, H5T_CSET_UTF8);
    return list;
}

Status h5_make_group(H5File *file, const char *path)
{
    hid_t links = link_list();
    hid_t group = H5Gcreate2(file->id, path, links, H5P_DEFAULT, H5P_DEFAULT);
    h5_release(links);
    if (group < 0)
        return error_set(ERR_INTERNAL, "\"%s\": HDF5 cannot make the group", path);
    h5_release(group);
    return OK;
}

/* Writes `values`, pointers to text, into a new attribute of the shape `space`. */
static Status make_attribute(const H5File *file, const char *object, const char *name, hid_t space,
                             const void *values)
{
    hid_t owner = -1;
    TRY(h5_open_object(file, object, &owner));
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t attribute = H5Acreate2(owner, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool written = attribute >= 0 && (!values || H5Awrite(attribute, type, values) >= 0);
    h5_release(attribute);
    h5_release(type);
    h5_release(owner);
    return written ? OK
                   : error_set(ERR_INTERNAL, "attribute \"%s\" of \"/%s\": HDF5 cannot write it",
                               name, object);
}

Status h5_make_text(H5File *file, const char *object, const char *attribute, const char *text)
{
    hid_t space = H5Screate(H5S_SCALAR);
    Status status = make_attribute(file, object, attribute, space, &text);
    h5_release(space);
    return status;
}

Status h5_make_texts(H5File *file, const char *object, const char *attribute, const H5Texts *texts)
{
    hsize_t count = (hsize_t)texts->count;
    hid_t space = H5Screate_simple(1, &count, NULL);
    Status status =
        make_attribute(file, object, attribute, space, texts->count ? texts->items : NULL);
    h5_release(space);
    return status;
}

Status h5_make_floats(H5File *file, const H5Array *array, const float *values)
{
    hsize_t dims[H5_MAX_RANK] = {0};
    for (int i = 0; i < array->rank; i++)
        dims[i] = (hsize_t)array->dim[i];
    hid_t links = link_list(), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, false);
    hid_t space = H5Screate_simple(array->rank, dims, NULL);
    hid_t dataset =
        H5Dcreate2(file->id, array->path, H5T_IEEE_F32LE, space, links, creation, H5P_DEFAULT);
    bool written = dataset >= 0 &&
                   H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    h5_release(dataset);
    h5_release(space);
    h5_release(creation);
    h5_release(links);
    return written ? OK
                   : error_set(ERR_INTERNAL, "\"%s\": HDF5 cannot write the values", array->path);
}

Status h5_make_finish(const H5File *file, Buffer *bytes)
{
    return h5_take_image(file, bytes);
}
