/* hash.h: SHA-256 (FIPS 180-4), by nettle. Names the inputs and outputs of a run. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>

#include "base/error.h"

enum { HASH_HEX_BYTES = 65 }; /* 64 hexadecimal digits and a NUL */

typedef struct Hash Hash;

Hash *hash_new(void);
/* A text with its end, so that texts do not run into each other. */
void hash_text(Hash *hash, const char *text);
void hash_update(Hash *hash, const void *bytes, size_t count);
/* Writes the digest in hexadecimal and frees the hash. */
void hash_finish(Hash *hash, char hex[HASH_HEX_BYTES]);

void hash_bytes(const void *bytes, size_t count, char hex[HASH_HEX_BYTES]);
Status hash_file(const char *path, char hex[HASH_HEX_BYTES]) MUST_CHECK;

#endif
