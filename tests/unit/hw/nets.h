/* nets.h: networks with branches and changes of pace, for tests. Header only. */
#ifndef TESTS_NETS_H
#define TESTS_NETS_H

#include "tests/unit/hw/tiny_model.h"

/* 'same' padding of square kernels and strides. */
static inline Window net_same(const Tiny *tiny, int kernel, int stride)
{
    int size = (int)tiny->model->ops[tiny->from].output_shape.dim[0];
    int pads = ((size + stride - 1) / stride - 1) * stride + kernel - size;
    pads = pads > 0 ? pads : 0;
    return tiny_padded(tiny_window(kernel, kernel, stride, stride), pads / 2, pads - pads / 2,
                       pads / 2, pads - pads / 2);
}

static inline IntegerModel *net_around_a_convolution(void)
{
    Tiny tiny = tiny_new("around", shape_of(3, 6, 6, 2), 51);
    tiny_conv2d(&tiny, "first", 3, tiny_window(1, 1, 1, 1));
    int first = tiny_here(&tiny);
    tiny_relu(tiny_conv2d(&tiny, "second", 3, net_same(&tiny, 3, 1)));
    tiny_relu(tiny_sum(&tiny, "sum", (int[]){first, tiny_here(&tiny)}, 2));
    tiny_dense(&tiny, "dense", 4);
    return tiny_finish(&tiny);
}

static inline IntegerModel *net_around_folded_ones(void)
{
    Tiny tiny = tiny_new("around_two", shape_of(3, 8, 8, 2), 52);
    tiny_relu(tiny_fold(tiny_conv2d(&tiny, "first", 4, net_same(&tiny, 3, 1)), 2, 9));
    int first = tiny_here(&tiny);
    tiny_relu(tiny_fold(tiny_conv2d(&tiny, "second", 4, net_same(&tiny, 3, 1)), 4, 6));
    tiny_fold(tiny_conv2d(&tiny, "third", 4, net_same(&tiny, 3, 1)), 2, 12);
    tiny_fold(tiny_sum(&tiny, "sum", (int[]){tiny_here(&tiny), first}, 2), 2, 1);
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

static inline IntegerModel *net_with_a_forked_input(void)
{
    Tiny tiny = tiny_new("forked", shape_of(3, 6, 5, 2), 53);
    tiny_conv2d(&tiny, "conv", 2, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1));
    tiny_sum(&tiny, "sum", (int[]){0, tiny_here(&tiny)}, 2);
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

/* Three readers, a sum of three, one branch of a single pixel's reach and one of five. */
static inline IntegerModel *net_side_by_side(void)
{
    Tiny tiny = tiny_new("side_by_side", shape_of(3, 7, 7, 1), 54);
    tiny_relu(tiny_conv2d(&tiny, "stem", 2, net_same(&tiny, 3, 1)));
    int stem = tiny_here(&tiny), ends[3];
    tiny_conv2d(&tiny, "narrow", 4, tiny_window(1, 1, 1, 1));
    ends[0] = tiny_here(&tiny);
    tiny_branch(&tiny, stem);
    tiny_fold(tiny_conv2d(&tiny, "middle", 4, net_same(&tiny, 3, 1)), 2, 6);
    ends[1] = tiny_here(&tiny);
    tiny_branch(&tiny, stem);
    tiny_conv2d(&tiny, "wide", 4, net_same(&tiny, 5, 1));
    ends[2] = tiny_here(&tiny);
    tiny_sum(&tiny, "sum", ends, 3);
    tiny_pool(&tiny, OP_AVERAGE_POOL2D, "average", tiny_window(7, 7, 7, 7));
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

/* A pool gives a row at once, then nothing for a row; what follows takes its beats evenly. */
static inline IntegerModel *net_in_bursts(void)
{
    Tiny tiny = tiny_new("bursts", shape_of(3, 12, 12, 1), 55);
    tiny_conv2d(&tiny, "conv", 4, tiny_window(3, 3, 1, 1));
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    tiny_fold(tiny_dense(&tiny, "dense", 5), 5, 1);
    return tiny_finish(&tiny);
}

/* As segmentation does: half the size, back again, and added to what was there before. */
static inline IntegerModel *net_down_and_up(void)
{
    Tiny tiny = tiny_new("down_and_up", shape_of(3, 8, 6, 2), 56);
    tiny_conv2d(&tiny, "top", 3, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1));
    int top = tiny_here(&tiny);
    tiny_pool(&tiny, OP_MAX_POOL2D, "down", tiny_window(2, 2, 2, 2));
    tiny_conv2d(&tiny, "bottom", 3, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1));
    tiny_upsample(&tiny, "up", 2, 2);
    tiny_sum(&tiny, "sum", (int[]){top, tiny_here(&tiny)}, 2);
    return tiny_finish(&tiny);
}

