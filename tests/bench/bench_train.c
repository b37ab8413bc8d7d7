/* bench_train.c: training of one model from images, against PyTorch in the same run.
 *
 *     bench_train MODEL.h5 DATA THREADS [PYTHON SCRIPT]
 *
 * Each round trains on the same number of images, in batches of the paper's Table 1, once here and
 * once there, one after the other; a figure is the median over the rounds, the ratio the median of
 * the rounds' ratios. An epoch's time is that of a round times 60,000 / its images. SCRIPT is
 * torch_train.py: a peer that answers each line with the seconds of one such round.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/pool.h"
#include "import/importer.h"
#include "nn/initialize.h"
#include "nn/kernel_set.h"
#include "nn/train.h"
#include "peer.h"

enum { ROUNDS = 7, IMAGES = 12000, EPOCH_IMAGES = 60000, LEVELS = 4, THREADS_MOST = 256 };

static void require(Status status)
{
    if (status == OK)
        return;
    fprintf(stderr, "bench_train: %s\n", error_message());
    exit(1);
}

/* One training at one level of kernels. */
typedef struct Row {
    Graph *graph;
    Trainer *trainer;
    const char *level;
    double seconds[ROUNDS], ratio[ROUNDS];
} Row;

typedef struct Bench {
    Dataset *images;
    Pool *pool;
    Peer peer;
    double peer_seconds[ROUNDS];
    Row rows[LEVELS];
    int levels;
} Bench;

static void load_images(Bench *bench, const Graph *graph, const char *data)
{
    require(dataset_load(data, DATASET_TRAIN, NULL, &bench->images));
    int64_t classes = shape_elements(graph->layers[graph->count - 1].output_shape);
    require(dataset_fit(bench->images, graph_input_shape(graph), classes));
    if (bench->images->count < IMAGES)
        require(error_set(ERR_REFUSED, "%s: fewer than %d training images", data, IMAGES));
    dataset_truncate(bench->images, IMAGES);
}

/* Kernels are chosen when a trainer is made. The first round is no figure: it warms up. */
static void open_rows(Bench *bench, const char *model, const char *data)
{
    TrainOptions options = train_defaults();
    options.epochs = ROUNDS + 1;
    for (int i = 0; i < LEVELS && kernels_at(i); i++, bench->levels++) {
        Row *row = &bench->rows[i];
        TrainEpoch epoch;
        row->level = kernels_at(i)->name;
        require(import_model(model, &row->graph));
        if (!bench->images)
            load_images(bench, row->graph, data);
        initialize_weights(row->graph, options.seed);
        setenv("DNN2FPGA_KERNELS", row->level, 1);
        require(trainer_new(row->graph, bench->images, &options, bench->pool, &row->trainer));
        require(trainer_epoch(row->trainer, &epoch));
        unsetenv("DNN2FPGA_KERNELS");
    }
}

static void bench_round(Bench *bench, int round)
{
    bool peer = peer_is_there(&bench->peer);
    if (peer)
        peer_measure(&bench->peer, &bench->peer_seconds[round], 1);
    for (int i = 0; i < bench->levels; i++) {
        Row *row = &bench->rows[i];
        TrainEpoch epoch;
        int64_t start = clock_monotonic_ns();
        require(trainer_epoch(row->trainer, &epoch));
        row->seconds[round] = clock_seconds_since(start);
        row->ratio[round] = peer ? row->seconds[round] / bench->peer_seconds[round] : 0;
    }
}

static void bench_print(const Bench *bench, const char *model, int threads)
{
    bool peer = peer_is_there(&bench->peer);
    double scale = (double)EPOCH_IMAGES / IMAGES;
    printf("training %s, batches of %d, %d thread(s), %d rounds of %d images\n", model,
           train_defaults().batch, threads, ROUNDS, IMAGES);
    printf("%-8s %22s %11s\n", "level", "epoch of 60,000, s", "time:peer");
    for (int i = 0; i < bench->levels; i++) {
        const Row *row = &bench->rows[i];
        char against[32] = "-";
        if (peer)
            snprintf(against, sizeof against, "%.2f", bench_median(row->ratio, ROUNDS));
        printf("%-8s %22.2f %11s\n", row->level, scale * bench_median(row->seconds, ROUNDS),
               against);
    }
    if (peer)
        printf("peer: %s: %.2f s\n", bench->peer.name,
               scale * bench_median(bench->peer_seconds, ROUNDS));
    else
        printf("peer: skipped, %s\n", bench->peer.name);
}

int main(int argc, char **argv)
{
    int threads = argc > 3 ? atoi(argv[3]) : 0;
    if ((argc != 4 && argc != 6) || threads < 1 || threads > THREADS_MOST) {
        fprintf(stderr, "usage: bench_train MODEL.h5 DATA THREADS [PYTHON SCRIPT]\n");
        return 2;
    }
    Bench bench = {.peer = {.name = "absent: not asked for"}};
    if (argc == 6)
        bench.peer = peer_open(argv[4], argv[5], argv[2], argv[3]);
    bench.pool = pool_new(threads);
    open_rows(&bench, argv[1], argv[2]);
    for (int round = 0; round < ROUNDS; round++)
        bench_round(&bench, round);
    bench_print(&bench, argv[1], threads);
    peer_close(&bench.peer);
    for (int i = 0; i < bench.levels; i++) {
        trainer_free(bench.rows[i].trainer);
        graph_free(bench.rows[i].graph);
    }
    dataset_free(bench.images);
    pool_free(bench.pool);
    return 0;
}
