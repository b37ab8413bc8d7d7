#include "cli/cli.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/fs.h"
#include "base/paths.h"
#include "cli/arguments.h"
#include "cli/paper.h"
#include "cli/print.h"
#include "cli/print_optimize.h"
#include "cli/progress_line.h"
#include "cli/scheme.h"
#include "flow/report.h"
#include "flow/run.h"
#include "nn/kernel_set.h"
#include "tools/doctor.h"

typedef struct Session {
    Arguments arguments;
    Arena *arena;
    ProgressLine progress;
    RunEvents events;
    bool reported; /* there is an object on standard output, of a verb without a report too */
} Session;

/* Does the verb and prints its result; a failure's message is printed by the caller. */
typedef Status VerbFunction(Session *session);

typedef struct Verb {
    const char *name;
    const char *words; /* what it takes, for --help */
    int least, most;   /* number of words */
    unsigned groups;
    VerbFunction *function;
    const char *help;
} Verb;

/* ---- verbs -------------------------------------------------------------------------------------
 */

static void print_json(const json_t *json)
{
    char *text = report_format(json, true);
    puts(text);
    free(text);
}

/* Prints a report as JSON, or by `table` when the verb came so far that there is one. */
static Status give_report(Session *session, Status status, json_t *report,
                          void (*table)(const Session *session, const json_t *report))
{
    progress_line_clear(&session->progress);
    if (session->arguments.json && report)
        print_json(report);
    else if (report && (status == OK || status == ERR_UNMET))
        table(session, report);
    json_decref(report);
    return status;
}

static void run_table(const Session *session, const json_t *report)
{
    print_results(report);
    print_preparation(report);
    print_ladder(report);
    print_quantized_layers(report);
    if (session->arguments.paper)
        print_paper_table(report);
    print_hardware(report);
}

static void model_table(const Session *session, const json_t *report)
{
    (void)session;
    print_model(report);
}

static void evaluate_table(const Session *session, const json_t *report)
{
    (void)session;
    print_results(report);
    print_preparation(report);
    const json_t *dynamic = report_at(report, "dynamic");
    if (dynamic)
        printf("accuracy with ranges from each image: %.4f\n",
               report_number(dynamic, "accuracy", 0));
    print_confusion(report, "baseline");
    print_confusion(report, "quantized");
}

static void emit_table(const Session *session, const json_t *report)
{
    print_hardware(report);
    printf("VHDL is in %s/hdl\n", session->arguments.run.workdir);
}

static void training_table(const Session *session, const json_t *report)
{
    (void)session;
    print_training(report);
}

static void sensitivity_table(const Session *session, const json_t *report)
{
    (void)session;
    print_sensitivity(report);
}

static Status verb_run(Session *session)
{
    session->arguments.run.model = session->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_run(&session->arguments.run, &session->events, &report);
    return give_report(session, status, report, run_table);
}

static Status verb_inspect(Session *session)
{
    session->arguments.run.model = session->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_inspect(&session->arguments.run, &report);
    return give_report(session, status, report, model_table);
}

static Status verb_train(Session *session)
{
    session->arguments.run.model = session->arguments.words[0];
    json_t *report = NULL;
    Status status =
        flow_train(&session->arguments.run, &session->arguments.train, &session->events, &report);
    return give_report(session, status, report, training_table);
}

static Status verb_sensitivity(Session *session)
{
    session->arguments.run.model = session->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_sensitivity(&session->arguments.run, &session->events, &report);
    return give_report(session, status, report, sensitivity_table);
}

static Status verb_evaluate(Session *session)
{
    session->arguments.run.model = session->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_evaluate(&session->arguments.run, &session->events, &report);
    return give_report(session, status, report, evaluate_table);
}

static void sweep_table(const Session *session, const json_t *report)
{
    (void)session;
    print_sweep(report);
}

static Status verb_sweep(Session *session)
{
    session->arguments.run.model = session->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_sweep(&session->arguments.run, &session->events, &report);
    return give_report(session, status, report, sweep_table);
}

static Status verb_quantize(Session *session)
{
    session->arguments.run.model = session->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_quantize(&session->arguments.run, &session->events, &report);
    return give_report(session, status, report, run_table);
}

