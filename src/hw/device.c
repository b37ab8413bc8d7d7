#include "hw/device.h"

#include <stddef.h>
#include <strings.h>

#include "base/nearest.h"

/* Where the figures can be checked; they were written down from memory, without these documents at
 * hand. nextpnr-ice40 0.4 confirms the logic cells and block RAMs of the HX8K.
 *   iCE40 HX8K    Lattice FPGA-DS-02029 (iCE40 LP/HX Family): 7,680 logic cells (one LUT4 and one
 *                 flip-flop each), 32 EBR of 4 kbit, no DSP; CT256: 206 I/O
 *   iCE40 UP5K    Lattice FPGA-DS-02008 (iCE40 UltraPlus): 5,280 logic cells, 30 EBR of 4 kbit,
 *                 8 SB_MAC16; SG48: 39 I/O. Its 4 SPRAM of 256 kbit are not counted: they cannot
 *                 be initialized, so no weight can be in them
 *   ECP5          Lattice FPGA-DS-02012 (ECP5 and ECP5-5G Family): LFE5U-25, -45, -85 have 24, 44
 *                 and 84 thousand LUT4 (exactly 24,288, 43,848, 83,640), 56, 108, 208 sysMEM
 *                 blocks of 18 kbit, 28, 72, 156 multipliers 18x18; CABGA381: 197, 203, 205 I/O
 *   Artix-7       AMD DS180 (7 Series Overview): XC7A35T and XC7A100T have 5,200 and 15,850 slices
 *                 (4 LUT6 and 8 flip-flops each), 50 and 135 blocks of 36 kbit, 90 and 240
 *                 DSP48E1; CSG324: 210 I/O
 *   Zynq-7000     AMD DS190 (Zynq-7000 Overview): 7Z010 and 7Z020 have 17,600 and 53,200 LUT6,
 *                 35,200 and 106,400 flip-flops, 60 and 140 blocks of 36 kbit, 80 and 220
 *                 DSP48E1; CLG400: 100 and 125 I/O
 */
static const Device DEVICES[] = {
    {"up5k", "iCE40UP5K-SG48", FAMILY_ICE40, 4, 5280, 5280, 8, 30, 4096, 39, "--up5k", "sg48",
     NULL},
    {"hx8k", "iCE40HX8K-CT256", FAMILY_ICE40, 4, 7680, 7680, 0, 32, 4096, 206, "--hx8k", "ct256",
     NULL},
    {"ecp5-25", "LFE5U-25F-6BG381C", FAMILY_ECP5, 4, 24288, 24288, 28, 56, 18432, 197, "--25k",
     "CABGA381", "6"},
    {"ecp5-45", "LFE5U-45F-6BG381C", FAMILY_ECP5, 4, 43848, 43848, 72, 108, 18432, 203, "--45k",
     "CABGA381", "6"},
    {"ecp5-85", "LFE5U-85F-6BG381C", FAMILY_ECP5, 4, 83640, 83640, 156, 208, 18432, 205, "--85k",
     "CABGA381", "6"},
    {"artix7-35t", "xc7a35tcsg324-1", FAMILY_XILINX7, 6, 20800, 41600, 90, 50, 36864, 210, NULL,
     NULL, NULL},
    {"artix7-100t", "xc7a100tcsg324-1", FAMILY_XILINX7, 6, 63400, 126800, 240, 135, 36864, 210,
     NULL, NULL, NULL},
    {"zynq-7010", "xc7z010clg400-1", FAMILY_XILINX7, 6, 17600, 35200, 80, 60, 36864, 100, NULL,
     NULL, NULL},
    {"zynq-7020", "xc7z020clg400-1", FAMILY_XILINX7, 6, 53200, 106400, 220, 140, 36864, 125, NULL,
     NULL, NULL},
    {.name = NULL},
};

enum { DEVICE_ROWS = sizeof DEVICES / sizeof *DEVICES };

const char *device_family_word(DeviceFamily family)
{
    static const char *const words[FAMILIES] = {
        [FAMILY_ICE40] = "ice40", [FAMILY_ECP5] = "ecp5", [FAMILY_XILINX7] = "xilinx7"};
    return words[family];
}

/* SB_MAC16 16x16, MULT18X18D 18x18, DSP48E1 25x18 with signs, which natural numbers do not need. */
DspFactors device_dsp_factors(DeviceFamily family)
{
    static const DspFactors factors[FAMILIES] = {
        [FAMILY_ICE40] = {16, 16}, [FAMILY_ECP5] = {18, 18}, [FAMILY_XILINX7] = {24, 17}};
    return factors[family];
}

const Device *device_list(void)
{
    return DEVICES;
}

/* Kept by hand beside the table; the test compares the two. */
const char *device_names(void)
{
    return "up5k, hx8k, ecp5-25, ecp5-45, ecp5-85, artix7-35t, artix7-100t, zynq-7010, zynq-7020";
}

static Status unknown_device(const char *name)
{
    const char *names[DEVICE_ROWS];
    for (int i = 0; i < DEVICE_ROWS; i++)
        names[i] = DEVICES[i].name;
    const char *nearest = nearest_word(name, names);
    return nearest ? error_set(ERR_USAGE, "no device '%s'; did you mean %s? There are: %s", name,
                               nearest, device_names())
                   : error_set(ERR_USAGE, "no device '%s'; there are: %s", name, device_names());
}

Status device_find(const char *name, const Device **device)
{
    for (const Device *row = DEVICES; row->name; row++) {
        if (strcasecmp(row->name, name) == 0) {
            *device = row;
            return OK;
        }
    }
    return unknown_device(name);
}
