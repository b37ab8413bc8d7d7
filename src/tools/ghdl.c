#include "tools/ghdl.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fs.h"

#define INSTALL_HINT "install one with `make deps` or `apt-get install ghdl-llvm`"

static const char *const CODE_WORDS[GHDL_CODES] = {"llvm", "gcc", "mcode"};

/* Where to look. The last may be any of them, or a script that starts one of those beside it. */
static const char *const PROGRAM_NAMES[GHDL_MAX_BACKENDS] = {"ghdl-llvm", "ghdl-gcc", "ghdl-mcode",
                                                             "ghdl"};

const char *ghdl_code_word(GhdlCode code)
{
    return CODE_WORDS[code];
}

/* ---- which ones are there -------------------------------------------------------------------- */

bool ghdl_parse_version(Arena *arena, const char *text, GhdlBackend *backend)
{
    static const char first[] = "GHDL ";
    if (strncmp(text, first, sizeof first - 1) != 0)
        return false;
    const char *number = text + sizeof first - 1;
    size_t length = strspn(number, "0123456789.");
    if (length == 0 || length > 31)
        return false;
    backend->version = arena_printf(arena, "%.*s", (int)length, number);
    backend->major = (int)strtol(number, NULL, 10);
    /* "llvm code generator", "GCC 12.2.0 code generator", "..., mcode JIT code generator" */
    const char *line = strstr(text, "code generator");
    if (!line)
        return false;
    while (line > text && line[-1] != '\n')
        line--;
    for (int code = 0; code < GHDL_CODES; code++) {
        const char *at = strcasestr(line, CODE_WORDS[code]);
        if (at && at < line + strcspn(line, "\n")) {
            backend->code = (GhdlCode)code;
            return true;
        }
    }
    return false;
}

static void gather(void *context, const char *line)
{
    buffer_printf(context, "%s\n", line);
}

/* A plain `ghdl` beside one that was found starts that one: it is not asked. */
static bool is_beside(const GhdlTools *tools, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    for (int i = 0; i < tools->count; i++)
        if (strncmp(tools->found[i].path, path, length) == 0 &&
            !strchr(tools->found[i].path + length, '/'))
            return strcmp(path + length, "ghdl") == 0;
    return false;
}

/* A program that does not answer as GHDL does is none; only a wish to stop is a failure. */
static Status ask_version(Arena *arena, GhdlBackend *backend, bool *known)
{
    Buffer text = {0};
    const char *const argv[] = {backend->path, "--version", NULL};
    ProcessSpec spec = {.argv = argv, .deadline_s = 20, .on_line = gather, .context = &text};
    ProcessResult result;
    Status status = process_run(&spec, &result);
    *known = status == OK && result.exit_status == 0 && text.data &&
             ghdl_parse_version(arena, text.data, backend);
    buffer_free(&text);
    return status == ERR_CANCELLED ? status : OK;
}

static const GhdlBackend *find_code(const GhdlTools *tools, GhdlCode code)
{
    for (int i = 0; i < tools->count; i++)
        if (tools->found[i].code == code)
            return &tools->found[i];
    return NULL;
}

Status ghdl_find(Arena *arena, GhdlTools *tools)
{
    *tools = (GhdlTools){0};
    const char *too_old = NULL;
    for (int i = 0; i < GHDL_MAX_BACKENDS; i++) {
        GhdlBackend backend = {0};
        bool known = false;
        backend.path = process_find_program(arena, PROGRAM_NAMES[i]);
        if (backend.path && !is_beside(tools, backend.path))
            TRY(ask_version(arena, &backend, &known));
        if (!known)
            continue;
        if (backend.major < GHDL_MIN_MAJOR)
            too_old = arena_printf(arena, "%s is version %s", backend.path, backend.version);
        else if (!find_code(tools, backend.code))
            tools->found[tools->count++] = backend;
    }
    if (tools->count == 0)
        return error_set(ERR_ENVIRONMENT, "GHDL %d.0 or later is needed, and %s; " INSTALL_HINT,
                         GHDL_MIN_MAJOR, too_old ? too_old : "there is none on PATH");
    for (int code = 0; code < GHDL_CODES && !tools->fast; code++) /* the enum is in that order */
        tools->fast = find_code(tools, (GhdlCode)code);
    if (tools->fast->code != GHDL_MCODE)
        tools->checker = find_code(tools, GHDL_MCODE);
    return OK;
}

/* ---- what it says ---------------------------------------------------------------------------- */

