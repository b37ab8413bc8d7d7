#include "cli/differences.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "flow/differences.h"
#include "flow/report.h"
#include "flow/tap.h"

/* Places of the words: runs differences ID LAYER CHANNEL. */
enum { WORD_LAYER = 2, WORD_CHANNEL = 3, ANY = -1, BAR_COLUMNS = 30 };

typedef struct Wanted {
    const Differences *differences;
    int64_t run, image; /* ANY: the first that differs */
    int layer;          /* of differences->layers; ANY: all of them */
    int64_t channel;    /* ANY: all of them */
} Wanted;

/* ---- what is asked for ----------------------------------------------------------------------- */

static bool differs(const LayerDifferences *layer)
{
    return layer->first >= 0;
}

/* The layer of that name: where it differs, if there is such an image. */
static Status find_layer(Wanted *wanted, const char *name)
{
    const Differences *all = wanted->differences;
    for (int i = 0; i < all->layer_count; i++) {
        const LayerDifferences *layer = &all->layers[i];
        if (strcmp(layer->layer, name) != 0 ||
            (wanted->image != ANY && layer->image != wanted->image))
            continue;
        if (wanted->layer == ANY || (differs(layer) && !differs(&all->layers[wanted->layer])))
            wanted->layer = i;
    }
    if (wanted->layer != ANY)
        return OK;
    return error_set(ERR_USAGE,
                     "layer %s: not among those of the tapped images that differ; 'dnn2fpga runs "
                     "differences %lld' lists them",
                     name, (long long)wanted->run);
}

static Status find_channel(Wanted *wanted, const char *word)
{
    const LayerDifferences *layer = &wanted->differences->layers[wanted->layer];
    char *end;
    errno = 0;
    wanted->channel = strtoll(word, &end, 10);
    if (end != word && !*end && !errno && wanted->channel >= 0 && wanted->channel < layer->channels)
        return OK;
    return error_set(ERR_USAGE, "channel %s: layer %s has 0 to %lld", word, layer->layer,
                     (long long)layer->channels - 1);
}

