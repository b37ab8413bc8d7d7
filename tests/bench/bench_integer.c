/* bench_integer.c: integer against float inference of one model, at every level of the processor.
 *
 *     bench_integer MODEL.h5 DATA THREADS [PYTHON SCRIPT]
 *
 * Each round measures everything once, one after the other; a figure is the median over the rounds,
 * a ratio the median of the rounds' ratios, so that a burst of other work on the machine spoils a
 * round and not the comparison. Batched: shards of 25 images, as evaluate() takes them, from float
 * images in memory. `peak`: how long the level's own multiply instruction needs for the model's
 * products when it runs without pause on registers, beside how long inference takes. SCRIPT is
 * onnxruntime_float.py: a peer that answers each line with images/s and microseconds for one image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/clock.h"
#include "base/pool.h"
#include "graph/passes.h"
#include "import/importer.h"
#include "nn/evaluate.h"
#include "peer.h"
#include "quant/integer_forward.h"
#include "quant/quantizer.h"

enum {
    ROUNDS = 15,
    SHARD = 25,
    IMAGES = 2000,
    SINGLES = 200,
    CALIBRATION_IMAGES = 1000,
    LEVELS = 4,
    THREADS_MOST = 256
};

static void require(Status status)
{
    if (status == OK)
        return;
    fprintf(stderr, "bench_integer: %s\n", error_message());
    exit(1);
}

/* ---- the peak of a multiply instruction ---------------------------------------------------------
 */

enum { CHAINS = 12, PEAK_STEPS = 200000 };

/* CHAINS sums that do not wait for each other, each a variable of its own: the compiler would keep
 * an array in memory. The empty asm keeps every step. */
#define EACH_CHAIN(do)                                                                             \
    do                                                                                             \
    (0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11)
