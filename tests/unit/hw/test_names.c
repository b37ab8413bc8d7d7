/* Names that VHDL takes, and templates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hw/names.h"
#include "hw/template.h"

static void names_become_legal(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *name;
    } cases[] = {
        {"conv2d_1", "conv2d_1"},
        {"Conv-2D", "conv_2d"},
        {"dense_1.tanh", "dense_1_tanh"},
        {"__a__b__", "a_b"},
        {"1st", "n1st"},
        {"", "layer"},
        {"...", "layer"},
        {"\xc3\xa9t\xc3\xa9", "t"},
        {"a\nb\"; drop", "a_b_drop"},
        {"a234567890123456789012345678901234567890123456789tail",
         "a23456789012345678901234567890123456789012345678"},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(name_sanitize(arena, cases[i].wanted), cases[i].name);
        assert_true(strlen(name_sanitize(arena, cases[i].wanted)) <= NAME_MAX_LETTERS + 1);
    }
    arena_free(arena);
}

static void names_are_unique_with_their_endings(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *name;
    } cases[] = {
        {"conv", "conv"},           {"Conv", "conv_2"},
        {"conv_2", "conv_2_2"},     {"conv_valid", "conv_valid_2"}, /* is a signal of the first */
        {"x_weights", "x_weights"}, {"x", "x_2"},                   /* x_weights is taken */
        {"signal", "signal_layer"}, {"in", "in_layer"},             /* in_valid is a port */
        {"Best", "best_layer"},     {"in_data", "in_data_layer"},
        {"table", "table_layer"},   {"Initial", "initial_layer"}, /* Verilog's: netlists */
    };
    Arena *arena = arena_new();
    Names *names = names_new(arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(names_add(names, cases[i].wanted), cases[i].name);
    arena_free(arena);
}

static void templates_are_filled_in(void **state)
{
    (void)state;
    const TemplateKey keys[] = {{"name", "net"}, {"on", "yes"}, {"off", ""}, {NULL, NULL}};
    Buffer text = {0};
    assert_int_equal(template_expand_text("t",
                                          "-- {{name}}_top {{off}}and {{name}}\n"
                                          "{{?on}}  kept {{name}}\n"
                                          "{{?off}}  left out {{name}}\n"
                                          "{ {name} } }}\n"
                                          "no newline {{name}}",
                                          keys, &text),
                     OK);
    assert_string_equal(text.data, "-- net_top and net\n  kept net\n{ {name} } }}\nno newline net");
    buffer_free(&text);
}

static void an_unknown_key_is_an_error(void **state)
{
    (void)state;
    const TemplateKey keys[] = {{"name", "net"}, {NULL, NULL}};
    static const char *const texts[] = {"{{nam}}", "{{names}}", "{{?names}}x\n", "{{}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Buffer text = {0};
        assert_int_equal(template_expand_text("t.tmpl", texts[i], keys, &text), ERR_INTERNAL);
        assert_non_null(strstr(error_message(), "t.tmpl"));
        buffer_free(&text);
    }
    Buffer text = {0};
    assert_int_equal(template_expand("no_such.tmpl", keys, &text), ERR_INTERNAL);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_legal),
        cmocka_unit_test(names_are_unique_with_their_endings),
        cmocka_unit_test(templates_are_filled_in),
        cmocka_unit_test(an_unknown_key_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
