/* The verbs that only look: at tensors, and at the programs of this machine. */
#include "flow/report.h"
#include "flow/scheme_of_run.h"
#include "flow/session.h"
#include "quant/histograms.h"
#include "tools/doctor.h"

/* ---- observe --------------------------------------------------------------------------------- */

static Status write_histograms(Session *session)
{
    const char *path = session_path(session, "histograms.json");
    TRY(histograms_write(&session->quantized, path));
    json_object_set_new(session->report, "observation",
                        json_pack("{s:o, s:I}", "histograms", report_string(path), "images",
                                  (json_int_t)session->calibration->count));
    return OK;
}

/* Every layer on integers: a layer that floats now may be asked about in a moment. */
static Status observe(Session *session)
{
    if (!session->options->workdir)
        return error_set(ERR_USAGE, "name a folder for the histograms with --workdir DIR");
    TRY(session_run_stage(session, STAGE_IMPORT, stage_import));
    const Scheme scheme =
        scheme_uniform(session->arena, session->simplified, scheme_row_of_run(session->options));
    TRY(quantize_graph(session->simplified, session->calibration, &scheme, &session->progress,
                       &session->quantized));
    TRY(session_use_folder(session, session->options->workdir));
    return write_histograms(session);
}

Status flow_observe(const RunOptions *options, const RunEvents *events, json_t **report)
{
    RunOptions plain = *options;
    plain.stop_after = STAGE_QUANTIZE; /* the import demands what quantization needs, no more */
    plain.float_layer_count = plain.layer_choice_count = 0;
    plain.scheme = NULL;
    return session_do(&(VerbCall){&plain, events, NULL}, observe, report);
}

/* ---- doctor ---------------------------------------------------------------------------------- */

static json_t *tool_to_json(const DoctorTool *tool)
{
    return json_pack("{s:s, s:b, s:o, s:o, s:s, s:s}", "tool", tool->name, "found", tool->found,
                     "path", report_string(tool->path), "version", report_string(tool->version),
                     "enables", tool->enables, "install", tool->install);
}

Status flow_doctor(const RunEvents *events, json_t **report)
{
    Arena *arena = arena_new();
    DoctorReport seen = doctor_look(arena);
    json_t *tools = json_array();
    for (int i = 0; i < seen.count; i++)
        json_array_append_new(tools, tool_to_json(&seen.tools[i]));
    *report = json_pack("{s:b, s:b, s:o}", "can_simulate", seen.can_simulate, "can_synthesize",
                        seen.can_synthesize, "tools", tools);
    arena_free(arena);
    if (events && events->finished)
        events->finished(events->context, OK, "", *report);
    return OK;
}
