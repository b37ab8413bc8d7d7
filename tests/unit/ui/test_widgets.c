/* Canvas, keys, actions, dialog, prompt, messages, gauge, scroll, figures: without a screen.
 */
#include <unistd.h>

#include "fixture.h"

#include "ui/chart.h"
#include "ui/format.h"
#include "ui/gauge.h"
#include "ui/pager.h"
#include "ui/scroll.h"
#include "ui/settings.h"
#include "ui/table.h"

static void assert_canvas(Canvas *canvas, const char *wanted)
{
    Buffer text = {0};
    canvas_dump(canvas, &text);
    assert_string_equal(text.data, wanted);
    buffer_free(&text);
    canvas_free(canvas);
}

/* ---- canvas ---------------------------------------------------------------------------------- */

static void test_text_is_clipped(void **state)
{
    (void)state;
    Canvas *canvas = canvas_new(3, 10, false);
    Area part = area_part(area_of(canvas), 1, 2, 1, 5);
    assert_int_equal(area_text(part, 0, 0, STYLE_NORMAL, "abcde"), 5);
    area_text(part, 1, 0, STYLE_NORMAL, "below");
    area_text(part, -1, 0, STYLE_NORMAL, "above");
    area_text(part, 0, 5, STYLE_NORMAL, "beside");
    assert_canvas(canvas, "\n  abcde\n\n");
    canvas = canvas_new(1, 6, false);
    assert_int_equal(area_text(area_of(canvas), 0, 1, STYLE_NORMAL, "abcdef"), 6);
    assert_canvas(canvas, " abcd…\n");
    canvas = canvas_new(1, 6, true);
    area_text_right(area_of(canvas), 0, STYLE_NORMAL, "abcdefgh");
    assert_canvas(canvas, "abcde~\n");
}

static void test_wide_text(void **state)
{
    (void)state;
    Canvas *canvas = canvas_new(1, 6, false);
    Area area = area_of(canvas);
    assert_int_equal(text_columns("数字", false), 4);
    assert_int_equal(area_text(area, 0, 0, STYLE_NORMAL, "a数字"), 5);
    assert_int_equal(canvas_cell(canvas, 0, 2)->rune, 0);
    area_text(area, 0, 2, STYLE_NORMAL, "x"); /* over the right half: the left one goes too */
    area_text(area, 0, 3, STYLE_NORMAL, "y"); /* over the left half */
    assert_canvas(canvas, "a xy\n");
    canvas = canvas_new(1, 4, false);
    area_text(area_of(canvas), 0, 0, STYLE_NORMAL, "ab数字");
    assert_canvas(canvas, "ab…\n");
}

/* What a file can hold must not reach the terminal. */
static void test_foreign_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *utf8, *ascii;
    } ROWS[] = {
        {"a\033[2Jb", "a�[2Jb\n", "a?[2Jb\n"},
        {"tab\there", "tab�here\n", "tab?here\n"},
        {"bad \xff\xc0\x80", "bad ���\n", "bad ???\n"},
        {"cut \xe2\x82", "cut ��\n", "cut ??\n"},
        {"surrogate \xed\xa0\x80", "surrogate ���\n", "surrogate ???\n"},
        {"c1 \xc2\x9b", "c1 �\n", "c1 ?\n"},
        {"e\xcc\x81", "e\n", "e?\n"},
        {"rtl \xe2\x80\xae!", "rtl !\n", "rtl ?!\n"},
        {"\x7f", "�\n", "?\n"},
        {"grün", "grün\n", "gr?n\n"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        for (int ascii = 0; ascii < 2; ascii++) {
            Canvas *canvas = canvas_new(1, 30, ascii);
            int end = area_text(area_of(canvas), 0, 0, STYLE_NORMAL, ROWS[i].text);
            assert_int_equal(end, text_columns(ROWS[i].text, ascii));
            assert_canvas(canvas, ascii ? ROWS[i].ascii : ROWS[i].utf8);
        }
    }
}

static void test_paragraph(void **state)
{
    (void)state;
    Canvas *canvas = canvas_new(6, 10, true);
    assert_int_equal(
        area_paragraph(area_of(canvas), 0, STYLE_NORMAL, "one two three\n\nabcdefghijklm"), 5);
    assert_canvas(canvas, "one two\nthree\n\nabcdefghij\nklm\n\n");
}

