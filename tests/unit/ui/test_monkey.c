/* Keys and sizes at random, on the real program: it must neither crash nor hang, whatever comes, and
 * the tty must be put back at the end. Seeded, so that what happened can be done again:
 *
 *     MONKEY_KEYS=100000 MONKEY_SEED=7 build/tests/unit/ui/test_monkey
 */
#include "base/rng.h"
#include "place.h"

#define MODEL "tests/fixtures/models/paper_cnn_small.k3.h5"

enum { USUAL_KEYS = 1500, MOST_ROWS = 70, MOST_COLUMNS = 210 };

typedef struct Monkey {
    const Place *place;
    Vt *vt;
    Rng rng;
    long keys, left, starts;
    char last[64]; /* what was sent */
} Monkey;

/* A prompt must not get hold of a path out of the place: what is typed there has no slash. */
static const char *const KEYS[] = {
    "j",
    "k",
    "g",
    "G",
    "\r",
    " ",
    "\033",
    "\t",
    "\033[Z",
    "\033[A",
    "\033[B",
    "\033[C",
    "\033[D",
    "\033OA",
    "\033[5~",
    "\033[6~",
    "\033[H",
    "\033[F",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "0",
    "`",
    "?",
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "h",
    "i",
    "l",
    "m",
    "n",
    "o",
    "p",
    "s",
    "t",
    "u",
    "v",
    "w",
    "x",
    "y",
    "z",
    "A",
    "B",
    "C",
    "D",
    "E",
    "F",
    "H",
    "I",
    "J",
    "K",
    "L",
    "M",
    "N",
    "O",
    "P",
    "R",
    "S",
    "T",
    "U",
    "V",
    "W",
    "X",
    "Y",
    "Z",
    "+",
    "-",
    "=",
    "*",
    "<",
    ">",
    "!",
    "@",
    "#",
    "$",
    "%",
    "&",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ";",
    "'",
    "\"",
    "|",
    "\x0c",
    "\x04",
    "\x15",
    "\x02",
    "\x06",
    "\x12",
    "\x7f",
    "\x1a",
    "\xc3\xa9",
    "\xff",
    "\033[M !!",
    "\033[<0;9;4M",
    "\033[<64;9;4M",
    "\033OP",
    "\033[15~",
};

/* Rarely: what ends the program, starts an engine or asks for words. */
static const char *const SELDOM[] = {
    "q",
    "Q",
    "\x03",
    "r",
    "\033/conv\r",
    "\033:theme dark\r",
    "\033:help\r",
    "\033:nonsense\r",
    "\033:set-target 0.9\r",
    "\033:mouse\r",
    "\033:back\r",
    "\033:snapshot shot\r",
    "\033:write-scheme s\r",
    "\033:read-scheme s\r",
    "\033:search x\r",
};

enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0], SELDOM_COUNT = sizeof SELDOM / sizeof SELDOM[0] };

static int below(Monkey *monkey, int count)
{
    return (int)rng_below(&monkey->rng, (uint64_t)count);
}

static void start(Monkey *monkey)
{
    char *const argv[] = {monkey->place->program, (char *)(uintptr_t) "model.h5", "--db",
                          monkey->place->database, NULL};
    monkey->vt = vt_start(24, 80, argv);
    monkey->starts++;
}

/* Ended: by itself, and well. */
static void check_end(Monkey *monkey)
{
    int status = vt_wait_end(monkey->vt);
    char text[VT_MAX_BYTES];
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !vt_tty_is_restored(monkey->vt))
        fail_msg("after %ld keys, the last \"%s\": status 0x%x, tty %s:\n%s", monkey->keys,
                 monkey->last + (monkey->last[0] == '\033'), (unsigned)status,
                 vt_tty_is_restored(monkey->vt) ? "restored" : "not restored",
                 vt_text(monkey->vt, text));
    vt_free(monkey->vt);
    monkey->vt = NULL;
}

/* The program answers, or has ended. */
static void check_answer(Monkey *monkey, bool answered)
{
    if (answered)
        return;
    if (!monkey->vt->ended && vt_wait_end(monkey->vt) == -1)
        fail_msg("after %ld keys, the last \"%s\": no answer", monkey->keys,
                 monkey->last + (monkey->last[0] == '\033'));
    check_end(monkey);
    start(monkey);
}

static void step(Monkey *monkey)
{
    int dice = below(monkey, 200);
    const char *keys = KEYS[below(monkey, KEY_COUNT)];
    if (dice == 0)
        keys = SELDOM[below(monkey, SELDOM_COUNT)];
    snprintf(monkey->last, sizeof monkey->last, "%s", keys);
    monkey->keys++;
    if (dice == 1) {
        int rows = 1 + below(monkey, MOST_ROWS), columns = 1 + below(monkey, MOST_COLUMNS);
        snprintf(monkey->last, sizeof monkey->last, "size %dx%d", columns, rows);
        check_answer(monkey, vt_resize(monkey->vt, rows, columns));
        return;
    }
    check_answer(monkey, vt_send(monkey->vt, keys));
}

static long number_of(const char *name, long usual)
{
    const char *text = getenv(name);
    return text && *text ? atol(text) : usual;
}

/* Files that prompts write land in the place; the model has a name without a slash there. */
static void move_in(Place *place)
{
    Buffer model = {0};
    assert_int_equal(fs_read_file(MODEL, 1 << 24, &model), OK);
    place->program = fs_resolve(place->arena, place->program);
    assert_non_null(place->program);
    assert_int_equal(chdir(place->folder), 0);
    assert_int_equal(fs_write_atomic("model.h5", model.data, model.length), OK);
    buffer_free(&model);
}

static void test_monkey(void **state)
{
    Monkey monkey = {.place = *state};
    long seed = number_of("MONKEY_SEED", 1), keys = number_of("MONKEY_KEYS", USUAL_KEYS);
    monkey.rng = rng_seed((uint64_t)seed);
    move_in(*state);
    start(&monkey);
    while (monkey.keys < keys)
        step(&monkey);
    printf("# seed %ld: %ld keys and sizes, %ld starts\n", seed, monkey.keys, monkey.starts);
    kill(monkey.vt->pid, SIGTERM);
    int status = vt_wait_end(monkey.vt);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 130);
    assert_true(vt_tty_is_restored(monkey.vt));
    vt_free(monkey.vt);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {PLACED(test_monkey)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
