#include "cli/cli.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/fs.h"
#include "base/paths.h"
#include "base/steer.h"
#include "cli/completion.h"
#include "cli/man.h"
#include "cli/paper.h"
#include "cli/print.h"
#include "cli/print_optimize.h"
#include "cli/progress_line.h"
#include "cli/queue.h"
#include "cli/runs.h"
#include "cli/scheme.h"
#include "cli/tour.h"
#include "cli/verb.h"
#include "flow/report.h"
#include "flow/run.h"
#include "nn/kernel_set.h"

/* ---- verbs -------------------------------------------------------------------------------------
 */

static void model_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    print_model(report);
}

static void evaluate_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    print_results(report);
    print_preparation(report);
    const json_t *dynamic = report_at(report, "dynamic");
    if (dynamic)
        printf("accuracy with ranges from each image: %.4f\n",
               report_number(dynamic, "accuracy", 0));
    print_confusion(report, "baseline");
    print_confusion(report, "quantized");
}

static void emit_table(const Invocation *invocation, const json_t *report)
{
    print_hardware(report);
    printf("VHDL is in %s/hdl\n", invocation->arguments.run.workdir);
}

static void observation_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    printf("what every tensor holds on %.0f images is in %s\n",
           report_number(report, "observation.images", 0),
           report_text(report, "observation.histograms", ""));
}

static void training_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    print_training(report);
}

static void sensitivity_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    print_sensitivity(report);
}

/* What a verb does that needs no more than the options of a run, and how its report is shown. */
typedef Status FlowVerb(const RunOptions *options, const RunEvents *events, json_t **report);

static Status do_flow(Invocation *invocation, FlowVerb *flow, ReportTable *table)
{
    json_t *report = NULL;
    Status status = flow(&invocation->arguments.run, &invocation->events, &report);
    return invocation_report(invocation, status, report, table);
}

static Status do_with_model(Invocation *invocation, FlowVerb *flow, ReportTable *table)
{
    invocation->arguments.run.model = invocation->arguments.words[0];
    return do_flow(invocation, flow, table);
}

static Status do_with_description(Invocation *invocation, FlowVerb *flow, ReportTable *table)
{
    invocation->arguments.run.description = invocation->arguments.words[0];
    return do_flow(invocation, flow, table);
}

/* In a run of its own the number would stand for nothing. */
static Status check_parent(const Invocation *invocation)
{
    const RunOptions *run = &invocation->arguments.run;
    RunRecord parent;
    if (run->parent <= 0)
        return OK; /* 0: none; what is below is refused with the other options */
    TRY_IN(store_read_run(run->database, run->parent, invocation->arena, &parent), "--parent");
    return OK;
}

static Status verb_run(Invocation *invocation)
{
    TRY(check_parent(invocation));
    if (invocation->arguments.queue)
        return queue_add_run(invocation);
    return do_with_model(invocation, flow_run, invocation_run_table);
}

static Status verb_inspect(Invocation *invocation)
{
    invocation->arguments.run.model = invocation->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_inspect(&invocation->arguments.run, &report);
    return invocation_report(invocation, status, report, model_table);
}

static Status verb_observe(Invocation *invocation)
{
    return do_with_model(invocation, flow_observe, observation_table);
}

static Status verb_train(Invocation *invocation)
{
    invocation->arguments.run.model = invocation->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_train(&invocation->arguments.run, &invocation->arguments.train,
                               &invocation->events, &report);
    return invocation_report(invocation, status, report, training_table);
}

static Status verb_sensitivity(Invocation *invocation)
{
    return do_with_model(invocation, flow_sensitivity, sensitivity_table);
}

static Status verb_evaluate(Invocation *invocation)
{
    return do_with_model(invocation, flow_evaluate, evaluate_table);
}

static void sweep_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    print_sweep(report);
}

static Status verb_sweep(Invocation *invocation)
{
    return do_with_model(invocation, flow_sweep, sweep_table);
}

static Status verb_quantize(Invocation *invocation)
{
    return do_with_model(invocation, flow_quantize, invocation_run_table);
}

