#include "flow/deploy.h"

#include "flow/board_build.h"
#include "flow/host_loop.h"
#include "flow/report.h"
#include "flow/session.h"
#include "flow/simulated_board.h"
#include "hw/timing.h"
#include "hw/weights_file.h"
#include "quant/description.h"

enum { BAUD_DEFAULT = 115200, BITS_PER_BYTE = 10, SIMULATED_CLOCKS_PER_BIT = 8 };

static const double BOARD_PATIENCE_S = 5;
static const double SIMULATED_PATIENCE_S = 600; /* a slow machine, a large network */
static const double SIMULATION_DEADLINE_S = 24 * 3600.0;

DeployRequest deploy_request_default(void)
{
    return (DeployRequest){.board = "icebreaker"};
}

/* What deploying needs beside the session. */
typedef struct Deployment {
    const DeployRequest *request;
    const Board *board;
    BoardRequest wrapping;
    BoardDesign design;
    VectorFiles vectors;
    Buffer weights; /* to be loaded over the line; empty: none */
} Deployment;

/* ---- the line -------------------------------------------------------------------------------- */

/* Clocks of a bit at which the line brings an image no faster than the network takes one. */
static Status clocks_per_bit_needed(const Plan *plan, int64_t *clocks)
{
    Timing timing;
    TRY(timing_predict(plan, TIMING_IMAGES, &timing));
    int64_t bits = pins_image_bytes(plan) * BITS_PER_BYTE;
    *clocks = (timing.interval_max + bits - 1) / bits;
    return OK;
}

static Status choose_rate(const Session *session, Deployment *deployment)
{
    const DeployRequest *request = deployment->request;
    int64_t needed;
    TRY(clocks_per_bit_needed(session->plan, &needed));
    int64_t clocks = SIMULATED_CLOCKS_PER_BIT;
    if (request->baud || !request->simulate) {
        int baud = request->baud ? request->baud : BAUD_DEFAULT;
        if (!serial_knows_rate(baud))
            return error_set(ERR_USAGE, "--baud %d: no serial line has this rate; 115200 is usual",
                             baud);
        clocks = (deployment->board->clock_hz + baud / 2) / baud;
        if (clocks < needed || clocks < BOARD_MIN_CLOCKS_PER_BIT)
            return error_set(ERR_USAGE,
                             "--baud %d: the line is faster than the network, which needs %lld "
                             "clocks for each bit at %g MHz: at most %lld baud",
                             baud, (long long)needed, deployment->board->clock_hz / 1e6,
                             (long long)(deployment->board->clock_hz / needed));
    } else if (clocks < needed) {
        clocks = needed;
    }
    deployment->wrapping.clocks_per_bit = (int)clocks;
    return OK;
}

/* ---- stages ---------------------------------------------------------------------------------- */

static Status wrap(Session *session, Deployment *deployment)
{
    deployment->wrapping.plan = session->plan;
    deployment->wrapping.design = &session->design;
    deployment->wrapping.board = deployment->board;
    TRY(choose_rate(session, deployment));
    return emit_board(&deployment->wrapping, session->arena, &deployment->design);
}

static Status write_vectors(Session *session, Deployment *deployment)
{
    int64_t wanted = session->options->images, have = session->test->count;
    deployment->vectors = (VectorFiles){.stimulus = session_path(session, "board_images.bin"),
                                        .expected = session_path(session, "board_answers.bin"),
                                        .count = wanted > 0 && wanted < have ? wanted : have};
    IntegerForward *forward = integer_forward_new(session->described, VECTORS_BATCH);
    Status status =
        vectors_write(forward, session->plan, session->test, &deployment->vectors, NULL);
    integer_forward_free(forward);
    return status;
}

static HostJob job_of(const Session *session, const Deployment *deployment, Serial *serial)
{
    static const double quiet_bits = 65536 + 1000; /* a little more than uart_bridge's QUIET_BITS */
    double bit_s = (double)deployment->wrapping.clocks_per_bit / deployment->board->clock_hz;
    return (HostJob){.plan = session->plan,
                     .pins = &deployment->design.pins,
                     .vectors = &deployment->vectors,
                     .labels = session->test->labels,
                     .weights = session->plan->loads_weights ? &deployment->weights : NULL,
                     .serial = serial,
                     .patience_s = BOARD_PATIENCE_S,
                     .quiet_s = quiet_bits * bit_s,
                     .progress = &session->progress};
}

static Status talk_to_simulator(Session *session, const Deployment *deployment, HostScore *score)
{
    Serial serial;
    SimulatedBoard *board = NULL;
    const SimulatedBoardSetup setup = {.design = &deployment->design,
                                       .folder = session_path(session, "sim_board"),
                                       .images = deployment->vectors.count,
                                       .deadline_s = SIMULATION_DEADLINE_S};
    TRY(simulated_board_start(&setup, &serial, &board));
    HostJob job = job_of(session, deployment, &serial);
    job.patience_s = SIMULATED_PATIENCE_S;
    job.gone = simulated_board_ended;
    job.context = board;
    Status status = host_loop(&job, score);
    if (status == OK) {
        status = simulated_board_join(board); /* it has a last bit to send */
        serial_close(&serial);
        return status;
    }
    char *message = arena_strdup(session->arena, error_message());
    serial_close(&serial);                       /* ends the simulator, if it still runs */
    Status joined = simulated_board_join(board); /* its message says more, when it has one */
    if (joined == OK || status == ERR_CANCELLED)
        error_set(status, "%s", message);
    return status;
}

