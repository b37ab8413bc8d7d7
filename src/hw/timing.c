#include "hw/timing.h"

#include <assert.h>

/* One layer as the contract of the VHDL library has it: on an enabled edge, in this order, a
 * finished result goes out, one fold step is done, one position is taken. */
typedef struct Cell {
    /* constant */
    int64_t fold_steps;
    int64_t width, height;            /* positions per image, border included */
    int64_t left, top, right, bottom; /* pixels are at left <= column < right, ... */
    Window window;
    bool every_position; /* not a sliding window: each position is computed */
    int64_t emit_at;     /* dense: the one position (column) whose result goes out; -1: all */

    /* state */
    int64_t row, column; /* of the next position */
    int64_t step;
    bool computing, emits; /* at work on a window; its result goes out */
    bool finished;         /* result waits for the output register */
    bool out_valid;
} Cell;

/* Two samples deep, in the place of the master and slave registers. */
typedef struct Elastic {
    int held;
} Elastic;

typedef struct Chain {
    const Plan *plan;
    Cell *cells;         /* count */
    Elastic *elastics;   /* count - 1: behind each cell but the last */
    bool *valid, *ready; /* of the links: before and behind each cell, 2 * count */
    int count;
    int64_t offered; /* beats that the source still has */
    int64_t edge;
} Chain;

static Cell cell_of(const Stage *stage)
{
    const Op *op = stage->op;
    const OpTraits *traits = op_traits(op->kind);
    Cell cell = {.fold_steps = stage->fold_steps,
                 .width = stage->input.beats,
                 .height = 1,
                 .right = stage->input.beats,
                 .bottom = 1,
                 .every_position = true,
                 .emit_at = traits->is_dense ? stage->input.beats - 1 : -1};
    if (traits->has_window) {
        const Window *window = &op->window;
        cell.every_position = false;
        cell.window = *window;
        cell.left = window->pad_left;
        cell.top = window->pad_top;
        cell.right = cell.left + op->input_shape.dim[1];
        cell.bottom = cell.top + op->input_shape.dim[0];
        cell.width = cell.right + window->pad_right;
        cell.height = cell.bottom + window->pad_bottom;
    }
    return cell;
}

/* ---- positions ------------------------------------------------------------------------------- */

static bool at_padding(const Cell *cell)
{
    return cell->row < cell->top || cell->row >= cell->bottom || cell->column < cell->left ||
           cell->column >= cell->right;
}

static bool completes(int64_t position, int kernel, int stride)
{
    return position >= kernel - 1 && (position - (kernel - 1)) % stride == 0;
}

static bool completes_window(const Cell *cell)
{
    const Window *window = &cell->window;
    return cell->every_position ||
           (completes(cell->row, window->kernel_height, window->stride_height) &&
            completes(cell->column, window->kernel_width, window->stride_width));
}

static void take_position(Cell *cell)
{
    if (completes_window(cell)) {
        cell->computing = true;
        cell->step = 0;
        cell->emits = cell->emit_at < 0 || cell->column == cell->emit_at;
    }
    cell->column++;
    if (cell->column == cell->width) {
        cell->column = 0;
        cell->row = cell->row + 1 == cell->height ? 0 : cell->row + 1;
    }
}

/* ---- one edge -------------------------------------------------------------------------------- */

static bool is_free(const Cell *cell)
{
    return !cell->computing || cell->step == cell->fold_steps - 1;
}

/* Returns whether anything but a fold step happened. */
static bool cell_edge(Cell *cell, bool enabled, bool input_taken)
{
    if (!enabled)
        return false;
    bool may_take = is_free(cell);
    bool changed = cell->out_valid || cell->finished;
    cell->out_valid = cell->finished;
    cell->finished = false;
    if (cell->computing && may_take) {
        cell->computing = false;
        cell->finished = cell->emits;
        changed = true;
    } else if (cell->computing) {
        cell->step++;
    }
    if (may_take && (at_padding(cell) || input_taken)) {
        take_position(cell);
        changed = true;
    }
    return changed;
}

static void sense_links(Chain *chain)
{
    int last = 2 * chain->count - 1;
    chain->valid[0] = chain->offered > 0;
    chain->ready[last] = true;
    for (int i = 0; i < chain->count; i++) {
        chain->valid[2 * i + 1] = chain->cells[i].out_valid;
        if (i + 1 < chain->count) {
            chain->ready[2 * i + 1] = chain->elastics[i].held < 2;
            chain->valid[2 * i + 2] = chain->elastics[i].held > 0;
        }
    }
    for (int i = 0; i < chain->count; i++) {
        const Cell *cell = &chain->cells[i];
        bool enabled = chain->ready[2 * i + 1] || !cell->out_valid;
        chain->ready[2 * i] = enabled && is_free(cell) && !at_padding(cell);
    }
}