/* emit and simulate write where they are told: there is no run to hold their files. */
static Status need_workdir(const Session *session)
{
    if (session->arguments.run.workdir)
        return OK;
    return error_set(ERR_USAGE, "--workdir DIR is needed: the folder to write to");
}

static Status verb_emit(Session *session)
{
    TRY(need_workdir(session));
    session->arguments.run.description = session->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_emit(&session->arguments.run, &session->events, &report);
    return give_report(session, status, report, emit_table);
}

static Status verb_simulate(Session *session)
{
    TRY(need_workdir(session));
    session->arguments.run.description = session->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_simulate(&session->arguments.run, &session->events, &report);
    return give_report(session, status, report, run_table);
}

/* Reads reports that others made. */
static Status verb_paper(Session *session)
{
    const Arguments *arguments = &session->arguments;
    const PaperRequest request = {.training = arguments->words[0],
                                  .quantized = arguments->words[1],
                                  .folder = arguments->run.workdir,
                                  .ascii = arguments->ascii,
                                  .json = arguments->json};
    return paper_show(&request);
}

static Status verb_scheme(Session *session)
{
    const Arguments *arguments = &session->arguments;
    const char *what = arguments->words[0];
    bool diff = strcmp(what, "diff") == 0;
    if (!diff && strcmp(what, "show") != 0)
        return error_set(ERR_USAGE, "scheme %s: show or diff", what);
    if (arguments->word_count != (diff ? 3 : 2))
        return error_set(ERR_USAGE, "scheme %s needs %s", what,
                         diff ? "two scheme files" : "one scheme file");
    if (!diff)
        return scheme_show(arguments->words[1], arguments->json);
    Status status = scheme_diff(arguments->words[1], arguments->words[2], arguments->json);
    session->reported = status == ERR_UNMET;
    return status;
}

static json_t *run_to_json(const RunRecord *run)
{
    json_t *figures = json_object();
    for (int i = 0; i < FIGURES; i++)
        json_object_set_new(figures, figure_word((Figure)i), report_real(run->figures.values[i]));
    json_t *report = run->report ? json_loads(run->report, 0, NULL) : NULL;
    return json_pack(
        "{s:I s:I s:I s:s s:s s:f s:s s:s s:s s:s s:s s:I s:s s:o s:s s:s s:s s:o}", "run",
        (json_int_t)run->id, "created_ms", (json_int_t)run->created_ms, "finished_ms",
        (json_int_t)run->finished_ms, "status", run_status_word(run->status), "stage", run->stage,
        "progress", run->progress, "model", run->model_name, "model_path", run->model_path,
        "model_sha256", run->model_sha256, "dataset_path", run->dataset_path, "dataset_sha256",
        run->dataset_sha256, "seed", (json_int_t)run->seed, "folder", run->folder, "figures",
        figures, "description_sha256", run->description_sha256, "hdl_sha256", run->hdl_sha256,
        "message", run->message, "report", report ? report : json_null());
}

static Status runs_list(Session *session, Store *store)
{
    const Arguments *arguments = &session->arguments;
    RunQuery query = {.limit = arguments->limit};
    if (arguments->status) {
        query.has_status = true;
        if (!run_status_parse(arguments->status, &query.status))
            return error_set(ERR_USAGE, "--status %s: no such status", arguments->status);
    }
    RunRecord *runs = NULL;
    int count = 0;
    TRY(store_list(store, &query, session->arena, &runs, &count));
    if (!arguments->json) {
        print_runs(runs, count);
        return OK;
    }
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, run_to_json(&runs[i]));
    json_t *object = json_pack("{s:o}", "runs", list);
    print_json(object);
    json_decref(object);
    return OK;
}

static Status parse_run_number(const char *text, int64_t *id)
{
    char *end;
    errno = 0;
    *id = strtoll(text, &end, 10);
    if (end == text || *end || errno || *id < 1)
        return error_set(ERR_USAGE, "'%s' is no run number; 'dnn2fpga runs list' shows them", text);
    return OK;
}

