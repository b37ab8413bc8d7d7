/* bench_ui: how the workbench feels, measured on the real program on a pseudo terminal.
 *
 *     bench_ui PROGRAM FOLDER [RUNS]
 *
 * FOLDER is an empty one for the history; RUNS (0) are put into it first. Figures: the time from
 * start to the first frame; wake-ups when idle; the time from a key to its effect on the screen,
 * while an engine evaluates and simulates on all processors; the bytes of one update of progress
 * meanwhile. */
#include <locale.h>
#include <sqlite3.h>

#include "../unit/ui/vt.h"

enum { KEYS = 2000, STARTS = 5, IDLE_MS = 3000, MOST_UPDATES = 4000 };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *values, int count, double fraction)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    int index = (int)(fraction * count);
    return count > 0 ? values[index < count ? index : count - 1] : 0;
}

static Vt *start(const char *program, const char *database)
{
    const char *argv[] = {
        program, "samples/mnist_cnn.h5", "--data", "samples/mnist", "--db", database, "--images",
        "0", /* all: some ten seconds */
        NULL};
    return vt_start(24, 80, (char *const *)(uintptr_t)argv);
}

static void leave(Vt *vt)
{
    vt_press(vt, "Q");
    if (vt_shows(vt, "A run is going on"))
        vt_press(vt, "x");
    vt_wait_end(vt);
    vt_free(vt);
}

/* ---- figures --------------------------------------------------------------------------------- */

static void fill_history(const char *database, int runs)
{
    static const char INSERT[] =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "INSERT INTO run (created_ms, finished_ms, status, stage, owner_pid, owner_start, "
        "owner_boot, model_path, model_name, model_sha256, options, tools, seed, "
        "quantized_accuracy, latency_cycles) "
        "SELECT 1700000000000 + i * 1000, 1700000000500 + i * 1000, 'ok', 'simulate', 1, 1, '', "
        "'m.h5', 'model_' || (i %% 97), '', '{}', '{}', 1, 0.9 + (i %% 100) / 1000.0, 700 + i %% "
        "300 FROM n";
    char text[1024], *message = NULL;
    sqlite3 *file = NULL;
    snprintf(text, sizeof text, INSERT, runs);
    if (sqlite3_open(database, &file) != SQLITE_OK ||
        sqlite3_exec(file, text, NULL, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "bench_ui: %s: %s\n", database, message ? message : "cannot be opened");
        exit(1);
    }
    sqlite3_close(file);
}

/* Processor time of a process so far, which other load does not change. */
static double processor_ms(pid_t pid)
{
    char path[64];
    double nanoseconds = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%lf", &nanoseconds) != 1)
        nanoseconds = 0;
    if (file)
        fclose(file);
    return nanoseconds / 1e6;
}

static void measure_first_frame(const char *program, const char *database)
{
    double times[STARTS], busy[STARTS];
    for (int i = 0; i < STARTS; i++) {
        /* Without a model, as a model is read after the first frame. */
        char *const argv[] = {(char *)(uintptr_t)program, "--db", (char *)(uintptr_t)database,
                              NULL};
        double began = now_ms();
        Vt *vt = vt_start(24, 80, argv);
        times[i] = now_ms() - began;
        busy[i] = processor_ms(vt->pid);
        leave(vt);
    }
    printf("first frame                %8.1f ms, %.1f on the processor, the middle of %d starts "
           "(limit 100)\n",
           quantile(times, STARTS, 0.5), quantile(busy, STARTS, 0.5), STARTS);
}

static long switches(pid_t pid)
{
    char path[64], line[256];
    long count = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    if (file)
        fclose(file);
    return count;
}

static void measure_idle(Vt *vt)
{
    vt_step(vt, 500);
    long before = switches(vt->pid);
    double end = now_ms() + IDLE_MS;
    while (now_ms() < end)
        vt_step(vt, (int)(end - now_ms()) + 1);
    printf("idle                       %8.1f wake-ups a second (limit 0)\n",
           (double)(switches(vt->pid) - before) / (IDLE_MS / 1000.0));
}

