#include "hw/tokens.h"

#include <assert.h>

enum { NEVER = -1 };

/* What a cell sleeps for. */
typedef enum Sleep {
    AWAKE,
    FOR_STEPS,  /* fold steps until `wakes_at`; nobody else can change that */
    FOR_INPUT,  /* a beat in a buffer before it */
    FOR_OUTPUT, /* room in a buffer behind it */
} Sleep;

/* One layer as the contract of the VHDL library has it: on an enabled edge, in this order, a
 * finished result goes out, one fold step is done, one position is taken. */
typedef struct Cell {
    /* constant */
    const Stage *stage;
    int64_t fold_steps;
    int64_t width, height;            /* positions per image, border included */
    int64_t left, top, right, bottom; /* pixels are at left <= column < right, ... */
    int repeat_height, repeat_width;  /* only every so-many-th row and column takes a beat */
    Window window;
    bool every_position; /* not a sliding window: each position is computed */
    int64_t emit_at;     /* dense: the one position (column) whose result goes out; NEVER: all */

    /* state */
    int64_t row, column; /* of the next position */
    int64_t step;
    bool computing, emits; /* at work on a window; its result goes out */
    uint64_t in_flight;    /* finished results on their way to the output, bit 0 the next */
    bool out_valid;

    /* the edge under way */
    bool enabled;
    bool takes, pops;   /* a position; and a beat for it */
    bool changed;       /* more happened than a fold step */
    int64_t touched_at; /* edge at which a neighbour changed a buffer before or behind it */

    Sleep sleep;
    int64_t slept_at, wakes_at;
} Cell;

typedef struct Fifo {
    int64_t depth, held, peak;
    int64_t to_come; /* beats of the images that have not left it */
    bool given;      /* the beat that its writer shows was taken already */
} Fifo;

typedef struct Net {
    const Plan *plan;
    Cell *cells;
    Fifo *fifos;
    int *awake; /* indices of cells */
    int awake_count;
    int64_t next_wake; /* the first of the cells that sleep for steps; NEVER: none */
    TokenSpan *spans;  /* of the cells; NULL: not wanted */
    bool one_each;
    int64_t offered;   /* beats that the source still has */
    bool source_moves; /* at the edge under way the last of its readers takes its beat */
    bool source_gave;  /* ... some reader did */
    int64_t edge;
} Net;

/* ---- layers ---------------------------------------------------------------------------------- */

static Cell cell_of(const Stage *stage)
{
    const Op *op = stage->op;
    const OpTraits *traits = op_traits(op->kind);
    Cell cell = {.stage = stage,
                 .fold_steps = stage->fold_steps,
                 .width = stage->input.beats,
                 .height = 1,
                 .right = stage->input.beats,
                 .bottom = 1,
                 .repeat_height = 1,
                 .repeat_width = 1,
                 .every_position = true,
                 .emit_at = traits->is_dense ? stage->input.beats - 1 : NEVER};
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
    } else if (op->kind == OP_UPSAMPLE2D) {
        cell.repeat_height = op->factor_height;
        cell.repeat_width = op->factor_width;
        cell.width = cell.right = op->output_shape.dim[1];
        cell.height = cell.bottom = op->output_shape.dim[0];
    }
    return cell;
}

int64_t tokens_positions(const Stage *stage)
{
    Cell cell = cell_of(stage);
    return cell.width * cell.height;
}

/* True where the layer makes the pixel itself: a border, or a copy. */
static bool makes_position(const Cell *cell)
{
    return cell->row < cell->top || cell->row >= cell->bottom || cell->column < cell->left ||
           cell->column >= cell->right || cell->row % cell->repeat_height != 0 ||
           cell->column % cell->repeat_width != 0;
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
        cell->emits = cell->emit_at == NEVER || cell->column == cell->emit_at;
    }
    cell->column++;
    if (cell->column == cell->width) {
        cell->column = 0;
        cell->row = cell->row + 1 == cell->height ? 0 : cell->row + 1;
    }
}

static bool is_free(const Cell *cell)
{
    return !cell->computing || cell->step == cell->fold_steps - 1;
}

/* ---- who is awake ---------------------------------------------------------------------------- */

static void wake(Net *net, int index)
{
    Cell *cell = &net->cells[index];
    if (cell->sleep == FOR_STEPS)
        cell->step += net->edge - cell->slept_at;
    cell->sleep = AWAKE;
    net->awake[net->awake_count++] = index;
}

static void touch(Net *net, int index, Sleep reason)
{
    if (index == PLAN_INPUT)
        return;
    Cell *cell = &net->cells[index];
    cell->touched_at = net->edge;
    if (cell->sleep == reason)
        wake(net, index);
}

