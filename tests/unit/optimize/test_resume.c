/* A climb that is cancelled or killed and taken up again ends with the bits of one that was left
 * alone. The climbs that are stopped run in forked children. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/fs.h"
#include "networks.h"
#include "optimize/ladder.h"
#include "quant/description.h"

enum { EPOCHS = 4 };

typedef struct Place {
    char folder[64];
    Arena *arena;
    Dataset *training, *test;
    Graph *graph;
    const char *stop_at; /* words of the progress at which the climb ends; NULL: none */
    bool kill;           /* without a word */
} Place;

static Status give_training(void *context, const Dataset **training)
{
    const Place *place = context;
    *training = place->training;
    return OK;
}

static void on_progress(void *context, double fraction, const char *detail)
{
    const Place *place = context;
    (void)fraction;
    if (!place->stop_at || !detail || strncmp(detail, place->stop_at, strlen(place->stop_at)) != 0)
        return;
    if (place->kill)
        raise(SIGKILL);
    cancel_request();
}

/* Nothing reaches the target: all four rungs are tried, two of them by training. */
static Status climb(Place *place, const char *folder, LadderPolicy policy, Ladder *ladder)
{
    const Progress progress = {.report = on_progress, .context = place};
    const Scheme scheme = corner_scheme(place->graph, 2, PER_TENSOR);
    Pool *pool = pool_new(2);
    LadderOptions options = {.target_accuracy = 1.0,
                             .max_drop = NAN,
                             .policy = policy,
                             .qat = qat_defaults(),
                             .folder = folder,
                             .identity = "this network"};
    options.qat.epochs = EPOCHS;
    options.qat.batch = 25;
    options.qat.rate = 0.01;
    options.qat.progress = &progress;
    const LadderInput input = {.simplified = place->graph,
                               .scheme = &scheme,
                               .calibration = place->training,
                               .test = place->test,
                               .baseline = 0.9,
                               .training = give_training,
                               .context = place,
                               .pool = pool};
    Status status = ladder_climb(&input, &options, ladder);
    pool_free(pool);
    return status;
}

static const char *path_of(const Place *place, const char *name)
{
    return fs_join(place->arena, place->folder, name);
}

/* SHA-256 of the description of the chosen model. */
static void hash_of(const Place *place, const Ladder *ladder, char hex[HASH_HEX_BYTES])
{
    const char *folder = path_of(place, "description");
    assert_int_equal(description_write(ladder->quantized.model, folder), OK);
    assert_int_equal(description_hash(folder, hex), OK);
}

static void stop(Place *place, const char *folder, const char *stop_at, bool kill_it)
{
    pid_t child = fork();
    if (child == 0) {
        place->stop_at = stop_at;
        place->kill = kill_it;
        Ladder ladder;
        _exit((int)climb(place, folder, POLICY_CONV, &ladder));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (kill_it)
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    else
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ERR_CANCELLED);
}

static void climb_or_fail(Place *place, const char *folder, Ladder *ladder)
{
    if (climb(place, folder, POLICY_CONV, ladder) != OK)
        fail_msg("%s", error_message());
}

static void same_epochs(const LadderRung *rung, const LadderRung *expected)
{
    assert_int_equal(rung->epoch_count, expected->epoch_count);
    assert_int_equal(rung->best_epoch, expected->best_epoch);
    for (int i = 0; i < expected->epoch_count; i++) {
        assert_int_equal(rung->epochs[i].epoch, i + 1);
        assert_true(rung->epochs[i].loss == expected->epochs[i].loss);
        assert_true(rung->epochs[i].validation_loss == expected->epochs[i].validation_loss);
    }
}

/* Goes on in `folder`, and compares all with a climb that kept nothing. */
static void resumed_is_the_same(Place *place, const char *folder, int remembered)
{
    Ladder alone, resumed;
    climb_or_fail(place, NULL, &alone);
    climb_or_fail(place, folder, &resumed);
    char expected[HASH_HEX_BYTES], found[HASH_HEX_BYTES];
    hash_of(place, &alone, expected);
    hash_of(place, &resumed, found);
    assert_string_equal(found, expected);
    assert_int_equal(resumed.count, alone.count);
    assert_int_equal(resumed.chosen, alone.chosen);
    for (int i = 0; i < alone.count; i++) {
        assert_true(resumed.rungs[i].accuracy == alone.rungs[i].accuracy);
        assert_int_equal(resumed.rungs[i].remembered, i < remembered);
        same_epochs(&resumed.rungs[i], &alone.rungs[i]);
    }
    assert_true(alone.rungs[alone.chosen].step == LADDER_QAT); /* training decides the result */
    ladder_free(&alone);
    ladder_free(&resumed);
}

static void cancelled_in_the_third_epoch(void **state)
{
    Place *place = *state;
    const char *folder = path_of(place, "state");
    stop(place, folder, "epoch 3 of", false);
    assert_true(fs_exists(path_of(place, "state/rung-2.training")));
    resumed_is_the_same(place, folder, 2);
}

static void killed_in_the_last_epoch_and_again(void **state)
{
    Place *place = *state;
    const char *folder = path_of(place, "state");
    stop(place, folder, "epoch 2 of", true);
    stop(place, folder, "epoch 4 of", true);
    resumed_is_the_same(place, folder, 2);
}

