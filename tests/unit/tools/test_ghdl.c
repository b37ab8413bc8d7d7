/* GHDL's words, and GHDL itself where it is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/fs.h"
#include "tools/doctor.h"
#include "tools/ghdl.h"

typedef struct MessageCase {
    const char *line;
    bool parsed;
    const char *file;
    int at_line, column;
    const char *time, *severity, *text;
} MessageCase;

static const MessageCase messages[] = {
    {"a.vhd:8:5:@0ms:(report note): N=7", true, "a.vhd", 8, 5, "@0ms", "note", "N=7"},
    {"../x/b.vhd:91:12:@1435ns:(assertion error): got: 3", true, "../x/b.vhd", 91, 12, "@1435ns",
     "error", "got: 3"},
    {"b.vhd:2:10:@5us:(report failure): late", true, "b.vhd", 2, 10, "@5us", "failure", "late"},
    {"top.vhd:3:17: no declaration for \"clkk\"", true, "top.vhd", 3, 17, "", "error",
     "no declaration for \"clkk\""},
    {"top.vhd:7:8:warning: declaration of \"x\" hides port", true, "top.vhd", 7, 8, "", "warning",
     "declaration of \"x\" hides port"},
    {"odd:name.vhd:7:8: text", true, "odd:name.vhd", 7, 8, "", "error", "text"},
    {"simulation stopped @0ms with status 1", false, NULL, 0, 0, NULL, NULL, NULL},
    {"ghdl:error: compilation error", false, NULL, 0, 0, NULL, NULL, NULL},
    {"a.vhd:8:5:@0ms", false, NULL, 0, 0, NULL, NULL, NULL},
    {"a.vhd:8:5:@0ms:(report", false, NULL, 0, 0, NULL, NULL, NULL},
    {":1:2: no file", false, NULL, 0, 0, NULL, NULL, NULL},
    {"a:99999999999999999999:1: x", false, NULL, 0, 0, NULL, NULL, NULL},
    {"", false, NULL, 0, 0, NULL, NULL, NULL},
};

static void messages_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        const MessageCase *want = &messages[i];
        GhdlMessage got;
        bool parsed = ghdl_parse_message(want->line, &got);
        if (parsed != want->parsed)
            fail_msg("\"%s\": parsed is %d", want->line, parsed);
        if (!parsed)
            continue;
        assert_string_equal(got.file, want->file);
        assert_int_equal(got.line, want->at_line);
        assert_int_equal(got.column, want->column);
        assert_string_equal(got.time, want->time);
        assert_string_equal(got.severity, want->severity);
        assert_string_equal(got.text, want->text);
    }
}

static void versions_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool known;
        GhdlCode code;
        int major;
        const char *version;
    } cases[] = {
        {"GHDL 2.0.0 (Debian 2.0.0+dfsg-6.2+b2) [Dunoon edition]\n Compiled with GNAT Version: "
         "12.2.0\n llvm code generator\nWritten by Tristan Gingold.\n",
         true, GHDL_LLVM, 2, "2.0.0"},
        {"GHDL 1.0.0 (tarball)\n mcode code generator\n", true, GHDL_MCODE, 1, "1.0.0"},
        {"GHDL 4.1.0 (4.1.0) [Dunoon edition]\n static elaboration, mcode JIT code generator\n",
         true, GHDL_MCODE, 4, "4.1.0"},
        {"GHDL 3.0.0 (x) [y]\n GCC 12.2.0 code generator\n", true, GHDL_GCC, 3, "3.0.0"},
        {"GHDL 3.0.0 (x) [y]\n llvm 14.0.6 code generator\n", true, GHDL_LLVM, 3, "3.0.0"},
        {"GHDL 2.0.0 without a generator\n", false, GHDL_LLVM, 0, NULL},
        {"GHDL unknown\n llvm code generator\n", false, GHDL_LLVM, 0, NULL},
        {"Icarus Verilog 11\n", false, GHDL_LLVM, 0, NULL},
        {"", false, GHDL_LLVM, 0, NULL},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        GhdlBackend backend = {0};
        assert_int_equal(ghdl_parse_version(arena, cases[i].text, &backend), cases[i].known);
        if (!cases[i].known)
            continue;
        assert_int_equal(backend.code, cases[i].code);
        assert_int_equal(backend.major, cases[i].major);
        assert_string_equal(backend.version, cases[i].version);
    }
    arena_free(arena);
}

static void sentinel_values_are_found_by_their_whole_name(void **state)
{
    (void)state;
    const char *line = "RESULT images=8 interval_cycles=784 interval_cycles_max=786 bad=x last=-1";
    int64_t value = 0;
    assert_true(ghdl_sentinel_value(line, "images", &value));
    assert_int_equal(value, 8);
    assert_true(ghdl_sentinel_value(line, "interval_cycles_max", &value));
    assert_int_equal(value, 786);
    assert_true(ghdl_sentinel_value(line, "last", &value));
    assert_int_equal(value, -1);
    assert_false(ghdl_sentinel_value(line, "interval", &value));
    assert_false(ghdl_sentinel_value(line, "bad", &value));
    assert_false(ghdl_sentinel_value(line, "RESULT", &value));
}

static const char bench[] = "entity tiny_bench is\n"
                            "  generic (COUNT : integer := 1; MODE : string := \"pass\");\n"
                            "end entity;\n"
                            "architecture sim of tiny_bench is\n"
                            "begin\n"
                            "  process\n"
                            "  begin\n"
                            "    if MODE /= \"silent\" then\n"
                            "      report \"TINY images=\" & integer'image(COUNT);\n"
                            "    end if;\n"
                            "    if MODE = \"fail\" then\n"
                            "      std.env.stop(1);\n"
                            "    end if;\n"
                            "    wait;\n"
                            "  end process;\n"
                            "end architecture;\n";

typedef struct Scratch {
    Arena *arena;
    char folder[32];
    const char *file;
} Scratch;

static Scratch scratch_with(const char *vhdl)
{
    Scratch scratch = {.arena = arena_new(), .folder = "/tmp/ghdl-test-XXXXXX"};
    assert_non_null(mkdtemp(scratch.folder));
    scratch.file = fs_join(scratch.arena, scratch.folder, "tiny_bench.vhd");
    assert_int_equal(fs_write_atomic(scratch.file, vhdl, strlen(vhdl)), OK);
    return scratch;
}

static void scratch_free(Scratch *scratch)
{
    assert_int_equal(fs_remove_tree(scratch->folder), OK);
    arena_free(scratch->arena);
}

static void check_runs(Scratch *scratch, const GhdlBackend *backend)
{
    Arena *arena = scratch->arena;
    const char *const files[] = {scratch->file, NULL};
    GhdlDesign design = {.backend = backend,
                         .folder = fs_join(arena, scratch->folder, ghdl_code_word(backend->code)),
                         .files = files,
                         .top = "tiny_bench",
                         .deadline_s = 60};
    assert_int_equal(ghdl_build(arena, &design), OK);
    GhdlRun runs[] = {
        {.generics = (const char *const[]){"COUNT=42", NULL}, .sentinel = "TINY"},
        {.generics = (const char *const[]){"MODE=silent", NULL}, .sentinel = "TINY"},
        {.generics = (const char *const[]){"MODE=fail", NULL}, .sentinel = "TINY"},
    };
    assert_int_equal(ghdl_run_many(arena, &design, runs, 3, 1), OK);
    int64_t images = 0;
    assert_true(ghdl_run_passed(&runs[0]));
    assert_true(ghdl_sentinel_value(runs[0].sentinel_line, "images", &images));
    assert_int_equal(images, 42);
    assert_int_equal(runs[1].result.exit_status, 0); /* status 0 alone is no pass */
    assert_false(ghdl_run_passed(&runs[1]));
    assert_int_equal(runs[2].result.exit_status, 1);
    assert_non_null(runs[2].sentinel_line);
    assert_false(ghdl_run_passed(&runs[2]));
}

