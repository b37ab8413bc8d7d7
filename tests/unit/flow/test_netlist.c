/* Netlists of small networks in another simulator: equal to the golden model, and damaged ones are
 * noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "flow/netlist.h"
#include "hw/emit.h"
#include "tests/unit/hw/tiny_model.h"
#include "tools/ghdl.h"
#include "tools/netlist_sim.h"
#include "tools/verilog.h"

enum { IMAGES = 6, MAX_NETLIST = 1 << 26 };

typedef struct Bed {
    char folder[64];
    Arena *arena;
    IntegerModel *model;
    Plan *plan;
    Dataset *dataset;
    Pins pins;
    NetlistSetup setup;
} Bed;

/* A stream of two lanes, folded layers, scores of 8 bits with a class. */
static IntegerModel *classifier(void)
{
    Tiny tiny = tiny_new("classifier", shape_of(3, 5, 5, 2), 3);
    tiny_fold(tiny_relu(tiny_conv2d(&tiny, "table", 3, tiny_window(2, 2, 1, 1))), 1, 4);
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    tiny_fold(tiny_dense(&tiny, "output", 4), 2, 3);
    return tiny_finish(&tiny);
}

/* Several output beats, no class; outputs up to 255, so that the highest bit is no sign. */
static IntegerModel *filter(void)
{
    Tiny tiny = tiny_new("filter", shape_of(3, 4, 4, 1), 4);
    Op *op = tiny_conv2d(&tiny, "conv", 2, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1));
    Requantizer *larger = ARENA_ARRAY(tiny.model->arena, Requantizer, op->requantizer_count);
    for (int i = 0; i < op->requantizer_count; i++) {
        larger[i] = op->requantizers[i];
        larger[i].shift -= 2;
    }
    op->requantizers = larger;
    op->output = fixed_unsigned(2.0, 8);
    op->low = op->output.low;
    op->high = op->output.high;
    tiny_fold(op, 2, 3);
    return tiny_finish(&tiny);
}

static Status synthesize(Bed *bed, const GhdlBackend *backend, const char *raw)
{
    Design design;
    TRY(emit_design(bed->plan, bed->arena, fs_join(bed->arena, bed->folder, "hdl"), &design));
    TRY(emit_pins(bed->plan, bed->arena, bed->folder, &bed->pins));
    const char **files = ARENA_ARRAY(bed->arena, const char *, design.file_count + 1);
    for (int i = 0; i + 1 < design.file_count; i++)
        files[i] = design.files[i];
    files[design.file_count - 1] = bed->pins.vhdl;
    const GhdlDesign job = {.backend = backend,
                            .folder = fs_join(bed->arena, bed->folder, "ghdl"),
                            .files = files,
                            .top = bed->pins.entity,
                            .deadline_s = 300};
    return ghdl_synthesize(bed->arena, &job, raw);
}

static void write_mended(Bed *bed, const char *raw)
{
    Buffer text = {0}, mended = {0};
    assert_int_equal(fs_read_file(raw, MAX_NETLIST, &text), OK);
    if (verilog_mend(text.data, &mended) != OK)
        fail_msg("%s", error_message());
    assert_int_equal(fs_write_atomic(bed->setup.verilog, mended.data, mended.length), OK);
    buffer_free(&text);
    buffer_free(&mended);
}

static Bed bed_open(IntegerModel *model)
{
    Bed bed = {.folder = "/tmp/test_netlist_XXXXXX", .arena = arena_new(), .model = model};
    GhdlTools ghdl;
    NetlistSim sim;
    if (ghdl_find(bed.arena, &ghdl) != OK || netlist_sim_find(bed.arena, NULL, &sim) != OK) {
        integer_model_free(model);
        arena_free(bed.arena);
        skip();
    }
    assert_non_null(mkdtemp(bed.folder));
    assert_int_equal(plan_new(model, &bed.plan), OK);
    bed.dataset = tiny_images(model->ops[0].output_shape, IMAGES, 7);
    const char *raw = fs_join(bed.arena, bed.folder, "raw.v");
    bed.setup = (NetlistSetup){.plan = bed.plan,
                               .verilog = fs_join(bed.arena, bed.folder, "netlist.v"),
                               .dataset = bed.dataset,
                               .images = IMAGES,
                               .deadline_s = 300};
    if (synthesize(&bed, ghdl.checker ? ghdl.checker : ghdl.fast, raw) != OK)
        fail_msg("%s", error_message());
    write_mended(&bed, raw);
    return bed;
}