static bool take_number(const char **at, int *number)
{
    if (!isdigit((unsigned char)**at))
        return false;
    char *end;
    long value = strtol(*at, &end, 10);
    if (*end != ':' || value > 100000000)
        return false;
    *number = (int)value;
    *at = end + 1;
    return true;
}

static void copy_part(char *into, size_t room, const char *from, size_t length)
{
    snprintf(into, room, "%.*s", (int)(length < room ? length : room - 1), from);
}

/* "(report note): text" and "(assertion error): text": of a running simulation. */
static bool parse_report(const char *at, GhdlMessage *message)
{
    size_t time = strcspn(at, ":");
    copy_part(message->time, sizeof message->time, at, time);
    at += time;
    if (strncmp(at, ":(", 2) != 0)
        return false;
    const char *close = strstr(at, "): ");
    const char *space = strchr(at, ' ');
    if (!close || !space || space > close)
        return false;
    copy_part(message->severity, sizeof message->severity, space + 1, (size_t)(close - space - 1));
    message->text = close + 3;
    return true;
}

bool ghdl_parse_message(const char *line, GhdlMessage *message)
{
    *message = (GhdlMessage){0};
    for (const char *colon = strchr(line, ':'); colon; colon = strchr(colon + 1, ':')) {
        const char *at = colon + 1; /* a file name may hold colons: the numbers tell */
        if (colon == line || !take_number(&at, &message->line) ||
            !take_number(&at, &message->column))
            continue;
        copy_part(message->file, sizeof message->file, line, (size_t)(colon - line));
        if (*at == '@')
            return parse_report(at, message);
        static const char warning[] = "warning:";
        bool is_warning = strncmp(at, warning, sizeof warning - 1) == 0;
        snprintf(message->severity, sizeof message->severity, "%s",
                 is_warning ? "warning" : "error");
        at += is_warning ? sizeof warning - 1 : 0;
        message->text = at + strspn(at, " ");
        return true;
    }
    return false;
}

bool ghdl_sentinel_value(const char *sentinel, const char *name, int64_t *value)
{
    size_t length = strlen(name);
    for (const char *at = sentinel; (at = strchr(at, ' ')) != NULL;) {
        at++;
        if (strncmp(at, name, length) != 0 || at[length] != '=')
            continue;
        char *end;
        *value = strtoll(at + length + 1, &end, 10);
        return end != at + length + 1 && (*end == ' ' || *end == '\0');
    }
    return false;
}

/* ---- analysis and elaboration ---------------------------------------------------------------- */

typedef struct Complaint {
    char text[1024]; /* the first error line */
    bool disk_full;  /* said by any of the programs that it starts */
} Complaint;

static void keep_first_error(void *context, const char *line)
{
    Complaint *complaint = context;
    GhdlMessage message;
    complaint->disk_full |= strstr(line, strerror(ENOSPC)) != NULL;
    bool is_error = ghdl_parse_message(line, &message) ? strcmp(message.severity, "error") == 0
                                                       : strstr(line, "error") != NULL;
    if (is_error && !complaint->text[0])
        copy_part(complaint->text, sizeof complaint->text, line, strlen(line));
}

typedef struct Step {
    const char *what; /* "analysis" */
    const char *const *argv;
    const char *stdout_path; /* NULL: listened to */
} Step;

static Status run_step(const GhdlDesign *design, const Step *step)
{
    Complaint complaint = {0};
    ProcessSpec spec = {.argv = step->argv,
                        .folder = design->folder,
                        .deadline_s = design->deadline_s,
                        .log_path = design->log_path,
                        .stdout_path = step->stdout_path,
                        .on_line = keep_first_error,
                        .context = &complaint};
    ProcessResult result;
    TRY_IN(process_run(&spec, &result), "%s of %s", step->what, design->top);
    if (result.exit_status != 0 && complaint.disk_full)
        return error_set(ERR_ENVIRONMENT, "%s of %s: the disk of %s is full: free some space",
                         step->what, design->top, design->folder);
    if (result.exit_status != 0)
        return error_set(ERR_INTERNAL, "%s of %s: GHDL refuses the generated VHDL: %s", step->what,
                         design->top, complaint.text[0] ? complaint.text : result.tail);
    return OK;
}

static bool makes_executable(const GhdlDesign *design)
{
    return design->backend->code != GHDL_MCODE;
}

static char *executable_of(Arena *arena, const GhdlDesign *design)
{
    return fs_join(arena, design->folder, design->top);
}