/* ---- actions --------------------------------------------------------------------------------- */

static void test_key_names(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"q",     "?",   "^L",    "Up",   "PgDn",
                                        "Enter", "Esc", "Space", "S-Tab"};
    char name[KEY_NAME_BYTES];
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        assert_string_equal(key_label(key_parse(NAMES[i]), name), NAMES[i]);
    assert_int_equal(key_parse("Nonsense"), KEY_NOTHING);
    assert_int_equal(key_parse(""), KEY_NOTHING);
}

/* Each key of a row means that row, wherever its scope is understood, and nothing else does. */
static void check_action(ActionId action, unsigned scopes)
{
    const ActionInfo *info = action_info(action);
    char keys[64], *rest = NULL;
    snprintf(keys, sizeof keys, "%s", info->keys);
    for (char *key = strtok_r(keys, " ", &rest); key; key = strtok_r(NULL, " ", &rest)) {
        assert_int_not_equal(key_parse(key), KEY_NOTHING);
        if (action_of_key(key_parse(key), scopes) != action)
            fail_msg("key %s of %s means %s", key, info->name,
                     action_info(action_of_key(key_parse(key), scopes))->name);
    }
}

static void test_action_table(void **state)
{
    (void)state;
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++) {
        const ActionInfo *info = action_info((ActionId)i);
        assert_true(info->scope != 0 && (info->scope & (info->scope - 1)) == 0); /* one of them */
        assert_true(strlen(info->help) > 0 && strlen(info->help) <= 42);
        assert_int_not_equal(info->help[strlen(info->help) - 1], '.');
        assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(info->name));
        assert_int_equal(action_of_name(info->name, ~0U), i);
        assert_false(info->twin && strchr(info->twin, '\n'));
        check_action((ActionId)i, SCOPE_APP | info->scope);
    }
}

static void test_action_names(void **state)
{
    (void)state;
    assert_int_equal(action_of_name("hi", SCOPE_APP), ACTION_SHOW_HISTORY);
    assert_int_equal(action_of_name("search", SCOPE_SEARCH), ACTION_SEARCH);
    assert_int_equal(action_of_name("search", SCOPE_APP), ACTION_NONE);
    assert_int_equal(action_of_name("s", SCOPE_SORT), ACTION_NONE); /* several */
    assert_int_equal(action_of_name("", SCOPE_APP), ACTION_NONE);
    assert_string_equal(action_complete("so", SCOPE_SORT, 1), "sort-reverse");
    assert_null(action_complete("so", SCOPE_SORT, 2));
    assert_int_equal(action_of_key('j', SCOPE_APP), ACTION_NONE);
    assert_int_equal(action_of_key('j', SCOPE_LIST), ACTION_DOWN);
}

/* Every glyph has a twin, and both take one cell. */
static void test_glyphs(void **state)
{
    (void)state;
    for (int i = 0; i < GLYPHS; i++) {
        const char *ascii = glyph_text((Glyph)i, true);
        assert_int_equal(strlen(ascii), 1);
        assert_int_equal(text_columns(ascii, true), 1);
        assert_int_equal(text_columns(glyph_text((Glyph)i, false), false), 1);
    }
}

/* ---- settings -------------------------------------------------------------------------------- */

static void test_settings_text(void **state)
{
    (void)state;
    Settings settings = settings_default();
    Buffer warnings = {0};
    settings_parse("# mine\n\n theme = dark \nmouse=no\r\nascii = yes\ncolor = no", &settings,
                   &warnings);
    assert_int_equal(warnings.length, 0);
    assert_int_equal(settings.theme, THEME_DARK);
    assert_true(!settings.mouse && settings.ascii && !settings.color);
    settings_parse("theme = pink\nmouse = maybe\nspeed = 9\nnonsense\n= 3", &settings, &warnings);
    assert_string_equal(
        warnings.data,
        "line 1: theme = pink: expected one of: default light dark high-contrast mono\n"
        "line 2: mouse = maybe: expected one of: yes no\n"
        "line 3: \"speed\" is no setting; they are: theme mouse ascii color history-hidden "
        "history-sort\n"
        "line 4: expected NAME = VALUE, found \"nonsense\"\n"
        "line 5: \"\" is no setting; they are: theme mouse ascii color history-hidden "
        "history-sort\n");
    assert_int_equal(settings.theme, THEME_DARK); /* as before */
    buffer_free(&warnings);
}