static void installed_backends_build_and_run(void **state)
{
    (void)state;
    Scratch scratch = scratch_with(bench);
    GhdlTools tools;
    if (ghdl_find(scratch.arena, &tools) != OK) {
        scratch_free(&scratch);
        skip();
    }
    for (int i = 0; i < tools.count; i++)
        check_runs(&scratch, &tools.found[i]);
    scratch_free(&scratch);
}

static void bad_vhdl_is_our_bug_and_is_quoted(void **state)
{
    (void)state;
    Scratch scratch = scratch_with("entity tiny_bench is\nend entity;\narchitecture a of "
                                   "tiny_bench is\nbegin\n  nothing <= '1';\nend architecture;\n");
    GhdlTools tools;
    if (ghdl_find(scratch.arena, &tools) != OK) {
        scratch_free(&scratch);
        skip();
    }
    const char *const files[] = {scratch.file, NULL};
    GhdlDesign design = {.backend = tools.fast,
                         .folder = scratch.folder,
                         .files = files,
                         .top = "tiny_bench",
                         .deadline_s = 60};
    assert_int_equal(ghdl_build(scratch.arena, &design), ERR_INTERNAL);
    assert_non_null(strstr(error_message(), "tiny_bench.vhd:5:"));
    scratch_free(&scratch);
}