static Status check_image(const Wanted *wanted)
{
    for (int i = 0; wanted->image != ANY && i < wanted->differences->layer_count; i++)
        if (wanted->differences->layers[i].image == wanted->image)
            return OK;
    if (wanted->image == ANY)
        return OK;
    return error_set(ERR_USAGE,
                     "image %lld: not among the tapped ones that differ; --again simulates it",
                     (long long)wanted->image);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void print_layer(const LayerDifferences *layer)
{
    char shape[64], count[PRINT_NUMBER_BYTES];
    int64_t pixel = layer->first / layer->channels;
    snprintf(shape, sizeof shape, "%lldx%lldx%lld", (long long)layer->rows,
             (long long)layer->columns, (long long)layer->channels);
    printf("%c %-28.28s %-14s", differs(layer) ? '*' : ' ', layer->layer, shape);
    if (!differs(layer)) {
        printf(" %10s\n", "equal");
        return;
    }
    printf(" %10s", print_number((double)layer->wrong, 0, count));
    printf(" %10s", print_number((double)layer->missing, 0, count));
    printf("  beat %lld: channel %lld, row %lld, column %lld\n",
           (long long)differences_beat(layer, layer->first),
           (long long)(layer->first % layer->channels), (long long)(pixel / layer->columns),
           (long long)(pixel % layer->columns));
}

static void print_layers(const Wanted *wanted)
{
    const Differences *all = wanted->differences;
    int64_t image = ANY;
    printf("run %lld: %lld %s tapped from image %lld on, %lld of them differ\n",
           (long long)wanted->run, (long long)all->images, all->images == 1 ? "image" : "images",
           (long long)all->first_image, (long long)all->differing_images);
    for (int i = 0; i < all->layer_count; i++) {
        const LayerDifferences *layer = &all->layers[i];
        if (wanted->image != ANY && layer->image != wanted->image)
            continue;
        if (layer->image != image)
            printf("\nimage %lld, label %d\n  %-28s %-14s %10s %10s  first\n",
                   (long long)layer->image, layer->label, "layer", "output", "differ", "missing");
        image = layer->image;
        print_layer(layer);
    }
}

static void print_counts(const LayerDifferences *layer)
{
    int64_t pixels = layer->rows * layer->columns;
    printf("%8s %10s of %lld\n", "channel", "differ", (long long)pixels);
    for (int64_t i = 0; i < layer->channels; i++) {
        int64_t bar = (layer->per_channel[i] * BAR_COLUMNS + pixels - 1) / pixels;
        printf("%8lld %10lld ", (long long)i, (long long)layer->per_channel[i]);
        for (int64_t k = 0; k < bar; k++)
            putchar('#');
        putchar('\n');
    }
}

/* Pixels of a channel: equal, wrong, missing. */
static void print_map(const LayerDifferences *layer, const ValueDifference *values, int64_t count)
{
    int64_t at = 0;
    for (int64_t row = 0; row < layer->rows; row++) {
        for (int64_t column = 0; column < layer->columns; column++) {
            bool here = at < count && values[at].row == row && values[at].column == column;
            putchar(!here ? '.' : values[at].missing ? '?' : '#');
            at += here;
        }
        putchar('\n');
    }
}

static void print_value_titles(void)
{
    printf("%7s %6s %6s %8s %14s %14s %14s %14s\n", "channel", "row", "column", "beat", "got",
           "expected", "got, real", "expected, real");
}

static void print_value(const LayerDifferences *layer, const ValueDifference *value)
{
    char got[32] = "nothing", expected[32], real[32] = "";
    if (!value->missing) {
        differences_text(layer, value->got, got, sizeof got);
        snprintf(real, sizeof real, "%.6g", differences_real(layer, value->got));
    }
    differences_text(layer, value->expected, expected, sizeof expected);
    printf("%7lld %6lld %6lld %8lld %14s %14s %14s %14.6g\n", (long long)value->channel,
           (long long)value->row, (long long)value->column,
           (long long)differences_beat(layer, value->element), got, expected, real,
           differences_real(layer, value->expected));
}

static Status print_values(const Wanted *wanted, Arena *arena)
{
    const LayerDifferences *layer = &wanted->differences->layers[wanted->layer];
    int64_t count = layer->per_channel[wanted->channel];
    ValueDifference *values = ARENA_ARRAY(arena, ValueDifference, count + 1);
    TRY(differences_read(wanted->differences, wanted->layer, wanted->channel, values));
    printf("layer %s of image %lld, label %d, channel %lld: %lld of %lld values differ\n",
           layer->layer, (long long)layer->image, layer->label, (long long)wanted->channel,
           (long long)count, (long long)(layer->rows * layer->columns));
    print_map(layer, values, count);
    print_value_titles();
    for (int64_t i = 0; i < count; i++)
        print_value(layer, &values[i]);
    return OK;
}

/* A vector has one value in each channel: they are shown themselves. */
static Status print_vector(const Wanted *wanted, Arena *arena)
{
    const LayerDifferences *layer = &wanted->differences->layers[wanted->layer];
    int64_t count = layer->wrong + layer->missing;
    ValueDifference *values = ARENA_ARRAY(arena, ValueDifference, count + 1);
    TRY(differences_read(wanted->differences, wanted->layer, DIFFERENCES_ALL, values));
    print_value_titles();
    for (int64_t i = 0; i < count; i++)
        print_value(layer, &values[i]);
    return OK;
}

static Status print_channels(const Wanted *wanted, Arena *arena)
{
    const LayerDifferences *layer = &wanted->differences->layers[wanted->layer];
    printf("layer %s of image %lld, label %d: %lld values differ, %lld are missing\n", layer->layer,
           (long long)layer->image, layer->label, (long long)layer->wrong,
           (long long)layer->missing);
    if (layer->rows * layer->columns == 1)
        return print_vector(wanted, arena);
    print_counts(layer);
    return OK;
}

static Status print_json(const Wanted *wanted)
{
    json_t *values = NULL, *object = differences_to_json(wanted->differences);
    Status status = OK;
    json_object_set_new(object, "run", json_integer(wanted->run));
    if (wanted->channel != ANY)
        status = differences_channel_to_json(wanted->differences, wanted->layer, wanted->channel,
                                             &values);
    json_object_set_new(object, "values", values ? values : json_null());
    if (status == OK)
        invocation_print_json(object);
    json_decref(object);
    return status;
}

/* ---- the word -------------------------------------------------------------------------------- */

static Status show(const Invocation *invocation, Wanted *wanted)
{
    const Arguments *arguments = &invocation->arguments;
    TRY(check_image(wanted));
    if (arguments->word_count > WORD_LAYER)
        TRY(find_layer(wanted, arguments->words[WORD_LAYER]));
    if (arguments->word_count > WORD_CHANNEL)
        TRY(find_channel(wanted, arguments->words[WORD_CHANNEL]));
    if (arguments->json)
        return print_json(wanted);
    if (wanted->channel != ANY)
        return print_values(wanted, invocation->arena);
    if (wanted->layer != ANY)
        return print_channels(wanted, invocation->arena);
    print_layers(wanted);
    return OK;
}

/* Simulates the image; when it has no difference, there is nothing more to show. */
static Status look_again(Invocation *invocation, const RunRecord *run, bool *found)
{
    const Arguments *arguments = &invocation->arguments;
    json_t *report = NULL;
    Status status = flow_tap(arguments->run.database, run->id,
                             arguments->image == ANY ? TAP_FIRST : arguments->image,
                             &invocation->events, &report);
    progress_line_clear(&invocation->progress);
    *found = json_is_object(report_at(report, "hardware.differences"));
    if (status == OK && !*found && !arguments->json)
        printf("run %lld: every value of every layer is equal\n", (long long)run->id);
    else if (status == OK && !*found)
        invocation_print_json(report);
    json_decref(report);
    return status;
}

Status differences_show(Invocation *invocation, const RunRecord *run)
{
    bool found = true;
    Differences *differences = NULL;
    if (invocation->arguments.again)
        TRY(look_again(invocation, run, &found));
    if (!found)
        return OK;
    if (!differences_kept(run->folder))
        return error_set(ERR_REFUSED,
                         "run %lld: keeps no differences: its proof found none, or it had none; "
                         "'dnn2fpga runs differences %lld --again "
                         "--image N' looks for some in image N",
                         (long long)run->id, (long long)run->id);
    TRY_IN(differences_open(run->folder, &differences), "run %lld", (long long)run->id);
    Wanted wanted = {.differences = differences,
                     .run = run->id,
                     .image = invocation->arguments.image,
                     .layer = ANY,
                     .channel = ANY};
    Status status = show(invocation, &wanted);
    differences_free(differences);
    return status;
}