/* Beside the stream: itself behind a border of its own and a window that takes that away. */
static inline IntegerModel *net_beside(void)
{
    Tiny tiny = tiny_new("beside", shape_of(3, 5, 4, 2), 58);
    tiny_conv2d(&tiny, "stem", 3, tiny_window(1, 1, 1, 1));
    int stem = tiny_here(&tiny);
    tiny_zero_pad(&tiny, "border", 1, 2, 2, 0);
    tiny_pool(&tiny, OP_MAX_POOL2D, "highest", tiny_window(4, 3, 1, 1));
    tiny_concat(&tiny, "both", (int[]){tiny_here(&tiny), stem, stem}, 3);
    tiny_pool(&tiny, OP_MAX_POOL2D, "over_all", tiny_window(5, 4, 1, 1));
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

/* As MobileNets go: depthwise, then pointwise; each channel makes two once. */
static inline IntegerModel *net_separable(void)
{
    Tiny tiny = tiny_new("separable", shape_of(3, 8, 8, 2), 61);
    tiny_relu(tiny_fold(tiny_depthwise(&tiny, "wide", 2, net_same(&tiny, 3, 1)), 2, 3));
    tiny_relu(tiny_fold(tiny_conv2d(&tiny, "wide_mix", 6, tiny_window(1, 1, 1, 1)), 3, 2));
    tiny_relu(tiny_depthwise(&tiny, "half", 1, net_same(&tiny, 3, 2)));
    tiny_relu(tiny_fold(tiny_conv2d(&tiny, "half_mix", 4, tiny_window(1, 1, 1, 1)), 1, 6));
    tiny_fold(tiny_pool(&tiny, OP_AVERAGE_POOL2D, "average", tiny_window(4, 4, 4, 4)), 2, 1);
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

/* Vectors: two dense layers side by side, and their sum beside one of them; all read whole. */
static inline IntegerModel *net_of_vectors(void)
{
    Tiny tiny = tiny_new("vectors", shape_of(1, 6), 59);
    tiny_dense(&tiny, "left", 4);
    int left = tiny_here(&tiny);
    tiny_branch(&tiny, 0);
    tiny_fold(tiny_dense(&tiny, "right", 4), 1, 3);
    int right = tiny_here(&tiny);
    tiny_sum(&tiny, "sum", (int[]){left, right}, 2);
    int sum = tiny_here(&tiny);
    tiny_fold(tiny_concat(&tiny, "all", (int[]){sum, right, 0}, 3), 7, 1);
    tiny_dense(&tiny, "scores", 3);
    return tiny_finish(&tiny);
}

/* A floating-point branch beside one of integers. */
static inline IntegerModel *net_with_a_float_branch(void)
{
    Tiny tiny = tiny_new("float_branch", shape_of(3, 5, 5, 2), 60);
    tiny_relu(tiny_conv2d(&tiny, "stem", 2, tiny_window(2, 2, 1, 1)));
    int stem = tiny_here(&tiny);
    tiny_to_float(&tiny, "conv.to_float");
    tiny_float_conv2d(&tiny, "conv", 2, tiny_window(1, 1, 1, 1));
    tiny_to_integer(&tiny, "conv.to_integer");
    tiny_sum(&tiny, "sum", (int[]){stem, tiny_here(&tiny)}, 2);
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

/* Two convolutions of `filters` and a branch around them, through a third when the size changes. */
static inline void net_block(Tiny *tiny, const char *name, int filters, int stride)
{
    char part[3][32];
    static const char *const parts[] = {"a", "b", "skip"};
    for (int i = 0; i < 3; i++)
        snprintf(part[i], sizeof part[i], "%s_%s", name, parts[i]);
    int from = tiny->from;
    tiny_relu(tiny_conv2d(tiny, part[0], filters, net_same(tiny, 3, stride)));
    tiny_conv2d(tiny, part[1], filters, net_same(tiny, 3, 1));
    int ends[2] = {tiny_here(tiny), from};
    if (stride > 1) {
        tiny_branch(tiny, from);
        tiny_conv2d(tiny, part[2], filters, net_same(tiny, 1, stride));
        ends[1] = tiny_here(tiny);
    }
    tiny_relu(tiny_sum(tiny, name, ends, 2));
}

static inline IntegerModel *net_of_blocks(const char *name, int size, int filters, bool serial)
{
    Tiny tiny = tiny_new(name, shape_of(3, size, size, 3), 57);
    tiny_relu(tiny_conv2d(&tiny, "stem", filters, net_same(&tiny, 3, 1)));
    net_block(&tiny, "block_1", filters, 1);
    net_block(&tiny, "block_2", 2 * filters, 2);
    net_block(&tiny, "block_3", 4 * filters, 2);
    int last = (int)tiny.model->ops[tiny.from].output_shape.dim[0];
    tiny_pool(&tiny, OP_AVERAGE_POOL2D, "average", tiny_window(last, last, last, last));
    tiny_dense(&tiny, "dense", 10);
    for (int i = 1; serial && i < tiny.model->count; i++)
        if (tiny.model->ops[i].kind == OP_CONV2D)
            tiny_fold(&tiny.model->ops[i], 1, 1);
    return tiny_finish(&tiny);
}

static inline IntegerModel *net_residual(void)
{
    return net_of_blocks("residual", 8, 2, false);
}

/* MLPerf Tiny's shapes. */
static inline IntegerModel *net_resnet8(void)
{
    return net_of_blocks("resnet8", 32, 16, true);
}

#endif