/* Written again, a file keeps what we do not know. */
/* Columns and order go into the file and come back. */
static void test_settings_of_a_table(void **state)
{
    (void)state;
    static const TableColumn columns[] = {
        {"run", 5, 0, true}, {"accuracy", 5, 0, true}, {"size", 5, 0, true}, {"note", 5, 0, false}};
    char folder[] = "/tmp/dnn2fpga-settings-XXXXXX", path[64];
    Buffer warnings = {0};
    Settings settings = settings_default();
    Table table = {.columns = columns, .column_count = 4, .sort_column = 1, .descending = true};
    table.hidden[2] = table.hidden[3] = true;
    settings.history = table_choice(&table);
    assert_string_equal(settings.history.hidden, "size, note");
    assert_string_equal(settings.history.sort, "accuracy down");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/config", folder);
    assert_int_equal(settings_write(path, &settings), OK);
    assert_int_equal(settings_write(path, &settings), OK); /* each line once */
    settings = settings_default();
    settings_read(path, &settings, &warnings);
    assert_int_equal(warnings.length, 0);
    table = (Table){.columns = columns, .column_count = 4, .sort_column = -1};
    table_choose(&table, &settings.history);
    assert_true(!table.hidden[1] && table.hidden[2] && table.hidden[3]);
    assert_true(table.sort_column == 1 && table.descending);
    table_choose(&table, &(TableChoice){"run, nonsense", "nonsense"});
    assert_true(!table.hidden[0] && table.sort_column == -1 && !table.descending);
    assert_int_equal(fs_remove_tree(folder), OK);
    buffer_free(&warnings);
}

static void test_settings_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/dnn2fpga-settings-XXXXXX", path[64];
    Buffer text = {0}, warnings = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/new/config", folder);
    Settings settings = settings_default();
    settings_read(path, &settings, &warnings);
    assert_int_equal(warnings.length, 0);
    settings.theme = THEME_LIGHT;
    assert_int_equal(settings_write(path, &settings), OK);
    static const char TEXT[] = "# mine\ntheme = mono\nfuture = 1\ntheme = dark";
    assert_int_equal(fs_write_atomic(path, TEXT, strlen(TEXT)), OK);
    assert_int_equal(settings_write(path, &settings), OK);
    assert_int_equal(fs_read_file(path, 1000, &text), OK);
    assert_string_equal(text.data, "# mine\nfuture = 1\ntheme = light\nmouse = yes\n");
    settings = settings_default();
    settings_read(path, &settings, &warnings);
    assert_int_equal(settings.theme, THEME_LIGHT);
    assert_non_null(strstr(warnings.data, "line 2: \"future\" is no setting"));
    assert_int_equal(fs_remove_tree(folder), OK);
    buffer_free(&text);
    buffer_free(&warnings);
}

/* ---- dialog, prompt -------------------------------------------------------------------------- */

static Dialog open_dialog(void)
{
    Dialog dialog;
    DialogText text = {"Sure?", "Really?", {{'n', "no"}, {'y', "yes"}}, 2};
    dialog_open(&dialog, &text, 0);
    return dialog;
}

static void test_dialog(void **state)
{
    (void)state;
    Dialog dialog = open_dialog();
    assert_int_equal(dialog_key(&dialog, 'c'), DIALOG_NO_ANSWER);
    assert_true(dialog.open);
    assert_int_equal(dialog_key(&dialog, KEY_RETURN), 0); /* the harmless one has the focus */
    assert_false(dialog.open);
    dialog = open_dialog();
    assert_int_equal(dialog_key(&dialog, 'y'), 1);
    dialog = open_dialog();
    assert_int_equal(dialog_key(&dialog, KEY_ESCAPE), 0);
    dialog = open_dialog();
    dialog_key(&dialog, KEY_TABULATOR);
    assert_int_equal(dialog_key(&dialog, KEY_RETURN), 1);
    dialog = open_dialog();
    dialog_key(&dialog, KEY_ARROW_LEFT);
    dialog_key(&dialog, KEY_BACK_TAB);
    assert_int_equal(dialog_key(&dialog, KEY_RETURN), 0);
}

