#include "flow/host_loop.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "hw/weights_file.h"

/* What one image takes. */
typedef struct Exchange {
    const HostJob *job;
    int64_t in_samples, out_samples;
    int32_t *sent, *wanted; /* all images */
    uint8_t *image, *frame; /* of one, as they go over the line */
} Exchange;

/* What is sent in one go, and how long the payload of its answer is. */
typedef struct Transfer {
    uint8_t mark; /* sent first, where weights are loaded */
    const uint8_t *bytes;
    int64_t count, payload;
} Transfer;

/* ---- samples as bytes ------------------------------------------------------------------------ */

static void pack(const int32_t *samples, int64_t count, int width, uint8_t *bytes)
{
    for (int64_t i = 0; i < count; i++)
        for (int b = 0; b < width; b++)
            bytes[i * width + b] = (uint8_t)((uint32_t)samples[i] >> (8 * b));
}

/* The low byte first. */
static int32_t unpack(const uint8_t *bytes, int width, bool is_signed)
{
    int32_t value = width == 1 ? bytes[0] : bytes[0] | bytes[1] << 8;
    int32_t sign = 1 << (8 * width - 1);
    return is_signed ? (value ^ sign) - sign : value;
}

static uint8_t sum_of(const uint8_t *bytes, int64_t count)
{
    uint8_t sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum;
}

/* ---- one transfer ---------------------------------------------------------------------------- */

/* Waits in slices, to see whether there is still somebody. */
static Status read_frame(const Exchange *exchange, size_t count)
{
    static const double slice_s = 0.5;
    const HostJob *job = exchange->job;
    double waited_s = 0;
    for (size_t have = 0; have < count;) {
        size_t got = 0;
        Status status =
            serial_read(job->serial, exchange->frame + have, count - have, slice_s, &got);
        have += got;
        waited_s = got ? 0 : waited_s + slice_s;
        bool over = waited_s >= job->patience_s || (job->gone && job->gone(job->context));
        if (status == ERR_ENVIRONMENT && got == 0 && over)
            return error_set(ERR_ENVIRONMENT,
                             "port %s: no answer for %.1f s, after %zu of %zu bytes: is the board "
                             "loaded, and is this its port and rate?",
                             job->serial->path, waited_s, have, count);
        if (status != OK && status != ERR_ENVIRONMENT)
            return status;
    }
    return OK;
}

/* Sends it and takes the frame; ERR_ENVIRONMENT when nothing or nonsense comes back. */
static Status try_transfer(const Exchange *exchange, const Transfer *transfer)
{
    const HostJob *job = exchange->job;
    if (job->weights)
        TRY(serial_write(job->serial, &transfer->mark, 1));
    TRY(serial_write(job->serial, transfer->bytes, (size_t)transfer->count));
    TRY(read_frame(exchange, (size_t)(transfer->payload + BOARD_FRAME_EXTRA)));
    const uint8_t *payload = exchange->frame + 1, *sums = payload + transfer->payload;
    if (exchange->frame[0] != HOST_FRAME_MARK)
        return error_set(ERR_ENVIRONMENT, "port %s: an answer begins with %02x, expected %02x",
                         job->serial->path, exchange->frame[0], HOST_FRAME_MARK);
    if (sums[0] != sum_of(payload, transfer->payload) ||
        sums[1] != sum_of(transfer->bytes, transfer->count))
        return error_set(ERR_ENVIRONMENT,
                         "port %s: bytes were damaged on the line: the sums do not match",
                         job->serial->path);
    return OK;
}

static Status try_weights(const Exchange *exchange, HostScore *score)
{
    const HostJob *job = exchange->job;
    const Buffer *weights = job->weights;
    const Transfer transfer = {.mark = HOST_WEIGHTS_MARK,
                               .bytes = (const uint8_t *)weights->data,
                               .count = (int64_t)weights->length,
                               .payload = BOARD_SUM_BYTES};
    uint32_t wanted = weights_checksum(weights->data, weights->length);
    score->loads++;
    TRY(try_transfer(exchange, &transfer));
    score->weights_sum = 0;
    for (int i = 0; i < BOARD_SUM_BYTES; i++)
        score->weights_sum |= (uint32_t)exchange->frame[1 + i] << (8 * i);
    if (score->weights_sum != wanted)
        return error_set(
            ERR_ENVIRONMENT,
            "port %s: the board's memories hold other weights than were sent: checksum "
            "%08x, expected %08x",
            job->serial->path, (unsigned)score->weights_sum, (unsigned)wanted);
    return OK;
}

static Status try_image(const Exchange *exchange)
{
    const Pins *pins = exchange->job->pins;
    const Transfer transfer = {.mark = HOST_IMAGE_MARK,
                               .bytes = exchange->image,
                               .count = pins->in_bytes,
                               .payload = pins->out_bytes};
    return try_transfer(exchange, &transfer);
}