/* Returns whether anything but fold steps happened. */
static bool chain_edge(Chain *chain)
{
    bool changed = false;
    sense_links(chain);
    for (int i = 0; i < chain->count; i++) {
        bool taken = chain->valid[2 * i] && chain->ready[2 * i];
        bool given = chain->valid[2 * i + 1] && chain->ready[2 * i + 1];
        bool enabled = chain->ready[2 * i + 1] || !chain->cells[i].out_valid;
        changed = cell_edge(&chain->cells[i], enabled, taken) || changed;
        if (i + 1 < chain->count)
            chain->elastics[i].held +=
                (int)given - (int)(chain->valid[2 * i + 2] && chain->ready[2 * i + 2]);
    }
    chain->offered -= chain->valid[0] && chain->ready[0];
    chain->edge++;
    return changed;
}

/* After an edge on which only fold steps were done, and up to the next one where more happens, all
 * edges are alike. */
static void skip_fold_steps(Chain *chain)
{
    int64_t skip = -1;
    sense_links(chain);
    for (int i = 0; i < chain->count; i++) {
        const Cell *cell = &chain->cells[i];
        bool enabled = chain->ready[2 * i + 1] || !cell->out_valid;
        int64_t left = cell->fold_steps - 1 - cell->step;
        if (enabled && cell->computing && (skip < 0 || left < skip))
            skip = left;
    }
    assert(skip >= 0); /* else all wait for each other */
    for (int i = 0; i < chain->count; i++) {
        Cell *cell = &chain->cells[i];
        bool enabled = chain->ready[2 * i + 1] || !cell->out_valid;
        if (enabled && cell->computing)
            cell->step += skip;
    }
    chain->edge += skip;
}

/* ---- the run --------------------------------------------------------------------------------- */

static Chain chain_new(const Plan *plan, Arena *arena, int images)
{
    Chain chain = {.plan = plan,
                   .count = plan->count,
                   .cells = ARENA_ARRAY(arena, Cell, plan->count),
                   .elastics = ARENA_ARRAY(arena, Elastic, plan->count),
                   .valid = ARENA_ARRAY(arena, bool, 2 * plan->count),
                   .ready = ARENA_ARRAY(arena, bool, 2 * plan->count),
                   .offered = plan->input.beats * images};
    for (int i = 0; i < plan->count; i++)
        chain.cells[i] = cell_of(&plan->stages[i]);
    return chain;
}

static void run_chain(Chain *chain, Timing *timing)
{
    int64_t first_input = -1, previous = -1, beats = 0;
    int64_t total = chain->plan->output.beats * timing->images;
    int last_link = 2 * chain->count - 1;
    for (int image = 0; beats < total;) {
        bool changed = chain_edge(chain);
        if (first_input < 0 && chain->valid[0] && chain->ready[0])
            first_input = chain->edge;
        beats += chain->valid[last_link]; /* the sink is always ready */
        if (chain->valid[last_link] && beats % chain->plan->output.beats == 0) {
            if (image == 0)
                timing->latency_cycles = chain->edge - first_input + 1;
            else
                timing->intervals[image - 1] = chain->edge - previous;
            previous = chain->edge;
            image++;
        }
        if (!changed)
            skip_fold_steps(chain);
    }
}

static LayerTiming layer_timing(const Stage *stage)
{
    Cell cell = cell_of(stage);
    bool is_dense = op_traits(stage->op->kind)->is_dense;
    int64_t windows = is_dense ? stage->input.beats : stage->output.beats;
    return (LayerTiming){.busy_cycles = windows * stage->fold_steps,
                         .interval_cycles =
                             cell.width * cell.height + windows * (stage->fold_steps - 1)};
}

void timing_predict(const Plan *plan, int images, Timing *timing)
{
    images = images < 1 ? 1 : images > TIMING_IMAGES ? TIMING_IMAGES : images;
    *timing =
        (Timing){.images = images, .layers = ARENA_ARRAY(plan->arena, LayerTiming, plan->count)};
    for (int i = 0; i < plan->count; i++) {
        timing->layers[i] = layer_timing(&plan->stages[i]);
        if (timing->layers[i].interval_cycles > timing->layers[timing->bottleneck].interval_cycles)
            timing->bottleneck = i;
    }
    Arena *arena = arena_new();
    Chain chain = chain_new(plan, arena, images);
    run_chain(&chain, timing);
    arena_free(arena);
    timing->interval_cycles = images > 1 ? timing->intervals[images - 2]
                                         : timing->layers[timing->bottleneck].interval_cycles;
    timing->interval_min = timing->interval_max = timing->interval_cycles;
    for (int i = 0; i + 1 < images; i++) {
        if (timing->intervals[i] < timing->interval_min)
            timing->interval_min = timing->intervals[i];
        if (timing->intervals[i] > timing->interval_max)
            timing->interval_max = timing->intervals[i];
    }
}
