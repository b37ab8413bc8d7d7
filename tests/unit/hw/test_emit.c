/* Generated VHDL of four small models, compared with tests/golden/hdl. ACCEPT=1 rewrites those. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "base/fs.h"
#include "hw/emit.h"
#include "tests/unit/hw/tiny_model.h"

#define GOLDEN "tests/golden/hdl"

enum { MAX_FILE = 1 << 24 };

static IntegerModel *convolutional(void)
{
    Tiny tiny = tiny_new("tiny_cnn", shape_of(3, 6, 6, 1), 1);
    tiny_relu(tiny_conv2d(&tiny, "conv2d", 2, tiny_window(3, 3, 1, 1)));
    tiny_pool(&tiny, OP_MAX_POOL2D, "max_pooling2d", tiny_window(2, 2, 2, 2));
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

static IntegerModel *folded(void)
{
    Tiny tiny = tiny_new("Folded net", shape_of(3, 4, 4, 2), 2);
    tiny_fold(tiny_conv2d(&tiny, "signal", 4, tiny_padded(tiny_window(3, 3, 2, 2), 0, 1, 0, 1)), 2,
              6);
    tiny_affine(&tiny, "batch/norm");
    tiny_pool(&tiny, OP_AVERAGE_POOL2D, "average", tiny_window(2, 2, 1, 1));
    return tiny_finish(&tiny);
}

static IntegerModel *perceptron(void)
{
    Tiny tiny = tiny_new("perceptron", shape_of(1, 4), 3);
    tiny_fold(tiny_dense(&tiny, "hidden", 4), 2, 1);
    tiny_table(&tiny, "hidden.tanh");
    tiny_dense(&tiny, "score", 1);
    return tiny_finish(&tiny);
}

static IntegerModel *mixed(void)
{
    Tiny tiny = tiny_new("mixed", shape_of(3, 5, 5, 1), 4);
    tiny_to_float(&tiny, "conv2d.to_float");
    Op *conv = tiny_float_conv2d(&tiny, "conv2d", 2, tiny_window(2, 2, 1, 1));
    ((int32_t *)(uintptr_t)conv->bias)[1] = INT32_MIN; /* -0 */
    tiny_relu(conv);
    tiny_float_pool(&tiny, OP_FLOAT_AVERAGE_POOL2D, "average", tiny_window(2, 2, 2, 2));
    tiny_fold(tiny_float_dense(&tiny, "hidden", 4), 2, 1);
    tiny_to_integer(&tiny, "hidden.to_integer");
    tiny_dense(&tiny, "score", 3);
    return tiny_finish(&tiny);
}

/* The input is read twice, the sum thrice; one buffer is deep. */
static IntegerModel *branched(void)
{
    Tiny tiny = tiny_new("branched", shape_of(3, 4, 4, 1), 5);
    tiny_conv2d(&tiny, "conv", 1, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1));
    tiny_relu(tiny_sum(&tiny, "sum", (int[]){0, tiny_here(&tiny)}, 2));
    int sum = tiny_here(&tiny);
    tiny_pool(&tiny, OP_MAX_POOL2D, "down", tiny_window(2, 2, 2, 2));
    tiny_upsample(&tiny, "up", 2, 2);
    tiny_concat(&tiny, "both", (int[]){tiny_here(&tiny), sum, sum}, 3);
    tiny_zero_pad(&tiny, "border", 0, 1, 1, 0);
    tiny_pool(&tiny, OP_AVERAGE_POOL2D, "mean", tiny_window(5, 5, 5, 5));
    return tiny_finish(&tiny);
}

typedef struct Bed {
    Arena *arena;
    IntegerModel *model;
    Plan *plan;
    char folder[32];
    Design design;
} Bed;

static void bed_open(Bed *bed, IntegerModel *model)
{
    *bed = (Bed){.arena = arena_new(), .model = model, .folder = "/tmp/emit-XXXXXX"};
    assert_non_null(mkdtemp(bed->folder));
    assert_int_equal(plan_new(model, &bed->plan), OK);
    if (emit_design(bed->plan, bed->arena, bed->folder, &bed->design) != OK)
        fail_msg("%s", error_message());
}

