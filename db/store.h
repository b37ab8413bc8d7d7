/* store.h: the history: one row a run, with its stages, figures and choices.
 *
 * The database is the truth about a run: who works writes it as the work goes on, who watches reads
 * it, and a watcher that comes later sees the same. Several processes may use one history at once
 * (WAL, a busy timeout). A Store belongs to one thread.
 *
 * A running row carries the identity of its process. When a history is opened, running rows whose
 * process is gone become `interrupted`.
 *
 *     Store *store = NULL;
 *     TRY(store_open(NULL, &store));                       // the user's history
 *     TRY(store_begin_run(store, &(RunStart){.model_path = "m.h5", ...}, &id));
 *     TRY(store_begin_stage(store, id, "import"));
 *     TRY(store_finish_stage(store, id, &(StageEnd){.name = "import", .status = "ok"}));
 *     TRY(store_finish_run(store, id, &(RunEnd){.status = RUN_OK, .report = json}));
 *     store_close(store);
 *
 * Texts that come out live in the arena that was given. A failure is ERR_ENVIRONMENT with a message
 * that names the file and what to do.
 */
#ifndef DB_STORE_H
#define DB_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

typedef struct Store Store;

enum { STORE_NOTE_MAX_BYTES = 4096, STORE_TAGS_MAX_BYTES = 512 };

typedef enum RunStatus {
    RUN_RUNNING,
    RUN_OK,
    RUN_UNMET,       /* finished, below the target or hardware differs */
    RUN_FAILED,      /* stopped by an error; `message` says which */
    RUN_CANCELLED,   /* stopped by the user */
    RUN_INTERRUPTED, /* its process died */
    RUN_STATUSES
} RunStatus;

const char *run_status_word(RunStatus status); /* "running" */
bool run_status_parse(const char *word, RunStatus *status);

/* The headline figures: columns of their own, so that runs can be sorted and compared. */
typedef enum Figure {
    FIGURE_BASELINE_ACCURACY,
    FIGURE_QUANTIZED_ACCURACY,
    FIGURE_HARDWARE_ACCURACY,
    FIGURE_BASELINE_BYTES,
    FIGURE_QUANTIZED_BYTES,
    FIGURE_BASELINE_LATENCY_US, /* one image, one thread */
    FIGURE_QUANTIZED_LATENCY_US,
    FIGURE_HARDWARE_LATENCY_US,
    FIGURE_BIT_EXACT, /* 1 or 0 */
    FIGURE_SIMULATED_IMAGES,
    FIGURE_LATENCY_CYCLES,
    FIGURE_INTERVAL_CYCLES,
    FIGURE_PREDICTED_LATENCY_CYCLES,
    FIGURE_PREDICTED_INTERVAL_CYCLES,
    FIGURE_SYNTHESIS_LUT, /* as the device counts them: hw/device.h */
    FIGURE_SYNTHESIS_FF,
    FIGURE_SYNTHESIS_DSP,
    FIGURE_SYNTHESIS_BRAM,
    FIGURE_FMAX_MHZ, /* reached after place and route */
    FIGURE_FITS,
    FIGURE_NETLIST_BIT_EXACT,
    FIGURES
} Figure;

const char *figure_word(Figure figure); /* "baseline_accuracy": also the column's name */

/* A value for each figure; NAN: not known. */
typedef struct RunFigures {
    double values[FIGURES];
} RunFigures;

RunFigures run_figures_none(void);

/* Which process owns a running row. The start time and the boot tell a process from a later one
 * that got the same number. */
typedef struct Owner {
    int64_t pid;
    int64_t start; /* field 22 of /proc/PID/stat: clock ticks since boot */
    char boot[40]; /* /proc/sys/kernel/random/boot_id */
} Owner;

/* The calling process. */
Owner owner_self(void);
/* False only when that process is surely gone (a zombie counts as gone). */
bool owner_alive(const Owner *owner);

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct RunStart {
    const char *model_path, *model_name, *model_sha256;
    const char *dataset_path, *dataset_sha256; /* NULL: none */
    const char *options;                       /* JSON: all that is needed to do it again */
    const char *tools;                         /* JSON: name -> version */
    int64_t seed;
    int64_t parent; /* the run it repeats or varies; 0: none */
} RunStart;

/* What a stage left behind. */
typedef struct StageEnd {
    const char *name;
    const char *status;  /* "ok", "unmet", "failed", "cancelled" */
    const char *figures; /* JSON object, or NULL */
    int64_t started_ms;  /* 0: when store_begin_stage() was called */
} StageEnd;

