#include "hw/mutants.h"

#include <assert.h>
#include <string.h>

#include "base/fs.h"
#include "base/rng.h"
#include "hw/emit_parts.h"

enum { LINE_SHARE = 10, MAX_FILE_BYTES = 1 << 28 };

static const char *const WORDS[MUTANT_KINDS] = {
    [MUTANT_WEIGHT] = "weight", [MUTANT_BIAS] = "bias",     [MUTANT_MULTIPLIER] = "multiplier",
    [MUTANT_SHIFT] = "shift",   [MUTANT_TABLE] = "table",   [MUTANT_ROUNDING] = "rounding",
    [MUTANT_WINDOW] = "window", [MUTANT_BUFFER] = "buffer", [MUTANT_HANDSHAKE] = "handshake",
};

const char *mutant_kind_word(MutantKind kind)
{
    return WORDS[kind];
}

/* ---- constants ------------------------------------------------------------------------------- */

/* What of a stage can be changed; one row for each kind. */
typedef struct ConstantKind {
    MutantKind kind;
    int share;        /* how often it is taken, beside the others */
    const char *list; /* "WEIGHTS" */
} ConstantKind;

static const ConstantKind CONSTANTS[] = {{MUTANT_WEIGHT, 12, "WEIGHTS"},
                                         {MUTANT_BIAS, 4, "BIAS"},
                                         {MUTANT_MULTIPLIER, 2, "MULTIPLIERS"},
                                         {MUTANT_SHIFT, 2, "SHIFTS"},
                                         {MUTANT_TABLE, 2, "TABLE"}};

enum { CONSTANT_KINDS = sizeof CONSTANTS / sizeof *CONSTANTS };

/* Elements of that list in the design's constants; 0: there is none. */
static int64_t list_length(const Stage *stage, MutantKind kind)
{
    const Op *op = stage->op;
    const OpTraits *traits = op_traits(op->kind);
    if (traits->reads_float || traits->writes_float)
        return 0;
    if (kind == MUTANT_TABLE)
        return op->table ? op_table_count(op) : 0;
    if (!op->weights)
        return 0;
    if (kind == MUTANT_WEIGHT)
        return op_weight_count(op);
    return op->kind == OP_ADD ? 0 : stage->output.lanes;
}

static int32_t flip_bit(int32_t value, int bits, Rng *rng)
{
    uint32_t mask = 1u << rng_below(rng, (uint64_t)bits);
    uint32_t flipped = (uint32_t)value ^ mask;
    uint32_t sign = 1u << (bits - 1);
    return (int32_t)((flipped & (sign | (sign - 1))) ^ sign) - (int32_t)sign; /* sign-extended */
}

/* By one, and still legal. */
static int32_t step_by_one(int32_t value, int32_t low, int32_t high, Rng *rng)
{
    int32_t step = rng_below(rng, 2) ? 1 : -1;
    return value + step < low || value + step > high ? value - step : value + step;
}

/* An entry of a table stays within the output's format. */
static int32_t change_entry(const Op *op, int32_t value, Rng *rng)
{
    int32_t changed = flip_bit(value, op->output.bits, rng);
    return changed < op->low || changed > op->high ? step_by_one(value, op->low, op->high, rng)
                                                   : changed;
}

static int32_t changed_value(const Stage *stage, MutantKind kind, int64_t element, int32_t *before,
                             Rng *rng)
{
    const Op *op = stage->op;
    switch (kind) {
    case MUTANT_WEIGHT:
        *before = op->weights[element];
        return flip_bit(*before, op->weight_bits, rng);
    case MUTANT_BIAS:
        *before = op->bias ? op->bias[element] : 0;
        return flip_bit(*before, op->accumulator_bits - 1, rng);
    case MUTANT_MULTIPLIER:
        *before = op_requantizer(op, element).multiplier;
        return step_by_one(*before, 1, FIXED_MULTIPLIER_MAX, rng);
    case MUTANT_SHIFT:
        *before = op_requantizer(op, element).shift;
        return step_by_one(*before, FIXED_SHIFT_MIN, FIXED_SHIFT_MAX, rng);
    default:
        *before = op->table[element];
        return change_entry(op, *before, rng);
    }
}