/* emit and simulate write where they are told: there is no run to hold their files. */
static Status need_workdir(const Invocation *invocation)
{
    if (invocation->arguments.run.workdir)
        return OK;
    return error_set(ERR_USAGE, "--workdir DIR is needed: the folder to write to");
}

static void plan_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    print_plan(report);
}

static Status verb_plan(Invocation *invocation)
{
    return do_with_description(invocation, flow_plan, plan_table);
}

static Status verb_emit(Invocation *invocation)
{
    TRY(need_workdir(invocation));
    return do_with_description(invocation, flow_emit, emit_table);
}

static Status verb_simulate(Invocation *invocation)
{
    TRY(need_workdir(invocation));
    return do_with_description(invocation, flow_simulate, invocation_run_table);
}

static void deploy_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    print_deployed(report);
}

static Status verb_deploy(Invocation *invocation)
{
    TRY(need_workdir(invocation));
    invocation->arguments.run.description = invocation->arguments.words[0];
    json_t *report = NULL;
    Status status = flow_deploy(&invocation->arguments.run, &invocation->arguments.deploy,
                                &invocation->events, &report);
    return invocation_report(invocation, status, report, deploy_table);
}

static void synth_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    print_synthesis(report);
}

static Status verb_synth(Invocation *invocation)
{
    return do_with_description(invocation, flow_synth, synth_table);
}

/* Reads reports that others made. */
static Status verb_paper(Invocation *invocation)
{
    const Arguments *arguments = &invocation->arguments;
    const PaperRequest request = {.training = arguments->words[0],
                                  .quantized = arguments->words[1],
                                  .folder = arguments->run.workdir,
                                  .ascii = arguments->ascii,
                                  .json = arguments->json};
    return paper_show(&request);
}

static Status verb_scheme(Invocation *invocation)
{
    const Arguments *arguments = &invocation->arguments;
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
    invocation->reported = status == ERR_UNMET;
    return status;
}

static WorkbenchRequest workbench_request(const Arguments *arguments)
{
    return (WorkbenchRequest){.options = arguments->run,
                              .readonly = arguments->readonly,
                              .ascii = arguments->ascii,
                              .no_color = arguments->no_color,
                              .no_mouse = arguments->no_mouse,
                              .theme = arguments->theme,
                              .script = arguments->script,
                              .record = arguments->record,
                              .size = arguments->size};
}

static Status verb_tour(Invocation *invocation)
{
    invocation->request = workbench_request(&invocation->arguments);
    invocation->opens = true;
    return tour_prepare(invocation->arena, &invocation->request);
}

static Status verb_man(Invocation *invocation)
{
    Buffer text = {0};
    man_write(invocation->door, &text);
    fwrite(text.data, 1, text.length, stdout);
    buffer_free(&text);
    return OK;
}

static Status verb_completion(Invocation *invocation)
{
    Buffer text = {0};
    Status status = completion_write(invocation->arguments.words[0], &text);
    if (status == OK)
        fwrite(text.data, 1, text.length, stdout);
    buffer_free(&text);
    return status;
}

static Status verb_paths(Invocation *invocation)
{
    Paths paths = paths_of_user(invocation->arena);
    if (invocation->arguments.json) {
        json_t *object = json_pack("{s:s s:s s:s s:s}", "history", paths.history, "runs",
                                   paths.runs, "config", paths.config, "logs", paths.logs);
        invocation_print_json(object);
        json_decref(object);
        return OK;
    }
    printf("history  %s\nruns     %s\nconfig   %s\nlogs     %s\n", paths.history, paths.runs,
           paths.config, paths.logs);
    return OK;
}

static void print_tool(const json_t *tool)
{
    bool found = report_flag(tool, "found", false);
    const char *version = report_text(tool, "version", "");
    printf("%-14s %s\n", report_text(tool, "tool", ""),
           !found       ? "not found"
           : version[0] ? version
                        : "found");
    printf("  %-12s %s\n", "enables", report_text(tool, "enables", ""));
    printf("  %-12s %s\n", found ? "path" : "install with",
           report_text(tool, found ? "path" : "install", ""));
}

static void doctor_table(const Invocation *invocation, const json_t *report)
{
    (void)invocation;
    const json_t *tools = report_at(report, "tools");
    for (size_t i = 0; i < json_array_size(tools); i++)
        print_tool(json_array_get(tools, i));
}

