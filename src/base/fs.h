/* fs.h: files and folders.
 *
 * Writes that matter go through fs_write_atomic(): a temporary file in the same folder, fsync,
 * rename. A reader sees the old bytes or the new ones, never half of them.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

/* "folder/name", in the arena. */
char *fs_join(Arena *arena, const char *folder, const char *name);

/* "folder" of "folder/name", "." of a name alone; in the arena. */
const char *fs_folder_of(Arena *arena, const char *path);

bool fs_exists(const char *path);
bool fs_is_folder(const char *path);

/* Bytes of a regular file; -1 when there is none. */
int64_t fs_size(const char *path);

/* Like mkdir -p, mode 0700 for what is made. */
Status fs_make_folders(const char *path) MUST_CHECK;

/* The whole file appended to `into`; refused when longer than `cap` bytes. After a failure `into`
 * is as it was: empty, it owns nothing. */
Status fs_read_file(const char *path, size_t cap, Buffer *into) MUST_CHECK;

Status fs_write_atomic(const char *path, const void *bytes, size_t count) MUST_CHECK;

/* The same for a file that is not there yet. ERR_USAGE: it is, and stays as it was. */
Status fs_write_new(const char *path, const void *bytes, size_t count) MUST_CHECK;

/* Removes a file or a folder with all that is in it; follows no symbolic link. */
Status fs_remove_tree(const char *path) MUST_CHECK;

/* The absolute path with links resolved, in the arena; NULL when it does not exist. */
char *fs_resolve(Arena *arena, const char *path);

/* The same, or `path` as it is when it leads nowhere: using it then says so. */
const char *fs_absolute(Arena *arena, const char *path);

#endif
