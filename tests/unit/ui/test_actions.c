/* The table of actions against everything that is made from it: screens, verbs, options, the
 * manual. */
#include "fixture.h"

#include "cli/verb.h"

/* An option of that name that one of the groups has. */
static bool has_option(const char *name, unsigned groups)
{
    OptionInfo option;
    for (int i = 0; arguments_option(i, &option); i++)
        if ((option.groups & groups) && strcmp(option.name, name) == 0)
            return true;
    return false;
}

static bool has_first_word(const Verb *verb, const char *wanted)
{
    char word[VERB_WORD_BYTES];
    bool some = false;
    for (int i = 0; verb_first_word(verb, i, word); i++) {
        if (strcmp(word, wanted) == 0)
            return true;
        some = true;
    }
    return !some; /* takes what the user has */
}

/* "dnn2fpga VERB WORD --option", or options of any verb. */
static void check_twin(const char *name, const char *twin)
{
    char text[256], *rest = NULL;
    const Verb *verb = NULL;
    bool command = strncmp(twin, "dnn2fpga ", 9) == 0;
    if (!command && strncmp(twin, "--", 2) != 0)
        fail_msg("%s: \"%s\" is no command of ours", name, twin);
    snprintf(text, sizeof text, "%s", twin);
    int index = 0;
    for (char *word = strtok_r(text, " ,", &rest); word; word = strtok_r(NULL, " ,", &rest)) {
        bool option = strncmp(word, "--", 2) == 0;
        if (option && strcmp(word, "--help") != 0 &&
            !has_option(word + 2, verb ? verb->groups : ~0U))
            fail_msg("%s: %s: there is no such option", name, word);
        else if (command && index == 1 && !option && !(verb = verb_find(word)))
            fail_msg("%s: %s: there is no such verb", name, word);
        else if (index == 2 && verb && !option && !has_first_word(verb, word))
            fail_msg("%s: %s %s: there is no such word", name, verb->name, word);
        index++;
    }
}

static void test_twins(void **state)
{
    (void)state;
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++) {
        const ActionInfo *info = action_info((ActionId)i);
        if (!info->twin == !info->screen_only)
            fail_msg("%s: a twin, or why there is none: one of them", info->name);
        if (info->twin)
            check_twin(info->name, info->twin);
        if (!action_scope_name(info->scope))
            fail_msg("%s: its scope has no name in action_scope_name()", info->name);
    }
}

/* No key means two things on a screen, whatever screen it is. */
static void check_keys(const Screen *screen)
{
    unsigned scopes = SCOPE_APP | screen->ops->scopes;
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++) {
        const ActionInfo *info = action_info((ActionId)i);
        char keys[64], *rest = NULL;
        snprintf(keys, sizeof keys, "%s", info->keys);
        if (!(info->scope & scopes))
            continue;
        for (char *key = strtok_r(keys, " ", &rest); key; key = strtok_r(NULL, " ", &rest)) {
            ActionId meaning = action_of_key(key_parse(key), scopes);
            if (meaning != (ActionId)i)
                fail_msg("on %s, %s is %s and %s", screen->ops->name, key, info->name,
                         action_info(meaning)->name);
        }
        assert_int_equal(action_of_name(info->name, scopes), i);
    }
}

static void test_no_key_means_two_things(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, true, true);
    for (int root = 0; root < ROOTS; root++) {
        check_keys(app->roots[root]);
        Screen *help = screen_help_new(app, app->roots[root]);
        check_keys(help);
        help->ops->close(help);
    }
    Screen *file = screen_file_new(app, "README.md");
    check_keys(file);
    file->ops->close(file);
    app_free(app);
}

/* The letter is first, as the hint row prints the first key. */
static void test_function_keys_have_letters(void **state)
{
    (void)state;
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++) {
        const char *keys = action_info((ActionId)i)->keys;
        assert_false(keys[0] == 'F' && keys[1] >= '1' && keys[1] <= '9');
    }
}

/* Help shows every action of its screen. */
static void test_help_is_complete(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, true, true);
    for (int root = 0; root < ROOTS; root++) {
        app_act(app, app_root_action((Root)root));
        app_act(app, ACTION_HELP);
        char *text = screen_text(app, 300, 120);
        for (int i = ACTION_NONE + 1; i < ACTIONS; i++) {
            const ActionInfo *info = action_info((ActionId)i);
            if ((info->scope & (SCOPE_APP | app->roots[root]->ops->scopes)) &&
                !strstr(text, info->help))
                fail_msg("help on %s lacks %s", app->roots[root]->ops->name, info->name);
        }
        free(text);
        app_act(app, ACTION_BACK);
    }
    app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_no_key_means_two_things),
        cmocka_unit_test(test_function_keys_have_letters),
        cmocka_unit_test(test_help_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
