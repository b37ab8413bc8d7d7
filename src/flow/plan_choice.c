#include "flow/plan_choice.h"

#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "flow/report.h"
#include "hw/energy.h"
#include "hw/resources.h"

/* ---- foldings -------------------------------------------------------------------------------- */

/* The first operation is the input: nothing to fold. */
static Status apply_fold(const IntegerModel *model, const FoldChoice *fold)
{
    const char **names = ARENA_ARRAY(model->arena, const char *, model->count + 1);
    for (int i = 1; i < model->count; i++) {
        names[i - 1] = model->ops[i].name;
        if (strcmp(model->ops[i].name, fold->layer) == 0) {
            model->ops[i].pe = fold->pe;
            model->ops[i].simd = fold->simd;
            return OK;
        }
    }
    return nearest_refuse_layer(fold->layer, names);
}

static Status apply_folds(const RunOptions *options, IntegerModel *model)
{
    for (int i = 0; i < options->fold_count; i++) {
        TRY_IN(apply_fold(model, &options->folds[i]), "--fold");
    }
    return OK;
}

static bool has_rate(const RunOptions *options)
{
    return isfinite(options->target_fps);
}

Status plan_choice_make(Session *session, IntegerModel *model)
{
    const RunOptions *options = session->options;
    FoldingGoal goal = {.target_fps = has_rate(options) ? options->target_fps : 0,
                        .clock_mhz = options->clock_mhz,
                        .pack_dsp = options->pack_dsp};
    TRY(apply_folds(options, model));
    if (options->stop_after < STAGE_PLAN || (!options->device && !has_rate(options)))
        return OK;
    if (options->device)
        TRY(device_find(options->device, &goal.device));
    TRY(folding_choose(model, &goal, &session->folding));
    if (session->folding.size_unknown)
        session_log(session,
                    "how much of %s this takes is not known before synthesis: foldings are "
                    "not chosen for it",
                    options->device);
    session->folding.bottleneck = arena_strdup(session->arena, session->folding.bottleneck);
    return OK;
}

Status plan_choice_renew(Session *session, IntegerModel *model)
{
    bool has_foldings = false;
    for (int i = 1; i < model->count; i++) {
        Op *op = &model->ops[i];
        has_foldings = has_foldings || op->pe || op->simd;
        if (has_rate(session->options))
            op->pe = op->simd = 0;
    }
    if (session->options->device && has_foldings && !has_rate(session->options))
        session_log(session, "layers keep the foldings of the description; --target-fps chooses "
                             "them anew");
    return plan_choice_make(session, model);
}

/* ---- the report ------------------------------------------------------------------------------ */

static json_t *folding_to_json(const Session *session)
{
    const RunOptions *options = session->options;
    const FoldingResult *folding = &session->folding;
    if (!folding->bottleneck)
        return json_null();
    json_t *row = json_object();
    json_object_set_new(row, "target_fps", report_real(options->target_fps));
    json_object_set_new(row, "device",
                        options->device ? report_string(options->device) : json_null());
    json_object_set_new(row, "clock_mhz", report_real(options->clock_mhz));
    json_object_set_new(row, "wanted_cycles",
                        folding->wanted_cycles ? json_integer(folding->wanted_cycles)
                                               : json_null());
    json_object_set_new(row, "interval_cycles", json_integer(folding->interval_cycles));
    json_object_set_new(row, "images_per_s",
                        report_real(options->clock_mhz * 1e6 / (double)folding->interval_cycles));
    json_object_set_new(row, "bottleneck", report_string(folding->bottleneck));
    json_object_set_new(row, "limited_by",
                        json_string(folding->limited_by_stream ? "pixels" : "multipliers"));
    json_object_set_new(row, "chosen", json_integer(folding->chosen));
    return row;
}

static json_t *cells_to_json(const FitCells *cells)
{
    return json_pack("{s:I s:I s:I s:I}", "lut", (json_int_t)cells->lut, "ff",
                     (json_int_t)cells->ff, "dsp", (json_int_t)cells->dsp, "bram",
                     (json_int_t)cells->bram);
}

static Status estimate_to_json(const Session *session, const Plan *plan, json_t **section)
{
    const Device *device = NULL;
    ResourceEstimate estimate;
    *section = json_null();
    if (!session->options->device)
        return OK;
    TRY(device_find(session->options->device, &device));
    if (!resources_known(plan, resources_target(device)))
        return OK;
    resources_estimate(plan, device, session->arena, &estimate);
    const char *excess = fit_excess(device, &estimate.total, session->arena);
    *section = cells_to_json(&estimate.total);
    json_object_set_new(*section, "device", report_string(device->name));
    json_object_set_new(*section, "lut_error", report_real(estimate.lut_error));
    json_object_set_new(*section, "ff_error", report_real(estimate.ff_error));
    json_object_set_new(*section, "fits", json_boolean(!excess));
    json_object_set_new(*section, "reason", excess ? report_string(excess) : json_null());
    json_t *layers = json_array();
    for (int i = 0; i < plan->count; i++) {
        json_t *row = cells_to_json(&estimate.stages[i]);
        json_object_set_new(row, "name", report_string(plan->stages[i].op->name));
        json_array_append_new(layers, row);
    }
    json_object_set_new(*section, "layers", layers);
    json_object_set_new(*section, "other", cells_to_json(&estimate.rest));
    return OK;
}

static Status energy_to_json(const Session *session, const Plan *plan, json_t **section)
{
    EnergyTable table = energy_table_default();
    if (session->options->energy_table)
        TRY(energy_table_read(session->options->energy_table, &table));
    EnergyUse use = energy_of_plan(plan, &table);
    json_t *macs = json_array();
    for (int i = 0; i < use.width_count; i++)
        json_array_append_new(
            macs, json_pack("{s:i s:i s:I}", "weight_bits", use.macs[i].weight_bits, "input_bits",
                            use.macs[i].input_bits, "count", (json_int_t)use.macs[i].count));
    *section = json_pack("{s:o}", "macs", macs);
    json_object_set_new(*section, "weight_words", report_real(use.weight_words));
    json_object_set_new(*section, "value_words", report_real(use.value_words));
    json_object_set_new(*section, "integer_nj", report_real(use.integer_pj / 1e3));
    json_object_set_new(*section, "float_nj", report_real(use.float_pj / 1e3));
    return OK;
}

Status plan_choice_report(const Session *session, const Plan *plan, json_t *section)
{
    json_t *estimate = NULL, *energy = NULL;
    json_object_set_new(section, "folding", folding_to_json(session));
    TRY(estimate_to_json(session, plan, &estimate));
    json_object_set_new(section, "estimate", estimate);
    TRY(energy_to_json(session, plan, &energy));
    json_object_set_new(section, "energy", energy);
    return OK;
}

static json_t *divisors_to_json(int limit)
{
    int divisors[PLAN_MAX_DIVISORS];
    int count = plan_divisors(limit, divisors);
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_integer(divisors[i]));
    return list;
}

void plan_choice_add_values(const Stage *stage, json_t *row)
{
    FoldLimits limits = plan_fold_limits(stage);
    json_object_set_new(row, "pe_values", divisors_to_json(limits.pe));
    json_object_set_new(row, "simd_values", divisors_to_json(limits.simd));
}
