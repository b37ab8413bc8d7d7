#include "flow/host_loop.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* What one image takes. */
typedef struct Exchange {
    const HostJob *job;
    int64_t in_samples, out_samples;
    int32_t *sent, *wanted; /* all images */
    uint8_t *image, *frame; /* of one, as they go over the line */
} Exchange;

/* ---- samples as bytes ------------------------------------------------------------------------ */

static void pack(const int32_t *samples, int64_t count, int width, uint8_t *bytes)
{
    for (int64_t i = 0; i < count; i++)
        for (int b = 0; b < width; b++)
            bytes[i * width + b] = (uint8_t)((uint32_t)samples[i] >> (8 * b));
}

/* Two's complement, the low byte first. */
static int32_t unpack(const uint8_t *bytes, int width)
{
    return width == 1 ? (int8_t)bytes[0] : (int16_t)(bytes[0] | bytes[1] << 8);
}

static uint8_t sum_of(const uint8_t *bytes, int64_t count)
{
    uint8_t sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum;
}

/* ---- one image ------------------------------------------------------------------------------- */

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
static Status try_image(const Exchange *exchange)
{
    const HostJob *job = exchange->job;
    int64_t image_bytes = job->pins->in_bytes;
    int64_t frame_bytes = job->pins->out_bytes + BOARD_FRAME_EXTRA;
    TRY(serial_write(job->serial, exchange->image, (size_t)image_bytes));
    TRY(read_frame(exchange, (size_t)frame_bytes));
    const uint8_t *frame = exchange->frame, *sums = frame + frame_bytes - 2;
    if (frame[0] != HOST_FRAME_MARK)
        return error_set(ERR_ENVIRONMENT, "port %s: an answer begins with %02x, expected %02x",
                         job->serial->path, frame[0], HOST_FRAME_MARK);
    if (sums[0] != sum_of(frame + 1, frame_bytes - BOARD_FRAME_EXTRA) ||
        sums[1] != sum_of(exchange->image, image_bytes))
        return error_set(ERR_ENVIRONMENT,
                         "port %s: bytes were damaged on the line: the sums do not match",
                         job->serial->path);
    return OK;
}

static void be_quiet(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds,
                             .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
}

static Status exchange_image(const Exchange *exchange, HostScore *score)
{
    Status status = ERR_ENVIRONMENT;
    for (int tries = 0; tries < HOST_TRIES && status == ERR_ENVIRONMENT; tries++) {
        if (tries > 0 && exchange->job->gone && exchange->job->gone(exchange->job->context))
            break;
        if (tries > 0) {
            be_quiet(exchange->job->quiet_s);
            serial_drop_input(exchange->job->serial);
            score->repeated++;
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
        differing += unpack(at, width) != wanted[i];
    score->images++;
    score->values += exchange->out_samples;
    score->differing_values += differing;
    if (differing && score->first_differing < 0)
        score->first_differing = job->vectors->first + index;
    if (job->labels && score->right >= 0)
        score->right += unpack(at, 2) == job->labels[index];
}

/* ---- all images ------------------------------------------------------------------------------ */

static Status read_vectors(Exchange *exchange)
{
    const VectorFiles *files = exchange->job->vectors;
    int64_t got = 0;
    TRY(vectors_read(files->stimulus, files->count * exchange->in_samples, exchange->sent, &got));
    if (got == files->count * exchange->in_samples)
        TRY(vectors_read(files->expected, files->count * exchange->out_samples, exchange->wanted,
                         &got));
    if (got != files->count * exchange->out_samples)
        return error_set(ERR_ENVIRONMENT, "%s: is shorter than was written", files->expected);
    return OK;
}

static Status exchange_all(Exchange *exchange, HostScore *score)
{
    const HostJob *job = exchange->job;
    TRY(read_vectors(exchange));
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
    exchange.frame = ARENA_ARRAY(arena, uint8_t, job->pins->out_bytes + BOARD_FRAME_EXTRA);
    *score =
        (HostScore){.first_differing = -1, .right = job->labels && job->plan->has_class ? 0 : -1};
    Status status = exchange_all(&exchange, score);
    arena_free(arena);
    return status;
}
