/* The lines between workbench and engine: each kind there and back, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "flow/protocol.h"

/* ---- events ---------------------------------------------------------------------------------- */

/* Writes the event, checks that it is one line, reads it back. */
static json_t *there_and_back(const Event *event, Event *read)
{
    Buffer line = {0};
    json_t *holder = NULL;
    protocol_write_event(event, &line);
    assert_int_equal(line.data[line.length - 1], '\n');
    assert_ptr_equal(strchr(line.data, '\n'), line.data + line.length - 1);
    if (protocol_read_event(line.data, line.length - 1, &holder, read) != OK)
        fail_msg("%s: %s", error_message(), line.data);
    assert_int_equal(read->kind, event->kind);
    buffer_free(&line);
    return holder;
}

static void test_events_there_and_back(void **state)
{
    (void)state;
    Event read;
    json_decref(
        there_and_back(&(Event){.kind = EVENT_HELLO, .version = "0.1.0", .pid = 4711}, &read));
    assert_int_equal(read.pid, 4711);

    json_t *holder = there_and_back(
        &(Event){.kind = EVENT_RUN_STARTED, .run = 12, .folder = "/tmp/caf\xe9"}, &read);
    assert_int_equal(read.run, 12);
    assert_string_equal(read.folder, "/tmp/caf?");
    json_decref(holder);

    json_t *figures = json_pack("{s:f}", "accuracy", 0.5);
    holder = there_and_back(&(Event){.kind = EVENT_STAGE,
                                     .stage = STAGE_QUANTIZE,
                                     .state = STAGE_UNMET,
                                     .seconds = 1.5,
                                     .json = figures},
                            &read);
    assert_int_equal(read.stage, STAGE_QUANTIZE);
    assert_int_equal(read.state, STAGE_UNMET);
    assert_true(read.seconds == 1.5);
    assert_true(json_equal(read.json, figures));
    json_decref(holder);
    json_decref(figures);

    holder = there_and_back(&(Event){.kind = EVENT_STAGE, .stage = STAGE_EMIT}, &read);
    assert_null(read.json);
    json_decref(holder);
}

static void test_texts_there_and_back(void **state)
{
    (void)state;
    Event read;
    json_t *holder = there_and_back(
        &(Event){.kind = EVENT_PROGRESS, .stage = STAGE_IMPORT, .fraction = 1, .text = "a\nb\"c\\"},
        &read);
    assert_string_equal(read.text, "a\nb\"c\\");
    assert_true(read.fraction == 1);
    json_decref(holder);

    holder = there_and_back(&(Event){.kind = EVENT_LOG, .text = ""}, &read);
    assert_string_equal(read.text, "");
    json_decref(holder);

    json_t *figures = json_pack("{s:[]}", "ladder");
    holder = there_and_back(
        &(Event){.kind = EVENT_FIGURES, .stage = STAGE_QUANTIZE, .json = figures}, &read);
    assert_int_equal(read.stage, STAGE_QUANTIZE);
    assert_true(json_equal(read.json, figures));
    json_decref(holder);
    json_decref(figures);

    json_t *report = json_pack("{s:i}", "run", 3);
    holder = there_and_back(
        &(Event){.kind = EVENT_REPORT, .code = ERR_UNMET, .text = "below", .json = report}, &read);
    assert_int_equal(read.code, ERR_UNMET);
    assert_true(json_equal(read.json, report));
    json_decref(holder);
    json_decref(report);

    holder = there_and_back(&(Event){.kind = EVENT_ERROR, .code = ERR_USAGE, .text = "no"}, &read);
    assert_string_equal(read.text, "no");
    json_decref(holder);
}