static Status runs_show(Session *session, Store *store)
{
    int64_t id;
    TRY(parse_run_number(session->arguments.words[1], &id));
    RunRecord run;
    StageRecord *stages = NULL;
    int count = 0;
    TRY(store_get(store, id, session->arena, &run));
    TRY(store_stages(store, id, session->arena, &stages, &count));
    if (!session->arguments.json) {
        print_run(&run, stages, count);
        json_t *report = run.report ? report_parse(run.report) : NULL;
        if (report)
            run_table(session, report);
        json_decref(report);
        return OK;
    }
    json_t *object = run_to_json(&run);
    print_json(object);
    json_decref(object);
    return OK;
}

static Status runs_resume(Session *session)
{
    int64_t id;
    TRY(parse_run_number(session->arguments.words[1], &id));
    json_t *report = NULL;
    Status status = flow_resume(session->arguments.run.database, id, &session->events, &report);
    session->reported = report != NULL;
    return give_report(session, status, report, run_table);
}

static Status verb_runs(Session *session)
{
    const Arguments *arguments = &session->arguments;
    bool show = strcmp(arguments->words[0], "show") == 0;
    bool resume = strcmp(arguments->words[0], "resume") == 0;
    if (!show && !resume && strcmp(arguments->words[0], "list") != 0)
        return error_set(ERR_USAGE, "runs %s: list, show or resume", arguments->words[0]);
    if (arguments->word_count != (show || resume ? 2 : 1))
        return error_set(ERR_USAGE,
                         show || resume ? "runs %s needs the number of one run"
                                        : "runs %s takes no further words",
                         arguments->words[0]);
    if (resume)
        return runs_resume(session);
    Store *store = NULL;
    TRY(store_open(arguments->run.database, &store));
    Status status = show ? runs_show(session, store) : runs_list(session, store);
    store_close(store);
    return status;
}

static Status verb_paths(Session *session)
{
    Paths paths = paths_of_user(session->arena);
    if (session->arguments.json) {
        json_t *object = json_pack("{s:s s:s s:s s:s}", "history", paths.history, "runs",
                                   paths.runs, "config", paths.config, "logs", paths.logs);
        print_json(object);
        json_decref(object);
        return OK;
    }
    printf("history  %s\nruns     %s\nconfig   %s\nlogs     %s\n", paths.history, paths.runs,
           paths.config, paths.logs);
    return OK;
}

static void print_tool(const DoctorTool *tool)
{
    printf("%-14s %s\n", tool->name, tool->found ? tool->version : "not found");
    printf("  %-12s %s\n", "enables", tool->enables);
    printf("  %-12s %s\n", tool->found ? "path" : "install with",
           tool->found ? tool->path : tool->install);
}

static Status verb_doctor(Session *session)
{
    DoctorReport report = doctor_look(session->arena);
    json_t *tools = json_array();
    for (int i = 0; i < report.count; i++) {
        const DoctorTool *tool = &report.tools[i];
        json_array_append_new(tools,
                              json_pack("{s:s s:b s:s s:s s:s s:s}", "tool", tool->name, "found",
                                        tool->found, "path", tool->path, "version", tool->version,
                                        "enables", tool->enables, "install", tool->install));
        if (!session->arguments.json)
            print_tool(tool);
    }
    json_t *object = json_pack("{s:b s:o}", "can_simulate", report.can_simulate, "tools", tools);
    if (session->arguments.json)
        print_json(object);
    json_decref(object);
    return OK;
}

