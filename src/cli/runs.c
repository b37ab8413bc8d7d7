#include "cli/runs.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fs.h"
#include "cli/differences.h"
#include "cli/print.h"
#include "cli/queue.h"
#include "flow/compare.h"
#include "flow/purge.h"
#include "flow/report.h"
#include "flow/reproduce.h"
#include "report/runs_export.h"

enum { RUN_LOG_CAP = 1 << 26 };

/* One call: its run numbers, parsed, and the open history. */
typedef struct RunsCall {
    Invocation *invocation;
    Store *store; /* NULL for the words that open it themselves */
    int64_t ids[COMPARE_MAX_RUNS];
    int count;
} RunsCall;

typedef Status WordFunction(RunsCall *call);

typedef struct Word {
    const char *name;
    int least, most;  /* words after it */
    int numbers;      /* how many of them are run numbers; -1: all */
    bool opens_store; /* before the function is called */
    bool replies;     /* prints nothing itself: --json gets an object that says it is done */
    WordFunction *function;
    const char *takes; /* for --help */
    const char *help;
} Word;

/* ---- looking --------------------------------------------------------------------------------- */

static const char *status_word(int status)
{
    return run_status_word((RunStatus)status);
}

static const char *order_word(int order)
{
    return run_order_word((RunOrder)order);
}

static Status refuse_word(const char *option, const char *given, const char *(*word)(int),
                          int count)
{
    Buffer words = {0};
    for (int i = 0; i < count; i++)
        buffer_printf(&words, " %s", word(i));
    Status status = error_set(ERR_USAGE, "%s %s: expected one of:%s", option, given, words.data);
    buffer_free(&words);
    return status;
}

static Status query_of(const Arguments *arguments, RunQuery *query)
{
    if (arguments->limit < 0)
        return error_set(ERR_USAGE, "--limit %lld: expected 0 (all) or more",
                         (long long)arguments->limit);
    *query = (RunQuery){.limit = arguments->limit,
                        .text = arguments->filter,
                        .deleted = arguments->deleted,
                        .ascending = arguments->ascending};
    if (arguments->status) {
        query->has_status = true;
        if (!run_status_parse(arguments->status, &query->status))
            return refuse_word("--status", arguments->status, status_word, RUN_STATUSES);
    }
    if (!arguments->sort || run_order_parse(arguments->sort, &query->order))
        return OK;
    return refuse_word("--sort", arguments->sort, order_word, RUN_ORDERS);
}

static Status word_list(RunsCall *call)
{
    const Invocation *invocation = call->invocation;
    RunQuery query;
    TRY(query_of(&invocation->arguments, &query));
    RunRecord *runs = NULL;
    int count = 0;
    TRY(store_list(call->store, &query, invocation->arena, &runs, &count));
    if (!invocation->arguments.json) {
        print_runs(runs, count);
        return OK;
    }
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, runs_record_to_json(&runs[i]));
    json_t *object = json_pack("{s:o}", "runs", list);
    invocation_print_json(object);
    json_decref(object);
    return OK;
}

/* The run that it was made from, and by which edits; NULL when there is none (any more). */
static json_t *lineage_of(RunsCall *call, const RunRecord *run)
{
    RunRecord parent;
    if (!run->parent || store_get(call->store, run->parent, call->invocation->arena, &parent) != OK)
        return NULL;
    return json_pack("{s:I s:o}", "parent", (json_int_t)run->parent, "edits",
                     runs_edits(&parent, run));
}

static void print_lineage(const json_t *lineage)
{
    if (!lineage)
        return;
    printf("made from run %.0f", report_number(lineage, "parent", 0));
    const json_t *edits = json_object_get(lineage, "edits");
    for (size_t i = 0; i < json_array_size(edits); i++) {
        const json_t *edit = json_array_get(edits, i);
        char *from = json_dumps(json_object_get(edit, "from"), JSON_ENCODE_ANY | JSON_COMPACT);
        char *to = json_dumps(json_object_get(edit, "to"), JSON_ENCODE_ANY | JSON_COMPACT);
        printf("%s %s %s -> %s", i ? "," : ":", report_text(edit, "name", "-"),
               from ? from : "null", to ? to : "null");
        free(from);
        free(to);
    }
    printf("%s\n", json_array_size(edits) ? "" : ", with the same options");
}

