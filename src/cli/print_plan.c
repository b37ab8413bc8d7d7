/* print_plan.c: what a plan is, as tables. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "flow/report.h"

static const char *cell(const json_t *object, const char *path, int decimals,
                        char text[PRINT_NUMBER_BYTES])
{
    return print_number(report_number(object, path, NAN), decimals, text);
}

static void print_layers(const json_t *hardware)
{
    const json_t *layers = report_at(hardware, "layers");
    const json_t *sizes = report_at(hardware, "estimate.layers");
    printf("%-22s %5s %6s %10s %11s %12s", "layer", "PE", "SIMD", "fold steps", "multipliers",
           "clocks/image");
    printf(sizes ? " %8s %8s %5s %5s\n" : "\n", "LUT", "FF", "DSP", "BRAM");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *row = json_array_get(layers, i), *size = json_array_get(sizes, i);
        char a[5][PRINT_NUMBER_BYTES];
        printf("%-22s %5s %6s %10s %11s %12s", report_text(row, "name", "-"),
               cell(row, "pe", 0, a[0]), cell(row, "simd", 0, a[1]),
               cell(row, "fold_steps", 0, a[2]), cell(row, "macs_per_cycle", 0, a[3]),
               cell(row, "interval_cycles", 0, a[4]));
        if (size)
            printf(" %8s %8s %5s %5s", cell(size, "lut", 0, a[0]), cell(size, "ff", 0, a[1]),
                   cell(size, "dsp", 0, a[2]), cell(size, "bram", 0, a[3]));
        printf("\n");
    }
}

/* Which layers share their DSP blocks. */
static void print_packed(const json_t *hardware)
{
    const json_t *layers = report_at(hardware, "layers");
    for (size_t i = 0; i < json_array_size(layers); i++)
        if (json_is_true(report_at(json_array_get(layers, i), "packed")))
            printf("packed: two products of %s in each DSP block\n",
                   report_text(json_array_get(layers, i), "name", "-"));
}

static void print_values(const char *key, const json_t *values)
{
    printf("  %s", key);
    for (size_t i = 0; i < json_array_size(values); i++)
        printf("%s%lld", i ? "," : " ", (long long)json_integer_value(json_array_get(values, i)));
}

/* What --fold may be, for layers with a choice. */
static void print_legal(const json_t *hardware)
{
    const json_t *layers = report_at(hardware, "layers");
    printf("\nlegal foldings (--fold LAYER:pe=P,simd=S)\n");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *row = json_array_get(layers, i);
        const json_t *pe = report_at(row, "pe_values"), *simd = report_at(row, "simd_values");
        if (json_array_size(pe) < 2 && json_array_size(simd) < 2)
            continue;
        printf("%-22s", report_text(row, "name", "-"));
        print_values("pe", pe);
        print_values("simd", simd);
        printf("\n");
    }
}

static void print_buffers(const json_t *hardware)
{
    const json_t *buffers = report_at(hardware, "buffers");
    for (size_t i = 0; i < json_array_size(buffers); i++) {
        const json_t *row = json_array_get(buffers, i);
        char depth[PRINT_NUMBER_BYTES];
        if (report_number(row, "depth", 0) > 2)
            printf("buffer from %s to %s: %s beats\n", report_text(row, "from", "-"),
                   report_text(row, "to", "-"), cell(row, "depth", 0, depth));
    }
}

void print_foldings(const json_t *hardware)
{
    const json_t *folding = report_at(hardware, "folding");
    char a[3][PRINT_NUMBER_BYTES];
    if (!json_is_object(folding))
        return;
    printf("folding: %s images/s at %s MHz, an image every %s clocks; ",
           cell(folding, "images_per_s", 0, a[0]), cell(folding, "clock_mhz", 1, a[1]),
           cell(folding, "interval_cycles", 0, a[2]));
    printf("the bottleneck is %s%s\n", report_text(folding, "bottleneck", "-"),
           strcmp(report_text(folding, "limited_by", ""), "pixels") == 0
               ? ", which takes a pixel a clock"
               : "");
}

void print_estimate(const json_t *hardware)
{
    const json_t *estimate = report_at(hardware, "estimate");
    char a[4][PRINT_NUMBER_BYTES];
    if (!json_is_object(estimate))
        return;
    printf("estimate for %s: %s LUT (give or take %.0f %%), %s FF (%.0f %%), %s DSP, %s block "
           "RAM%s%s\n",
           report_text(estimate, "device", "-"), cell(estimate, "lut", 0, a[0]),
           100 * report_number(estimate, "lut_error", NAN), cell(estimate, "ff", 0, a[1]),
           100 * report_number(estimate, "ff_error", NAN), cell(estimate, "dsp", 0, a[2]),
           cell(estimate, "bram", 0, a[3]),
           report_flag(estimate, "fits", true) ? "" : "; does not fit: ",
           report_text(estimate, "reason", ""));
}

void print_energy_estimate(const json_t *hardware)
{
    const json_t *energy = report_at(hardware, "energy");
    if (!json_is_object(energy))
        return;
    double real = report_number(energy, "float_nj", NAN);
    double whole = report_number(energy, "integer_nj", NAN);
    printf("energy of an image, operations and memory alone (45 nm): %.1f nJ, in float32 %.1f nJ "
           "(%.1f times)\n",
           whole, real, real / whole);
}

void print_plan(const json_t *report)
{
    const json_t *hardware = report_at(report, "hardware");
    if (!json_is_object(hardware))
        return;
    print_layers(hardware);
    print_legal(hardware);
    printf("\n");
    print_packed(hardware);
    print_buffers(hardware);
    char latency[PRINT_NUMBER_BYTES], interval[PRINT_NUMBER_BYTES];
    printf("predicted: latency %s clocks, an image every %s\n",
           cell(hardware, "predicted_latency_cycles", 0, latency),
           cell(hardware, "predicted_interval_cycles", 0, interval));
    print_foldings(hardware);
    print_estimate(hardware);
    print_energy_estimate(hardware);
}