static const Verb VERBS[] = {
    {"run", "MODEL --data PATH", 1, 1,
     GROUP_COMMON | GROUP_HISTORY | GROUP_WORKDIR | GROUP_DATA | GROUP_QUANTIZE | GROUP_HARDWARE |
         GROUP_RUN | GROUP_OPTIMIZED,
     verb_run, "the whole flow: evaluate, quantize, generate VHDL, prove it equal"},
    {"inspect", "MODEL", 1, 1, GROUP_COMMON, verb_inspect,
     "layers, shapes, parameters, and everything that blocks hardware"},
    {"evaluate", "MODEL --data PATH", 1, 1, GROUP_COMMON | GROUP_DATA | GROUP_QUANTIZE,
     verb_evaluate, "accuracy, confusion matrix and speed, float and integer"},
    {"train", "MODEL --data PATH --output FILE.h5", 1, 1, GROUP_COMMON | GROUP_DATA | GROUP_TRAIN,
     verb_train, "train a model, or an architecture in JSON, and write it as a Keras file"},
    {"sensitivity", "MODEL --data PATH", 1, 1, GROUP_COMMON | GROUP_DATA | GROUP_QUANTIZE,
     verb_sensitivity, "what each layer costs when it is quantized, and what it saves in float"},
    {"quantize", "MODEL --data PATH", 1, 1,
     GROUP_COMMON | GROUP_HISTORY | GROUP_WORKDIR | GROUP_DATA | GROUP_QUANTIZE | GROUP_OPTIMIZED,
     verb_quantize, "calibrate, quantize, and write the model description"},
    {"sweep", "MODEL --data PATH", 1, 1, GROUP_COMMON | GROUP_DATA | GROUP_QUANTIZE, verb_sweep,
     "accuracy of every calibration at 8 to 3 bits, per tensor and per channel"},
    {"scheme", "show FILE | diff FILE FILE", 2, 3, GROUP_COMMON, verb_scheme,
     "scheme files: what they choose for each layer, and where two differ (exit status 1)"},
    {"emit", "DESCRIPTION --workdir DIR", 1, 1, GROUP_COMMON | GROUP_WORKDIR | GROUP_HARDWARE,
     verb_emit, "VHDL from a model description"},
    {"simulate", "DESCRIPTION --data PATH --workdir DIR", 1, 1,
     GROUP_COMMON | GROUP_WORKDIR | GROUP_DATA | GROUP_HARDWARE, verb_simulate,
     "simulate the VHDL of a model description and prove it equal to the software"},
    {"paper", "TRAINING.json QUANTIZED.json", 2, 2, GROUP_COMMON | GROUP_WORKDIR | GROUP_DRAW,
     verb_paper, "the paper's tables and figures beside ours, from reports of train and quantize"},
    {"runs", "list | show ID | resume ID", 1, 2, GROUP_COMMON | GROUP_HISTORY | GROUP_LIST,
     verb_runs, "the history; resume goes on with a run that was cancelled, interrupted or failed"},
    {"doctor", "", 0, 0, GROUP_COMMON, verb_doctor,
     "tools found, what each enables, how to install it"},
    {"paths", "", 0, 0, GROUP_COMMON, verb_paths, "where files live"},
};

enum { VERB_COUNT = sizeof VERBS / sizeof *VERBS };

/* ---- dispatch ----------------------------------------------------------------------------------
 */

static const Verb *find_verb(const char *name)
{
    for (int i = 0; i < VERB_COUNT; i++)
        if (strcmp(VERBS[i].name, name) == 0)
            return &VERBS[i];
    return NULL;
}

static void print_overview(FILE *stream)
{
    fprintf(stream, "dnn2fpga " DNN2FPGA_VERSION
                    ": neural networks onto FPGAs, proven equal to the software\n\n"
                    "  dnn2fpga [MODEL] [--data PATH]      the workbench\n"
                    "  dnn2fpga VERB ...                   one step, without a screen\n\n");
    for (int i = 0; i < VERB_COUNT; i++)
        fprintf(stream, "  %-11s %s\n", VERBS[i].name, VERBS[i].help);
    fprintf(stream,
            "\n'dnn2fpga VERB --help' tells more. Exit status: 0 done, 1 done but target not "
            "met,\n2 usage, 3 input refused, 4 tool or system failed, 130 cancelled.\n");
}

static void print_verb_help(const Verb *verb)
{
    printf("dnn2fpga %s %s\n%s\n\n", verb->name, verb->words, verb->help);
    arguments_print_help(verb->groups, stdout);
}

/* With --json a failure without a report is an object too, so that a script always has one. */
static void print_failure(const Arguments *arguments, Status status, bool reported)
{
    fprintf(stderr, "dnn2fpga: %s\n", error_message());
    if (!arguments->json || reported)
        return;
    json_t *object = json_pack("{s:n s:s s:s}", "run", "status", error_status_word(status),
                               "message", error_message());
    if (object)
        print_json(object);
    json_decref(object);
}