static void test_hostile_events(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "",
        "x",
        "null",
        "[]",
        "{}",
        "{\"v\":1}",
        "{\"v\":2,\"event\":\"log\",\"line\":\"a\"}",
        "{\"v\":\"1\",\"event\":\"log\",\"line\":\"a\"}",
        "{\"v\":1,\"event\":\"song\",\"line\":\"a\"}",
        "{\"v\":1,\"event\":3,\"line\":\"a\"}",
        "{\"v\":1,\"event\":\"log\"}",
        "{\"v\":1,\"event\":\"log\",\"line\":5}",
        "{\"v\":1,\"event\":\"log\",\"line\":\"a\",\"more\":1}",
        "{\"v\":1,\"event\":\"log\",\"line\":\"a\",\"line\":\"b\"}",
        "{\"v\":1,\"event\":\"log\",\"line\":\"a\"} {}",
        "{\"v\":1,\"event\":\"log\",\"line\":\"\\u0000\"}",
        "{\"v\":1,\"event\":\"log\",\"line\":\"\xff\"}",
        "{\"v\":1,\"event\":\"progress\",\"stage\":\"x\",\"fraction\":0,\"detail\":\"\"}",
        "{\"v\":1,\"event\":\"progress\",\"stage\":\"emit\",\"fraction\":2,\"detail\":\"\"}",
        "{\"v\":1,\"event\":\"progress\",\"stage\":\"emit\",\"fraction\":-0.1,\"detail\":\"\"}",
        "{\"v\":1,\"event\":\"stage\",\"stage\":\"emit\",\"state\":\"x\",\"seconds\":0,"
        "\"figures\":null}",
        "{\"v\":1,\"event\":\"stage\",\"stage\":\"emit\",\"state\":\"failed\",\"seconds\":0,"
        "\"figures\":[]}",
        "{\"v\":1,\"event\":\"figures\",\"stage\":\"emit\",\"figures\":[]}",
        "{\"v\":1,\"event\":\"figures\",\"stage\":\"song\",\"figures\":{}}",
        "{\"v\":1,\"event\":\"error\",\"code\":77,\"message\":\"\"}",
        "{\"v\":1,\"event\":\"error\",\"code\":99999999999,\"message\":\"\"}",
        "{\"v\":1,\"event\":\"report\",\"code\":0,\"message\":\"\",\"report\":7}",
        "{\"v\":1,\"event\":\"hello\",\"version\":\"1\",\"pid\":\"7\"}",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        json_t *holder = NULL;
        Event event;
        if (protocol_read_event(LINES[i], strlen(LINES[i]), &holder, &event) != ERR_REFUSED)
            fail_msg("accepted: %s", LINES[i]);
        assert_null(holder);
    }
}