static void bed_close(Bed *bed)
{
    assert_int_equal(fs_remove_tree(bed->folder), OK);
    arena_free(bed->dataset->arena);
    plan_free(bed->plan);
    integer_model_free(bed->model);
    arena_free(bed->arena);
}

static NetlistProof prove(Bed *bed, const char *folder)
{
    NetlistProof proof;
    bed->setup.pins = &bed->pins;
    bed->setup.folder = fs_join(bed->arena, bed->folder, folder);
    if (netlist_prove(&bed->setup, bed->arena, &proof) != OK)
        fail_msg("%s", error_message());
    return proof;
}

static void expect_exact(const NetlistProof *proof, int64_t values)
{
    if (!proof->bit_exact)
        fail_msg("image %lld, element %lld: got %d, expected %d", (long long)proof->first.image,
                 (long long)proof->first.element, proof->first.got, proof->first.expected);
    assert_int_equal(proof->images, IMAGES);
    assert_int_equal(proof->values_compared, IMAGES * values);
    assert_true(proof->latency_cycles > 0);
}

static void netlists_equal_the_golden_model(void **state)
{
    (void)state;
    Bed bed = bed_open(classifier());
    NetlistProof proof = prove(&bed, "proof");
    expect_exact(&proof, 4);
    bed_close(&bed);
    bed = bed_open(filter());
    proof = prove(&bed, "proof");
    expect_exact(&proof, 4 * 4 * 2);
    bed_close(&bed);
}

/* Replaces the first `from` behind `behind` in the netlist. */
static void damage(Bed *bed, const char *behind, const char *from, const char *to)
{
    Buffer text = {0}, damaged = {0};
    assert_int_equal(fs_read_file(bed->setup.verilog, MAX_NETLIST, &text), OK);
    char *start = strstr(text.data, behind);
    assert_non_null(start);
    char *at = strstr(start, from);
    assert_non_null(at);
    buffer_append(&damaged, text.data, (size_t)(at - text.data));
    buffer_append_text(&damaged, to);
    buffer_append_text(&damaged, at + strlen(from));
    assert_int_equal(fs_write_atomic(bed->setup.verilog, damaged.data, damaged.length), OK);
    buffer_free(&text);
    buffer_free(&damaged);
}

static void a_wrong_value_is_found(void **state)
{
    (void)state;
    Bed bed = bed_open(classifier());
    damage(&bed, "module classifier_pins",
           "assign m_axis_tdata = ", "assign m_axis_tdata = 8'd4 ^ ");
    NetlistProof proof = prove(&bed, "proof");
    assert_false(proof.bit_exact);
    assert_true(proof.mismatches > 0);
    assert_true(proof.first.found);
    assert_int_equal(proof.first.image, 0);
    assert_int_equal(proof.first.element, 0);
    assert_int_equal(proof.first.got ^ 4, proof.first.expected);
    bed_close(&bed);
}

static void a_hang_is_noticed(void **state)
{
    (void)state;
    Bed bed = bed_open(filter());
    damage(&bed, "module filter_pins", "assign m_axis_tvalid = ", "assign m_axis_tvalid = 1'b0 & ");
    NetlistProof proof = prove(&bed, "proof");
    assert_false(proof.bit_exact);
    assert_true(proof.hung);
    assert_int_equal(proof.images, 0);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(netlists_equal_the_golden_model),
        cmocka_unit_test(a_wrong_value_is_found),
        cmocka_unit_test(a_hang_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