static Mutant constant_mutant(const Plan *plan, int stage_index, const ConstantKind *kind,
                              Arena *arena, Rng *rng)
{
    const Stage *stage = &plan->stages[stage_index];
    int64_t index = (int64_t)rng_below(rng, (uint64_t)list_length(stage, kind->kind));
    int64_t element = kind->kind == MUTANT_WEIGHT ? emit_weight_element(stage, index) : index;
    int32_t before = 0;
    int32_t value = changed_value(stage, kind->kind, element, &before, rng);
    return (Mutant){.kind = kind->kind,
                    .stage = stage_index,
                    .constant = emit_constant_name(arena, stage, kind->list),
                    .index = index,
                    .element = element,
                    .value = value,
                    .what = arena_printf(arena, "%s %s %lld: %d becomes %d", stage->op->name,
                                         mutant_kind_word(kind->kind), (long long)element, before,
                                         value)};
}

/* Every list of every stage has its share, whatever its length: else all would be weights. */
static int64_t share_of(const Stage *stage, const ConstantKind *kind)
{
    return list_length(stage, kind->kind) > 0 ? kind->share : 0;
}

static int64_t all_shares(const Plan *plan)
{
    int64_t sum = 0;
    for (int i = 0; i < plan->count; i++)
        for (int k = 0; k < CONSTANT_KINDS; k++)
            sum += share_of(&plan->stages[i], &CONSTANTS[k]);
    return sum;
}

static Mutant any_constant(const Plan *plan, int64_t shares, Arena *arena, Rng *rng)
{
    int64_t left = (int64_t)rng_below(rng, (uint64_t)shares);
    for (int i = 0; i < plan->count; i++)
        for (int k = 0; k < CONSTANT_KINDS; k++) {
            left -= share_of(&plan->stages[i], &CONSTANTS[k]);
            if (left < 0)
                return constant_mutant(plan, i, &CONSTANTS[k], arena, rng);
        }
    assert(false && "shares add up");
    return (Mutant){0};
}

/* ---- lines of the VHDL ----------------------------------------------------------------------- */

/* A fault for every place where `from` is, in files whose name ends like that. */
typedef struct LineFault {
    MutantKind kind;
    const char *file;
    const char *from, *to;
    const char *what;
    bool (*matters)(const Plan *plan); /* the design has what the line is about; NULL: always */
    const char *hidden;                /* when a right proof does not see it; NULL: never */
} LineFault;

enum { SHORT_SHIFT_MOST = 16 }; /* requantize() of dnn_fixed_pkg takes another way above */

/* Layers with weights requantize in folded_mac, the others with weights or sums in the package. */
static bool uses_package(const Op *op)
{
    return op->requantizer_count > 0 && op->kind != OP_CONV2D && op->kind != OP_DENSE &&
           op->kind != OP_DEPTHWISE_CONV2D;
}

/* True when such a layer of the design has a shift of that length. */
static bool shifts(const Plan *plan, bool is_short)
{
    for (int i = 0; i < plan->count; i++) {
        const Op *op = plan->stages[i].op;
        for (int k = 0; k < op->requantizer_count; k++)
            if (uses_package(op) && (op->requantizers[k].shift <= SHORT_SHIFT_MOST) == is_short)
                return true;
    }
    return false;
}

static bool shifts_short(const Plan *plan)
{
    return shifts(plan, true);
}

static bool shifts_long(const Plan *plan)
{
    return shifts(plan, false);
}

static bool shifts_at_all(const Plan *plan)
{
    return shifts(plan, true) || shifts(plan, false);
}

#include "hw/mutant_lines.inc.h"

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

typedef struct LineList {
    Arena *arena;
    const Design *design;
    Mutant *items;
    int count, capacity;
} LineList;