static Status word_show(RunsCall *call)
{
    Invocation *invocation = call->invocation;
    RunRecord run;
    StageRecord *stages = NULL;
    int count = 0;
    TRY(store_get(call->store, call->ids[0], invocation->arena, &run));
    TRY(store_stages(call->store, call->ids[0], invocation->arena, &stages, &count));
    json_t *lineage = lineage_of(call, &run);
    if (!invocation->arguments.json) {
        print_run(&run, stages, count);
        print_lineage(lineage);
        json_t *report = run.report ? report_parse(run.report) : NULL;
        if (report)
            invocation_run_table(invocation, report);
        json_decref(report);
        json_decref(lineage);
        return OK;
    }
    json_t *object = runs_record_to_json(&run);
    json_object_set_new(object, "lineage", lineage ? lineage : json_null());
    invocation_print_json(object);
    json_decref(object);
    return OK;
}

/* What the run said, and every command that it ran, with times. */
static Status word_log(RunsCall *call)
{
    const Invocation *invocation = call->invocation;
    RunRecord run;
    Buffer text = {0};
    TRY(store_get(call->store, call->ids[0], invocation->arena, &run));
    const char *path = fs_join(invocation->arena, run.folder, "run.log");
    TRY(fs_read_file(path, RUN_LOG_CAP, &text));
    if (invocation->arguments.json) {
        json_t *object = json_pack("{s:I s:s s:s%}", "run", (json_int_t)run.id, "path", path, "log",
                                   text.data ? text.data : "", text.length);
        invocation_print_json(object);
        json_decref(object);
    } else {
        fwrite(text.data, 1, text.length, stdout);
    }
    buffer_free(&text);
    return OK;
}

static Status word_compare(RunsCall *call)
{
    json_t *comparison = NULL;
    TRY(runs_compare(call->store, call->ids, call->count, &comparison));
    if (call->invocation->arguments.json)
        invocation_print_json(comparison);
    else
        print_comparison(comparison);
    json_decref(comparison);
    return OK;
}

static Status word_export(RunsCall *call)
{
    const Arguments *arguments = &call->invocation->arguments;
    const char *word = arguments->format ? arguments->format : "json";
    RunsFormat format;
    if (!runs_format_parse(word, &format))
        return error_set(ERR_USAGE, "--format %s: expected html, csv or json", word);
    Buffer text = {0};
    Status status = runs_export(call->store, call->ids, call->count, format, &text);
    if (status == OK && arguments->output)
        status = fs_write_atomic(arguments->output, text.data, text.length);
    else if (status == OK)
        fwrite(text.data, 1, text.length, stdout);
    buffer_free(&text);
    return status;
}

static Status word_differences(RunsCall *call)
{
    RunRecord run;
    TRY(store_get(call->store, call->ids[0], call->invocation->arena, &run));
    return differences_show(call->invocation, &run);
}

/* ---- changing -------------------------------------------------------------------------------- */

static Status word_note(RunsCall *call)
{
    return store_set_note(call->store, call->ids[0], call->invocation->arguments.words[2]);
}

static Status word_tag(RunsCall *call)
{
    const Arguments *arguments = &call->invocation->arguments;
    Buffer tags = {0};
    for (int i = 2; i < arguments->word_count; i++)
        buffer_printf(&tags, "%s ", arguments->words[i]);
    Status status = store_set_tags(call->store, call->ids[0], tags.data ? tags.data : "");
    buffer_free(&tags);
    return status;
}

static Status word_delete(RunsCall *call)
{
    for (int i = 0; i < call->count; i++)
        TRY(store_set_deleted(call->store, call->ids[i], true));
    return OK;
}

static Status word_undelete(RunsCall *call)
{
    for (int i = 0; i < call->count; i++)
        TRY(store_set_deleted(call->store, call->ids[i], false));
    return OK;
}

static Status word_purge(RunsCall *call)
{
    for (int i = 0; i < call->count; i++)
        TRY(runs_purge(call->store, call->ids[i]));
    return OK;
}