typedef struct RunEnd {
    RunStatus status;
    const char *message; /* NULL: nothing went wrong */
    const char *report;  /* JSON, or NULL */
    RunFigures figures;
} RunEnd;

/* What was chosen for one operation of the integer model. */
typedef struct LayerChoice {
    const char *layer;
    const char *kind;
    int weight_bits; /* 0: no weights */
    int activation_bits;
    const char *calibration;
    double clip;  /* NAN: floating point, and so is */
    double scale; /* of the output */
    int pe, simd; /* folding; 0: not chosen */
} LayerChoice;

/* `path` NULL: the user's history (base/paths.h). Makes the folders and the file when missing,
 * migrates an older schema (with a backup copy first), refuses a newer one, sweeps. */
Status store_open(const char *path, Store **store) MUST_CHECK;
void store_close(Store *store);

/* A running row, owned by the calling process. */
Status store_begin_run(Store *store, const RunStart *start, int64_t *id) MUST_CHECK;
/* Makes an ended row running again, owned by the calling process; of several that ask at once, one
 * gets it. ERR_REFUSED: it is running, or finished. */
Status store_resume_run(Store *store, int64_t id) MUST_CHECK;
Status store_set_folder(Store *store, int64_t id, const char *folder) MUST_CHECK;
Status store_set_hashes(Store *store, int64_t id, const char *description_sha256,
                        const char *hdl_sha256) MUST_CHECK; /* NULL: leaves it */
Status store_set_figures(Store *store, int64_t id, const RunFigures *figures) MUST_CHECK;
Status store_set_tools(Store *store, int64_t id, const char *tools) MUST_CHECK;
/* What its process was asked for; of a run that is not running it says nothing. */
Status store_set_paused(Store *store, int64_t id, bool paused) MUST_CHECK;
Status store_progress(Store *store, int64_t id, double fraction, const char *text) MUST_CHECK;
Status store_begin_stage(Store *store, int64_t id, const char *name) MUST_CHECK;
/* What a stage has found so far: JSON, keys of the report. It stays until the stage begins anew. */
Status store_set_found(Store *store, int64_t id, const char *stage, const char *found) MUST_CHECK;
Status store_finish_stage(Store *store, int64_t id, const StageEnd *end) MUST_CHECK;
/* Replaces the choices of the run. */
Status store_set_choices(Store *store, int64_t id, const LayerChoice *choices,
                         int count) MUST_CHECK;
/* Text of one's own; "" takes it away. At most STORE_NOTE_MAX_BYTES. */
Status store_set_note(Store *store, int64_t id, const char *note) MUST_CHECK;
/* Words with blanks between, kept in order and once each; "" takes them away. ERR_USAGE: not words
 * of letters, digits and -_.: */
Status store_set_tags(Store *store, int64_t id, const char *tags) MUST_CHECK;
/* Into the bin, or out of it: nothing is lost. ERR_REFUSED: the run is running, or is there
 * already. */
Status store_set_deleted(Store *store, int64_t id, bool deleted) MUST_CHECK;
/* Removes the row for good; its folder is the caller's. ERR_REFUSED: it is not in the bin. */
Status store_purge(Store *store, int64_t id) MUST_CHECK;
/* Ends the run; a stage still open gets the run's status. */
Status store_finish_run(Store *store, int64_t id, const RunEnd *end) MUST_CHECK;

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct RunRecord {
    int64_t id;
    int64_t created_ms;  /* UTC */
    int64_t finished_ms; /* 0: still running, or interrupted at an unknown moment */
    RunStatus status;
    const char *stage; /* the current one, or the last */
    double progress;   /* 0..1 of that stage */
    const char *progress_text;
    Owner owner;
    const char *model_path, *model_name, *model_sha256;
    const char *dataset_path, *dataset_sha256; /* "" when there is none */
    const char *options, *tools;               /* JSON */
    int64_t seed;
    const char *folder;
    const char *report; /* JSON, or NULL */
    RunFigures figures;
    const char *description_sha256, *hdl_sha256; /* "" until known */
    const char *message;                         /* "" when nothing went wrong */
    const char *note, *tags;                     /* "": none */
    int64_t deleted_ms;                          /* in the bin since; 0: it is not */
    int64_t parent;                              /* the run it was made from; 0: none */
    bool paused;                                 /* it was asked to wait */
} RunRecord;

