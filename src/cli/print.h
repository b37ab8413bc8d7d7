/* print.h: reports and history as tables for people, on standard output. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <jansson.h>
#include <stdbool.h>

#include "db/store.h"

/* Writes `value` with thousands separated by commas to `text`, and returns it. */
enum { PRINT_NUMBER_BYTES = 40 };
const char *print_number(double value, int decimals, char text[PRINT_NUMBER_BYTES]);

/* Layers of the report's model, with the blockers of an inspection when it has them. */
void print_model(const json_t *report);

/* Accuracy, size and speed side by side: float32, integer, hardware. */
void print_results(const json_t *report);

/* One row per layer of the integer model. */
void print_quantized_layers(const json_t *report);

/* "confusion" of the named section. */
void print_confusion(const json_t *report, const char *section);

/* The paper's Table 2 beside ours. */
void print_paper_table(const json_t *report);

/* Cycles against the prediction, and the proof; nothing when the run did not get there. */
void print_hardware(const json_t *report);

/* Planted faults, and those that were not caught; nothing when there were none. */
void print_mutation(const json_t *report);

/* Foldings, cycles, buffers, estimated size and energy of a plan. */
void print_plan(const json_t *report);
/* Parts of it, a line each, of section "hardware"; nothing where they are not known. */
void print_foldings(const json_t *hardware);
void print_estimate(const json_t *hardware);
void print_energy_estimate(const json_t *hardware);

/* Answers of a board over its serial line. */
void print_deployed(const json_t *report);

/* Cells per layer, clock and bitstream, and the netlist's proof; nothing without synthesis. */
void print_synthesis(const json_t *report);

/* Calibrator x width of a sweep. */
void print_sweep(const json_t *report);

/* Runs side by side: what differs first, then the figures that are equal. */
void print_comparison(const json_t *comparison);

void print_runs(const RunRecord *runs, int count);
void print_run(const RunRecord *run, const StageRecord *stages, int stage_count);

#endif
