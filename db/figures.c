/* Words of the history: run states and headline figures. To add a figure: a row here, an
 * enumerator in store.h, and a migration that adds the column. */
#include <math.h>
#include <string.h>

#include "db/store.h"

static const char *const STATUS_WORDS[RUN_STATUSES] = {
    [RUN_RUNNING] = "running",     [RUN_OK] = "ok",
    [RUN_UNMET] = "unmet",         [RUN_FAILED] = "failed",
    [RUN_CANCELLED] = "cancelled", [RUN_INTERRUPTED] = "interrupted",
};

static const char *const FIGURE_WORDS[FIGURES] = {
    [FIGURE_BASELINE_ACCURACY] = "baseline_accuracy",
    [FIGURE_QUANTIZED_ACCURACY] = "quantized_accuracy",
    [FIGURE_HARDWARE_ACCURACY] = "hardware_accuracy",
    [FIGURE_BASELINE_BYTES] = "baseline_bytes",
    [FIGURE_QUANTIZED_BYTES] = "quantized_bytes",
    [FIGURE_BASELINE_LATENCY_US] = "baseline_latency_us",
    [FIGURE_QUANTIZED_LATENCY_US] = "quantized_latency_us",
    [FIGURE_HARDWARE_LATENCY_US] = "hardware_latency_us",
    [FIGURE_BIT_EXACT] = "bit_exact",
    [FIGURE_SIMULATED_IMAGES] = "simulated_images",
    [FIGURE_LATENCY_CYCLES] = "latency_cycles",
    [FIGURE_INTERVAL_CYCLES] = "interval_cycles",
    [FIGURE_PREDICTED_LATENCY_CYCLES] = "predicted_latency_cycles",
    [FIGURE_PREDICTED_INTERVAL_CYCLES] = "predicted_interval_cycles",
    [FIGURE_SYNTHESIS_LUT] = "synthesis_lut",
    [FIGURE_SYNTHESIS_FF] = "synthesis_ff",
    [FIGURE_SYNTHESIS_DSP] = "synthesis_dsp",
    [FIGURE_SYNTHESIS_BRAM] = "synthesis_bram",
    [FIGURE_FMAX_MHZ] = "fmax_mhz",
    [FIGURE_FITS] = "fits",
    [FIGURE_NETLIST_BIT_EXACT] = "netlist_bit_exact",
};

const char *run_status_word(RunStatus status)
{
    return STATUS_WORDS[status];
}

bool run_status_parse(const char *word, RunStatus *status)
{
    for (int i = 0; i < RUN_STATUSES; i++) {
        if (strcmp(STATUS_WORDS[i], word) == 0) {
            *status = (RunStatus)i;
            return true;
        }
    }
    return false;
}

const char *figure_word(Figure figure)
{
    return FIGURE_WORDS[figure];
}

RunFigures run_figures_none(void)
{
    RunFigures figures;
    for (int i = 0; i < FIGURES; i++)
        figures.values[i] = NAN;
    return figures;
}