/* Bytes of the frames since `before`, each of them an equal part; a stretch with one that was
 * drawn whole (the end of a run) is no update. */
static int take_frames(Vt *vt, const long before[3], double *bytes, int room)
{
    long frames = vt->frames - before[1], received = vt->received - before[0];
    int count = 0;
    while (vt->wholes == before[2] && received > 0 && count < frames && count < room)
        bytes[count++] = (double)received / (double)frames;
    return count;
}

/* A run from its first stages on, seen on the screen of that key. */
static void measure_updates(Vt *vt, const char *key, const char *name)
{
    static double bytes[MOST_UPDATES];
    int count = 0;
    vt_press(vt, "c");
    if (vt_shows(vt, "Cancel the run?")) {
        vt_press(vt, "y");
        vt_wait_for(vt, "is over");
    }
    vt_press(vt, "3r");
    vt_wait_for(vt, "running");
    vt_press(vt, key);
    double end = now_ms() + 8000;
    long before[3] = {vt->received, vt->frames, vt->wholes + 1};
    while (now_ms() < end && !vt_shows(vt, "is over")) {
        vt_step(vt, 100);
        if (!vt_is_between_frames(vt))
            continue;
        count += take_frames(vt, before, bytes + count, MOST_UPDATES - count);
        memcpy(before, (long[]){vt->received, vt->frames, vt->wholes}, sizeof before);
    }
    printf("bytes of an update         %8.0f in the middle, %.0f at most, of %d on %s at %dx%d "
           "(limit 200)\n",
           quantile(bytes, count, 0.5), quantile(bytes, count, 1), count, name, vt->columns,
           vt->rows);
}

static void measure_all_updates(Vt *vt)
{
    measure_updates(vt, "1", "Model");
    measure_updates(vt, "3", "Run");
    measure_updates(vt, "4", "Ladder");
    measure_updates(vt, "5", "Hardware");
    measure_updates(vt, "7", "History");
}

static void measure_keys(Vt *vt)
{
    static const char PLAN[] = "1jjkjkG2jk3jk7jkjk9jk8jk0jk4jk5jk6jk?jk\033";
    static double times[KEYS];
    int count = 0;
    while (count < KEYS) {
        char key[2] = {PLAN[count % (int)(sizeof PLAN - 1)], '\0'};
        double began = now_ms();
        if (!vt_send(vt, key)) {
            fprintf(stderr, "bench_ui: the workbench ended\n");
            exit(1);
        }
        times[count] = now_ms() - began;
        /* A bare Esc waits 25 ms for what might follow it, by design. */
        if (key[0] == '\033')
            times[count] -= 25;
        count++;
        vt_step(vt, 3);
        if (vt_shows(vt, "is over"))
            vt_press(vt, "r"); /* the load goes on */
    }
    printf("key to screen              %8.2f ms in the middle, %.2f of 99 in 100 (limit 16), %.2f "
           "at most; %d keys\n",
           quantile(times, KEYS, 0.5), quantile(times, KEYS, 0.99), quantile(times, KEYS, 1), KEYS);
}

int main(int argc, char **argv)
{
    char database[512];
    if (argc < 3) {
        fprintf(stderr, "usage: bench_ui PROGRAM FOLDER [RUNS]\n");
        return 2;
    }
    setlocale(LC_ALL, "C.UTF-8");
    int runs = argc > 3 ? atoi(argv[3]) : 0;
    snprintf(database, sizeof database, "%s/history.db", argv[2]);
    char *const none[] = {argv[1], "--db", database, NULL};
    leave(vt_start(24, 80, none)); /* makes the file */
    if (runs > 0)
        fill_history(database, runs);
    printf("history of %d runs\n", runs);
    measure_first_frame(argv[1], database);
    Vt *vt = start(argv[1], database);
    measure_idle(vt);
    measure_all_updates(vt);
    vt_resize(vt, 50, 160);
    measure_all_updates(vt);
    vt_resize(vt, 24, 80);
    measure_keys(vt);
    leave(vt);
    return 0;
}
