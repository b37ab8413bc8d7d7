/* Planted faults: the right ones are caught, those that no image can show are listed as such, and
 * the same seed plants the same. Needs GHDL for the second half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/fs.h"
#include "flow/mutation.h"
#include "hw/weights_file.h"
#include "tests/unit/hw/tiny_model.h"
#include "tools/ghdl.h"

typedef struct Bed {
    char folder[64];
    Arena *arena;
    IntegerModel *model;
    Plan *plan;
    Dataset *images;
    Design design;
} Bed;

/* Shape, folding and all: a small convolution network with a table. */
static IntegerModel *network(void)
{
    Tiny tiny = tiny_new("net", shape_of(3, 6, 6, 1), 21);
    tiny_fold(tiny_relu(tiny_conv2d(&tiny, "conv", 4, tiny_window(3, 3, 1, 1))), 2, 3);
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    tiny_table(&tiny, "tanh");
    tiny_fold(tiny_dense(&tiny, "scores", 3), 3, 2);
    return tiny_finish(&tiny);
}

static int set_up(void **state)
{
    Bed *bed = calloc(1, sizeof *bed);
    strcpy(bed->folder, "/tmp/test_mutation.XXXXXX");
    assert_non_null(mkdtemp(bed->folder));
    bed->arena = arena_new();
    bed->model = network();
    assert_int_equal(plan_new(bed->model, &bed->plan), OK);
    bed->images = tiny_images(shape_of(3, 6, 6, 1), 40, 5);
    assert_int_equal(
        emit_design(bed->plan, bed->arena, fs_join(bed->arena, bed->folder, "hdl"), &bed->design),
        OK);
    *state = bed;
    return 0;
}

static int tear_down(void **state)
{
    Bed *bed = *state;
    dataset_free(bed->images);
    plan_free(bed->plan);
    integer_model_free(bed->model);
    arena_free(bed->arena);
    Status status = fs_remove_tree(bed->folder);
    free(bed);
    return status == OK ? 0 : -1;
}

static void test_same_seed_same_faults(void **state)
{
    Bed *bed = *state;
    Mutants one, two, other;
    int equal = 0;
    assert_int_equal(
        mutants_choose(&(MutantsRequest){bed->plan, &bed->design, 60, 7}, bed->arena, &one), OK);
    assert_int_equal(
        mutants_choose(&(MutantsRequest){bed->plan, &bed->design, 60, 7}, bed->arena, &two), OK);
    assert_int_equal(
        mutants_choose(&(MutantsRequest){bed->plan, &bed->design, 60, 8}, bed->arena, &other), OK);
    for (int i = 0; i < 60; i++) {
        assert_string_equal(one.items[i].what, two.items[i].what);
        equal += strcmp(one.items[i].what, other.items[i].what) == 0;
    }
    assert_true(equal < 30);
}

/* The constant that the VHDL changes is the one that the integer model changes. */
static void test_constant_is_where_the_model_has_it(void **state)
{
    Bed *bed = *state;
    Mutants mutants;
    Buffer text = {0};
    const char *path = fs_join(bed->arena, bed->folder, "hdl/net_constants.vhd");
    assert_int_equal(fs_read_file(path, 1 << 20, &text), OK);
    assert_int_equal(
        mutants_choose(&(MutantsRequest){bed->plan, &bed->design, 200, 3}, bed->arena, &mutants),
        OK);
    int looked_at = 0;
    for (int i = 0; i < mutants.count; i++) {
        const Mutant *mutant = &mutants.items[i];
        if (mutant->kind != MUTANT_WEIGHT)
            continue;
        char *at = strstr(text.data, arena_printf(bed->arena, "%s :", mutant->constant));
        at = strstr(at, ":= (") + 4;
        long value = 0;
        for (int64_t k = 0; k <= mutant->index; k++) {
            value = strtol(at, &at, 10);
            at += strcspn(at, "-0123456789");
        }
        const Op *op = bed->plan->stages[mutant->stage].op;
        assert_int_equal(value, op->weights[mutant->element]);
        const IntegerModel *changed = mutant_model(bed->plan, mutant, bed->arena);
        int op_index = bed->plan->stages[mutant->stage].op_index;
        assert_int_equal(changed->ops[op_index].weights[mutant->element], mutant->value);
        assert_int_not_equal(mutant->value, value);
        looked_at++;
    }
    assert_true(looked_at > 50);
    buffer_free(&text);
}

/* A loaded weight is changed in its file as in the integer model. */
static void test_loaded_weight_is_where_the_model_has_it(void **state)
{
    Bed *bed = *state;
    Mutants mutants;
    int looked_at = 0;
    bed->model->ops[bed->plan->stages[0].op_index].weight_bits = 12; /* two bytes each */
    assert_int_equal(plan_load_weights(bed->plan), OK);
    assert_int_equal(
        mutants_choose(&(MutantsRequest){bed->plan, &bed->design, 60, 3}, bed->arena, &mutants),
        OK);
    for (int i = 0; i < mutants.count; i++) {
        const Mutant *mutant = &mutants.items[i];
        if (mutant->kind != MUTANT_WEIGHT)
            continue;
        Plan *changed;
        Buffer patched = {0}, wanted = {0};
        assert_int_equal(plan_new(mutant_model(bed->plan, mutant, bed->arena), &changed), OK);
        assert_int_equal(plan_load_weights(changed), OK);
        weights_file_write(changed, &wanted);
        weights_file_write(bed->plan, &patched);
        assert_memory_not_equal(patched.data, wanted.data, wanted.length);
        weights_file_change(bed->plan, mutant->stage, mutant->index, mutant->value, &patched);
        assert_int_equal(patched.length, wanted.length);
        assert_memory_equal(patched.data, wanted.data, wanted.length);
        buffer_free(&patched);
        buffer_free(&wanted);
        plan_free(changed);
        looked_at++;
    }
    assert_true(looked_at > 10);
}

