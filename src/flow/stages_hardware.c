/* The stages that make hardware: plan, emit, simulate. */
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fs.h"
#include "flow/report.h"
#include "flow/session.h"
#include "hw/emit.h"
#include "hw/timing.h"
#include "quant/description.h"

enum { MAX_HDL_FILE_BYTES = 1 << 28 };

/* ---- plan
 * --------------------------------------------------------------------------------------*/

static json_t *stage_to_json(const Stage *stage, const LayerTiming *timing)
{
    json_t *row = json_object();
    json_object_set_new(row, "name", report_string(stage->op->name));
    json_object_set_new(row, "entity", report_string(stage->entity));
    json_object_set_new(row, "pe", json_integer(stage->pe));
    json_object_set_new(row, "simd", json_integer(stage->simd));
    json_object_set_new(row, "fold_steps", json_integer(stage->fold_steps));
    json_object_set_new(row, "macs_per_cycle", json_integer(stage->macs_per_cycle));
    json_object_set_new(row, "interval_cycles", json_integer(timing->interval_cycles));
    json_object_set_new(row, "busy_cycles", json_integer(timing->busy_cycles));
    return row;
}

/* The section with all its keys; what only the simulation can tell is null. */
static json_t *hardware_to_json(const Session *session, const Timing *timing)
{
    static const char *const UNKNOWN[] = {"images",          "bit_exact",      "values_compared",
                                          "label_agreement", "accuracy",       "first_mismatch",
                                          "latency_cycles",  "interval_cycles"};
    static const char *const UNKNOWN_TOO[] = {"latency_us", "images_per_s",
                                              "simulated_images_per_s"};
    json_t *section = json_object();
    for (size_t i = 0; i < sizeof UNKNOWN / sizeof *UNKNOWN; i++)
        json_object_set_new(section, UNKNOWN[i], json_null());
    json_object_set_new(section, "predicted_latency_cycles", json_integer(timing->latency_cycles));
    json_object_set_new(section, "predicted_interval_cycles",
                        json_integer(timing->interval_cycles));
    json_object_set_new(section, "clock_mhz", report_real(session->options->clock_mhz));
    for (size_t i = 0; i < sizeof UNKNOWN_TOO / sizeof *UNKNOWN_TOO; i++)
        json_object_set_new(section, UNKNOWN_TOO[i], json_null());
    json_t *layers = json_array();
    for (int i = 0; i < session->plan->count; i++)
        json_array_append_new(layers, stage_to_json(&session->plan->stages[i], &timing->layers[i]));
    json_object_set_new(section, "layers", layers);
    return section;
}

Status stage_plan(Session *session, json_t *figures)
{
    /* Read back, even after it was just written: the hardware depends on the description alone. */
    if (!session->described)
        TRY(description_read(session->description, &session->described));
    TRY(plan_new(session->described, &session->plan));
    Timing timing;
    timing_predict(session->plan, TIMING_IMAGES, &timing);
    json_object_set_new(session->report, "hardware", hardware_to_json(session, &timing));
    json_object_set_new(figures, "predicted_latency_cycles", json_integer(timing.latency_cycles));
    json_object_set_new(figures, "predicted_interval_cycles", json_integer(timing.interval_cycles));
    json_object_set_new(figures, "bottleneck",
                        report_string(session->plan->stages[timing.bottleneck].op->name));
    return OK;
}

/* ---- emit
 * --------------------------------------------------------------------------------------*/

/* SHA-256 over names, lengths and bytes of the files, in compile order. */
static Status hash_design(const Design *design, char hex[HASH_HEX_BYTES])
{
    Hash *hash = hash_new();
    Buffer bytes = {0}, head = {0};
    Status status = OK;
    for (int i = 0; i < design->file_count && status == OK; i++) {
        const char *slash = strrchr(design->files[i], '/');
        buffer_clear(&bytes);
        status = fs_read_file(design->files[i], MAX_HDL_FILE_BYTES, &bytes);
        buffer_clear(&head);
        buffer_printf(&head, "%s %zu\n", slash ? slash + 1 : design->files[i], bytes.length);
        hash_update(hash, head.data, head.length);
        hash_update(hash, bytes.data, bytes.length);
    }
    hash_finish(hash, hex);
    buffer_free(&bytes);
    buffer_free(&head);
    return status;
}

Status stage_emit(Session *session, json_t *figures)
{
    char sha256[HASH_HEX_BYTES];
    TRY(emit_design(session->plan, session->arena, session_path(session, "hdl"), &session->design));
    TRY(hash_design(&session->design, sha256));
    json_object_set_new(figures, "folder", report_string(session->design.folder));
    json_object_set_new(figures, "top", report_string(session->design.top));
    json_object_set_new(figures, "files", json_integer(session->design.file_count));
    json_object_set_new(figures, "sha256", json_string(sha256));
    return session->store ? store_set_hashes(session->store, session->run, NULL, sha256) : OK;
}
