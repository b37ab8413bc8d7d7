#include "ui/earlier_runs.h"

#include <math.h>
#include <string.h>

enum { LOOKED_AT = 4 * EARLIER_RUNS }; /* others may have a model of a like name */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static Status read_stages(Store *store, Arena *arena, EarlierRun *run)
{
    StageRecord *stages = NULL;
    int count = 0;
    for (int stage = 0; stage < STAGES; stage++)
        run->seconds[stage] = NAN;
    TRY(store_stages(store, run->id, arena, &stages, &count));
    for (int i = 0; i < count; i++)
        for (int stage = 0; stage < STAGES; stage++)
            if (strcmp(stages[i].name, stage_word((RunStage)stage)) == 0 &&
                strcmp(stages[i].status, "ok") == 0 && stages[i].finished_ms > 0)
                run->seconds[stage] = (double)(stages[i].finished_ms - stages[i].started_ms) / 1000;
    return OK;
}

static Status read_runs(EarlierRuns *earlier, Store *store, const char *model, Arena *arena)
{
    const RunQuery query = {.text = model, .limit = LOOKED_AT};
    int64_t *ids = NULL;
    int count = 0;
    TRY(store_ids(store, &query, arena, &ids, &count));
    RunRecord *records = ARENA_ARRAY(arena, RunRecord, count + 1);
    TRY(store_rows(store, ids, count, arena, records));
    for (int i = 0; i < count && earlier->count < EARLIER_RUNS; i++) {
        const RunRecord *record = &records[i];
        bool before = record->id > 0 && (earlier->of == 0 || record->id < earlier->of);
        if (!before || record->status == RUN_RUNNING ||
            strcmp(file_name(record->model_path), model) != 0)
            continue;
        EarlierRun *run = &earlier->runs[earlier->count++];
        *run = (EarlierRun){.id = record->id, .figures = record->figures};
        TRY(read_stages(store, arena, run));
    }
    return OK;
}

void earlier_runs_read(EarlierRuns *earlier, Store *store, const RunView *run)
{
    if (!run->known || earlier->of == run->id)
        return;
    *earlier = (EarlierRuns){.of = run->id};
    Arena *arena = arena_new();
    if (store && *run->model && read_runs(earlier, store, run->model, arena) != OK)
        earlier->count = 0; /* they are beside the point: the history says what is wrong with it */
    arena_free(arena);
}