static Status verb_doctor(Invocation *invocation)
{
    json_t *report = NULL;
    Status status = flow_doctor(NULL, &report);
    return invocation_report(invocation, status, report, doctor_table);
}

/* Options of verbs that answer at once, and of those that take time. */
enum { REPORTS = GROUP_COMMON | GROUP_JSON, WORKS = REPORTS | GROUP_WORK };

static const Verb VERBS[] = {
    {"run", "MODEL --data PATH", 1, 1,
     WORKS | GROUP_HISTORY | GROUP_WORKDIR | GROUP_DATA | GROUP_QUANTIZE | GROUP_HARDWARE |
         GROUP_PROOF | GROUP_DEVICE | GROUP_PLAN | GROUP_RUN | GROUP_SYNTH | GROUP_OPTIMIZED,
     verb_run, "the whole flow: evaluate, quantize, generate VHDL, prove it equal",
     "dnn2fpga run model.h5 --data mnist --images 20"
     "\n"
     "dnn2fpga run model.h5 --data mnist --bits 4 --max-drop 0.01 --images 20",
     NULL},
    {"inspect", "MODEL", 1, 1, WORKS, verb_inspect,
     "layers, shapes, parameters, and everything that blocks hardware", "dnn2fpga inspect model.h5",
     NULL},
    {"evaluate", "MODEL --data PATH", 1, 1, WORKS | GROUP_DATA | GROUP_QUANTIZE | GROUP_EVALUATE,
     verb_evaluate, "accuracy, confusion matrix and speed, float and integer",
     "dnn2fpga evaluate model.h5 --data mnist --labels labels.csv", NULL},
    {"train", "MODEL --data PATH --output FILE.h5", 1, 1,
     WORKS | GROUP_HISTORY | GROUP_WORKDIR | GROUP_DATA | GROUP_TRAIN, verb_train,
     "train a model, or an architecture in JSON, and write it as a Keras file",
     "dnn2fpga train model.h5 --data mnist --epochs 2 --output better.h5", NULL},
    {"sensitivity", "MODEL --data PATH", 1, 1, WORKS | GROUP_DATA | GROUP_QUANTIZE,
     verb_sensitivity, "what each layer costs when it is quantized, and what it saves in float",
     "dnn2fpga sensitivity model.h5 --data mnist --bits 4", NULL},
    {"quantize", "MODEL --data PATH", 1, 1,
     WORKS | GROUP_HISTORY | GROUP_WORKDIR | GROUP_DATA | GROUP_QUANTIZE | GROUP_OPTIMIZED,
     verb_quantize, "calibrate, quantize, and write the model description",
     "dnn2fpga quantize model.h5 --data mnist --per-channel --workdir out"
     "\n"
     "dnn2fpga quantize model.h5 --data mnist --bits 6 --write-scheme my.scheme",
     NULL},
    {"observe", "MODEL --data PATH --workdir DIR", 1, 1,
     WORKS | GROUP_WORKDIR | GROUP_DATA | GROUP_QUANTIZE, verb_observe,
     "histograms of weights and activations, as a file",
     "dnn2fpga observe model.h5 --data mnist --workdir out", NULL},
    {"sweep", "MODEL --data PATH", 1, 1, WORKS | GROUP_DATA | GROUP_QUANTIZE, verb_sweep,
     "accuracy of every calibration at 8 to 3 bits, per tensor and per channel",
     "dnn2fpga sweep model.h5 --data mnist --test-images 1000", NULL},
    {"scheme", "show FILE | diff FILE FILE", 2, 3, REPORTS, verb_scheme,
     "scheme files: what they choose for each layer; where two differ (status 1)",
     "dnn2fpga scheme show my.scheme", NULL},
    {"plan", "DESCRIPTION", 1, 1, WORKS | GROUP_PLAN, verb_plan,
     "what a description is as hardware: foldings, cycles, size; writes nothing",
     "dnn2fpga plan out --target-fps 10000 --clock 50 --device ecp5-45", NULL},
    {"emit", "DESCRIPTION --workdir DIR", 1, 1, WORKS | GROUP_WORKDIR | GROUP_HARDWARE | GROUP_PLAN,
     verb_emit, "VHDL from a model description", "dnn2fpga emit out --workdir vhdl", NULL},
    {"simulate", "DESCRIPTION --data PATH --workdir DIR", 1, 1,
     WORKS | GROUP_WORKDIR | GROUP_DATA | GROUP_HARDWARE | GROUP_PROOF | GROUP_PLAN, verb_simulate,
     "simulate the VHDL of a model description and prove it equal to the software",
     "dnn2fpga simulate out --data mnist --images 20 --workdir sim", NULL},
    {"deploy", "DESCRIPTION --data PATH --workdir DIR --port PATH | --simulate", 1, 1,
     WORKS | GROUP_WORKDIR | GROUP_DATA | GROUP_HARDWARE | GROUP_DEPLOY, verb_deploy,
     "onto a board: build, load, send test images, score the answers",
     "dnn2fpga deploy out --data mnist --workdir board --port /dev/ttyUSB1", NULL},
    {"synth", "DESCRIPTION|WORKDIR --device NAME", 1, 1,
     WORKS | GROUP_WORKDIR | GROUP_DATA | GROUP_DEVICE | GROUP_PLAN, verb_synth,
     "synthesize a model description: size, clock and bitstream for a device",
     "dnn2fpga synth out --device hx8k --workdir fpga", NULL},
    {"paper", "TRAINING.json QUANTIZED.json", 2, 2, REPORTS | GROUP_WORKDIR | GROUP_DRAW,
     verb_paper, "the paper's tables and figures beside ours, from reports of train and quantize",
     "dnn2fpga paper training.json quantized.json", NULL},
    {"runs", "WORD [ID...]", 1, ARGUMENTS_MAX_WORDS, WORKS | GROUP_HISTORY | GROUP_LIST, verb_runs,
     "the history: look, compare, export, mark, reproduce, resume",
     "dnn2fpga runs list --status ok --sort quantized_accuracy --limit 5"
     "\n"
     "dnn2fpga runs compare 1 2"
     "\n"
     "dnn2fpga runs export 1 2 --format html --output runs.html",
     runs_words},
    {"doctor", "", 0, 0, REPORTS, verb_doctor, "tools found, what each enables, how to install it",
     "dnn2fpga doctor", NULL},
    {"paths", "", 0, 0, REPORTS, verb_paths, "where files live", "dnn2fpga paths --json", NULL},
    {"tour", "", 0, 0, GROUP_COMMON | GROUP_HISTORY | GROUP_SCREEN, verb_tour,
     "a guided first run in the workbench, on the sample network", "dnn2fpga tour", NULL},
    {"man", "", 0, 0, GROUP_COMMON, verb_man, "the manual page: 'dnn2fpga man | man -l -'",
     "dnn2fpga man | man -l -", NULL},
    {"completion", "bash | zsh | fish", 1, 1, GROUP_COMMON, verb_completion,
     "what a shell needs to complete verbs and options; to be sourced",
     "source <(dnn2fpga completion bash)", NULL},
};