static Status word_check(RunsCall *call)
{
    TRY(store_check(call->store));
    if (call->invocation->arguments.json) {
        json_t *object =
            json_pack("{s:o s:b}", "history", report_string(store_path(call->store)), "sound", 1);
        invocation_print_json(object);
        json_decref(object);
        return OK;
    }
    printf("%s: sound\n", store_path(call->store));
    return OK;
}

static Status word_cancel(RunsCall *call)
{
    RunRecord run;
    TRY(store_get(call->store, call->ids[0], call->invocation->arena, &run));
    return flow_cancel(&run);
}

static Status steer(RunsCall *call, SteerWish wish)
{
    RunRecord run;
    TRY(store_get(call->store, call->ids[0], call->invocation->arena, &run));
    return flow_steer(call->store, &run, wish);
}

static Status word_pause(RunsCall *call)
{
    return steer(call, STEER_PAUSE);
}

static Status word_continue(RunsCall *call)
{
    return steer(call, STEER_CONTINUE);
}

static Status word_skip(RunsCall *call)
{
    return steer(call, STEER_END_STEP);
}

static Status word_stop(RunsCall *call)
{
    return steer(call, STEER_FINISH);
}

/* ---- running --------------------------------------------------------------------------------- */

static Status word_resume(RunsCall *call)
{
    Invocation *invocation = call->invocation;
    json_t *report = NULL;
    Status status =
        flow_resume(invocation->arguments.run.database, call->ids[0], &invocation->events, &report);
    return invocation_report(invocation, status, report, invocation_run_table);
}

static void reproduced_table(const Invocation *invocation, const json_t *report)
{
    invocation_run_table(invocation, report);
    const json_t *checks = report_at(report, "reproduced.checks");
    printf("\nrun %.0f done again as run %.0f\n", report_number(report, "reproduced.of", 0),
           report_number(report, "run", 0));
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        printf("  %-20s %.16s...  %s\n", report_text(check, "name", "-"),
               report_text(check, "now", "-"),
               report_flag(check, "equal", false) ? "equal" : "DIFFERS");
    }
}

static Status word_reproduce(RunsCall *call)
{
    Invocation *invocation = call->invocation;
    json_t *report = NULL;
    Status status = flow_reproduce(invocation->arguments.run.database, call->ids[0],
                                   &invocation->events, &report);
    return invocation_report(invocation, status, report, reproduced_table);
}