static void type(Prompt *prompt, const char *text)
{
    for (; *text; text++)
        assert_int_equal(prompt_key(prompt, *text), PROMPT_TYPING);
}

/* Tab after an action's name: words that it takes, or files. */
static void test_prompt_completes_arguments(void **state)
{
    (void)state;
    Prompt prompt;
    prompt_open(&prompt, ':', SCOPE_APP | SCOPE_CALIBRATE);
    type(&prompt, "theme hi");
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "theme high-contrast");
    prompt_open_with(&prompt, ':', SCOPE_APP, "theme ");
    prompt_key(&prompt, KEY_TABULATOR);
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "theme light");
    prompt_open_with(&prompt, ':', SCOPE_CALIBRATE, "read-scheme samples/mnist_c");
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "read-scheme samples/mnist_cnn.h5");
    prompt_open_with(&prompt, ':', SCOPE_CALIBRATE, "read-scheme sampl");
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "read-scheme samples/");
    prompt_open_with(&prompt, ':', SCOPE_CALIBRATE, "read-scheme s*/mnist_c"); /* no pattern */
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "read-scheme s*/mnist_c");
    prompt_open_with(&prompt, ':', SCOPE_APP, "nonsense x");
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "nonsense x");
}

static void test_prompt(void **state)
{
    (void)state;
    Prompt prompt;
    prompt_open(&prompt, ':', SCOPE_SORT);
    type(&prompt, "sor");
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "sort");
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "sort-reverse");
    prompt_key(&prompt, KEY_TABULATOR);
    assert_string_equal(prompt.text, "sort");
    prompt_key(&prompt, KEY_ERASE);
    assert_string_equal(prompt.text, "sor");
    prompt_key(&prompt, 0xFC);
    assert_string_equal(prompt.text, "sorü");
    prompt_key(&prompt, KEY_ERASE);
    prompt_key(&prompt, KEY_ARROW_UP);
    prompt_key(&prompt, 1);
    assert_string_equal(prompt.text, "sor");
    for (int i = 0; i < 2 * PROMPT_BYTES; i++)
        prompt_key(&prompt, 'x');
    assert_int_equal(strlen(prompt.text), PROMPT_BYTES - 1);
    assert_int_equal(prompt_key(&prompt, KEY_RETURN), PROMPT_ENTERED);
    prompt_open(&prompt, '/', 0);
    assert_int_equal(prompt_key(&prompt, KEY_ERASE), PROMPT_LEFT);
    assert_false(prompt.open);
}

/* ---- messages, gauge, scroll, figures -------------------------------------------------------- */

/* What was said is there after a restart, with line ends and whatever else was in it; lines that
 * were cut off by a crash are left out. */
static void test_messages_last(void **state)
{
    (void)state;
    static const char BROKEN[] = "17 info a\\\\b\n18 nonsense x\n19\n99 error cut o";
    char path[] = "/tmp/dnn2fpga-messages-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, BROKEN, strlen(BROKEN)) == (ssize_t)strlen(BROKEN));
    close(file);
    Messages messages = {0};
    assert_int_equal(messages_open(&messages, path), OK);
    assert_int_equal(messages_count(&messages), 2);
    assert_string_equal(messages_at(&messages, 1)->text, "a\\b");
    assert_null(messages_shown(&messages, 100)); /* it was seen long ago */
    messages_add(&messages, MESSAGE_ERROR, 1234, "two\nlines and a \\ %d", 7);
    messages_free(&messages);
    Messages again = {0};
    assert_int_equal(messages_open(&again, path), OK);
    assert_string_equal(messages_at(&again, 0)->text, "two\nlines and a \\ 7");
    assert_int_equal(messages_at(&again, 0)->level, MESSAGE_ERROR);
    assert_int_equal(messages_at(&again, 0)->utc_ms, 1234);
    messages_free(&again);
    assert_int_equal(unlink(path), 0);
}