enum { VERB_COUNT = sizeof VERBS / sizeof *VERBS };

/* ---- dispatch ----------------------------------------------------------------------------------
 */

const Verb *verb_at(int index)
{
    return index < VERB_COUNT ? &VERBS[index] : NULL;
}

const Verb *verb_find(const char *name)
{
    for (int i = 0; i < VERB_COUNT; i++)
        if (strcmp(VERBS[i].name, name) == 0)
            return &VERBS[i];
    return NULL;
}

enum { OVERVIEW_COLUMN = 14, WORD_COLUMN = 8 }; /* where texts of the helps begin again */

static void print_overview(FILE *stream)
{
    fprintf(stream, "dnn2fpga " DNN2FPGA_VERSION
                    ": neural networks onto FPGAs, proven equal to the software\n\n"
                    "  dnn2fpga [MODEL] [--data PATH]      the workbench\n"
                    "  dnn2fpga VERB ...                   one step, without a screen\n\n");
    for (int i = 0; i < VERB_COUNT; i++) {
        fprintf(stream, "  %-11s ", VERBS[i].name);
        arguments_print_wrapped(VERBS[i].help, OVERVIEW_COLUMN, OVERVIEW_COLUMN, stream);
    }
    fprintf(stream, "\n'dnn2fpga VERB --help' tells more. Exit status: 0 done, 1 done but target\n"
                    "not met, 2 usage, 3 input refused, 4 tool or system failed, 130 cancelled.\n");
}