static Status analyse(Arena *arena, const GhdlDesign *design, bool optimized)
{
    enum { FIXED_WORDS = 8 };
    TRY(fs_make_folders(design->folder));
    int files = 0;
    while (design->files[files])
        files++;
    const char **argv = ARENA_ARRAY(arena, const char *, FIXED_WORDS + files);
    int used = 0;
    argv[used++] = design->backend->path;
    argv[used++] = "-a";
    argv[used++] = "--std=08";
    if (optimized)
        argv[used++] = "-O2";
    for (int i = 0; i < files; i++)
        argv[used++] = design->files[i];
    return run_step(design, &(Step){"analysis", argv, NULL});
}

Status ghdl_build(Arena *arena, const GhdlDesign *design)
{
    bool translated = makes_executable(design);
    TRY(analyse(arena, design, translated));
    if (!translated)
        return OK; /* mcode elaborates when it runs */
    const char *elaborate[] = {design->backend->path, "-e",        "--std=08", "-O2", "-o",
                               design->top,           design->top, NULL};
    return run_step(design, &(Step){"elaboration", elaborate, NULL});
}

Status ghdl_synthesize(Arena *arena, const GhdlDesign *design, const char *verilog_path)
{
    TRY(analyse(arena, design, false));
    const char *synthesize[] = {design->backend->path, "--synth",   "--std=08", "--no-formal",
                                "--out=verilog",       design->top, NULL};
    return run_step(design, &(Step){"synthesis", synthesize, verilog_path});
}

/* ---- runs ------------------------------------------------------------------------------------ */

typedef struct Listener {
    GhdlRun *run;
    Arena *arena;
} Listener;

static void listen(void *context, const char *line)
{
    Listener *listener = context;
    GhdlRun *run = listener->run;
    GhdlMessage message;
    size_t length = strlen(run->sentinel);
    if (ghdl_parse_message(line, &message) && strncmp(message.text, run->sentinel, length) == 0 &&
        message.text[length] == ' ')
        run->sentinel_line = arena_strdup(listener->arena, message.text);
    if (run->on_line)
        run->on_line(run->context, line);
}

static const char *const *make_argv(Arena *arena, const GhdlDesign *design, const GhdlRun *run)
{
    enum { FIXED_WORDS = 9 };
    int generics = 0;
    while (run->generics && run->generics[generics])
        generics++;
    const char **argv = ARENA_ARRAY(arena, const char *, FIXED_WORDS + generics);
    int used = 0;
    if (makes_executable(design)) {
        argv[used++] = executable_of(arena, design);
    } else {
        argv[used++] = design->backend->path;
        argv[used++] = "-r";
        argv[used++] = "--std=08";
        argv[used++] = arena_printf(arena, "--workdir=%s", design->folder);
        argv[used++] = design->top;
    }
    for (int i = 0; i < generics; i++)
        argv[used++] = arena_printf(arena, "-g%s", run->generics[i]);
    if (run->wave)
        argv[used++] = arena_printf(arena, "--wave=%s", run->wave);
    argv[used++] = "--max-stack-alloc=0"; /* big constants pass through functions of the design */
    return argv;
}

Status ghdl_run_many(Arena *arena, const GhdlDesign *design, GhdlRun *runs, int count, int at_once)
{
    ProcessSpec *specs = ARENA_ARRAY(arena, ProcessSpec, count);
    ProcessResult *results = ARENA_ARRAY(arena, ProcessResult, count);
    Listener *listeners = ARENA_ARRAY(arena, Listener, count);
    for (int i = 0; i < count; i++) {
        runs[i].sentinel_line = NULL;
        listeners[i] = (Listener){.run = &runs[i], .arena = arena};
        specs[i] = (ProcessSpec){.argv = make_argv(arena, design, &runs[i]),
                                 .folder = runs[i].folder ? runs[i].folder : design->folder,
                                 .deadline_s = design->deadline_s,
                                 .log_path = design->log_path,
                                 .on_line = listen,
                                 .context = &listeners[i]};
    }
    Status status = process_run_many(specs, count, at_once, results);
    for (int i = 0; i < count; i++)
        runs[i].result = results[i];
    return status == OK ? OK : error_context(status, "simulation of %s", design->top);
}

bool ghdl_run_passed(const GhdlRun *run)
{
    return run->result.end == PROCESS_EXITED && run->result.exit_status == 0 && run->sentinel_line;
}
