#include "flow/proof_watch.h"

#include <stdio.h>
#include <string.h>

#define MISMATCH_WORD "DNN2FPGA-MISMATCH"
#define HANG_WORD     "DNN2FPGA-HANG"
#define PROGRESS_WORD "DNN2FPGA-PROGRESS"
#define BUFFER_WORD   "DNN2FPGA-BUFFER"
#define STILL_WORD    "DNN2FPGA-STILL"

static bool begins_with(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && text[length] == ' ';
}

static void hear_failure(Watch *watch, const char *text, bool hang)
{
    int64_t got = 0, expected = 0;
    watch->failed = true;
    watch->first = (Difference){.found = true, .layer = "", .missing = hang};
    bool known = ghdl_sentinel_value(text, "image", &watch->first.image);
    if (!hang)
        known = known && ghdl_sentinel_value(text, "element", &watch->first.element) &&
                ghdl_sentinel_value(text, "got", &got) &&
                ghdl_sentinel_value(text, "expected", &expected);
    watch->first.got = (int32_t)got;
    watch->first.expected = (int32_t)expected;
    watch->first.found = known;
}

static void tell_shards(const Bench *bench)
{
    enum { SHARDS_MOST = 64 };
    ProofShard shards[SHARDS_MOST];
    int count = bench->count < SHARDS_MOST ? bench->count : SHARDS_MOST;
    for (int i = 0; i < count; i++)
        shards[i] = (ProofShard){bench->files[i].count, bench->watches[i].images_done};
    if (bench->setup->shards)
        bench->setup->shards(bench->setup->context, shards, count);
}

static void hear_progress(Watch *watch, const char *text)
{
    Bench *bench = watch->bench;
    int64_t sum = 0;
    if (!ghdl_sentinel_value(text, "images", &watch->images_done))
        return;
    for (int i = 0; i < bench->count; i++)
        sum += bench->watches[i].images_done;
    char detail[64];
    snprintf(detail, sizeof detail, "%lld of %lld images", (long long)sum,
             (long long)bench->images);
    progress_report(bench->setup->progress, (double)sum / (double)bench->images, detail);
    tell_shards(bench);
}

/* A line about one buffer: `key` of it goes to its place in `values`. */
static void hear_buffer(const Watch *watch, const char *text, const char *key, int64_t *values)
{
    int64_t index, value;
    if (ghdl_sentinel_value(text, "index", &index) && ghdl_sentinel_value(text, key, &value) &&
        index >= 0 && index < watch->bench->setup->plan->buffer_count)
        values[index] = value;
}

static void hear_standstill(const Watch *watch, const char *text)
{
    hear_buffer(watch, text, "held", watch->held);
    hear_buffer(watch, text, "room", watch->room);
}

/* "in process .net_bench(simulation).design@net_top(structure).core@net_core(structure).conv_1@conv2d_stream(rtl).P1" */
static void hear_suspect(Watch *watch, const char *text)
{
    const Plan *plan = watch->bench->setup->plan;
    watch->in_design = true;
    for (int i = 0; i < plan->count && watch->suspect < 0; i++)
        if (strstr(text, arena_printf(watch->bench->arena, "_core(structure).%s@",
                                      plan->stages[i].label)))
            watch->suspect = i;
}

static void hear_fault(Watch *watch, const char *line, bool located)
{
    watch->in_design = watch->in_design || located;
    if (!watch->fault[0])
        snprintf(watch->fault, sizeof watch->fault, "%s", line);
}

void proof_listen(void *context, const char *line)
{
    Watch *watch = context;
    GhdlMessage message;
    bool parsed = ghdl_parse_message(line, &message);
    const char *text = parsed ? message.text : line;
    const char *severity = parsed ? message.severity : line;
    if (begins_with(text, PROGRESS_WORD))
        hear_progress(watch, text);
    else if (begins_with(text, MISMATCH_WORD) && !watch->failed)
        hear_failure(watch, text, false);
    else if (begins_with(text, HANG_WORD) && !watch->failed)
        hear_failure(watch, text, true);
    else if (begins_with(text, BUFFER_WORD))
        hear_buffer(watch, text, "peak", watch->peaks);
    else if (begins_with(text, STILL_WORD))
        hear_standstill(watch, text);
    else if (begins_with(text, "in process"))
        hear_suspect(watch, text);
    else if (strstr(severity, "error") || strstr(severity, "failure"))
        hear_fault(watch, line, parsed);
}
