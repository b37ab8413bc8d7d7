/* draw_networks.c: networks such as users build, drawn by chance, for the recorded runs of Yosys
 * that estimates are fitted on or tested with.
 *
 *     draw_networks TARGET fit|held SEED COUNT MOST_LUTS networks.txt >> more.txt
 *
 * The same arguments give the same lines, none with a network that networks.txt has. Kinds of
 * networks take turns: samples/mnist_tiny.h5 and samples/mnist_cnn.h5 as they are layer by
 * layer, rows of dense layers, convolutions with pools, separable ones, sums of branches; widths
 * of 2 to 12 bits, any folding. What a device of the family cannot hold, or is larger than
 * MOST_LUTS (as estimated: it is about the time of Yosys; the samples may have four times as
 * many), is drawn anew. Targets: ice40 ice40-dsp ecp5 xilinx7.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/resources.h"
#include "tests/unit/hw/synth_nets.h"

enum { TRIES = 4000 };

static const char *const DEVICES[RESOURCE_TARGETS] = {"hx8k", "up5k", "ecp5-45", "zynq-7010"};

/* A network under way. */
typedef struct Draw {
    Rng rng;
    char text[SYNTH_NET_BYTES];
    int height, width, channels;
    int products; /* about as many at once, in a layer */
} Draw;

