#include "tools/doctor.h"

#include "tools/ghdl.h"
#include "tools/tool.h"

typedef struct Known {
    GhdlCode code;
    const char *name, *enables, *install;
} Known;

static const Known KNOWN_TOOLS[] = {
    {GHDL_LLVM, "GHDL (llvm)", "simulates generated hardware, fast",
     "make deps, or apt-get install ghdl-llvm"},
    {GHDL_MCODE, "GHDL (mcode)",
     "simulates generated hardware, and catches every integer overflow in it",
     "make deps, or apt-get install ghdl-mcode"},
};

/* In the order of the flow; vvp comes with iverilog. */
static const ToolKind OTHERS[] = {TOOL_YOSYS,        TOOL_NEXTPNR_ICE40, TOOL_ICEPACK,
                                  TOOL_NEXTPNR_ECP5, TOOL_ECPPACK,       TOOL_IVERILOG,
                                  TOOL_VERILATOR,    TOOL_ICEPROG,       TOOL_OPENFPGALOADER};

enum {
    KNOWN_COUNT = sizeof KNOWN_TOOLS / sizeof *KNOWN_TOOLS,
    OTHER_COUNT = sizeof OTHERS / sizeof *OTHERS
};

static const GhdlBackend *find(const GhdlTools *ghdl, GhdlCode code)
{
    for (int i = 0; i < ghdl->count; i++)
        if (ghdl->found[i].code == code)
            return &ghdl->found[i];
    return NULL;
}

static DoctorTool ghdl_row(const GhdlTools *ghdl, const Known *known)
{
    const GhdlBackend *backend = find(ghdl, known->code);
    return (DoctorTool){.name = known->name,
                        .found = backend != NULL,
                        .path = backend ? backend->path : "",
                        .version = backend ? backend->version : "",
                        .enables = known->enables,
                        .install = known->install};
}

static DoctorTool other_row(Arena *arena, ToolKind kind)
{
    Tool tool = tool_look(arena, kind);
    return (DoctorTool){.name = tool.title,
                        .found = tool.path != NULL,
                        .path = tool.path ? tool.path : "",
                        .version = tool.version,
                        .enables = tool.enables,
                        .install = tool.install};
}

DoctorReport doctor_look(Arena *arena)
{
    GhdlTools ghdl;
    bool any = ghdl_find(arena, &ghdl) == OK;
    DoctorReport report = {.tools = ARENA_ARRAY(arena, DoctorTool, KNOWN_COUNT + OTHER_COUNT),
                           .count = KNOWN_COUNT + OTHER_COUNT,
                           .can_simulate = any,
                           .can_synthesize = any && tool_is_there(TOOL_YOSYS)};
    for (int i = 0; i < KNOWN_COUNT; i++)
        report.tools[i] = ghdl_row(&ghdl, &KNOWN_TOOLS[i]);
    for (int i = 0; i < OTHER_COUNT; i++)
        report.tools[KNOWN_COUNT + i] = other_row(arena, OTHERS[i]);
    return report;
}