static void test_lists_are_opened(void **state)
{
    (void)state;
    static const char before[] =
        "use work.dnn_fixed_pkg.all;\n"
        "    constant A : sample_vector(0 to 1) := (\n        1, 2\n    );\n"
        "    constant B : integer_vector(0 to 0) := (0 =>\n        7\n    );\n"
        "    constant C : integer := 3;\n";
    static const char after[] = "use work.dnn_fixed_pkg.all;\nuse work.mutation_pkg.all;\n"
                                "    constant A : sample_vector(0 to 1) := mutated_samples(\"A\", "
                                "(\n        1, 2\n    ));\n"
                                "    constant B : integer_vector(0 to 0) := "
                                "mutated_integers(\"B\", (0 =>\n        7\n    ));\n"
                                "    constant C : integer := 3;\n";
    Buffer opened = {0};
    mutants_open_constants(before, &opened);
    assert_string_equal(opened.data, after);
    buffer_free(&opened);
}

/* A line of the library that was rewritten must not silently leave the list of faults. */
static void test_lines_are_in_the_library(void **state)
{
    Bed *bed = *state;
    const char *const *lines = mutant_line_texts(bed->arena);
    for (int i = 0; lines[i]; i += 2) {
        const EmbeddedFile *file = hdl_library;
        while (file->name && strcmp(file->name, lines[i]) != 0)
            file++;
        assert_non_null(file->name);
        if (!strstr(file->bytes, lines[i + 1]))
            fail_msg("%s has no \"%s\" any more: mend mutant_lines.inc.h", lines[i], lines[i + 1]);
    }
}

static void test_faults_are_caught(void **state)
{
    Bed *bed = *state;
    GhdlTools tools;
    if (ghdl_find(bed->arena, &tools) != OK)
        skip();
    const MutationSetup setup = {.plan = bed->plan,
                                 .dataset = bed->images,
                                 .folder = fs_join(bed->arena, bed->folder, "mutants"),
                                 .count = 30,
                                 .seed = 2};
    MutationScore score;
    assert_int_equal(mutation_run(&setup, bed->arena, &score), OK);
    assert_int_equal(
        score.fates[FATE_CAUGHT] + score.fates[FATE_EQUIVALENT] + score.fates[FATE_SURVIVED], 30);
    for (int i = 0; i < 30; i++)
        if (score.verdicts[i].fate == FATE_SURVIVED && score.mutants.items[i].stage >= 0)
            fail_msg("survived: %s", score.mutants.items[i].what);
    assert_true(score.fates[FATE_CAUGHT] >= 20);
}

/* Weights that are loaded: only what the images show counts, not the checksum. */
static void test_faults_in_loaded_weights_are_caught(void **state)
{
    Bed *bed = *state;
    GhdlTools tools;
    if (ghdl_find(bed->arena, &tools) != OK)
        skip();
    assert_int_equal(plan_load_weights(bed->plan), OK);
    const MutationSetup setup = {.plan = bed->plan,
                                 .dataset = bed->images,
                                 .folder = fs_join(bed->arena, bed->folder, "mutants"),
                                 .count = 14,
                                 .seed = 5};
    MutationScore score;
    if (mutation_run(&setup, bed->arena, &score) != OK)
        fail_msg("%s", error_message());
    int weights = 0;
    for (int i = 0; i < setup.count; i++) {
        const Mutant *mutant = &score.mutants.items[i];
        if (score.verdicts[i].fate == FATE_SURVIVED && mutant->stage >= 0)
            fail_msg("survived: %s", mutant->what);
        weights += mutant->kind == MUTANT_WEIGHT && score.verdicts[i].fate == FATE_CAUGHT;
    }
    assert_true(weights >= 3);
}

/* A weight that only ever meets zeros: no image can tell. */
static void test_dead_weight_is_equivalent(void **state)
{
    Bed *bed = *state;
    GhdlTools tools;
    if (ghdl_find(bed->arena, &tools) != OK)
        skip();
    Tiny tiny = tiny_new("dead", shape_of(1, 4), 3);
    tiny_dense(&tiny, "scores", 2);
    IntegerModel *model = tiny_finish(&tiny);
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    Dataset *zeros = tiny_images(shape_of(1, 4), 3, 1);
    memset((void *)(uintptr_t)zeros->values, 0, (size_t)(3 * 4) * sizeof *zeros->values);
    const MutationSetup setup = {.plan = plan,
                                 .dataset = zeros,
                                 .folder = fs_join(bed->arena, bed->folder, "mutants"),
                                 .count = 12,
                                 .seed = 4};
    MutationScore score;
    assert_int_equal(mutation_run(&setup, bed->arena, &score), OK);
    int weights = 0;
    for (int i = 0; i < 12; i++) {
        if (score.mutants.items[i].kind != MUTANT_WEIGHT)
            continue;
        assert_int_equal(score.verdicts[i].fate, FATE_EQUIVALENT);
        weights++;
    }
    assert_true(weights > 0);
    dataset_free(zeros);
    plan_free(plan);
    integer_model_free(model);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_same_seed_same_faults),
        PLACED(test_constant_is_where_the_model_has_it),
        cmocka_unit_test(test_lists_are_opened),
        PLACED(test_lines_are_in_the_library),
        PLACED(test_faults_are_caught),
        PLACED(test_loaded_weight_is_where_the_model_has_it),
        PLACED(test_faults_in_loaded_weights_are_caught),
        PLACED(test_dead_weight_is_equivalent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