static Status word_queue(RunsCall *call)
{
    return runs_queue(call->invocation, call->store);
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static const Word WORDS[] = {
    {"list", 0, 0, 0, true, false, word_list, "",
     "the last runs; --filter, --status, --sort, --limit, --deleted"},
    {"show", 1, 1, 1, true, false, word_show, " ID",
     "all of a run: stages, figures, choices, what it was made from"},
    {"log", 1, 1, 1, true, false, word_log, " ID",
     "what it said, and every command that it ran, with times"},
    {"compare", 2, COMPARE_MAX_RUNS, -1, true, false, word_compare, " ID ID...",
     "figures and choices side by side, what differs, which is better"},
    {"export", 1, COMPARE_MAX_RUNS, -1, true, false, word_export, " ID...",
     "as JSON, CSV, or one HTML page with tables and plots (--format, --output)"},
    {"differences", 1, 3, 1, true, false, word_differences, " ID [LAYER [CHANNEL]]",
     "where hardware and software part, after a proof that failed"},
    {"note", 2, 2, 1, true, true, word_note, " ID TEXT", "a remark; '' takes it away"},
    {"tag", 1, COMPARE_MAX_RUNS, 1, true, true, word_tag, " ID [TAG...]",
     "its tags from now on; none takes them away"},
    {"delete", 1, COMPARE_MAX_RUNS, -1, true, true, word_delete, " ID...", "into the bin"},
    {"undelete", 1, COMPARE_MAX_RUNS, -1, true, true, word_undelete, " ID...", "out of the bin"},
    {"purge", 1, COMPARE_MAX_RUNS, -1, true, true, word_purge, " ID...",
     "out of the bin for good, with all files"},
    {"cancel", 1, 1, 1, true, true, word_cancel, " ID", "a run that goes on ends"},
    {"pause", 1, 1, 1, true, true, word_pause, " ID", "it waits where it is"},
    {"continue", 1, 1, 1, true, true, word_continue, " ID", "it goes on"},
    {"skip", 1, 1, 1, true, true, word_skip, " ID",
     "this rung of the ladder ends; the next begins"},
    {"stop", 1, 1, 1, true, true, word_stop, " ID",
     "this rung of the ladder ends, and no other begins"},
    {"queue", 0, 2, 0, true, false, word_queue,
     " [list | remove JOB | up JOB | down JOB | retry JOB | resume ID | reproduce ID | start]",
     "runs that wait for their turn"},
    {"check", 0, 0, 0, true, false, word_check, "", "is the file of the history sound?"},
    {"reproduce", 1, 1, 1, false, false, word_reproduce, " ID",
     "again, and all hashes must be the same (else status 1)"},
    {"resume", 1, 1, 1, false, false, word_resume, " ID",
     "go on with one that was cancelled, killed or failed"},
};

enum { WORD_COUNT = sizeof WORDS / sizeof *WORDS };

static Status find_word(const char *name, const Word **word)
{
    const char *names[WORD_COUNT + 1] = {0};
    for (int i = 0; i < WORD_COUNT; i++) {
        names[i] = WORDS[i].name;
        if (strcmp(names[i], name) == 0) {
            *word = &WORDS[i];
            return OK;
        }
    }
    const char *nearest = nearest_word(name, names);
    if (nearest)
        return error_set(ERR_USAGE, "runs %s: did you mean '%s'?", name, nearest);
    Buffer all = {0};
    for (int i = 0; i < WORD_COUNT; i++)
        buffer_printf(&all, "%s%s", i ? ", " : "", names[i]);
    Status status = error_set(ERR_USAGE, "runs %s: expected one of: %s", name, all.data);
    buffer_free(&all);
    return status;
}

static Status parse_number(const char *text, int64_t *id)
{
    char *end;
    errno = 0;
    *id = strtoll(text, &end, 10);
    if (end == text || *end || errno || *id < 1)
        return error_set(ERR_USAGE, "'%s' is no run number; 'dnn2fpga runs list' shows them", text);
    return OK;
}

static Status parse_numbers(const Word *word, RunsCall *call)
{
    const Arguments *arguments = &call->invocation->arguments;
    int given = arguments->word_count - 1;
    if (given < word->least || given > word->most)
        return error_set(ERR_USAGE, "usage: dnn2fpga runs %s%s", word->name, word->takes);
    call->count = word->numbers < 0 ? given : word->numbers;
    for (int i = 0; i < call->count; i++)
        TRY(parse_number(arguments->words[i + 1], &call->ids[i]));
    return OK;
}

bool runs_words(int nth, VerbWord *word)
{
    if (nth < 0 || nth >= WORD_COUNT)
        return false;
    *word = (VerbWord){WORDS[nth].name, WORDS[nth].takes, WORDS[nth].help};
    return true;
}

/* What was done, and to which runs: for a script that reads an object from every call. */
static void print_reply(const RunsCall *call, const char *word)
{
    json_t *ids = json_array();
    for (int i = 0; i < call->count; i++)
        json_array_append_new(ids, json_integer((json_int_t)call->ids[i]));
    json_t *object = json_pack("{s:s s:s s:n s:o}", "status", error_status_word(OK), "done", word,
                               "message", "runs", ids);
    invocation_print_json(object);
    json_decref(object);
}

Status verb_runs(Invocation *invocation)
{
    RunsCall call = {.invocation = invocation};
    const Word *word = NULL;
    TRY(find_word(invocation->arguments.words[0], &word));
    TRY(parse_numbers(word, &call));
    if (word->opens_store)
        TRY(store_open(invocation->arguments.run.database, &call.store));
    Status status = word->function(&call);
    store_close(call.store);
    if (status == OK && word->replies && invocation->arguments.json)
        print_reply(&call, word->name);
    return status;
}