static void be_quiet(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds,
                             .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
}

static bool may_try(const Exchange *exchange, int tries, Status status)
{
    const HostJob *job = exchange->job;
    return status == ERR_ENVIRONMENT && tries < HOST_TRIES &&
           !(tries > 0 && job->gone && job->gone(job->context));
}

/* The board forgets what it has of an image, or of weights, and the weights. */
static void start_over(const Exchange *exchange)
{
    be_quiet(exchange->job->quiet_s);
    serial_drop_input(exchange->job->serial);
}

static Status load_weights(const Exchange *exchange, HostScore *score)
{
    Status status = ERR_ENVIRONMENT;
    for (int tries = 0; may_try(exchange, tries, status); tries++) {
        if (tries > 0)
            start_over(exchange);
        status = try_weights(exchange, score);
    }
    return status;
}

static Status exchange_image(const Exchange *exchange, HostScore *score)
{
    Status status = ERR_ENVIRONMENT;
    for (int tries = 0; may_try(exchange, tries, status); tries++) {
        if (tries > 0) {
            start_over(exchange);
            score->repeated++;
            if (exchange->job->weights)
                TRY(load_weights(exchange, score));
        }
        status = try_image(exchange);
    }
    return status;
}

/* Compares the frame with what was wanted of image `index`. The class, where there is one, comes
 * behind the samples. */
static void judge(const Exchange *exchange, int64_t index, HostScore *score)
{
    const HostJob *job = exchange->job;
    const int32_t *wanted = exchange->wanted + index * exchange->out_samples;
    const uint8_t *at = exchange->frame + 1;
    int width = job->pins->sample_out_bytes;
    int64_t differing = 0;
    for (int64_t i = 0; i < exchange->out_samples; i++, at += width)
        differing += unpack(at, width, job->pins->samples_out_signed) != wanted[i];
    score->images++;
    score->values += exchange->out_samples;
    score->differing_values += differing;
    if (differing && score->first_differing < 0)
        score->first_differing = job->vectors->first + index;
    if (job->labels && score->right >= 0)
        score->right += unpack(at, 2, false) == job->labels[index];
}

/* ---- all images ------------------------------------------------------------------------------ */

static Status read_samples(const char *path, int64_t count, int32_t *samples)
{
    int64_t got = 0;
    TRY(vectors_read(path, count, samples, &got));
    if (got != count)
        return error_set(ERR_ENVIRONMENT, "%s: is shorter than was written", path);
    return OK;
}

static Status read_vectors(Exchange *exchange)
{
    const VectorFiles *files = exchange->job->vectors;
    TRY(read_samples(files->stimulus, files->count * exchange->in_samples, exchange->sent));
    return read_samples(files->expected, files->count * exchange->out_samples, exchange->wanted);
}

static Status exchange_all(Exchange *exchange, HostScore *score)
{
    const HostJob *job = exchange->job;
    TRY(read_vectors(exchange));
    if (job->weights)
        TRY_IN(load_weights(exchange, score), "the weights");
    int64_t start = clock_monotonic_ns();
    for (int64_t i = 0; i < job->vectors->count; i++) {
        pack(exchange->sent + i * exchange->in_samples, exchange->in_samples,
             job->pins->sample_in_bytes, exchange->image);
        TRY_IN(exchange_image(exchange, score), "image %lld", (long long)(job->vectors->first + i));
        judge(exchange, i, score);
        progress_report(job->progress, (double)(i + 1) / (double)job->vectors->count, "");
    }
    score->seconds = clock_seconds_since(start);
    return OK;
}

Status host_loop(const HostJob *job, HostScore *score)
{
    Exchange exchange = {.job = job,
                         .in_samples = job->plan->input.beats * job->plan->input.lanes,
                         .out_samples = job->plan->output.beats * job->plan->output.lanes};
    Arena *arena = arena_new();
    exchange.sent = ARENA_ARRAY(arena, int32_t, job->vectors->count * exchange.in_samples);
    exchange.wanted = ARENA_ARRAY(arena, int32_t, job->vectors->count * exchange.out_samples);
    exchange.image = ARENA_ARRAY(arena, uint8_t, job->pins->in_bytes);
    exchange.frame =
        ARENA_ARRAY(arena, uint8_t, job->pins->out_bytes + BOARD_SUM_BYTES + BOARD_FRAME_EXTRA);
    *score =
        (HostScore){.first_differing = -1, .right = job->labels && job->plan->has_class ? 0 : -1};
    Status status = exchange_all(&exchange, score);
    arena_free(arena);
    return status;
}
