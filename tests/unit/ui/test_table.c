/* The table: moving, sorting, drawing, clicks on its titles, and as a file. */
#include "ready.h"

#include "ui/table_file.h"

static void assert_canvas(Canvas *canvas, const char *wanted)
{
    Buffer text = {0};
    canvas_dump(canvas, &text);
    assert_string_equal(text.data, wanted);
    buffer_free(&text);
    canvas_free(canvas);
}

typedef struct Numbers {
    int64_t ids[100];
    int64_t count;
} Numbers;

static int64_t numbers_count(const void *self)
{
    return ((const Numbers *)self)->count;
}

static int64_t numbers_id(const void *self, int64_t row)
{
    return ((const Numbers *)self)->ids[row];
}

static int asked_cells;

static void numbers_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    asked_cells++;
    snprintf(cell->text, sizeof cell->text, "%s%lld", column ? "value " : "",
             (long long)((const Numbers *)self)->ids[row]);
}

static void numbers_sort(void *self, int column, bool descending)
{
    Numbers *numbers = self;
    bool up = column >= 0 && !descending;
    for (int64_t i = 0; i < numbers->count; i++)
        numbers->ids[i] = up ? i + 1 : numbers->count - i;
}

static const TableColumn TWO_COLUMNS[] = {{"id", 5, 0, true}, {"value", 0, 1, false}};

static Table numbers_table(Numbers *numbers, int64_t count)
{
    numbers->count = count;
    numbers_sort(numbers, 0, false);
    Table table = table_of(TWO_COLUMNS, 2,
                           (TableSource){.self = numbers,
                                         .count = numbers_count,
                                         .id = numbers_id,
                                         .cell = numbers_cell,
                                         .sort = numbers_sort});
    table_layout(&table, 11); /* titles and 10 rows */
    return table;
}

static void test_table_moves(void **state)
{
    (void)state;
    Numbers numbers;
    Table table = numbers_table(&numbers, 100);
    assert_int_equal(table_selected_id(&table), 1);
    table_action(&table, ACTION_UP);
    assert_int_equal(table_selected_id(&table), 1);
    table_action(&table, ACTION_PAGE_DOWN);
    assert_int_equal(table_selected_id(&table), 11);
    assert_int_equal(table.top, 1);
    table_action(&table, ACTION_LAST);
    assert_int_equal(table_selected_id(&table), 100);
    assert_int_equal(table.top, 90);
    table_layout(&table, 21); /* a taller screen shows more, and no empty rows */
    assert_int_equal(table.top, 80);
    table_action(&table, ACTION_FIRST);
    assert_int_equal(table.top, 0);
    assert_false(table_action(&table, ACTION_HELP));
    char position[64];
    table_action(&table, ACTION_DOWN);
    table_position(&table, position, sizeof position);
    assert_string_equal(position, "2 of 100 - 2%");
}

/* The selection is a row's id, not its place. */
static void test_table_follows_id(void **state)
{
    (void)state;
    Numbers numbers;
    Table table = numbers_table(&numbers, 100);
    table_search(&table, "42");
    assert_int_equal(table_selected_id(&table), 42);
    table_action(&table, ACTION_SORT);
    table_action(&table, ACTION_SORT_REVERSE);
    assert_int_equal(table_selected_id(&table), 42);
    assert_int_equal(table.selected, 58);
    numbers.count = 50; /* 100..51 are left: 42 is gone, its neighbourhood stays */
    table_refresh(&table);
    assert_int_equal(table.selected, 49);
    numbers.count = 0;
    table_refresh(&table);
    assert_int_equal(table_selected_id(&table), -1);
    table_action(&table, ACTION_DOWN);
    assert_int_equal(table_selected_id(&table), -1);
}

static void test_table_search(void **state)
{
    (void)state;
    Numbers numbers;
    Table table = numbers_table(&numbers, 100);
    assert_true(table_search(&table, "VALUE 9"));
    assert_int_equal(table_selected_id(&table), 9);
    table_action(&table, ACTION_SEARCH_NEXT);
    assert_int_equal(table_selected_id(&table), 90);
    table_action(&table, ACTION_SEARCH_PREVIOUS);
    table_action(&table, ACTION_SEARCH_PREVIOUS);
    assert_int_equal(table_selected_id(&table), 99);
    assert_false(table_search(&table, "nothing"));
    assert_int_equal(table_selected_id(&table), 99);
}