static void test_deep_nesting_is_refused(void **state)
{
    (void)state;
    enum { DEPTH = 200000 };
    char *line = malloc(DEPTH);
    assert_non_null(line);
    memset(line, '[', DEPTH);
    json_t *holder = NULL;
    Event event;
    assert_int_equal(protocol_read_event(line, DEPTH, &holder, &event), ERR_REFUSED);
    free(line);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void test_commands_there_and_back(void **state)
{
    (void)state;
    for (int kind = 0; kind < COMMANDS; kind++) {
        Command command = {.kind = (CommandKind)kind,
                           .options = run_options_default(),
                           .run = 7,
                           .image = 3,
                           .database = "a history.db"},
                read;
        command.options.model = "a model.h5";
        command.options.images = 17;
        Buffer line = {0};
        Arena *arena = arena_new();
        protocol_write_command(&command, &line);
        assert_int_equal(protocol_read_command(line.data, line.length - 1, arena, &read), OK);
        assert_int_equal(read.kind, kind);
        if (kind == COMMAND_RUN || kind == COMMAND_OBSERVE) {
            assert_string_equal(read.options.model, "a model.h5");
            assert_int_equal(read.options.images, 17);
        }
        if (kind == COMMAND_RESUME || kind == COMMAND_JOB || kind == COMMAND_TAP) {
            assert_int_equal(read.run, 7);
            assert_string_equal(read.database, "a history.db");
        }
        assert_int_equal(read.image, kind == COMMAND_TAP ? 3 : 0);
        buffer_free(&line);
        arena_free(arena);
    }
}

static void test_hostile_commands(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "",
        "run",
        "{\"v\":1,\"command\":\"format\"}",
        "{\"v\":1,\"command\":null}",
        "{\"v\":0,\"command\":\"quit\"}",
        "{\"command\":\"quit\"}",
        "{\"v\":1,\"command\":\"quit\",\"now\":true}",
        "{\"v\":1,\"command\":\"run\"}",
        "{\"v\":1,\"command\":\"run\",\"now\":{}}",
        "{\"v\":1,\"command\":\"run\",\"options\":[]}",
        "{\"v\":1,\"command\":\"run\",\"options\":{\"modle\":\"x\"}}",
        "{\"v\":1,\"command\":\"run\",\"options\":{\"model\":\"x\",\"model\":\"y\"}}",
        "{\"v\":1,\"command\":\"observe\"}",
        "{\"v\":1,\"command\":\"doctor\",\"options\":{}}",
        "{\"v\":1,\"command\":\"job\",\"run\":7,\"database\":null}",
        "{\"v\":1,\"command\":\"resume\",\"run\":7}",
        "{\"v\":1,\"command\":\"resume\",\"run\":0,\"database\":null}",
        "{\"v\":1,\"command\":\"resume\",\"run\":\"7\",\"database\":null}",
        "{\"v\":1,\"command\":\"resume\",\"run\":7,\"database\":7}",
        "{\"v\":1,\"command\":\"tap\",\"run\":7,\"database\":null}",
        "{\"v\":1,\"command\":\"tap\",\"run\":7,\"image\":-2,\"database\":null}",
        "{\"v\":1,\"command\":\"tap\",\"run\":7,\"image\":\"3\",\"database\":null}",
        "{\"v\":1,\"command\":\"resume\",\"run\":7,\"image\":3,\"database\":null}",
        "{\"v\":1,\"command\":\"quit\"}{\"v\":1,\"command\":\"quit\"}",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        Arena *arena = arena_new();
        Command command;
        if (protocol_read_command(LINES[i], strlen(LINES[i]), arena, &command) != ERR_REFUSED)
            fail_msg("accepted: %s", LINES[i]);
        arena_free(arena);
    }
}

static void test_long_command_is_refused(void **state)
{
    (void)state;
    Buffer line = {0};
    buffer_append_text(&line, "{\"v\":1,\"command\":\"quit\"");
    while (line.length < PROTOCOL_COMMAND_BYTES)
        buffer_append_text(&line, " ");
    buffer_append_text(&line, "}");
    Arena *arena = arena_new();
    Command command;
    assert_int_equal(protocol_read_command(line.data, line.length, arena, &command), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "at most 65535"));
    arena_free(arena);
    buffer_free(&line);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void note(void *context, const char *line, size_t length)
{
    Buffer *heard = context;
    if (line)
        buffer_printf(heard, "<%.*s>", (int)length, line);
    else
        buffer_append_text(heard, "<too long>");
}

static void test_lines_at_any_cut(void **state)
{
    (void)state;
    static const char STREAM[] = "\none\n1234567\n12345678\nend\n123456789abcdef\ntail";
    for (size_t piece = 1; piece <= sizeof STREAM; piece++) {
        LineReader reader = {.cap = 8}; /* so at most 7 characters */
        Buffer heard = {0};
        for (size_t at = 0; at < sizeof STREAM - 1; at += piece) {
            size_t left = sizeof STREAM - 1 - at;
            line_reader_feed(&reader, STREAM + at, left < piece ? left : piece, note, &heard);
        }
        assert_string_equal(heard.data, "<><one><1234567><too long><end><too long>");
        buffer_free(&heard);
        line_reader_free(&reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_there_and_back),
        cmocka_unit_test(test_texts_there_and_back),
        cmocka_unit_test(test_hostile_events),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_commands_there_and_back),
        cmocka_unit_test(test_hostile_commands),
        cmocka_unit_test(test_long_command_is_refused),
        cmocka_unit_test(test_lines_at_any_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
