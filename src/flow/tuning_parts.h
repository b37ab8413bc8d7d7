/* tuning_parts.h: what a tuning is made of. For tuning*.c alone. */
#ifndef FLOW_TUNING_PARTS_H
#define FLOW_TUNING_PARTS_H

#include "base/hash.h"
#include "flow/tuning.h"

enum { UNDO_MOST = 256 };

struct Tuning {
    Graph *graph, *simplified;
    PreviewModel *preview;
    char sha256[HASH_HEX_BYTES], identity[HASH_HEX_BYTES];
    int *layers; /* of each row, in the graph's arena */
    int count;
    int last_format; /* layer whose outputs are the logits */
    bool observed;
    LayerScheme *options;          /* what the options want: one per layer, as the others */
    LayerScheme *draft;            /* of the scheme */
    LayerScheme *steps[UNDO_MOST]; /* owned; committed one after the other */
    int step, step_count;          /* the one that holds, and how many there are */
};

static inline size_t tuning_state_bytes(const Tuning *tuning)
{
    return (size_t)tuning->simplified->count * sizeof(LayerScheme);
}

/* `state` is not written to by who gets a const scheme. */
static inline Scheme tuning_scheme_on(const Tuning *tuning, LayerScheme *state)
{
    return (Scheme){state, tuning->simplified->count};
}

#endif