static void add_places(LineList *list, int file, const char *text, const LineFault *fault)
{
    int occurrence = 0;
    for (const char *at = text; (at = strstr(at, fault->from)) != NULL; at += strlen(fault->from)) {
        if (list->count == list->capacity)
            return;
        list->items[list->count++] = (Mutant){
            .kind = fault->kind,
            .stage = -1,
            .file = file,
            .from = fault->from,
            .to = fault->to,
            .occurrence = occurrence++,
            .hidden = fault->hidden,
            .what = arena_printf(list->arena, "%s: %s", strrchr(list->design->files[file], '/') + 1,
                                 fault->what)};
    }
}

/* All places of the design, the bench left out. */
static Status find_lines(const Plan *plan, const Design *design, Arena *arena, LineList *list)
{
    enum { MOST = 4096 };
    *list = (LineList){.arena = arena,
                       .design = design,
                       .items = ARENA_ARRAY(arena, Mutant, MOST),
                       .capacity = MOST};
    Buffer text = {0};
    Status status = OK;
    for (int i = 0; i + 1 < design->file_count && status == OK; i++) {
        buffer_clear(&text);
        status = fs_read_file(design->files[i], MAX_FILE_BYTES, &text);
        for (size_t k = 0; status == OK && k < sizeof LINE_FAULTS / sizeof *LINE_FAULTS; k++)
            if (ends_with(design->files[i], LINE_FAULTS[k].file) &&
                (!LINE_FAULTS[k].matters || LINE_FAULTS[k].matters(plan)))
                add_places(list, i, text.data, &LINE_FAULTS[k]);
    }
    buffer_free(&text);
    return status;
}

const char *const *mutant_line_texts(Arena *arena)
{
    size_t count = sizeof LINE_FAULTS / sizeof *LINE_FAULTS;
    const char **texts = ARENA_ARRAY(arena, const char *, 2 * count + 1);
    for (size_t i = 0; i < count; i++) {
        texts[2 * i] = LINE_FAULTS[i].file;
        texts[2 * i + 1] = LINE_FAULTS[i].from;
    }
    return texts;
}

static void shuffle(LineList *list, Rng *rng)
{
    for (int i = list->count - 1; i > 0; i--) {
        int other = (int)rng_below(rng, (uint64_t)i + 1);
        Mutant kept = list->items[i];
        list->items[i] = list->items[other];
        list->items[other] = kept;
    }
}

Status mutants_choose(const MutantsRequest *request, Arena *arena, Mutants *mutants)
{
    const Plan *plan = request->plan;
    int count = request->count;
    Rng rng = rng_seed(request->seed);
    LineList lines;
    int64_t shares = all_shares(plan);
    if (shares == 0)
        return error_set(ERR_REFUSED, "%s: no layer has integer constants: nothing to change",
                         plan->model->name);
    TRY(find_lines(plan, request->design, arena, &lines));
    shuffle(&lines, &rng);
    int line_count = (count + LINE_SHARE - 1) / LINE_SHARE;
    line_count = line_count < lines.count ? line_count : lines.count;
    *mutants = (Mutants){.items = ARENA_ARRAY(arena, Mutant, count), .count = count};
    for (int i = 0; i < count; i++)
        mutants->items[i] =
            i < line_count ? lines.items[i] : any_constant(plan, shares, arena, &rng);
    return OK;
}

/* ---- what a mutant is ------------------------------------------------------------------------ */

static int32_t *copy_of(Arena *arena, const int32_t *values, int64_t count)
{
    int32_t *copy = ARENA_ARRAY(arena, int32_t, count);
    if (values)
        memcpy(copy, values, (size_t)count * sizeof *copy);
    return copy;
}

static void change_requantizer(Op *op, const Mutant *mutant, Arena *arena)
{
    int64_t channels = op_channels(op);
    Requantizer *copy = ARENA_ARRAY(arena, Requantizer, channels);
    for (int64_t c = 0; c < channels; c++)
        copy[c] = op_requantizer(op, c);
    if (mutant->kind == MUTANT_SHIFT)
        copy[mutant->element].shift = mutant->value;
    else
        copy[mutant->element].multiplier = mutant->value;
    op->requantizers = copy;
    op->requantizer_count = (int)channels;
}

