/* proof_shards.h: a proof in pieces that are kept: one that was cut short goes on with the shards
 * it has not done.
 *
 * A finished shard leaves FOLDER/vectors/shard_NN.done: the SHA-256 of all that decides about it
 * (the design's files, its images and expected outputs, the simulator), that of its outputs, the
 * line that its bench ended with, and how full the buffers got. It counts again only when both
 * hashes are the same; a shard with a difference is never kept.
 */
#ifndef FLOW_PROOF_SHARDS_H
#define FLOW_PROOF_SHARDS_H

#include "base/hash.h"
#include "hw/vectors.h"

enum { SHARD_MAX_IMAGES = 1000 };

/* How many shards so many images make: as many as simulations at once, or more. */
int shards_needed(int64_t images, int jobs);

/* What decides about a shard. */
typedef struct ShardInput {
    const char *design;       /* emit_hash() */
    const VectorFiles *files; /* written */
    const char *simulator;    /* path and version */
} ShardInput;

Status shard_identity(const ShardInput *input, char identity[HASH_HEX_BYTES]) MUST_CHECK;

/* What is kept of a finished shard. */
typedef struct ShardDone {
    const char *outputs;  /* file of what the hardware put out: must be what it was */
    const char *sentinel; /* the line of the bench */
    int64_t *peaks;       /* `peak_count` of them; -1: not counted */
    int peak_count;
} ShardDone;

/* False: there is none of that identity. Strings live in `arena`; `done->outputs` and
 * `done->peak_count` are given. */
bool shard_load(const char *path, const char *identity, Arena *arena, ShardDone *done);
Status shard_save(const char *path, const char *identity, const ShardDone *done) MUST_CHECK;

#endif