static void test_table_draws_visible_rows_only(void **state)
{
    (void)state;
    Numbers numbers;
    Table table = numbers_table(&numbers, 100);
    table_action(&table, ACTION_SORT);
    table_layout(&table, 4);
    table_action(&table, ACTION_DOWN);
    asked_cells = 0;
    Canvas *canvas = canvas_new(4, 30, true);
    table_draw(&table, area_of(canvas));
    assert_int_equal(asked_cells, 6);
    assert_canvas(canvas, "    id^  value\n      1  value 1\n>     2  value 2\n      3  value 3\n");
    canvas = canvas_new(2, 12, true); /* too narrow for both */
    table_draw(&table, area_of(canvas));
    assert_canvas(canvas, "    id^\n      1\n");
}

/* ---- clicks ---------------------------------------------------------------------------------- */

static void four_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    (void)self;
    snprintf(cell->text, sizeof cell->text, "%lld.%d", (long long)row, column);
}

static const TableColumn FOUR_COLUMNS[] = {
    {"one", 5, 0, false}, {"two", 5, 0, false}, {"three", 6, 0, false}, {"four", 5, 0, false}};

/* The click on a title, obeyed as the app does. */
static void click_title(Table *table, const char *title)
{
    Canvas *canvas = canvas_new(5, 60, true);
    Buffer text = {0};
    table_draw(table, area_of(canvas));
    canvas_dump(canvas, &text);
    const char *found = strstr(text.data, title);
    assert_non_null(found);
    const Click *click = canvas_click(canvas, 0, (int)(found - text.data));
    assert_non_null(click);
    for (int i = 0; i < click->times; i++)
        assert_true(table_action(table, (ActionId)click->action));
    buffer_free(&text);
    canvas_free(canvas);
}

/* Whatever is hidden, and whatever the order is: a click sorts by the column below it. */
static void test_click_on_titles(void **state)
{
    (void)state;
    Numbers numbers = {.count = 3};
    for (unsigned hidden = 0; hidden < 8; hidden++) /* the first column always is shown */
        for (int from = -1; from < 4; from++)
            for (int to = 0; to < 4; to++) {
                Table table = table_of(FOUR_COLUMNS, 4,
                                       (TableSource){.self = &numbers,
                                                     .count = numbers_count,
                                                     .id = numbers_id,
                                                     .cell = four_cell,
                                                     .sort = numbers_sort});
                for (int i = 1; i < 4; i++)
                    table.hidden[i] = hidden >> (i - 1) & 1;
                table.sort_column = from;
                if (table.hidden[to])
                    continue;
                click_title(&table, FOUR_COLUMNS[to].title);
                assert_int_equal(table.sort_column, to);
                assert_int_equal(table.descending, from == to);
            }
}

/* ---- files ----------------------------------------------------------------------------------- */

typedef struct TestFile {
    char folder[64], path[128];
} TestFile;

static TestFile file_of(const char *name)
{
    TestFile file;
    snprintf(file.folder, sizeof file.folder, "/tmp/dnn2fpga-table-XXXXXX");
    assert_non_null(mkdtemp(file.folder));
    snprintf(file.path, sizeof file.path, "%s/%s", file.folder, name);
    return file;
}

static void assert_file(const TestFile *file, const char *wanted)
{
    Buffer text = {0};
    assert_int_equal(fs_read_file(file->path, 1 << 20, &text), OK);
    assert_string_equal(text.data, wanted);
    buffer_free(&text);
    assert_int_equal(fs_remove_tree(file->folder), OK);
}

static void odd_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    static const char *const TEXTS[][4] = {{"a, \"b\"", "1,234", "52.3 dB", "seen"},
                                           {"  \xff ", "-", "", "cut o"}};
    (void)self;
    snprintf(cell->text, sizeof cell->text, "%s", TEXTS[row][column]);
    if (row == 0 && (column == 1 || column == 2))
        cell->number = column == 1 ? 1234 : 52.25;
    if (row == 1 && column == 3)
        cell->whole = "cut off\nhere";
}

static Table odd_table(Numbers *numbers)
{
    static const char *const NAMES[] = {NULL, NULL, "three dB", NULL};
    numbers->count = 2;
    Table table = table_of(
        FOUR_COLUMNS, 4,
        (TableSource){.self = numbers, .count = numbers_count, .id = numbers_id, .cell = odd_cell});
    table.file_names = NAMES;
    return table;
}

