#include "tools/doctor.h"

#include "tools/ghdl.h"

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

enum { KNOWN_COUNT = sizeof KNOWN_TOOLS / sizeof *KNOWN_TOOLS };

static const GhdlBackend *find(const GhdlTools *ghdl, GhdlCode code)
{
    for (int i = 0; i < ghdl->count; i++)
        if (ghdl->found[i].code == code)
            return &ghdl->found[i];
    return NULL;
}

DoctorReport doctor_look(Arena *arena)
{
    GhdlTools ghdl;
    bool any = ghdl_find(arena, &ghdl) == OK;
    DoctorReport report = {.tools = ARENA_ARRAY(arena, DoctorTool, KNOWN_COUNT),
                           .count = KNOWN_COUNT,
                           .can_simulate = any};
    for (int i = 0; i < KNOWN_COUNT; i++) {
        const GhdlBackend *backend = find(&ghdl, KNOWN_TOOLS[i].code);
        report.tools[i] = (DoctorTool){.name = KNOWN_TOOLS[i].name,
                                       .found = backend != NULL,
                                       .path = backend ? backend->path : "",
                                       .version = backend ? backend->version : "",
                                       .enables = KNOWN_TOOLS[i].enables,
                                       .install = KNOWN_TOOLS[i].install};
    }
    return report;
}