static void bed_close(Bed *bed)
{
    assert_int_equal(fs_remove_tree(bed->folder), OK);
    plan_free(bed->plan);
    integer_model_free(bed->model);
    arena_free(bed->arena);
}

static Buffer read_all(const char *path)
{
    Buffer text = {0};
    if (fs_read_file(path, MAX_FILE, &text) != OK)
        fail_msg("%s", error_message());
    return text;
}

/* The program's version is no part of what is compared. */
static Buffer without_version(const Buffer *text)
{
    static const char mark[] = "dnn2fpga " DNN2FPGA_VERSION;
    Buffer result = {0};
    const char *at = text->data;
    for (const char *hit; (hit = strstr(at, mark)) != NULL; at = hit + sizeof mark - 1) {
        buffer_append(&result, at, (size_t)(hit - at));
        buffer_append_text(&result, "dnn2fpga VERSION");
    }
    buffer_append_text(&result, at);
    return result;
}

static void compare_golden(Bed *bed, const char *ending)
{
    char *name = arena_printf(bed->arena, "%s_%s.vhd", bed->plan->name, ending);
    char *golden_path = arena_printf(bed->arena, GOLDEN "/%s", name);
    Buffer made = read_all(fs_join(bed->arena, bed->folder, name));
    Buffer plain = without_version(&made);
    if (getenv("ACCEPT")) {
        assert_int_equal(fs_make_folders(GOLDEN), OK);
        assert_int_equal(fs_write_atomic(golden_path, plain.data, plain.length), OK);
    }
    Buffer golden = read_all(golden_path);
    if (strcmp(golden.data, plain.data) != 0) {
        size_t at = 0, line = 1;
        for (; golden.data[at] == plain.data[at]; at++)
            line += golden.data[at] == '\n';
        fail_msg("%s line %zu differs from the golden file (ACCEPT=1 takes the new text)", name,
                 line);
    }
    buffer_free(&made);
    buffer_free(&plain);
    buffer_free(&golden);
}

static void check_golden(IntegerModel *model)
{
    Bed bed;
    bed_open(&bed, model);
    compare_golden(&bed, "constants");
    compare_golden(&bed, "core");
    compare_golden(&bed, "top");
    compare_golden(&bed, "bench");
    bed_close(&bed);
}

static void a_convolutional_network(void **state)
{
    (void)state;
    check_golden(convolutional());
}

static void a_folded_network_without_a_class(void **state)
{
    (void)state;
    check_golden(folded());
}

static void a_perceptron_with_a_table(void **state)
{
    (void)state;
    check_golden(perceptron());
}

static void a_network_with_floating_point_layers(void **state)
{
    (void)state;
    check_golden(mixed());
}

static void a_network_with_branches(void **state)
{
    (void)state;
    check_golden(branched());
}

static void the_same_model_gives_the_same_bytes(void **state)
{
    (void)state;
    Bed a, b;
    bed_open(&a, folded());
    bed_open(&b, folded());
    assert_int_equal(a.design.file_count, b.design.file_count);
    for (int i = 0; i < a.design.file_count; i++) {
        Buffer one = read_all(a.design.files[i]), two = read_all(b.design.files[i]);
        assert_string_equal(one.data, two.data);
        buffer_free(&one);
        buffer_free(&two);
    }
    bed_close(&a);
    bed_close(&b);
}

static void check_lines(IntegerModel *model)
{
    Bed bed;
    bed_open(&bed, model);
    for (int i = 0; i < bed.design.file_count; i++) {
        Buffer text = read_all(bed.design.files[i]);
        for (const char *at = text.data; *at; at += strcspn(at, "\n") + 1)
            if (strcspn(at, "\n") > 100)
                fail_msg("%s: %.60s...", bed.design.files[i], at);
        buffer_free(&text);
    }
    bed_close(&bed);
}

static void lines_are_at_most_100_columns(void **state)
{
    (void)state;
    check_lines(convolutional());
    check_lines(mixed());
    check_lines(branched());
}

/* Position of a file in compile_order.txt; -1: not in it. */
static int place_of(const Design *design, const char *name)
{
    for (int i = 0; i < design->file_count; i++)
        if (strcmp(strrchr(design->files[i], '/') + 1, name) == 0)
            return i;
    return -1;
}