typedef struct StageRecord {
    const char *name;
    const char *status; /* "running", "ok", "unmet", "failed", "cancelled", "interrupted" */
    int64_t started_ms, finished_ms; /* UTC; 0: not finished */
    const char *figures;             /* JSON, or NULL */
    const char *found;               /* JSON, or NULL: store_set_found() */
} StageRecord;

/* What a list can be ordered by. Runs without that figure come last; the number decides between
 * equals, in the same direction. */
typedef enum RunOrder {
    ORDER_ID,
    ORDER_CREATED, /* differs from the number when the clock was set back */
    ORDER_MODEL,
    ORDER_STATUS,
    ORDER_BASELINE_ACCURACY,
    ORDER_QUANTIZED_ACCURACY,
    ORDER_HARDWARE_ACCURACY,
    ORDER_QUANTIZED_BYTES,
    ORDER_BIT_EXACT,
    ORDER_LATENCY_CYCLES,
    ORDER_INTERVAL_CYCLES,
    ORDER_HARDWARE_LATENCY_US,
    ORDER_SYNTHESIS_LUT,
    ORDER_FMAX_MHZ,
    ORDER_TAGS,
    ORDER_NOTE,
    RUN_ORDERS
} RunOrder;

const char *run_order_word(RunOrder order); /* "quantized_accuracy" */
bool run_order_parse(const char *word, RunOrder *order);

typedef struct RunQuery {
    bool has_status;
    RunStatus status;
    const char *text;      /* part of the model's name or path, the status, a tag or the note, upper
                              and lower case alike; NULL: all */
    bool without_text;     /* those that do not have `text` */
    bool deleted;          /* the bin, in place of what is not in it */
    RunOrder order;        /* ORDER_ID: newest first */
    bool ascending;        /* lowest first */
    bool unordered;        /* in any order: the fastest */
    int64_t limit, offset; /* limit 0: all */
} RunQuery;

/* The numbers alone, of a history of any length: for a screen that then reads the rows it shows.
 * `query` NULL: all. */
Status store_ids(Store *store, const RunQuery *query, Arena *arena, int64_t **ids,
                 int *count) MUST_CHECK;
/* Runs by their numbers, in that order, without reports (`report` is NULL). A number that is no
 * more leaves a row of id 0. */
Status store_rows(Store *store, const int64_t *ids, int count, Arena *arena,
                  RunRecord *runs) MUST_CHECK;

/* What a plot of many runs takes; NAN where a run has it not. */
typedef struct RunPoint {
    int64_t id;
    double accuracy, bytes; /* of the integer model */
    double latency;         /* cycles of one image */
} RunPoint;

/* The points of the runs of a query, in any order, without reading their rows. */
Status store_points(Store *store, const RunQuery *query, Arena *arena, RunPoint **points,
                    int *count) MUST_CHECK;

/* The highest number so far; 0: there is no run. */
int64_t store_newest(Store *store);
/* How many runs were begun after one that are not in the bin; 0 when that cannot be read. */
int64_t store_count_after(Store *store, int64_t id);

/* Whole rows. `query` NULL: all, newest first. */
Status store_list(Store *store, const RunQuery *query, Arena *arena, RunRecord **runs,
                  int *count) MUST_CHECK;
/* ERR_REFUSED when there is no run of that number. */
Status store_get(Store *store, int64_t id, Arena *arena, RunRecord *run) MUST_CHECK;
/* The same in a history that is opened for it; `path` as in store_open(). */
Status store_read_run(const char *path, int64_t id, Arena *arena, RunRecord *run) MUST_CHECK;
Status store_stages(Store *store, int64_t id, Arena *arena, StageRecord **stages,
                    int *count) MUST_CHECK;
Status store_choices(Store *store, int64_t id, Arena *arena, LayerChoice **choices,
                     int *count) MUST_CHECK;

/* A number that changes when another connection commits (PRAGMA data_version); -1 when it cannot
 * be read. Cheap: a screen may ask several times a second. */
int64_t store_version(Store *store);

/* Running rows whose process is gone become `interrupted`; done by store_open(), and by a screen
 * that stays open. `count` of rows changed may be NULL. */
Status store_sweep(Store *store, int *count) MUST_CHECK;

/* Reads the whole file; ERR_ENVIRONMENT when it is damaged. */
Status store_check(Store *store) MUST_CHECK;

const char *store_path(const Store *store);

#endif