static void test_file_csv(void **state)
{
    (void)state;
    Numbers numbers;
    Table table = odd_table(&numbers);
    const TestFile file = file_of("table.csv");
    assert_int_equal(table_write_file(&table, "Odd", file.path), OK);
    assert_int_equal(table_write_file(&table, "Odd", file.path), ERR_USAGE); /* it stays */
    assert_non_null(strstr(error_message(), "is there already"));
    assert_file(&file, "one,two,three dB,four\r\n\"a, \"\"b\"\"\",1234,52.25,seen\r\n"
                       "\xff,-,,\"cut off\nhere\"\r\n");
}

static void test_file_json(void **state)
{
    (void)state;
    Numbers numbers;
    Table table = odd_table(&numbers);
    table.hidden[3] = true;
    const TestFile file = file_of("table.json");
    assert_int_equal(table_write_file(&table, "Odd", "table.txt"), ERR_USAGE);
    assert_int_equal(table_write_file(&table, "Odd", file.path), OK);
    json_t *found = json_load_file(file.path, JSON_REJECT_DUPLICATES, NULL);
    json_t *wanted = json_pack("{s:s, s:[{s:s, s:i, s:f}, {s:s, s:s, s:s}]}", "table", "Odd",
                               "rows", "one", "a, \"b\"", "two", 1234, "three dB", 52.25, "one",
                               "?", "two", "-", "three dB", "");
    assert_true(json_equal(found, wanted));
    json_decref(found);
    json_decref(wanted);
    assert_int_equal(fs_remove_tree(file.folder), OK);
}

/* E on a screen: sorted as it is there, under the name that was typed. */
static void test_export_of_a_screen(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = ready_app(&fake);
    TestFile file = file_of("layers.csv");
    char keys[192];
    press(app, "E");
    assert_shows(app, ":export model.csv");
    app_key(app, KEY_ESCAPE);
    press(app, "sssssS"); /* by MACs, the most first */
    snprintf(keys, sizeof keys, ":export %s\r", file.path);
    press(app, keys);
    assert_shows(app, "5 rows written to /tmp/");
    press(app, keys);
    assert_shows(app, "is there already");
    Buffer text = {0};
    assert_int_equal(fs_read_file(file.path, 1 << 16, &text), OK);
    assert_memory_equal(text.data,
                        "layer,kind,output,parameters,MACs,hardware\r\n"
                        "conv2d,\"conv2d, relu\",26x26x12,120,73008,yes\r\n",
                        88);
    buffer_free(&text);
    assert_int_equal(fs_remove_tree(file.folder), OK);
    press(app, "5E");
    assert_shows(app, "there are no rows");
    app_free(app);
}

/* Every main screen with a table writes it, as JSON that names the screen. */
static void test_every_table_is_exported(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = tuned_app(&fake);
    char keys[192];
    json_t *report = json_pack("{s:{s:s, s:{s:i}}, s:{s:b}}", "synthesis", "device", "UP5K",
                               "cells", "lut", 4321, "hardware", "bit_exact", 1);
    json_t *tools = json_pack("{s:[{s:s, s:b}]}", "tools", "tool", "GHDL", "found", 1);
    press(app, "r");
    fixture_design(app);
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    app_tools_known(app, tools);
    app_message(app, MESSAGE_INFO, "one\ntwo");
    for (int root = 0; root < ROOTS; root++) {
        if (root == ROOT_HISTORY || !(app->roots[root]->ops->scopes & SCOPE_TABLE))
            continue;
        TestFile file = file_of("table.json");
        app_act(app, app_root_action((Root)root));
        free(screen_text(app, 24, 80));
        snprintf(keys, sizeof keys, ":export %s\r", file.path);
        press(app, keys);
        json_t *found = json_load_file(file.path, JSON_REJECT_DUPLICATES, NULL);
        assert_string_equal(report_text(found, "table", ""), app->roots[root]->ops->name);
        assert_true(json_array_size(json_object_get(found, "rows")) > 0);
        if (root == ROOT_SYNTHESIS)
            assert_int_equal(
                report_number(json_array_get(json_object_get(found, "rows"), 2), "value", 0), 4321);
        json_decref(found);
        assert_int_equal(fs_remove_tree(file.folder), OK);
    }
    json_decref(report);
    json_decref(tools);
    app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_moves),
        cmocka_unit_test(test_table_follows_id),
        cmocka_unit_test(test_table_search),
        cmocka_unit_test(test_table_draws_visible_rows_only),
        cmocka_unit_test(test_click_on_titles),
        cmocka_unit_test(test_file_csv),
        cmocka_unit_test(test_file_json),
        cmocka_unit_test(test_export_of_a_screen),
        cmocka_unit_test(test_every_table_is_exported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
