/* plan_choice.h: the foldings of a run: asked for, chosen for a rate or a device, and what the
 * report tells about them.
 */
#ifndef FLOW_PLAN_CHOICE_H
#define FLOW_PLAN_CHOICE_H

#include "flow/session.h"
#include "hw/timing.h"

/* Sets the foldings of a model that was just quantized: --fold, and where --target-fps or --device
 * is given, those of hw/folding.h for the layers that --fold leaves out. */
Status plan_choice_make(Session *session, IntegerModel *model) MUST_CHECK;

/* The same for a model that was read from a description: layers without --fold keep their foldings,
 * unless there is a rate to reach: then they are chosen anew. */
Status plan_choice_renew(Session *session, IntegerModel *model) MUST_CHECK;

/* Of section "hardware", null where nothing was chosen, no device is given, or nothing is known:
 *   "folding"   {"target_fps", "device", "clock_mhz", "wanted_cycles", "interval_cycles",
 *                "images_per_s", "bottleneck", "limited_by", "chosen"}
 *   "estimate"  {"device", "lut", "ff", "dsp", "bram", "lut_error", "ff_error", "fits",
 *                "layers": [{"name", "lut", "ff", "dsp", "bram"}], "other"}
 *   "energy"    of an image, from counts (hw/energy.h): {"macs": [{"weight_bits", "input_bits",
 *                "count"}], "weight_words", "value_words", "integer_nj", "float_nj"} */
Status plan_choice_report(const Session *session, const Plan *plan, json_t *section) MUST_CHECK;

/* "pe_values" and "simd_values" of a layer's row: what --fold may be. */
void plan_choice_add_values(const Stage *stage, json_t *row);

#endif