static void change_op(Op *op, const Mutant *mutant, Arena *arena)
{
    int32_t *copy;
    switch (mutant->kind) {
    case MUTANT_WEIGHT:
        op->weights = copy = copy_of(arena, op->weights, op_weight_count(op));
        break;
    case MUTANT_BIAS:
        op->bias = copy = copy_of(arena, op->bias, op_channels(op));
        break;
    case MUTANT_TABLE:
        op->table = copy = copy_of(arena, op->table, op_table_count(op));
        break;
    default:
        change_requantizer(op, mutant, arena);
        return;
    }
    copy[mutant->element] = mutant->value;
}

IntegerModel *mutant_model(const Plan *plan, const Mutant *mutant, Arena *arena)
{
    IntegerModel *model = ARENA_ARRAY(arena, IntegerModel, 1);
    *model = *plan->model;
    model->ops = ARENA_ARRAY(arena, Op, model->count);
    memcpy(model->ops, plan->model->ops, (size_t)model->count * sizeof *model->ops);
    change_op(&model->ops[plan->stages[mutant->stage].op_index], mutant, arena);
    return model;
}

void mutant_text(const Mutant *mutant, const char *text, Buffer *into)
{
    const char *at = strstr(text, mutant->from);
    for (int i = 0; i < mutant->occurrence && at; i++)
        at = strstr(at + strlen(mutant->from), mutant->from);
    if (!at) {
        buffer_append_text(into, text);
        return;
    }
    buffer_append(into, text, (size_t)(at - text));
    buffer_append_text(into, mutant->to);
    buffer_append_text(into, at + strlen(mutant->from));
}

/* ---- constants that can be changed when the simulation starts -------------------------------- */

/* "    constant NAME : TYPE(0 to N) := (" */
typedef struct ListHead {
    const char *name;
    size_t name_length;
    const char *function;
    size_t length; /* up to the parenthesis */
} ListHead;

static bool parse_head(const char *line, ListHead *head)
{
    static const char start[] = "    constant ";
    static const struct {
        const char *type, *function;
    } types[] = {{" : sample_vector(", "mutated_samples"},
                 {" : integer_vector(", "mutated_integers"}};
    const char *end = strchr(line, '\n');
    if (strncmp(line, start, sizeof start - 1) != 0 || !end)
        return false;
    for (int i = 0; i < 2; i++) {
        const char *colon = strstr(line, types[i].type), *open = strstr(line, ":= (");
        if (!colon || colon > end || !open || open > end)
            continue;
        *head = (ListHead){.name = line + sizeof start - 1,
                           .name_length = (size_t)(colon - line) - (sizeof start - 1),
                           .function = types[i].function,
                           .length = (size_t)(open - line) + 3};
        return true;
    }
    return false;
}

void mutants_open_constants(const char *text, Buffer *into)
{
    static const char close[] = "    );\n", use[] = "use work.dnn_fixed_pkg.all;\n";
    bool open = false;
    for (const char *line = text; *line;) {
        const char *next = strchr(line, '\n');
        next = next ? next + 1 : line + strlen(line);
        ListHead head;
        if (parse_head(line, &head)) {
            open = true;
            buffer_append(into, line, head.length);
            buffer_printf(into, "%s(\"%.*s\", ", head.function, (int)head.name_length, head.name);
            buffer_append(into, line + head.length, (size_t)(next - line) - head.length);
        } else if (open && strncmp(line, close, sizeof close - 1) == 0) {
            open = false;
            buffer_append_text(into, "    ));\n");
        } else {
            buffer_append(into, line, (size_t)(next - line));
            if (strncmp(line, use, sizeof use - 1) == 0)
                buffer_append_text(into, "use work.mutation_pkg.all;\n");
        }
        line = next;
    }
}