/* Cells whose fold steps are over at the edge that follows. */
static void wake_sleepers(Net *net)
{
    if (net->next_wake != net->edge + 1)
        return;
    net->next_wake = NEVER;
    for (int i = 0; i < net->plan->count; i++) {
        Cell *cell = &net->cells[i];
        if (cell->sleep != FOR_STEPS)
            continue;
        if (cell->wakes_at == net->edge + 1)
            wake(net, i);
        else if (net->next_wake == NEVER || cell->wakes_at < net->next_wake)
            net->next_wake = cell->wakes_at;
    }
}

static void fall_asleep(Net *net, Cell *cell)
{
    cell->slept_at = net->edge;
    if (!cell->enabled) {
        cell->sleep = FOR_OUTPUT;
    } else if (cell->computing) {
        cell->sleep = FOR_STEPS;
        cell->wakes_at = net->edge + cell->fold_steps - cell->step;
        if (net->next_wake == NEVER || cell->wakes_at < net->next_wake)
            net->next_wake = cell->wakes_at;
    } else {
        cell->sleep = FOR_INPUT;
    }
}

static void rest(Net *net)
{
    int kept = 0;
    for (int i = 0; i < net->awake_count; i++) {
        Cell *cell = &net->cells[net->awake[i]];
        if (cell->changed || cell->touched_at == net->edge)
            net->awake[kept++] = net->awake[i];
        else
            fall_asleep(net, cell);
    }
    net->awake_count = kept;
}

/* ---- one edge: everything is sensed before anything moves -------------------------------------- */

static bool fifo_takes(const Fifo *fifo)
{
    return !fifo->given && fifo->held < fifo->depth;
}

/* Whether all readers of a stream have its beat, or take it at this edge. */
static bool readers_take(const Fifo *fifos, int count)
{
    for (int i = 0; i < count; i++)
        if (!fifos[i].given && fifos[i].held >= fifos[i].depth)
            return false;
    return true;
}

static bool inputs_offer(const Net *net, const Stage *stage)
{
    for (int k = 0; k < stage->input_count; k++) {
        int buffer = stage->in_buffers[k];
        if (buffer == PLAN_NO_BUFFER ? net->offered == 0 : net->fifos[buffer].held == 0)
            return false;
    }
    return true;
}

static bool is_empty(const Cell *cell)
{
    return !cell->computing && !cell->in_flight && !cell->out_valid;
}

static void sense(Net *net)
{
    const Plan *plan = net->plan;
    for (int i = 0; i < net->awake_count; i++) {
        Cell *cell = &net->cells[net->awake[i]];
        const Stage *stage = cell->stage;
        cell->enabled =
            !cell->out_valid || readers_take(net->fifos + stage->first_reader, stage->reader_count);
        bool may_take = net->one_each ? is_empty(cell) : cell->enabled && is_free(cell);
        bool makes = makes_position(cell);
        cell->pops = may_take && !makes && inputs_offer(net, stage);
        cell->takes = cell->pops || (may_take && makes);
    }
    net->source_moves = net->offered > 0 && plan->input_readers > 0 &&
                        readers_take(net->fifos, plan->input_readers);
}

/* A border that follows the last image does not count. */
static void note_peak(Fifo *fifo)
{
    if (fifo->held > fifo->peak && fifo->to_come > 0)
        fifo->peak = fifo->held;
}

/* Gives the beat of a stream to the readers that can take it; `all`: the last ones do. */
static bool push(Net *net, int first, int count, bool all)
{
    bool moved = false;
    for (int i = first; i < first + count; i++) {
        Fifo *fifo = &net->fifos[i];
        if (fifo_takes(fifo)) {
            fifo->held++;
            note_peak(fifo);
            fifo->given = true;
            moved = true;
            touch(net, net->plan->buffers[i].to, FOR_INPUT);
        }
        if (all)
            fifo->given = false;
    }
    return moved;
}

static void pop(Net *net, const Stage *stage)
{
    for (int k = 0; k < stage->input_count; k++) {
        int buffer = stage->in_buffers[k];
        if (buffer == PLAN_NO_BUFFER) {
            net->offered--;
            continue;
        }
        net->fifos[buffer].held--;
        net->fifos[buffer].to_come--;
        touch(net, stage->inputs[k], FOR_OUTPUT);
    }
}

