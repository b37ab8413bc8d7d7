#include "hw/buffers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "hw/tokens.h"

static const int64_t WITHOUT_END = INT64_MAX;

/* ---- what stands still ----------------------------------------------------------------------- */

/* A join that has a beat from one side and none from another. */
static bool is_torn(const Stage *stage, const BufferUse *uses)
{
    bool some = false, none = false;
    for (int k = 0; k < stage->input_count; k++) {
        int buffer = stage->in_buffers[k];
        bool empty = buffer != PLAN_NO_BUFFER && uses[buffer].held == 0;
        some = some || !empty;
        none = none || empty;
    }
    return some && none;
}

static void list_streams(const Plan *plan, const BufferUse *uses, const bool *chosen, bool full,
                         Buffer *text)
{
    const char *separator = full ? "full: " : "empty: ";
    for (int i = 0; i < plan->buffer_count; i++) {
        const StreamBuffer *buffer = &plan->buffers[i];
        if (!chosen[i] || !(full ? uses[i].full : uses[i].held == 0))
            continue;
        buffer_printf(text, "%s%s to %s", separator, plan_stage_name(plan, buffer->from),
                      plan_stage_name(plan, buffer->to));
        if (full)
            buffer_printf(text, " (%lld beats)", (long long)uses[i].held);
        separator = ", ";
    }
}

const char *buffers_explain(const Plan *plan, Arena *arena, const BufferUse *uses)
{
    bool *chosen = ARENA_ARRAY(arena, bool, plan->buffer_count + 1);
    bool any = false;
    for (int i = 0; i < plan->buffer_count; i++) {
        chosen[i] = is_torn(&plan->stages[plan->buffers[i].to], uses);
        any = any || chosen[i];
    }
    for (int i = 0; i < plan->buffer_count; i++)
        chosen[i] = chosen[i] || !any;
    Buffer full = {0}, empty = {0};
    list_streams(plan, uses, chosen, true, &full);
    list_streams(plan, uses, chosen, false, &empty);
    const char *words =
        arena_printf(arena, "%s%s%s", full.length ? full.data : "",
                     full.length && empty.length ? "; " : "", empty.length ? empty.data : "");
    buffer_free(&full);
    buffer_free(&empty);
    return words;
}

Status buffers_locked(const Plan *plan, const int64_t *held)
{
    BufferUse *uses = ARENA_ARRAY(plan->arena, BufferUse, plan->buffer_count + 1);
    for (int i = 0; i < plan->buffer_count; i++)
        uses[i] = (BufferUse){.held = held[i], .full = held[i] >= plan->buffers[i].depth};
    return error_set(ERR_REFUSED, "the layers wait for each other for ever; %s",
                     buffers_explain(plan, plan->arena, uses));
}

/* ---- the search ------------------------------------------------------------------------------ */

typedef struct Search {
    const Plan *plan;
    int64_t *depths;
    int64_t ends[TIMING_IMAGES]; /* with buffers without end */
    int *order;                  /* of those that may be deep: the most expensive first */
    int count;
} Search;

bool buffers_can_lock(const Plan *plan, const int64_t *depths)
{
    enum { IMAGES = 3 }; /* the first, one that follows, one that is followed */
    TokenRun run = {.images = IMAGES, .depths = depths, .one_each = true};
    tokens_run(plan, &run);
    return run.end != TOKENS_DONE;
}

/* True when no image ends later than it must, and none ever fails to. */
static bool search_meets(const Search *search)
{
    TokenRun run = {.images = TIMING_IMAGES, .depths = search->depths, .deadline = search->ends};
    tokens_run(search->plan, &run);
    return run.end == TOKENS_DONE && !buffers_can_lock(search->plan, search->depths);
}

/* The smallest depth of one buffer, the others being as they are; two beats are too few. */
static void shrink_one(const Search *search, int buffer)
{
    int64_t *depth = &search->depths[buffer];
    int64_t low, high = BUFFER_REGISTER_DEPTH;
    do {
        low = high;
        *depth = high = 2 * low;
    } while (!search_meets(search));
    while (high - low > 1) {
        *depth = low + (high - low) / 2;
        if (search_meets(search))
            high = *depth;
        else
            low = *depth;
    }
    *depth = high;
}

/* Most buffers need no more than two beats: they are tried many at once. */
static void shrink_group(const Search *search, int from, int to)
{
    int64_t before[MODEL_MAX_OPS * OP_MAX_INPUTS];
    for (int i = from; i < to; i++) {
        before[i] = search->depths[search->order[i]];
        search->depths[search->order[i]] = BUFFER_REGISTER_DEPTH;
    }
    if (search_meets(search))
        return;
    for (int i = from; i < to; i++)
        search->depths[search->order[i]] = before[i];
    if (to - from == 1) {
        shrink_one(search, search->order[from]);
        return;
    }
    int middle = from + (to - from) / 2;
    shrink_group(search, from, middle);
    shrink_group(search, middle, to);
}

/* A later buffer may have made an earlier one's last beat useless. */
static void shrink_leftovers(const Search *search)
{
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (int i = 0; i < search->count; i++) {
            int64_t *depth = &search->depths[search->order[i]];
            if (*depth == BUFFER_REGISTER_DEPTH)
                continue;
            --*depth;
            bool meets = search_meets(search);
            *depth += !meets;
            smaller = smaller || meets;
        }
    }
}

/* Samples of an image: what it costs to hold a part of it. */
static int64_t cost_of(const StreamBuffer *buffer)
{
    return buffer->layout.beats * buffer->layout.lanes;
}

static void order_by_cost(Search *search)
{
    const StreamBuffer *buffers = search->plan->buffers;
    for (int i = 0; i < search->plan->buffer_count; i++) {
        if (buffers[i].is_float)
            continue;
        int at = search->count++;
        for (; at > 0 && cost_of(&buffers[search->order[at - 1]]) < cost_of(&buffers[i]); at--)
            search->order[at] = search->order[at - 1];
        search->order[at] = i;
    }
}

Status buffers_size(Plan *plan)
{
    Arena *arena = plan->arena;
    int count = plan->buffer_count;
    Search search = {.plan = plan,
                     .depths = ARENA_ARRAY(arena, int64_t, count + 1),
                     .order = ARENA_ARRAY(arena, int, count + 1)};
    int64_t *held = ARENA_ARRAY(arena, int64_t, count + 1);
    int64_t *peaks = ARENA_ARRAY(arena, int64_t, count + 1);
    for (int i = 0; i < count; i++)
        search.depths[i] = plan->buffers[i].is_float ? BUFFER_REGISTER_DEPTH : WITHOUT_END;
    order_by_cost(&search);
    TokenRun run = {.images = TIMING_IMAGES, .depths = search.depths, .peaks = peaks, .held = held};
    tokens_run(plan, &run);
    if (run.end != TOKENS_DONE)
        return buffers_locked(plan, held);
    memcpy(search.ends, run.image_ends, sizeof search.ends);
    if (search.count > 0)
        shrink_group(&search, 0, search.count);
    shrink_leftovers(&search);
    tokens_run(plan, &run);
    for (int i = 0; i < count; i++) {
        plan->buffers[i].depth = search.depths[i];
        plan->buffers[i].peak = peaks[i];
    }
    return OK;
}
