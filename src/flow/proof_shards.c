#include "flow/proof_shards.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fs.h"

enum { MAX_DONE_BYTES = 1 << 20 };

int shards_needed(int64_t images, int jobs)
{
    int64_t most = jobs > 1 ? jobs : 1;
    int64_t by_size = (images + SHARD_MAX_IMAGES - 1) / SHARD_MAX_IMAGES;
    int64_t rounds = (by_size + most - 1) / most; /* whole rounds: nobody waits for one alone */
    int64_t count = rounds * most;
    return (int)(count < images ? count : images);
}

static Status hash_file_into(Hash *hash, const char *path)
{
    char digest[HASH_HEX_BYTES];
    TRY(hash_file(path, digest));
    hash_text(hash, digest);
    return OK;
}

Status shard_identity(const ShardInput *input, char identity[HASH_HEX_BYTES])
{
    Hash *hash = hash_new();
    hash_text(hash, input->simulator);
    hash_text(hash, input->design);
    Status status = hash_file_into(hash, input->files->stimulus);
    if (status == OK)
        status = hash_file_into(hash, input->files->expected);
    hash_finish(hash, identity);
    return status;
}

/* Cuts the next line off. */
static char *take_line(char **rest)
{
    char *line = *rest, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return line;
}

static bool read_peaks(const char *text, ShardDone *done, Arena *arena)
{
    done->peaks = ARENA_ARRAY(arena, int64_t, done->peak_count + 1);
    for (int i = 0; i < done->peak_count; i++) {
        char *end;
        done->peaks[i] = strtoll(text, &end, 10);
        if (end == text)
            return false;
        text = end;
    }
    return true;
}

bool shard_load(const char *path, const char *identity, Arena *arena, ShardDone *done)
{
    Buffer text = {0};
    if (fs_size(path) < 0 || fs_read_file(path, MAX_DONE_BYTES, &text) != OK) {
        buffer_free(&text);
        return false;
    }
    char *rest = arena_strdup(arena, text.data ? text.data : "");
    buffer_free(&text);
    const char *own = take_line(&rest);
    char now[HASH_HEX_BYTES] = "";
    const char *then = own && strcmp(own, identity) == 0 ? take_line(&rest) : NULL;
    bool same = then && hash_file(done->outputs, now) == OK && strcmp(then, now) == 0;
    done->sentinel = same ? take_line(&rest) : NULL;
    const char *peaks = done->sentinel ? take_line(&rest) : NULL;
    return peaks && read_peaks(peaks, done, arena);
}

Status shard_save(const char *path, const char *identity, const ShardDone *done)
{
    char outputs[HASH_HEX_BYTES];
    Buffer text = {0};
    TRY(hash_file(done->outputs, outputs));
    buffer_printf(&text, "%s\n%s\n%s\n", identity, outputs, done->sentinel);
    for (int i = 0; i < done->peak_count; i++)
        buffer_printf(&text, "%s%lld", i ? " " : "", (long long)done->peaks[i]);
    buffer_append_text(&text, "\n");
    Status status = fs_write_atomic(path, text.data, text.length);
    buffer_free(&text);
    return status;
}