/* A program that says it is GHDL, and counts in the file "asked" how often it was asked. */
static void play(const Scratch *scratch, const char *program, const char *code)
{
    const char *path = fs_join(scratch->arena, scratch->folder, program);
    const char *text = arena_printf(scratch->arena,
                                    "#!/bin/sh\necho %s >>%s/asked\n"
                                    "printf 'GHDL 3.0.0\\n %s code generator\\n'\n",
                                    program, scratch->folder, code);
    assert_int_equal(fs_write_atomic(path, text, strlen(text)), OK);
    assert_int_equal(chmod(path, 0700), 0);
}

static void each_ghdl_is_asked_once(void **state)
{
    (void)state;
    Scratch scratch = scratch_with("");
    char *path = strdup(getenv("PATH"));
    setenv("PATH", scratch.folder, 1);
    GhdlTools tools;
    play(&scratch, "ghdl", "mcode");
    assert_int_equal(ghdl_find(scratch.arena, &tools), OK); /* the only one */
    assert_int_equal(tools.count, 1);
    assert_int_equal(tools.fast->code, GHDL_MCODE);
    play(&scratch, "ghdl-llvm", "llvm");
    play(&scratch, "ghdl-mcode", "mcode");
    assert_int_equal(unlink(fs_join(scratch.arena, scratch.folder, "asked")), 0);
    assert_int_equal(ghdl_find(scratch.arena, &tools), OK);
    assert_int_equal(tools.count, 2);
    assert_int_equal(tools.fast->code, GHDL_LLVM);
    assert_int_equal(tools.checker->code, GHDL_MCODE);
    Buffer asked = {0};
    assert_int_equal(fs_read_file(fs_join(scratch.arena, scratch.folder, "asked"), 1000, &asked),
                     OK);
    assert_string_equal(asked.data, "ghdl-llvm\nghdl-mcode\n");
    buffer_free(&asked);
    setenv("PATH", path, 1);
    free(path);
    scratch_free(&scratch);
}

static void without_ghdl_the_message_tells_how_to_get_it(void **state)
{
    (void)state;
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/no/such/folder", 1);
    Arena *arena = arena_new();
    GhdlTools tools;
    assert_int_equal(ghdl_find(arena, &tools), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "apt-get install ghdl-llvm"));
    DoctorReport report = doctor_look(arena);
    assert_false(report.can_simulate);
    assert_true(report.count >= 2);
    for (int i = 0; i < report.count; i++) {
        assert_false(report.tools[i].found);
        assert_string_equal(report.tools[i].version, "");
        assert_true(strlen(report.tools[i].install) > 0);
    }
    arena_free(arena);
    setenv("PATH", path, 1);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_taken_apart),
        cmocka_unit_test(versions_are_read),
        cmocka_unit_test(sentinel_values_are_found_by_their_whole_name),
        cmocka_unit_test(installed_backends_build_and_run),
        cmocka_unit_test(bad_vhdl_is_our_bug_and_is_quoted),
        cmocka_unit_test(each_ghdl_is_asked_once),
        cmocka_unit_test(without_ghdl_the_message_tells_how_to_get_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
