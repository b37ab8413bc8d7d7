#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *fs_join(Arena *arena, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    return arena_printf(arena, "%s%s%s", folder, slash, name);
}

const char *fs_folder_of(Arena *arena, const char *path)
{
    char *folder = arena_strdup(arena, path), *slash = strrchr(folder, '/');
    if (!slash)
        return ".";
    *slash = '\0';
    return slash == folder ? "/" : folder;
}

bool fs_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool fs_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int64_t fs_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
}

Status fs_make_folders(const char *path)
{
    char partial[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof partial)
        return error_set(ERR_ENVIRONMENT, "%s: the path is too long", path);
    memcpy(partial, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (partial[i] != '/' && partial[i] != '\0')
            continue;
        partial[i] = '\0';
        if (mkdir(partial, 0700) != 0 && errno != EEXIST)
            return error_set(ERR_ENVIRONMENT, "%s: cannot be made: %s", partial, strerror(errno));
        partial[i] = path[i];
    }
    if (!fs_is_folder(path))
        return error_set(ERR_ENVIRONMENT, "%s: is not a folder", path);
    return OK;
}

Status fs_read_file(const char *path, size_t cap, Buffer *into)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(ERR_REFUSED, "%s: cannot be opened: %s", path, strerror(errno));
    Status status = OK;
    size_t total = 0, before = into->length;
    bool was_empty = !into->data;
    for (;;) {
        enum { STEP = 65536 };
        char *end = buffer_reserve(into, STEP);
        size_t count = fread(end, 1, STEP, file);
        if (count == 0)
            break;
        total += count;
        if (total > cap) {
            status = error_set(ERR_REFUSED, "%s: is longer than %zu bytes", path, cap);
            break;
        }
        into->length += count;
        into->data[into->length] = '\0';
    }
    if (status == OK && ferror(file))
        status = error_set(ERR_ENVIRONMENT, "%s: cannot be read: %s", path, strerror(errno));
    fclose(file);
    if (status != OK && was_empty) {
        buffer_free(into);
    } else if (status != OK) {
        into->length = before;
        into->data[before] = '\0';
    }
    return status;
}

#define ALREADY_THERE "%s is there already: choose another name"

static Status write_all(int descriptor, const char *bytes, size_t count, const char *path)
{
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set(ERR_ENVIRONMENT, "%s: cannot be written: %s", path, strerror(errno));
        bytes += written;
        count -= (size_t)written;
    }
    if (fsync(descriptor) != 0)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be saved: %s", path, strerror(errno));
    return OK;
}

static int rename_over(const char *from, const char *to)
{
    return rename(from, to);
}

/* Unlike rename(), link() never takes the place of what is there. */
static int rename_to_new(const char *from, const char *to)
{
    if (link(from, to) != 0)
        return -1;
    unlink(from);
    return 0;
}

static Status write_and_move(const char *path, const void *bytes, size_t count,
                             int (*move)(const char *from, const char *to))
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary)
        return error_set(ERR_ENVIRONMENT, "%s: the path is too long", path);
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be made: %s", temporary, strerror(errno));
    Status status = write_all(descriptor, bytes, count, path);
    close(descriptor);
    if (status == OK && move(temporary, path) != 0)
        status = errno == EEXIST ? error_set(ERR_USAGE, ALREADY_THERE, path)
                                 : error_set(ERR_ENVIRONMENT, "%s: cannot be renamed: %s", path,
                                             strerror(errno));
    if (status != OK)
        unlink(temporary);
    return status;
}

Status fs_write_atomic(const char *path, const void *bytes, size_t count)
{
    return write_and_move(path, bytes, count, rename_over);
}

Status fs_write_new(const char *path, const void *bytes, size_t count)
{
    if (fs_exists(path))
        return error_set(ERR_USAGE, ALREADY_THERE, path);
    return write_and_move(path, bytes, count, rename_to_new);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

Status fs_remove_tree(const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return OK;
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return error_set(ERR_ENVIRONMENT, "%s: cannot be removed: %s", path, strerror(errno));
    return OK;
}

char *fs_resolve(Arena *arena, const char *path)
{
    char *resolved = realpath(path, NULL);
    char *copy = resolved ? arena_strdup(arena, resolved) : NULL;
    free(resolved);
    return copy;
}

const char *fs_absolute(Arena *arena, const char *path)
{
    const char *resolved = fs_resolve(arena, path);
    return resolved ? resolved : path;
}
