#include "base/hash.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Hash {
    struct sha256_ctx context;
};

Hash *hash_new(void)
{
    Hash *hash = malloc(sizeof *hash);
    if (!hash)
        abort();
    sha256_init(&hash->context);
    return hash;
}

void hash_update(Hash *hash, const void *bytes, size_t count)
{
    sha256_update(&hash->context, count, bytes);
}

void hash_text(Hash *hash, const char *text)
{
    hash_update(hash, text, strlen(text) + 1);
}

void hash_finish(Hash *hash, char hex[HASH_HEX_BYTES])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&hash->context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    free(hash);
}

void hash_bytes(const void *bytes, size_t count, char hex[HASH_HEX_BYTES])
{
    Hash *hash = hash_new();
    hash_update(hash, bytes, count);
    hash_finish(hash, hex);
}

Status hash_file(const char *path, char hex[HASH_HEX_BYTES])
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(ERR_REFUSED, "%s: cannot be opened: %s", path, strerror(errno));
    Hash *hash = hash_new();
    char chunk[65536];
    size_t count;
    while ((count = fread(chunk, 1, sizeof chunk, file)) > 0)
        hash_update(hash, chunk, count);
    int failed = ferror(file);
    fclose(file);
    hash_finish(hash, hex);
    return failed ? error_set(ERR_ENVIRONMENT, "%s: cannot be read", path) : OK;
}