static void files_come_after_what_they_need(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed, convolutional());
    const Design *design = &bed.design;
    assert_int_equal(place_of(design, "dnn_fixed_pkg.vhd"), 0);
    assert_true(place_of(design, "sliding_window.vhd") < place_of(design, "conv2d_stream.vhd"));
    assert_true(place_of(design, "conv2d_stream.vhd") < place_of(design, "tiny_cnn_core.vhd"));
    assert_int_equal(place_of(design, "tiny_cnn_bench.vhd"), design->file_count - 1);
    assert_int_equal(place_of(design, "table_stream.vhd"), -1); /* not used, not copied */
    for (int i = 0; i < design->file_count; i++)
        assert_null(strstr(strrchr(design->files[i], '/'), "float"));
    Buffer order = read_all(fs_join(bed.arena, bed.folder, "compile_order.txt"));
    Buffer wanted = {0};
    for (int i = 0; i < design->file_count; i++)
        buffer_printf(&wanted, "%s\n", strrchr(design->files[i], '/') + 1);
    assert_string_equal(order.data, wanted.data);
    buffer_free(&order);
    buffer_free(&wanted);
    bed_close(&bed);
}

static void floating_point_files_come_when_they_are_needed(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed, mixed());
    const Design *design = &bed.design;
    int package = place_of(design, "dnn_float_pkg.vhd");
    assert_true(package > place_of(design, "dnn_fixed_pkg.vhd"));
    assert_true(place_of(design, "folded_float_mac.vhd") > package);
    assert_true(place_of(design, "conv2d_float_stream.vhd") >
                place_of(design, "folded_float_mac.vhd"));
    assert_true(place_of(design, "float_register_stage.vhd") >
                place_of(design, "register_stage.vhd"));
    assert_true(place_of(design, "float_to_int_stream.vhd") > package);
    assert_int_equal(place_of(design, "max_pool_float_stream.vhd"), -1);
    bed_close(&bed);
}

/* The last byte of each file changed, then the file away. */
static void the_hash_is_of_every_file(void **state)
{
    (void)state;
    Bed bed;
    char whole[HASH_HEX_BYTES], other[HASH_HEX_BYTES];
    bed_open(&bed, convolutional());
    assert_int_equal(emit_hash(&bed.design, whole), OK);
    for (int i = 0; i < bed.design.file_count; i++) {
        Buffer text = read_all(bed.design.files[i]);
        text.data[text.length - 1] ^= 1;
        assert_int_equal(fs_write_atomic(bed.design.files[i], text.data, text.length), OK);
        assert_int_equal(emit_hash(&bed.design, other), OK);
        assert_string_not_equal(other, whole);
        text.data[text.length - 1] ^= 1;
        assert_int_equal(fs_write_atomic(bed.design.files[i], text.data, text.length), OK);
        buffer_free(&text);
    }
    assert_int_equal(emit_hash(&bed.design, other), OK);
    assert_string_equal(other, whole);
    assert_int_equal(fs_remove_tree(bed.design.files[0]), OK);
    assert_int_not_equal(emit_hash(&bed.design, other), OK);
    bed_close(&bed);
}

static void library_files_are_copied_as_they_are(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed, convolutional());
    int copied = 0;
    for (const EmbeddedFile *file = hdl_library; file->name; file++) {
        int place = place_of(&bed.design, file->name);
        if (place < 0)
            continue;
        Buffer text = read_all(bed.design.files[place]);
        assert_int_equal(text.length, file->size);
        assert_memory_equal(text.data, file->bytes, file->size);
        buffer_free(&text);
        copied++;
    }
    assert_int_equal(copied, bed.design.file_count - 4);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolutional_network),
        cmocka_unit_test(a_folded_network_without_a_class),
        cmocka_unit_test(a_perceptron_with_a_table),
        cmocka_unit_test(a_network_with_floating_point_layers),
        cmocka_unit_test(a_network_with_branches),
        cmocka_unit_test(the_same_model_gives_the_same_bytes),
        cmocka_unit_test(lines_are_at_most_100_columns),
        cmocka_unit_test(files_come_after_what_they_need),
        cmocka_unit_test(floating_point_files_come_when_they_are_needed),
        cmocka_unit_test(the_hash_is_of_every_file),
        cmocka_unit_test(library_files_are_copied_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