static bool gives_report(const Verb *verb)
{
    return verb->function != verb_runs && verb->function != verb_paths &&
           verb->function != verb_doctor && verb->function != verb_paper &&
           verb->function != verb_scheme;
}

static Status check_words(const Verb *verb, const Arguments *arguments)
{
    if (arguments->word_count >= verb->least && arguments->word_count <= verb->most)
        return OK;
    return error_set(ERR_USAGE, "usage: dnn2fpga %s %s", verb->name, verb->words);
}

static int do_verb(const Verb *verb, int argc, char **argv)
{
    Session session = {.arena = arena_new()};
    Status status = arguments_parse(argc, argv, 2, verb->groups, session.arena, &session.arguments);
    bool started = false;
    if (status == OK && session.arguments.help) {
        print_verb_help(verb);
    } else if (status == OK && (status = check_words(verb, &session.arguments)) == OK) {
        cancel_install_signals();
        progress_line_init(&session.progress, session.arguments.quiet);
        session.events = progress_line_events(&session.progress);
        started = true;
        status = verb->function(&session);
    }
    if (status != OK)
        print_failure(&session.arguments, status,
                      started && (gives_report(verb) || session.reported) && status != ERR_USAGE);
    arena_free(session.arena);
    return (int)status;
}

static Status read_request(int argc, char **argv, Arena *arena, Arguments *arguments,
                           WorkbenchRequest *request)
{
    unsigned groups =
        GROUP_COMMON | GROUP_HISTORY | GROUP_DATA | GROUP_QUANTIZE | GROUP_HARDWARE | GROUP_SCREEN;
    TRY(arguments_parse(argc, argv, 1, groups, arena, arguments));
    if (arguments->word_count > 1)
        return error_set(ERR_USAGE, "the workbench takes one model, not also '%s'",
                         arguments->words[1]);
    const char *model = arguments->words[0];
    if (model && !fs_exists(model)) {
        const char *names[VERB_COUNT + 1] = {0};
        for (int i = 0; i < VERB_COUNT; i++)
            names[i] = VERBS[i].name;
        const char *nearest = nearest_word(model, names);
        return nearest ? error_set(ERR_USAGE, "no verb and no file '%s'; did you mean '%s'?", model,
                                   nearest)
                       : error_set(ERR_USAGE, "no verb and no file '%s'; see --help", model);
    }
    arguments->run.model = model;
    *request = (WorkbenchRequest){.options = arguments->run,
                                  .readonly = arguments->readonly,
                                  .ascii = arguments->ascii,
                                  .no_color = arguments->no_color,
                                  .no_mouse = arguments->no_mouse};
    return OK;
}

/* A set of kernels that this machine has not is said, and not quietly replaced. */
static Status check_environment(void)
{
    const char *name = getenv("DNN2FPGA_KERNELS");
    const Kernels *kernels;
    if (!name || !name[0])
        return OK;
    TRY_IN(kernels_find(name, &kernels), "DNN2FPGA_KERNELS");
    return OK;
}

int cli_main(int argc, char **argv, int (*open_workbench)(const WorkbenchRequest *request))
{
    const char *first = argc > 1 ? argv[1] : "";
    if (strcmp(first, "--version") == 0) {
        puts("dnn2fpga " DNN2FPGA_VERSION);
        return OK;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0) {
        print_overview(stdout);
        return OK;
    }
    if (check_environment() != OK) {
        fprintf(stderr, "dnn2fpga: %s\n", error_message());
        return ERR_USAGE;
    }
    const Verb *verb = find_verb(first);
    if (verb)
        return do_verb(verb, argc, argv);

    Arena *arena = arena_new();
    Arguments arguments;
    WorkbenchRequest request;
    Status status = read_request(argc, argv, arena, &arguments, &request);
    int code = (int)status;
    if (status == OK && arguments.help)
        print_overview(stdout);
    else if (status == OK)
        code = open_workbench(&request);
    else
        fprintf(stderr, "dnn2fpga: %s\n", error_message());
    arena_free(arena);
    return code;
}