static void print_verb_help(const Verb *verb)
{
    printf("dnn2fpga %s%s%s\n%s\n\n", verb->name, *verb->words ? " " : "", verb->words, verb->help);
    VerbWord word;
    for (int i = 0; verb->details && verb->details(i, &word); i++) {
        int column = printf("  %s%.1s", word.name, word.takes);
        arguments_print_wrapped(word.takes + (*word.takes != '\0'), column, WORD_COLUMN, stdout);
        printf("      %s\n", word.help);
    }
    printf("%s", verb->details ? "\n" : "");
    arguments_print_help(verb->groups, stdout);
    printf("\nExamples:\n");
    for (const char *line = verb->examples; *line;
         line += strcspn(line, "\n"), line += *line == '\n')
        printf("  %.*s\n", (int)strcspn(line, "\n"), line);
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
        invocation_print_json(object);
    json_decref(object);
}

static Status check_words(const Verb *verb, const Arguments *arguments)
{
    if (arguments->word_count >= verb->least && arguments->word_count <= verb->most)
        return OK;
    return error_set(ERR_USAGE, "usage: dnn2fpga %s%s%s; --help tells more", verb->name,
                     *verb->words ? " " : "", verb->words);
}

/* `words`: what follows the verb, up to NULL. */
static int do_verb(const Verb *verb, char **words, const WorkbenchDoor *door)
{
    Invocation invocation = {.arena = arena_new(), .door = door};
    Status status = arguments_parse(words, verb->groups, invocation.arena, &invocation.arguments);
    if (status == OK && invocation.arguments.help) {
        print_verb_help(verb);
    } else if (status == OK && (status = check_words(verb, &invocation.arguments)) == OK) {
        cancel_install_signals();
        steer_install_signal();
        progress_line_init(&invocation.progress, invocation.arguments.quiet);
        invocation.events = progress_line_events(&invocation.progress);
        status = verb->function(&invocation);
    }
    if (status != OK)
        print_failure(&invocation.arguments, status, invocation.reported);
    int code = status == OK && invocation.opens ? door->open(&invocation.request) : (int)status;
    arena_free(invocation.arena);
    return code;
}

static Status refuse_first_word(const char *word)
{
    const char *names[VERB_COUNT + 1] = {0};
    for (int i = 0; i < VERB_COUNT; i++)
        names[i] = VERBS[i].name;
    const char *nearest = nearest_word(word, names);
    return nearest
               ? error_set(ERR_USAGE, "no verb and no file '%s'; did you mean '%s'?", word, nearest)
               : error_set(ERR_USAGE, "no verb and no file '%s'; see --help", word);
}

static Status read_request(char **words, Arena *arena, Arguments *arguments,
                           WorkbenchRequest *request)
{
    TRY(arguments_parse(words, WORKBENCH_GROUPS, arena, arguments));
    const char *model = arguments->words[0];
    if (model && !fs_exists(model))
        return refuse_first_word(model);
    if (arguments->word_count > 1)
        return error_set(ERR_USAGE, "the workbench takes one model, not also '%s'",
                         arguments->words[1]);
    TRY(run_options_check(&arguments->run));
    arguments->run.model = model;
    *request = workbench_request(arguments);
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

int cli_main(int argc, char **argv, const WorkbenchDoor *door)
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
    const Verb *verb = verb_find(first);
    if (verb)
        return do_verb(verb, argv + 2, door);

    Arena *arena = arena_new();
    Arguments arguments;
    WorkbenchRequest request;
    Status status = read_request(argv + (argc > 0), arena, &arguments, &request);
    int code = (int)status;
    if (status == OK && arguments.help)
        print_overview(stdout);
    else if (status == OK)
        code = door->open(&request);
    else
        fprintf(stderr, "dnn2fpga: %s\n", error_message());
    arena_free(arena);
    return code;
}
