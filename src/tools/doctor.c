#include "tools/doctor.h"

#include "tools/ghdl.h"

typedef struct Known {
    GhdlCode code;
    const char *name, *enables, *install;
} Known;

static const Known known[] = {
    {GHDL_LLVM, "GHDL (llvm)", "simulates generated hardware, fast",
     "make deps, or apt-get install ghdl-llvm"},
    {GHDL_MCODE, "GHDL (mcode)",
     "simulates generated hardware, and catches every integer overflow in it",
     "make deps, or apt-get install ghdl-mcode"},
};

enum { KNOWN = sizeof known / sizeof *known };

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
    DoctorReport report = {
        .tools = ARENA_ARRAY(arena, DoctorTool, KNOWN), .count = KNOWN, .can_simulate = any};
    for (int i = 0; i < KNOWN; i++) {
        const GhdlBackend *backend = find(&ghdl, known[i].code);
        report.tools[i] = (DoctorTool){.name = known[i].name,
                                       .found = backend != NULL,
                                       .path = backend ? backend->path : "",
                                       .version = backend ? backend->version : "",
                                       .enables = known[i].enables,
                                       .install = known[i].install};
    }
    return report;
}