static void test_messages(void **state)
{
    (void)state;
    Messages messages = {0};
    assert_null(messages_shown(&messages, 0));
    messages_add(&messages, MESSAGE_INFO, 1000, "hello %d", 1);
    assert_string_equal(messages_shown(&messages, 1000)->text, "hello 1");
    assert_null(messages_shown(&messages, 1000 + MESSAGE_SHOWN_MS));
    messages_add(&messages, MESSAGE_ERROR, 2000, "bad");
    assert_string_equal(messages_shown(&messages, 1000000)->text, "bad"); /* until a key */
    messages_acknowledge(&messages);
    assert_null(messages_shown(&messages, 2000));
    for (int i = 0; i < MESSAGES_KEPT + 10; i++)
        messages_add(&messages, MESSAGE_INFO, 0, "number %d", i);
    assert_int_equal(messages_count(&messages), MESSAGES_KEPT);
    assert_string_equal(messages_at(&messages, 0)->text, "number 509");
    assert_string_equal(messages_at(&messages, MESSAGES_KEPT - 1)->text, "number 10");
    messages_free(&messages);
}

static void test_gauge(void **state)
{
    (void)state;
    static const double FRACTIONS[] = {0, 0.5, 1, 7, -1, NAN};
    Canvas *canvas = canvas_new(6, 20, true);
    for (int i = 0; i < 6; i++)
        assert_int_equal(gauge_draw(area_of(canvas), i, 0, 15, FRACTIONS[i]), 15);
    assert_canvas(canvas, "..........   0%\n#####.....  50%\n########## 100%\n########## 100%\n"
                          "..........   0%\n..........   0%\n");
}

static void test_scroll(void **state)
{
    (void)state;
    Scroll scroll = {0};
    char text[16] = "";
    scroll_layout(&scroll, 10, 30);
    scroll_action(&scroll, ACTION_PAGE_DOWN);
    scroll_position(&scroll, text, sizeof text);
    assert_string_equal(text, "50%");
    scroll_action(&scroll, ACTION_LAST);
    assert_int_equal(scroll.top, 20);
    scroll_layout(&scroll, 25, 30);
    assert_int_equal(scroll.top, 5);
    scroll_action(&scroll, ACTION_UP);
    assert_int_equal(scroll.top, 4);
    scroll_layout(&scroll, 40, 30);
    assert_int_equal(scroll.top, 0);
    assert_false(scroll_action(&scroll, ACTION_OPEN));
}

static void test_format(void **state)
{
    (void)state;
    char text[FORMAT_BYTES];
    assert_string_equal(format_count(0, text), "0");
    assert_string_equal(format_count(999, text), "999");
    assert_string_equal(format_count(1234567, text), "1,234,567");
    assert_string_equal(format_count(NAN, text), "-");
    assert_string_equal(format_size(999, text), "999 B");
    assert_string_equal(format_size(74872, text), "74.9 kB");
    assert_string_equal(format_size(-1, text), "-");
    assert_string_equal(format_fraction(0.98406, text), "0.9841");
    assert_string_equal(format_rounded(0.00834321, 3, 8, text), "0.00834");
    assert_string_equal(format_rounded(0.00834321, 3, 6, text), "0.0083");
    assert_string_equal(format_rounded(0.0000834321, 4, 8, text), "8.34e-05");
    assert_string_equal(format_rounded(12, 3, 6, text), "12");
    assert_string_equal(format_rounded(NAN, 3, 6, text), "-");
    assert_string_equal(format_microseconds(8.123, text), "8.12 us");
    assert_string_equal(format_microseconds(1234, text), "1.23 ms");
    assert_string_equal(format_microseconds(5.003e6, text), "5.003 s");
    assert_string_equal(format_elapsed(0.44, text), "0.4 s");
    assert_string_equal(format_going_on(12.9, text), "12 s");
    assert_string_equal(format_going_on(65.9, text), "1:05");
    assert_string_equal(format_elapsed(65, text), "1:05");
    assert_string_equal(format_elapsed(7384, text), "2:03:04");
    assert_string_equal(format_elapsed(NAN, text), "-");
    assert_string_equal(format_date(FIXTURE_NOW_MS, text), "2026-03-04 05:06");
    assert_string_equal(format_clock(FIXTURE_NOW_MS, text), "05:06:07");
    assert_string_equal(format_date(0, text), "-");
}