static void a_finished_climb_is_remembered_whole(void **state)
{
    Place *place = *state;
    const char *folder = path_of(place, "state");
    Ladder ladder;
    climb_or_fail(place, folder, &ladder);
    int count = ladder.count;
    assert_int_equal(count, LADDER_MAX_RUNGS);
    ladder_free(&ladder);
    place->stop_at = "epoch"; /* no epoch is done again: it would cancel */
    climb_or_fail(place, folder, &ladder);
    assert_false(cancel_requested());
    ladder_free(&ladder);
    place->stop_at = NULL;
    resumed_is_the_same(place, folder, count);
}

static void a_ranking_is_kept(void **state)
{
    Place *place = *state;
    const char *folder = path_of(place, "state");
    Ladder first, second;
    assert_int_equal(climb(place, folder, POLICY_SENSITIVITY, &first), OK);
    Buffer text = {0};
    assert_int_equal(fs_read_file(path_of(place, "state/ladder.json"), 1 << 20, &text), OK);
    assert_non_null(strstr(text.data, "\"float_accuracy\""));
    /* As it was after the ranking, before rung 2: the search is done again, with the same end. */
    char *rungs = strstr(text.data, "\"rungs\": [");
    assert_non_null(rungs);
    char *second_rung = strstr(rungs, "},");
    assert_non_null(second_rung);
    strcpy(second_rung, "}]}");
    assert_int_equal(
        fs_write_atomic(path_of(place, "state/ladder.json"), text.data, strlen(text.data)), OK);
    buffer_free(&text);
    assert_int_equal(climb(place, folder, POLICY_SENSITIVITY, &second), OK);
    assert_true(second.rungs[0].remembered);
    assert_false(second.rungs[1].remembered);
    assert_int_equal(second.rungs[1].float_count, first.rungs[1].float_count);
    char expected[HASH_HEX_BYTES], found[HASH_HEX_BYTES];
    hash_of(place, &first, expected);
    hash_of(place, &second, found);
    assert_string_equal(found, expected);
    ladder_free(&first);
    ladder_free(&second);
}

static void overwrite(const Place *place, const char *name, const char *text)
{
    assert_int_equal(fs_write_atomic(path_of(place, name), text, strlen(text)), OK);
}

static void refuse(Place *place, Status expected, const char *word)
{
    Ladder ladder;
    assert_int_equal(climb(place, path_of(place, "state"), POLICY_CONV, &ladder), expected);
    if (!strstr(error_message(), word))
        fail_msg("%s: lacks '%s'", error_message(), word);
}

static void what_does_not_fit_is_refused(void **state)
{
    Place *place = *state;
    assert_int_equal(fs_make_folders(path_of(place, "state")), OK);
    overwrite(place, "state/ladder.json", "{");
    refuse(place, ERR_ENVIRONMENT, "not JSON");
    overwrite(place, "state/ladder.json", "{\"version\": 1, \"identity\": \"x\", \"rungs\": []}");
    refuse(place, ERR_REFUSED, "another climb");
    overwrite(place, "state/ladder.json",
              "{\"version\": 1, \"identity\": \"this network\", \"rungs\":"
              " [{\"step\": \"qat\", \"accuracy\": 0.5, \"float_layers\": []}]}");
    refuse(place, ERR_ENVIRONMENT, "not those of this climb");
    overwrite(place, "state/ladder.json",
              "{\"version\": 1, \"identity\": \"this network\", \"rungs\": []}");
    overwrite(place, "state/rung-2.training", "dnn2fpga qat 1\n and nothing else");
    refuse(place, ERR_ENVIRONMENT, "rung-2.training");
}

static void a_flipped_bit_in_a_training_is_noticed(void **state)
{
    Place *place = *state;
    stop(place, path_of(place, "state"), "epoch 3 of", true);
    Buffer bytes = {0};
    const char *path = path_of(place, "state/rung-2.training");
    assert_int_equal(fs_read_file(path, 1 << 24, &bytes), OK);
    bytes.data[bytes.length / 2] ^= 1;
    assert_int_equal(fs_write_atomic(path, bytes.data, bytes.length), OK);
    buffer_free(&bytes);
    refuse(place, ERR_ENVIRONMENT, "damaged");
}

static int set_up(void **state)
{
    Place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    strcpy(place->folder, "/tmp/test_resume.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    place->arena = arena_new();
    place->training = corner_images(31, 300);
    place->test = corner_images(32, 200);
    place->graph = corner_network(33, ACTIVATION_RELU);
    TrainOptions options = train_defaults();
    options.epochs = 15;
    options.batch = 25;
    options.rate = 0.01;
    TrainResult result;
    Pool *pool = pool_new(1); /* no threads are left when the tests fork */
    assert_int_equal(train(place->graph, place->training, &options, pool, &result), OK);
    pool_free(pool);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    Place *place = *state;
    Status status = fs_remove_tree(place->folder);
    graph_free(place->graph);
    dataset_free(place->training);
    dataset_free(place->test);
    arena_free(place->arena);
    free(place);
    return status == OK ? 0 : -1;
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(cancelled_in_the_third_epoch),
        PLACED(killed_in_the_last_epoch_and_again),
        PLACED(a_finished_climb_is_remembered_whole),
        PLACED(a_ranking_is_kept),
        PLACED(what_does_not_fit_is_refused),
        PLACED(a_flipped_bit_in_a_training_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