#define START(i) sum##i = start,
#define ADVANCE(i)                                                                                 \
    sum##i = STEP(sum##i, operand, tap);                                                           \
    __asm__ volatile("" : KEEP(sum##i));
#define PEAK_LOOP(type, first)                                                                     \
    type start = first, EACH_CHAIN(START) operand = start, tap = start;                            \
    for (int n = 0; n < PEAK_STEPS; n++) {                                                         \
        EACH_CHAIN(ADVANCE)                                                                        \
    }

static void peak_scalar(void)
{
#define STEP(s, a, b) (s) * (a) + (b)
#define KEEP(s)       "+r"(s)
    PEAK_LOOP(uint32_t, 3)
#undef STEP
#undef KEEP
}

#define KEEP(s) "+x"(s)
#ifdef __x86_64__
static void peak_sse2(void)
{
#define STEP(s, a, b) _mm_add_epi32(s, _mm_madd_epi16(a, b))
    PEAK_LOOP(__m128i, _mm_setzero_si128())
#undef STEP
}

__attribute__((target("avx2"))) static void peak_avx2(void)
{
#define STEP(s, a, b) _mm256_add_epi32(s, _mm256_madd_epi16(a, b))
    PEAK_LOOP(__m256i, _mm256_setzero_si256())
#undef STEP
}

__attribute__((target("avx512f,avx512vnni"))) static void peak_avx512(void)
{
#define STEP(s, a, b) _mm512_dpbusd_epi32(s, a, b)
    PEAK_LOOP(__m512i, _mm512_setzero_si512())
#undef STEP
}
#endif

static const struct {
    const char *level;
    void (*run)(void);
    int products; /* of one instruction */
} PEAKS[] = {
    {"scalar", peak_scalar, 1},
#ifdef __x86_64__
    {"sse2", peak_sse2, 8},
    {"avx2", peak_avx2, 16},
    {"avx512", peak_avx512, 64},
#endif
};

/* ---- measuring --------------------------------------------------------------------------------
 */

/* One way to classify, at one level. */
typedef struct Runner {
    Classifier classifier;
    void *workers[THREADS_MOST];
    void *single;
    const float *images;
} Runner;

static void runner_open(Runner *runner, Classifier classifier, int threads, const float *images)
{
    *runner = (Runner){.classifier = classifier, .images = images};
    for (int i = 0; i < threads; i++)
        runner->workers[i] = classifier.open(classifier.model, SHARD);
    runner->single = classifier.open(classifier.model, 1);
}

static void runner_close(Runner *runner, int threads)
{
    for (int i = 0; i < threads; i++)
        runner->classifier.close(runner->workers[i]);
    runner->classifier.close(runner->single);
}

static void run_shard(void *context, int64_t shard, int worker)
{
    const Runner *runner = context;
    int32_t labels[SHARD];
    const float *images = runner->images + shard * SHARD * runner->classifier.input_elements;
    runner->classifier.classify(runner->workers[worker], images, SHARD, labels);
}

static double batched(Runner *runner, Pool *pool)
{
    int64_t start = clock_monotonic_ns();
    pool_run(pool, IMAGES / SHARD, run_shard, runner);
    return IMAGES / clock_seconds_since(start);
}

static double single_microseconds(Runner *runner)
{
    double times[SINGLES];
    for (int i = 0; i < SINGLES; i++) {
        int32_t label;
        int64_t start = clock_monotonic_ns();
        runner->classifier.classify(
            runner->single, runner->images + i * runner->classifier.input_elements, 1, &label);
        times[i] = (double)(clock_monotonic_ns() - start) / 1000;
    }
    return bench_median(times, SINGLES);
}

static void run_peak(void *context, int64_t index, int worker)
{
    (void)index;
    (void)worker;
    PEAKS[*(const int *)context].run();
}

/* Products per second of all threads together. */
static double peak_products(Pool *pool, int level)
{
    enum { REPEAT = 4 };
    int64_t tasks = (int64_t)REPEAT * pool_threads(pool), start = clock_monotonic_ns();
    pool_run(pool, tasks, run_peak, &level);
    return (double)tasks * PEAK_STEPS * CHAINS * PEAKS[level].products / clock_seconds_since(start);
}

static int64_t products_of(const IntegerModel *model)
{
    int64_t sum = 0;
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        if (op->kind == OP_CONV2D || op->kind == OP_DENSE || op->kind == OP_DEPTHWISE_CONV2D)
            sum += op_weight_count(op) / op_channels(op) * shape_elements(op->output_shape);
    }
    return sum;
}

/* ---- the bench --------------------------------------------------------------------------------
 */

typedef struct Row {
    Runner real, integer;
    double real_speed[ROUNDS], integer_speed[ROUNDS], ratio[ROUNDS];
    double real_single[ROUNDS], integer_single[ROUNDS];
    double peak[ROUNDS], peak_ratio[ROUNDS], peer_ratio[ROUNDS];
} Row;

typedef struct Bench {
    Graph *graph;
    IntegerModel *model;
    float *images;
    Pool *pool;
    Peer peer;
    double peer_speed[ROUNDS], peer_single[ROUNDS];
    Row rows[LEVELS];
    int levels;
} Bench;

static void bench_load(Bench *bench, const char *model, const char *data)
{
    Graph *graph;
    Dataset *train, *test;
    Quantized quantized;
    require(import_model(model, &graph));
    require(graph_simplify(graph, &bench->graph));
    graph_free(graph);
    Shape input = graph_input_shape(bench->graph);
    require(dataset_load(data, DATASET_TRAIN, NULL, &train));
    require(dataset_load(data, DATASET_TEST, NULL, &test));
    int64_t classes = shape_elements(graph_output(bench->graph)->output_shape);
    require(dataset_fit(train, input, classes));
    require(dataset_fit(test, input, classes));
    dataset_truncate(train, CALIBRATION_IMAGES);
    if (test->count < IMAGES)
        require(error_set(ERR_REFUSED, "%s: fewer than %d test images", data, IMAGES));
    LayerScheme choice = {.weight_bits = 8,
                          .activation_bits = 8,
                          .calibrator = calibrator_find("minmax"),
                          .granularity = PER_TENSOR};
    Scheme scheme = scheme_uniform(bench->graph->arena, bench->graph, choice);
    require(quantize_graph(bench->graph, train, &scheme, NULL, &quantized));
    bench->model = quantized.model;
    bench->images = malloc((size_t)(IMAGES * shape_elements(input)) * sizeof *bench->images);
    if (!bench->images)
        abort();
    dataset_read(test, 0, IMAGES, bench->images);
    dataset_free(train);
    dataset_free(test);
}

/* Kernels are chosen when a classifier is opened. */
static void bench_open_rows(Bench *bench, int threads)
{
    for (int i = 0; i < LEVELS && integer_kernels_at(i); i++, bench->levels++) {
        Row *row = &bench->rows[i];
        setenv("DNN2FPGA_KERNELS", integer_kernels_at(i)->name, 1);
        runner_open(&row->real, classifier_of_graph(bench->graph), threads, bench->images);
        runner_open(&row->integer, classifier_of_integer_model(bench->model), threads,
                    bench->images);
        unsetenv("DNN2FPGA_KERNELS");
    }
}

static void bench_round(Bench *bench, int round)
{
    double products = (double)products_of(bench->model);
    bool peer = peer_is_there(&bench->peer);
    if (peer) {
        double figures[2];
        peer_measure(&bench->peer, figures, 2);
        bench->peer_speed[round] = figures[0];
        bench->peer_single[round] = figures[1];
    }
    for (int i = 0; i < bench->levels; i++) {
        Row *row = &bench->rows[i];
        row->peak[round] = peak_products(bench->pool, i);
        row->integer_speed[round] = batched(&row->integer, bench->pool);
        row->real_speed[round] = batched(&row->real, bench->pool);
        row->integer_single[round] = single_microseconds(&row->integer);
        row->real_single[round] = single_microseconds(&row->real);
        row->ratio[round] = row->integer_speed[round] / row->real_speed[round];
        row->peak_ratio[round] = row->peak[round] / products / row->integer_speed[round];
        row->peer_ratio[round] = peer ? row->integer_speed[round] / bench->peer_speed[round] : 0;
    }
}

static void bench_print(const Bench *bench)
{
    bool peer = peer_is_there(&bench->peer);
    printf("%-8s %-9s %9s %9s %8s %11s %7s %8s %9s %9s\n", "level", "multiply", "float", "integer",
           "integer:", "GMAC/s at", "time:", "integer:", "one image", "us");
    printf("%-8s %-9s %9s %9s %8s %11s %7s %8s %9s %9s\n", "", "", "images/s", "images/s", "float",
           "peak", "peak", "peer", "float", "integer");
    for (int i = 0; i < bench->levels; i++) {
        const Row *row = &bench->rows[i];
        const IntegerKernels *kernels = integer_kernels_at(i);
        char against[32] = "-";
        if (peer)
            snprintf(against, sizeof against, "%.2f", bench_median(row->peer_ratio, ROUNDS));
        printf("%-8s %-9s %9.0f %9.0f %8.2f %11.1f %7.2f %8s %9.1f %9.1f\n", kernels->name,
               kernels->instruction, bench_median(row->real_speed, ROUNDS),
               bench_median(row->integer_speed, ROUNDS), bench_median(row->ratio, ROUNDS),
               bench_median(row->peak, ROUNDS) / 1e9, bench_median(row->peak_ratio, ROUNDS),
               against, bench_median(row->real_single, ROUNDS),
               bench_median(row->integer_single, ROUNDS));
    }
    if (peer)
        printf("peer: %s: %.0f images/s, one image %.1f us\n", bench->peer.name,
               bench_median(bench->peer_speed, ROUNDS), bench_median(bench->peer_single, ROUNDS));
    else
        printf("peer: skipped, %s\n", bench->peer.name);
}

int main(int argc, char **argv)
{
    int threads = argc > 3 ? atoi(argv[3]) : 0;
    if ((argc != 4 && argc != 6) || threads < 1 || threads > THREADS_MOST) {
        fprintf(stderr, "usage: bench_integer MODEL.h5 DATA THREADS [PYTHON SCRIPT]\n");
        return 2;
    }
    static Bench bench;
    snprintf(bench.peer.name, sizeof bench.peer.name, "absent: not asked for");
    if (argc == 6)
        bench.peer = peer_open(argv[4], argv[5], argv[1], argv[3]);
    bench_load(&bench, argv[1], argv[2]);
    bench.pool = pool_new(threads);
    bench_open_rows(&bench, threads);
    for (int round = 0; round < ROUNDS; round++)
        bench_round(&bench, round);
    printf("%s, %lld products per image, %d thread(s), shards of %d, %d rounds\n", argv[1],
           (long long)products_of(bench.model), threads, SHARD, ROUNDS);
    bench_print(&bench);
    for (int i = 0; i < bench.levels; i++) {
        runner_close(&bench.rows[i].real, threads);
        runner_close(&bench.rows[i].integer, threads);
    }
    peer_close(&bench.peer);
    pool_free(bench.pool);
    integer_model_free(bench.model);
    graph_free(bench.graph);
    free(bench.images);
    return 0;
}