/* ---- pager ----------------------------------------------------------------------------------- */

static void test_pager(void **state)
{
    (void)state;
    Pager pager = {0};
    Buffer text = {0}, seen = {0};
    char position[64] = "";
    for (int i = 1; i <= 100; i++)
        buffer_printf(&text, "line %d\tof a long text%s", i, i < 100 ? "\n" : "");
    pager_set(&pager, text.data, text.length);
    pager_layout(&pager, 10);
    assert_int_equal(pager.count, 100);
    assert_true(pager_search(&pager, "LINE 42"));
    assert_int_equal(pager.found, 41);
    Canvas *canvas = canvas_new(10, 12, true);
    pager_draw(&pager, area_of(canvas), NULL);
    canvas_dump(canvas, &seen);
    assert_non_null(strstr(seen.data, "line 42 of ~\n"));
    assert_true(pager_action(&pager, ACTION_RIGHT));
    buffer_clear(&seen);
    canvas_reset(canvas, 10, 12);
    pager_draw(&pager, area_of(canvas), NULL);
    canvas_dump(canvas, &seen);
    assert_non_null(strstr(seen.data, "g text\n"));
    assert_true(pager_action(&pager, ACTION_SEARCH_NEXT)); /* round the end, to itself */
    assert_int_equal(pager.found, 41);
    assert_false(pager_search(&pager, "nothing"));
    assert_true(pager_action(&pager, ACTION_LAST));
    pager_position(&pager, position, sizeof position);
    assert_string_equal(position, "line 100 of 100 - 100%");
    pager.follow = true;
    buffer_append_text(&text, "\none more\n");
    pager_set(&pager, text.data, text.length);
    assert_int_equal(pager.scroll.top, 91); /* still at the end */
    pager_action(&pager, ACTION_FIRST);
    pager_set(&pager, text.data, text.length);
    assert_int_equal(pager.scroll.top, 0); /* and elsewhere it stays */
    pager_set(&pager, "", 0);
    pager_draw(&pager, area_of(canvas), NULL);
    assert_int_equal(pager.count, 0);
    assert_false(pager_search(&pager, "x"));
    assert_int_equal(pager_load(&pager, "/nonexistent"), ERR_REFUSED);
    canvas_free(canvas);
    buffer_free(&text);
    buffer_free(&seen);
    pager_free(&pager);
}

/* ---- chart ----------------------------------------------------------------------------------- */

static void test_bars(void **state)
{
    (void)state;
    const double counts[] = {0, 1, 10, 100, 1000, 100, 10, 1};
    const ChartBars bars = {
        .counts = counts, .low = -4, .high = 4, .clip_low = -2.5, .clip_high = 2.5};
    Canvas *canvas = canvas_new(6, 8, true);
    Buffer seen = {0};
    chart_bars(area_of(canvas), &bars);
    canvas_dump(canvas, &seen);
    assert_string_equal(seen.data, " |  # |\n"
                                   " | |#||\n"
                                   " |:###:\n"
                                   " .#####.\n"
                                   "-^----^-\n"
                                   "-4  0  4\n");
    canvas_free(canvas);
    buffer_free(&seen);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pager),
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_text_is_clipped),
        cmocka_unit_test(test_wide_text),
        cmocka_unit_test(test_foreign_text),
        cmocka_unit_test(test_paragraph),
        cmocka_unit_test(test_key_names),
        cmocka_unit_test(test_action_table),
        cmocka_unit_test(test_action_names),
        cmocka_unit_test(test_glyphs),
        cmocka_unit_test(test_settings_text),
        cmocka_unit_test(test_settings_file),
        cmocka_unit_test(test_settings_of_a_table),
        cmocka_unit_test(test_dialog),
        cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_prompt_completes_arguments),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_messages_last),
        cmocka_unit_test(test_gauge),
        cmocka_unit_test(test_scroll),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
