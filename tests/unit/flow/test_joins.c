/* Buffers before joins, in GHDL: every kind of join, over every kind of branch, at several foldings.
 * The planned depths are as good as the plan says, and every one of them fills up; with one beat less
 * in any of them the design is slower, or locks. A sample of the designs; all of them with
 * MATRIX=whole (make check-hdl). */
#include "proof_bed.h"

#include "hw/buffers.h"
#include "tests/unit/hw/nets.h"

/* ---- networks -------------------------------------------------------------------------------- */

static Tiny stem(const char *name, uint64_t seed)
{
    Tiny tiny = tiny_new(name, shape_of(3, 8, 8, 2), seed);
    tiny_relu(tiny_conv2d(&tiny, "stem", 3, tiny_window(1, 1, 1, 1)));
    return tiny;
}

/* What is before goes around a convolution. */
static void around(Tiny *tiny, OpKind join, const char *conv, const char *name)
{
    int before = tiny->from;
    int filters = (int)op_channels(&tiny->model->ops[before]);
    tiny_conv2d(tiny, conv, filters, net_same(tiny, 3, 1));
    int ends[] = {before, tiny_here(tiny)};
    (join == OP_ADD ? tiny_sum : tiny_concat)(tiny, name, ends, 2);
}

static void join_two(Tiny *tiny, OpKind join, int one, int other)
{
    (join == OP_ADD ? tiny_sum : tiny_concat)(tiny, "join", (int[]){one, other}, 2);
}

static Tiny identity_skip(OpKind join)
{
    Tiny tiny = stem("identity", 1);
    around(&tiny, join, "conv", "join");
    return tiny;
}

/* As where a residual network halves its images. */
static Tiny strided_skip(OpKind join)
{
    Tiny tiny = stem("strided", 2);
    tiny_relu(tiny_conv2d(&tiny, "conv_a", 4, net_same(&tiny, 3, 2)));
    tiny_conv2d(&tiny, "conv_b", 4, net_same(&tiny, 3, 1));
    int longer = tiny_here(&tiny);
    tiny_branch(&tiny, 1);
    tiny_conv2d(&tiny, "skip", 4, net_same(&tiny, 1, 2));
    join_two(&tiny, join, longer, tiny_here(&tiny));
    return tiny;
}

static Tiny three_ways(OpKind join)
{
    static const char *const names[] = {"narrow", "middle", "wide"};
    Tiny tiny = stem("three", 3);
    int ends[3];
    for (int i = 0; i < 3; i++) {
        tiny_branch(&tiny, 1);
        tiny_conv2d(&tiny, names[i], 2, net_same(&tiny, 2 * i + 1, 1));
        ends[i] = tiny_here(&tiny);
    }
    (join == OP_ADD ? tiny_sum : tiny_concat)(&tiny, "join", ends, 3);
    return tiny;
}

static Tiny nested(OpKind join)
{
    Tiny tiny = stem("nested", 4);
    tiny_conv2d(&tiny, "conv_a", 3, net_same(&tiny, 3, 1));
    around(&tiny, join, "conv_b", "inner");
    tiny_conv2d(&tiny, "conv_c", 3, tiny_window(1, 1, 1, 1));
    join_two(&tiny, join, 1, tiny_here(&tiny));
    return tiny;
}

static Tiny depthwise_path(OpKind join)
{
    Tiny tiny = stem("separable", 5);
    tiny_relu(tiny_depthwise(&tiny, "depthwise", 2, net_same(&tiny, 3, 1)));
    tiny_conv2d(&tiny, "pointwise", 3, tiny_window(1, 1, 1, 1));
    join_two(&tiny, join, tiny_here(&tiny), 1);
    return tiny;
}

static Tiny pooling_path(OpKind join)
{
    Tiny tiny = stem("pooling", 6);
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    int pool = tiny_here(&tiny);
    tiny_branch(&tiny, 1);
    tiny_conv2d(&tiny, "conv", 3, net_same(&tiny, 5, 2));
    join_two(&tiny, join, pool, tiny_here(&tiny));
    return tiny;
}

static Tiny up_again(OpKind join)
{
    Tiny tiny = stem("up_again", 7);
    tiny_pool(&tiny, OP_AVERAGE_POOL2D, "down", tiny_window(2, 2, 2, 2));
    tiny_conv2d(&tiny, "bottom", 3, net_same(&tiny, 3, 1));
    tiny_upsample(&tiny, "up", 2, 2);
    join_two(&tiny, join, 1, tiny_here(&tiny));
    return tiny;
}

