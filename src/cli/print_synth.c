/* print_synth.c: what synthesis made of a design, as a table. */
#include <math.h>
#include <stdio.h>

#include "cli/print.h"
#include "flow/report.h"

static const char *const COLUMNS[] = {"lut", "ff", "dsp", "bram"};

enum { COLUMN_COUNT = sizeof COLUMNS / sizeof *COLUMNS };

static const char *cell(const json_t *object, const char *path, int decimals,
                        char text[PRINT_NUMBER_BYTES])
{
    return print_number(report_number(object, path, NAN), decimals, text);
}

static void print_cells(const char *name, const json_t *cells)
{
    char text[PRINT_NUMBER_BYTES];
    printf("%-24s", name);
    for (int i = 0; i < COLUMN_COUNT; i++)
        printf(" %10s", cell(cells, COLUMNS[i], 0, text));
    printf("\n");
}

static void print_rates(const json_t *section)
{
    char fmax[PRINT_NUMBER_BYTES], latency[PRINT_NUMBER_BYTES], rate[PRINT_NUMBER_BYTES];
    if (isnan(report_number(section, "fmax_mhz", NAN)))
        return;
    printf("clock reached: %s MHz; latency %s us, %s images/s\n",
           cell(section, "fmax_mhz", 1, fmax), cell(section, "latency_us", 1, latency),
           cell(section, "images_per_s", 0, rate));
    printf("longest path: from %s to %s\n", report_text(section, "slowest_path.from", "(other)"),
           report_text(section, "slowest_path.to", "(other)"));
}

static void print_netlist(const json_t *report)
{
    const json_t *netlist = report_at(report, "netlist");
    char values[PRINT_NUMBER_BYTES], images[PRINT_NUMBER_BYTES], seconds[PRINT_NUMBER_BYTES];
    if (!json_is_object(netlist))
        return;
    printf("netlist: %s on %s values of %s images, %s %s, %s s\n",
           report_flag(netlist, "bit_exact", false) ? "bit-exact" : "DIFFERS FROM SOFTWARE",
           cell(netlist, "values_compared", 0, values), cell(netlist, "images", 0, images),
           report_text(netlist, "simulator", ""), report_text(netlist, "version", ""),
           cell(netlist, "seconds", 1, seconds));
}

void print_synthesis(const json_t *report)
{
    const json_t *section = report_at(report, "synthesis");
    if (!json_is_object(section))
        return;
    printf("\nsynthesis for %s (%s)\n%-24s %10s %10s %10s %10s\n",
           report_text(section, "device", ""), report_text(section, "part", ""), "layer", "LUT",
           "FF", "DSP", "block RAM");
    const json_t *layers = report_at(section, "layers");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        print_cells(report_text(layer, "name", ""), layer);
    }
    print_cells("(other)", report_at(section, "other"));
    print_cells("total", section);
    if (json_is_object(report_at(report, "hardware.estimate")))
        print_cells("estimate before", report_at(report, "hardware.estimate"));
    print_cells("available", report_at(section, "available"));
    print_rates(section);
    if (report_text(section, "lacks", NULL))
        printf("%s\n", report_text(section, "lacks", ""));
    if (report_text(section, "bitstream", NULL))
        printf("bitstream: %s\n", report_text(section, "bitstream", ""));
    const json_t *files = report_at(section, "vendor_files");
    for (size_t i = 0; i < json_array_size(files); i++)
        printf("written: %s\n", json_string_value(json_array_get(files, i)));
    print_netlist(report);
}