static void move_cell(Cell *cell)
{
    bool may_take = is_free(cell);
    cell->changed = cell->changed || cell->out_valid || cell->in_flight;
    cell->out_valid = cell->in_flight & 1;
    cell->in_flight >>= 1;
    if (cell->computing && may_take) {
        cell->computing = false;
        cell->in_flight |= (uint64_t)cell->emits << cell->stage->pipeline;
        cell->changed = true;
    } else if (cell->computing) {
        cell->step++;
    }
    if (cell->takes) {
        take_position(cell);
        cell->changed = true;
    }
}

static void push_source(Net *net)
{
    int readers = net->plan->input_readers;
    net->source_gave = readers > 0 && net->offered > 0 && push(net, 0, readers, net->source_moves);
    net->offered -= net->source_moves;
}

/* A beat is taken for the first time, or the last one of the first image leaves. */
static void note_spans(Net *net)
{
    for (int i = 0; net->spans && i < net->awake_count; i++) {
        const Cell *cell = &net->cells[net->awake[i]];
        TokenSpan *span = &net->spans[net->awake[i]];
        if (cell->pops && span->first == 0)
            span->first = net->edge;
        span->given += cell->out_valid && cell->enabled;
        if (span->last == 0 && span->given == cell->stage->output.beats)
            span->last = net->edge;
    }
}

/* Beats are pushed before others are popped: a beat that leaves makes no room at its own edge. */
static void net_edge(Net *net)
{
    int count = net->awake_count; /* those who wake now move at the next edge */
    net->edge++;
    sense(net);
    note_spans(net);
    push_source(net);
    for (int i = 0; i < count; i++) {
        Cell *cell = &net->cells[net->awake[i]];
        const Stage *stage = cell->stage;
        cell->changed =
            cell->out_valid && push(net, stage->first_reader, stage->reader_count, cell->enabled);
    }
    for (int i = 0; i < count; i++)
        if (net->cells[net->awake[i]].pops)
            pop(net, net->cells[net->awake[i]].stage);
    for (int i = 0; i < count; i++)
        if (net->cells[net->awake[i]].enabled)
            move_cell(&net->cells[net->awake[i]]);
    rest(net);
}

/* ---- the run --------------------------------------------------------------------------------- */

static Net net_new(const Plan *plan, Arena *arena, const TokenRun *run)
{
    Net net = {.plan = plan,
               .cells = ARENA_ARRAY(arena, Cell, plan->count),
               .fifos = ARENA_ARRAY(arena, Fifo, plan->buffer_count),
               .awake = ARENA_ARRAY(arena, int, plan->count),
               .awake_count = plan->count,
               .next_wake = NEVER,
               .spans = run->spans,
               .one_each = run->one_each,
               .offered = plan->input.beats * run->images};
    for (int i = 0; i < plan->count; i++) {
        net.cells[i] = cell_of(&plan->stages[i]);
        net.awake[i] = i;
    }
    for (int i = 0; i < plan->buffer_count; i++) {
        const StreamBuffer *buffer = &plan->buffers[i];
        net.fifos[i] = (Fifo){.depth = run->depths ? run->depths[i] : buffer->depth,
                              .to_come = buffer->layout.beats * run->images};
    }
    return net;
}

/* Goes on to the next edge at which something happens; false: there is none. */
static bool skip_sleep(Net *net)
{
    wake_sleepers(net);
    if (net->awake_count > 0 || net->source_gave)
        return true;
    if (net->next_wake == NEVER)
        return false;
    net->edge = net->next_wake - 1;
    wake_sleepers(net);
    return true;
}

static TokenEnd run_images(Net *net, TokenRun *run)
{
    const Cell *last = &net->cells[net->plan->count - 1];
    int64_t beats = 0, total = net->offered;
    for (int image = 0; image < run->images;) {
        if (!skip_sleep(net))
            return TOKENS_LOCKED;
        beats += last->out_valid; /* the sink takes it */
        bool ends = last->out_valid && beats % net->plan->output.beats == 0;
        net_edge(net);
        if (run->first_input == 0 && net->offered < total)
            run->first_input = net->edge;
        if (run->deadline && net->edge > run->deadline[image])
            return TOKENS_LATE;
        if (ends)
            run->image_ends[image++] = net->edge;
    }
    return TOKENS_DONE;
}

void tokens_run(const Plan *plan, TokenRun *run)
{
    assert(run->images >= 1 && run->images <= TIMING_IMAGES);
    Arena *arena = arena_new();
    Net net = net_new(plan, arena, run);
    run->first_input = 0;
    run->end = run_images(&net, run);
    for (int i = 0; i < plan->buffer_count; i++) {
        if (run->peaks)
            run->peaks[i] = net.fifos[i].peak;
        if (run->held)
            run->held[i] = net.fifos[i].held;
    }
    arena_free(arena);
}