static __attribute__((format(printf, 2, 3))) void say(Draw *draw, const char *format, ...)
{
    size_t used = strlen(draw->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(draw->text + used, sizeof draw->text - used, format, arguments);
    va_end(arguments);
}

static int below(Draw *draw, int limit)
{
    return (int)rng_below(&draw->rng, (uint64_t)limit);
}

static int one_of(Draw *draw, const int *list, int count)
{
    return list[below(draw, count)];
}

#define ONE_OF(draw, ...)                                                                          \
    one_of(draw, (const int[]){__VA_ARGS__}, sizeof(int[]){__VA_ARGS__} / sizeof(int))

/* Divisors of both, with a product near the one that was drawn for the network. */
static void fold(Draw *draw, int units, int values)
{
    int pes[PLAN_MAX_DIVISORS], simds[PLAN_MAX_DIVISORS];
    int pe_count = plan_divisors(units, pes), simd_count = plan_divisors(values, simds);
    int pe = 1, simd = 1;
    for (int i = 0; i < 40; i++) {
        pe = pes[below(draw, pe_count)];
        simd = simds[below(draw, simd_count)];
        if (pe * simd <= draw->products && 4 * pe * simd >= draw->products)
            break;
        pe = simd = 1;
    }
    say(draw, " fold %d,%d", pe, simd);
}

static void begin(Draw *draw, int side, int channels)
{
    draw->height = draw->width = side;
    draw->channels = channels;
    say(draw, "in %dx%dx%d", side, side, channels);
}

static void formats(Draw *draw)
{
    enum { MOST_BITS = 20 }; /* of weight and sample: sums have 31 at most */
    int weights = 2 + below(draw, 11), outputs = 2 + below(draw, 11);
    if (weights + outputs > MOST_BITS)
        weights = MOST_BITS - outputs;
    if (below(draw, 2))
        say(draw, " bits %d,%d", weights, outputs);
    if (below(draw, 3) == 0)
        say(draw, " scales channel");
}

static void slide(Draw *draw, int kernel, int stride, bool same)
{
    int *const sides[] = {&draw->height, &draw->width};
    for (int i = 0; i < 2; i++)
        *sides[i] = same ? (*sides[i] + stride - 1) / stride : (*sides[i] - kernel) / stride + 1;
}

static void convolve(Draw *draw, int filters, int kernel, int stride, bool same)
{
    say(draw, " conv %d,%d,%d,%s", filters, kernel, stride, same ? "same" : "valid");
    fold(draw, filters, kernel * kernel * draw->channels);
    slide(draw, kernel, stride, same);
    draw->channels = filters;
}

static void pool(Draw *draw, const char *kind, int kernel)
{
    say(draw, " %s %d,%d", kind, kernel, kernel);
    slide(draw, kernel, kernel, false);
}

static void dense(Draw *draw, int units, int lanes)
{
    say(draw, " dense %d", units);
    fold(draw, units, lanes);
    draw->height = draw->width = 1;
    draw->channels = units;
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void draw_tiny(Draw *draw)
{
    begin(draw, 28, 1);
    pool(draw, "max", 2);
    dense(draw, 16, 1);
    say(draw, " relu");
    dense(draw, 10, 16);
}

static void draw_sample(Draw *draw)
{
    begin(draw, 28, 1);
    convolve(draw, 12, 3, 1, false);
    say(draw, " relu");
    convolve(draw, 12, 3, 1, false);
    say(draw, " relu");
    pool(draw, "max", 2);
    dense(draw, 10, 12);
}

static void draw_dense(Draw *draw)
{
    int values = ONE_OF(draw, 4, 8, 13, 16, 24, 32, 64, 128);
    say(draw, "in %d", values);
    formats(draw);
    dense(draw, ONE_OF(draw, 4, 6, 8, 12, 16, 20, 32), values);
    for (int more = below(draw, 3); more > 0; more--) {
        int lanes = draw->channels;
        say(draw, " relu");
        dense(draw, ONE_OF(draw, 2, 3, 4, 6, 8, 10, 16), lanes);
    }
}

static void draw_convolutions(Draw *draw)
{
    begin(draw, ONE_OF(draw, 6, 8, 10, 12, 16, 20, 28), ONE_OF(draw, 1, 1, 2, 3, 4));
    formats(draw);
    for (int more = 1 + below(draw, 2); more > 0; more--) {
        convolve(draw, ONE_OF(draw, 2, 3, 4, 6, 8, 12), ONE_OF(draw, 1, 2, 3, 3, 3, 5),
                 ONE_OF(draw, 1, 1, 1, 2), below(draw, 2));
        say(draw, " relu");
        if (draw->height >= 4 && below(draw, 2))
            pool(draw, below(draw, 3) ? "max" : "average", 2);
        if (draw->height < 5)
            break;
    }
    if (below(draw, 4))
        dense(draw, ONE_OF(draw, 2, 4, 6, 10), draw->channels);
}

static void draw_separable(Draw *draw)
{
    begin(draw, ONE_OF(draw, 6, 8, 12, 16), ONE_OF(draw, 2, 3, 4, 6));
    formats(draw);
    say(draw, " depthwise 1,3,1,same");
    fold(draw, draw->channels, 9);
    say(draw, " relu");
    convolve(draw, ONE_OF(draw, 4, 6, 8), 1, 1, false);
    if (below(draw, 2)) {
        say(draw, " relu");
        dense(draw, ONE_OF(draw, 2, 4, 6, 10), draw->channels);
    }
}

static void draw_sum(Draw *draw)
{
    begin(draw, ONE_OF(draw, 6, 8, 10), ONE_OF(draw, 1, 2, 3));
    formats(draw);
    int filters = ONE_OF(draw, 2, 3, 4, 6);
    convolve(draw, filters, 3, 1, true);
    say(draw, " relu mark");
    convolve(draw, filters, 3, 1, true);
    say(draw, " add");
    if (below(draw, 2)) {
        say(draw, " relu");
        dense(draw, ONE_OF(draw, 3, 4, 10), draw->channels);
    }
}

typedef void DrawNetwork(Draw *draw);

static DrawNetwork *const KINDS[] = {draw_tiny,         draw_sample,    draw_convolutions,
                                     draw_dense,        draw_sum,       draw_convolutions,
                                     draw_separable,    draw_dense,     draw_convolutions,
                                     draw_convolutions, draw_separable, draw_dense};

enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* ---- what is kept ---------------------------------------------------------------------------- */

static bool has_room(const Draw *draw, const Device *device, int64_t most_luts)
{
    Plan *plan = NULL;
    IntegerModel *model = synth_net(draw->text);
    bool has = plan_sketch(model, &plan) == OK;
    if (has) {
        ResourceEstimate estimate;
        resources_estimate(plan, device, plan->arena, &estimate);
        FitCells total = estimate.total;
        has = total.lut <= most_luts && total.lut < device->lut && total.ff < device->ff &&
              total.dsp <= device->dsp && total.bram <= device->bram;
    }
    plan_free(plan);
    integer_model_free(model);
    return has;
}

/* A line of one of these targets: those of others say nothing of it. */
static bool is_in(FILE *file, const char *target, const char *network)
{
    char line[SYNTH_NET_BYTES + 64];
    bool found = false;
    rewind(file);
    while (!found && fgets(line, sizeof line, file)) {
        size_t length = strcspn(line, "\n"), wanted = strlen(network);
        line[length] = '\0';
        found = length > wanted && strcmp(line + length - wanted, network) == 0 &&
                line[length - wanted - 1] == ' ' && synth_net_is_for(line, target);
    }
    return found;
}

typedef struct Wish {
    const char *target;
    const Device *device;
    int64_t most_luts;
    FILE *known, *drawn; /* networks that it must not be */
} Wish;

/* False: no network of the kind has room, or is new. */
static bool draw_network(Draw *draw, int kind, const Wish *wish)
{
    bool done = false, is_sample = KINDS[kind] == draw_tiny || KINDS[kind] == draw_sample;
    for (int i = 0; i < TRIES && !done; i++) {
        draw->text[0] = '\0';
        draw->products = 1 << below(draw, 6);
        KINDS[kind](draw);
        done = has_room(draw, wish->device, is_sample ? 4 * wish->most_luts : wish->most_luts) &&
               !is_in(wish->known, wish->target, draw->text) &&
               !is_in(wish->drawn, wish->target, draw->text);
    }
    return done;
}

static int find_target(const char *word)
{
    int target = 0;
    while (target < RESOURCE_TARGETS &&
           strcmp(resources_target_word((ResourceTarget)target), word) != 0)
        target++;
    return target;
}

int main(int argc, char **argv)
{
    int target = argc == 7 ? find_target(argv[1]) : RESOURCE_TARGETS;
    Wish wish = {.target = argv[1], .drawn = tmpfile()};
    if (target < RESOURCE_TARGETS)
        wish.known = fopen(argv[6], "re");
    if (!wish.known || !wish.drawn || device_find(DEVICES[target], &wish.device) != OK) {
        fprintf(stderr, "usage: draw_networks TARGET fit|held SEED COUNT MOST_LUTS networks.txt\n");
        return ERR_USAGE;
    }
    int wanted = atoi(argv[4]);
    wish.most_luts = atoll(argv[5]);
    Draw draw = {.rng =
                     rng_seed(strtoull(argv[3], NULL, 10) * RESOURCE_TARGETS + (uint64_t)target)};
    for (int i = 0, lines = 0; lines < wanted && i < TRIES; i++)
        if (draw_network(&draw, i % KIND_COUNT, &wish)) {
            printf("%s %s %s\n", argv[1], argv[2], draw.text);
            fseek(wish.drawn, 0, SEEK_END);
            fprintf(wish.drawn, "%s %s %s\n", argv[1], argv[2], draw.text);
            lines++;
        }
    fclose(wish.known);
    fclose(wish.drawn);
    return 0;
}