typedef struct Branching {
    const char *what;
    Tiny (*make)(OpKind join);
} Branching;

static const Branching branchings[] = {
    {"a convolution beside nothing", identity_skip},
    {"strides on both ways", strided_skip},
    {"three ways", three_ways},
    {"a join within another", nested},
    {"a depthwise convolution", depthwise_path},
    {"a pool beside a convolution", pooling_path},
    {"half the size and up again", up_again},
};

static const struct {
    const char *word;
    OpKind kind;
} joins[] = {{"added", OP_ADD}, {"concatenated", OP_CONCAT}};

/* Which layers do one product at a time; the others do all at once. */
static const struct {
    const char *word;
    bool even, odd;
} foldings[] = {{"parallel", false, false},
                {"serial", true, true},
                {"odd ones serial", false, true},
                {"even ones serial", true, false}};

enum {
    BRANCHINGS = sizeof branchings / sizeof *branchings,
    JOINS = sizeof joins / sizeof *joins,
    FOLDINGS = sizeof foldings / sizeof *foldings,
    DESIGNS = BRANCHINGS * JOINS * FOLDINGS
};

static IntegerModel *make_design(int design)
{
    const int folding = design % FOLDINGS;
    Tiny tiny = branchings[design / FOLDINGS / JOINS].make(joins[design / FOLDINGS % JOINS].kind);
    tiny_dense(&tiny, "scores", 3);
    for (int i = 1; i < tiny.model->count; i++)
        if ((tiny.model->ops[i].weights || tiny.model->ops[i].kind == OP_CONCAT) &&
            (i % 2 ? foldings[folding].odd : foldings[folding].even))
            tiny_fold(&tiny.model->ops[i], 1, 1);
    return tiny_finish(&tiny);
}

static const char *design_words(Arena *arena, int design)
{
    return arena_printf(arena, "%s, %s, %s", branchings[design / FOLDINGS / JOINS].what,
                        joins[design / FOLDINGS % JOINS].word, foldings[design % FOLDINGS].word);
}

/* ---- proofs ---------------------------------------------------------------------------------- */

enum { IMAGES = TIMING_IMAGES };

typedef struct Tried {
    int deep[BRANCHINGS]; /* buffers with a beat less */
    int spare;            /* of these: nothing showed it */
} Tried;

/* Takes a beat from a buffer in the VHDL. Buffers are there in the order of the plan. */
static void make_shallow(const Bed *bed, int shallow)
{
    static const char depth[] = "DEPTH => ";
    const char *path = fs_join(bed->arena, bed->folder,
                               arena_printf(bed->arena, "hdl/%s_core.vhd", bed->plan->name));
    Buffer text = {0}, changed = {0};
    assert_int_equal(fs_read_file(path, 1 << 24, &text), OK);
    char *at = text.data, *end = NULL;
    for (int i = 0; i <= shallow; i++)
        if (bed->plan->buffers[i].depth > BUFFER_REGISTER_DEPTH) {
            at = strstr(at, depth);
            assert_non_null(at);
            at += sizeof depth - 1;
        }
    assert_int_equal(strtoll(at, &end, 10), bed->plan->buffers[shallow].depth);
    buffer_append(&changed, text.data, (size_t)(at - text.data));
    buffer_printf(&changed, "%lld%s", (long long)bed->plan->buffers[shallow].depth - 1, end);
    assert_int_equal(fs_write_atomic(path, changed.data, changed.length), OK);
    buffer_free(&text);
    buffer_free(&changed);
}

/* Proves the design with all depths as planned, or one of them less by one (-1: none). */
static ProofResult judge(const Bed *bed, int shallow)
{
    ProofWork work;
    ProofResult result;
    if (proof_write(&bed->setup, bed->arena, &work) != OK)
        fail_msg("%s", error_message());
    if (shallow >= 0)
        make_shallow(bed, shallow);
    if (proof_judge(&bed->setup, bed->arena, &work, &result) != OK)
        fail_msg("%s", error_message());
    return result;
}

static const char *stream_words(const Bed *bed, int index)
{
    const StreamBuffer *buffer = &bed->plan->buffers[index];
    return arena_printf(bed->arena, "%s to %s (%lld beats)",
                        plan_stage_name(bed->plan, buffer->from),
                        plan_stage_name(bed->plan, buffer->to), (long long)buffer->depth);
}