static Status talk_to_board(Session *session, const Deployment *deployment, HostScore *score)
{
    Serial serial;
    int baud = deployment->request->baud ? deployment->request->baud : BAUD_DEFAULT;
    TRY(serial_open(deployment->request->port, baud, &serial));
    HostJob job = job_of(session, deployment, &serial);
    Status status = host_loop(&job, score);
    serial_close(&serial);
    return status;
}

/* ---- bitstream ------------------------------------------------------------------------------- */

static const Deployment *deployment_of(const Session *session)
{
    return session->request;
}

/* Builds and, unless nothing but the build is wanted, loads. */
static Status build_and_load(Session *session, json_t *figures)
{
    const Deployment *deployment = deployment_of(session);
    Arena *arena = session->arena;
    BoardBuild build = {.design = &deployment->design,
                        .board = deployment->board,
                        .folder = session_path(session, "board"),
                        .timeout_s = session->options->tool_timeout_s,
                        .progress = &session->progress};
    TRY(board_build_check(&build, arena));
    TRY(board_build(&build, arena));
    json_object_set_new(figures, "bitstream", report_string(build.bitstream));
    json_object_set_new(figures, "fmax_mhz", report_real(build.fmax_mhz));
    json_object_set_new(session->report, "deployed", json_deep_copy(figures));
    return deployment->request->build ? OK : board_load(&build, arena);
}

/* ---- the stage ------------------------------------------------------------------------------- */

/* Into the section that the build may have begun. */
static void add_score(const Deployment *deployment, const HostScore *score, json_t *section)
{
    const DeployRequest *request = deployment->request;
    double images = (double)score->images;
    json_object_set_new(section, "board", json_string(deployment->board->name));
    json_object_set_new(section, "simulated", json_boolean(request->simulate));
    json_object_set_new(section, "port",
                        request->port ? report_string(request->port) : json_null());
    json_object_set_new(
        section, "baud",
        json_integer(deployment->board->clock_hz / deployment->wrapping.clocks_per_bit));
    json_object_set_new(section, "images", json_integer(score->images));
    json_object_set_new(section, "values", json_integer(score->values));
    json_object_set_new(section, "bit_exact", json_boolean(score->differing_values == 0));
    json_object_set_new(section, "first_mismatch_image",
                        score->first_differing < 0 ? json_null()
                                                   : json_integer(score->first_differing));
    json_object_set_new(section, "accuracy",
                        report_real(score->right < 0 ? NAN : (double)score->right / images));
    json_object_set_new(section, "repeated", json_integer(score->repeated));
    json_object_set_new(section, "weights_checksum",
                        score->loads ? json_sprintf("%08x", (unsigned)score->weights_sum)
                                     : json_null());
    json_object_set_new(section, "images_per_s", report_real(images / score->seconds));
    json_object_set_new(section, "seconds", report_real(score->seconds));
}

static Status check_request(const DeployRequest *request)
{
    if (request->simulate && request->port)
        return error_set(ERR_USAGE, "--simulate takes no --port: the simulator has its own");
    if (request->build && (request->port || request->simulate || request->loaded))
        return error_set(ERR_USAGE, "--build only makes the bitstream: leave out --port, "
                                    "--simulate and --loaded");
    if (!request->simulate && !request->build && !request->port)
        return error_set(ERR_USAGE, "name the board's serial port with --port (such as "
                                    "/dev/ttyUSB1), or take --simulate");
    return OK;
}

/* The last stage: images over the line, answers judged. */
static Status exchange(Session *session, json_t *figures)
{
    const Deployment *deployment = deployment_of(session);
    HostScore score;
    TRY(deployment->request->simulate ? talk_to_simulator(session, deployment, &score)
                                      : talk_to_board(session, deployment, &score));
    json_t *section = json_object_get(session->report, "deployed");
    if (!section) {
        section = json_object();
        json_object_set_new(session->report, "deployed", section);
    }
    add_score(deployment, &score, section);
    json_object_update(figures, section);
    if (score.differing_values)
        session_miss(session, "board and software differ: %lld of %lld values, first in image %lld",
                     (long long)score.differing_values, (long long)score.values,
                     (long long)score.first_differing);
    return OK;
}

static Status deploy(Session *session)
{
    const DeployRequest *request = session->request;
    Deployment *deployment = ARENA_ARRAY(session->arena, Deployment, 1);
    deployment->request = request;
    session->request = deployment;
    TRY(check_request(request));
    TRY(board_find(request->board, &deployment->board));
    TRY(session_import_for_hardware(session));
    TRY(session_build_hardware(session));
    TRY(wrap(session, deployment));
    if (!request->simulate && !request->loaded)
        TRY(session_run_stage(session, STAGE_SYNTH, build_and_load));
    if (request->build)
        return OK;
    TRY(write_vectors(session, deployment));
    weights_file_write(session->plan, &deployment->weights); /* those that are loaded */
    Status status = session_run_stage(session, STAGE_SIMULATE, exchange);
    buffer_free(&deployment->weights);
    return status;
}

Status flow_deploy(const RunOptions *options, const DeployRequest *request, const RunEvents *events,
                   json_t **report)
{
    return session_do(&(VerbCall){options, events, request}, deploy, report);
}