/* Nothing waits beyond the plan, and every place of every deep buffer is needed. */
static void expect_as_planned(const Bed *bed, const ProofResult *result, const char *what)
{
    if (!result->bit_exact || result->mismatches || result->images != IMAGES)
        fail_msg("%s: not bit exact: %s", what, result->standstill ? result->standstill : "");
    if (!result->timing_exact)
        fail_msg("%s: latency %lld, predicted %lld; interval %lld to %lld, predicted %lld to %lld",
                 what, (long long)result->latency_cycles,
                 (long long)result->predicted.latency_cycles, (long long)result->interval_min,
                 (long long)result->interval_max, (long long)result->predicted.interval_min,
                 (long long)result->predicted.interval_max);
    for (int i = 0; i < bed->plan->buffer_count; i++)
        if (bed->plan->buffers[i].depth > BUFFER_REGISTER_DEPTH &&
            result->peaks[i] != bed->plan->buffers[i].depth)
            fail_msg("%s: %s never holds more than %lld", what, stream_words(bed, i),
                     (long long)result->peaks[i]);
}

static bool is_slower(const ProofResult *result)
{
    return result->latency_cycles > result->predicted.latency_cycles ||
           result->interval_max > result->predicted.interval_max ||
           result->interval_min > result->predicted.interval_min;
}

/* With a source that is slower than all layers together. */
static bool locks_when_slow(Bed *bed, int shallow)
{
    bed->setup.images = 2;
    for (int i = 0; i < bed->plan->count; i++)
        bed->setup.beat_gap += bed->plan->stages[i].fold_steps + PLAN_MAX_PIPELINE;
    ProofResult result = judge(bed, shallow);
    bed->setup.images = IMAGES;
    bed->setup.beat_gap = 0;
    return !result.bit_exact && result.standstill;
}

/* The last beat of some buffers is there lest a source that waits locks the layers. The plan grants
 * a layer a single beat then; where a border has it hold two whenever that counts, the beat is one
 * to spare. It stays: that no source at all brings the layers there is more than the plan can know. */
static void expect_safety(Bed *bed, int shallow, Tried *tried, const char *what)
{
    int64_t *depths = ARENA_ARRAY(bed->arena, int64_t, bed->plan->buffer_count);
    for (int i = 0; i < bed->plan->buffer_count; i++)
        depths[i] = bed->plan->buffers[i].depth - (i == shallow);
    if (locks_when_slow(bed, -1))
        fail_msg("%s: locks with a slow source", what);
    if (!buffers_can_lock(bed->plan, depths))
        fail_msg("%s: %s needs a beat less", what, stream_words(bed, shallow));
    tried->spare += !locks_when_slow(bed, shallow);
}

static void expect_stall(Bed *bed, int shallow, Tried *tried, const char *what)
{
    ProofResult result = judge(bed, shallow);
    if (!result.bit_exact) {
        if (!result.first.missing || !result.standstill || !strstr(result.standstill, "full: "))
            fail_msg("%s: %s, one less: wrong values", what, stream_words(bed, shallow));
    } else if (!is_slower(&result)) {
        expect_safety(bed, shallow, tried, what);
    }
}

static void try_design(int design, Tried *tried)
{
    Bed bed;
    bed_open(&bed, make_design(design), IMAGES);
    bed.setup.one_backend = true;
    bed.setup.jobs = 1;
    const char *what = design_words(bed.arena, design);
    ProofResult result = judge(&bed, -1);
    expect_as_planned(&bed, &result, what);
    for (int i = 0; i < bed.plan->buffer_count; i++) {
        if (bed.plan->buffers[i].depth == BUFFER_REGISTER_DEPTH)
            continue;
        expect_stall(&bed, i, tried, what);
        tried->deep[design / FOLDINGS / JOINS]++;
    }
    bed_close(&bed);
}

/* The sample has each of the branchings once, with both joins and all foldings among them. */
static bool is_in_sample(int design)
{
    int branching = design / FOLDINGS / JOINS;
    return design % (FOLDINGS * JOINS) == branching * 3 % (FOLDINGS * JOINS);
}

static void every_planned_beat_before_a_join_is_needed(void **state)
{
    (void)state;
    need_ghdl();
    const char *matrix = getenv("MATRIX");
    bool whole = matrix && strcmp(matrix, "whole") == 0;
    Tried tried = {0};
    for (int design = 0; design < DESIGNS; design++)
        if (whole || is_in_sample(design))
            try_design(design, &tried);
    for (int i = 0; i < BRANCHINGS; i++)
        if (tried.deep[i] == 0)
            fail_msg("%s: no deep buffer was tried", branchings[i].what);
    /* three ways, even ones serial, both joins: the wide one's borders */
    assert_int_equal(tried.spare, whole ? 2 : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_planned_beat_before_a_join_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
