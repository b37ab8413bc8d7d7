/* GHDL's Verilog, mended or refused: on texts, and on what GHDL itself writes where it is
 * installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "tools/process.h"
#include "tools/verilog.h"

#define MODULE(lines) "module m\n  (input a);\n" lines "endmodule\n"

#define CHOICE(first, second, rest)                                                                \
    "  /* x.vhd:7:1 */\n  always @*\n    case (n9)\n      " first "\n      " second "\n" rest      \
    "    endcase\n"

typedef struct Case {
    const char *text, *mended; /* NULL: refused ... */
    const char *complaint;     /* ... with these words */
} Case;

static const Case cases[] = {
    {MODULE("  initial\n    q <= \"100000000000000000000000000000000000001\";\n"),
     MODULE("  initial\n    q <= 39'b100000000000000000000000000000000000001;\n"), NULL},
    {MODULE("  assign n = c ? \"01\" : \"1x\";\n"), MODULE("  assign n = c ? 2'b01 : 2'b1x;\n"),
     NULL},
    {MODULE("  assign n3 = n1 / 32'b0010; // sdiv\n"),
     MODULE("  assign n3 = $signed(n1) / $signed(32'b0010); // sdiv\n"), NULL},
    {MODULE("  assign n3 = n1 % n2; // srem\n"),
     MODULE("  assign n3 = $signed(n1) % $signed(n2); // srem\n"), NULL},
    {MODULE("  assign n3 = n1 * \"0011\"; // smul\n"),
     MODULE("  assign n3 = $signed(n1) * $signed(4'b0011); // smul\n"), NULL},
    {MODULE("  assign n3 = n1 * n2; // umul\n"), MODULE("  assign n3 = n1 * n2; // umul\n"), NULL},
    {MODULE("  assign n3 = $signed(a) >> n19;\n"), MODULE("  assign n3 = $signed(a) >>> n19;\n"),
     NULL},
    {MODULE("  assign n3 = a >> n19;\n"), MODULE("  assign n3 = a >> n19;\n"), NULL},
    {MODULE("  /* \"dir\"/x.vhd:3:1 */\n"), MODULE("  /* \"dir\"/x.vhd:3:1 */\n"), NULL},
    {MODULE("  assign n4 = {48'b0, n3};\n"), MODULE("  assign n4 = {48'b0, n3};\n"), NULL},
    {MODULE("  wire n4;\n  assign n4 = 1'b0; // posedge\n  assign n40 = n41;\n"),
     MODULE("  wire n4;\n  assign n4 = 1'b0; // posedge\n  assign n40 = n41;\n"), NULL},
    {MODULE("  wire n4;\n  assign n4 = 1'b0; // posedge\n  assign n14 = n4 & last;\n"), NULL,
     "module m: the clock edge n4"},
    {MODULE(CHOICE("1'b1: q <= a;", "1'b0: q <= b;", "")),
     MODULE(CHOICE("1'b1: q <= a;", "1'b0: q <= b;", "")), NULL},
    {MODULE(CHOICE("2'b10: q <= a;", "2'b01: q <= b;", "      default: q <= c;\n")),
     MODULE(CHOICE("2'b10: q <= a;", "2'b01: q <= b;", "      default: q <= c;\n")), NULL},
    {MODULE(CHOICE("2'b10: q <= a;", "2'b01: q <= b;", "")), NULL,
     "module m: a case of 2 values, 2 bits wide, without default"},
    {MODULE(CHOICE("1'b1: q <= a;", "1'b0: q <= b;", "")
                CHOICE("2'b10: q <= a;", "2'b01: q <= b;", "")),
     NULL, "/* x.vhd:7:1 */"},
    {MODULE("  assign n3 = n1 % n2; // smod\n"), NULL, "module m: a signed mod"},
    {MODULE("  assign n3 = n1 + 48'b1010;\n"), NULL, "fewer digits"},
    {MODULE("  assign n3 = \"01W0\";\n"), NULL, "no constant of 0 and 1"},
    {MODULE("  assign n3 = \"\";\n"), NULL, "no constant of 0 and 1"},
    {MODULE("  assign n3 = \"01;\n"), NULL, "no constant of 0 and 1"},
    {MODULE("  assign n3 = n1 / n2 + n4; // sdiv\n"), NULL, "unknown form"},
    {MODULE("  foo // sdiv\n"), NULL, "unknown form"},
    {"module m\n  wire x;\n", NULL, "ends within a module"},
    {"", NULL, "no module"},
};

static void faults_are_mended_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buffer mended = {0};
        Status status = verilog_mend(cases[i].text, &mended);
        if (cases[i].mended) {
            if (status != OK)
                fail_msg("%s: %s", cases[i].text, error_message());
            assert_string_equal(mended.data, cases[i].mended);
        } else {
            assert_int_equal(status, ERR_INTERNAL);
            if (!strstr(error_message(), cases[i].complaint))
                fail_msg("%s: %s", cases[i].text, error_message());
        }
        buffer_free(&mended);
    }
}

/* Icarus Verilog refuses words of more than 16,000 letters; every digit is still there. */
static void a_long_constant_is_in_parts(void **state)
{
    (void)state;
    enum { DIGITS = 20736, PART = 8192 };
    char *digits = malloc(DIGITS + 1);
    for (int i = 0; i < DIGITS; i++)
        digits[i] = i % 3 == 0 ? '1' : '0';
    digits[DIGITS] = '\0';
    Buffer text = {0}, expected = {0}, mended = {0};
    buffer_printf(&text, MODULE("  localparam n = \"%s\";\n"), digits);
    buffer_printf(&expected, MODULE("  localparam n = {8192'b%.*s, 8192'b%.*s, 4352'b%s};\n"), PART,
                  digits, PART, digits + PART, digits + 2 * PART);
    assert_int_equal(verilog_mend(text.data, &mended), OK);
    assert_string_equal(mended.data, expected.data);
    buffer_free(&text);
    buffer_free(&expected);
    buffer_free(&mended);
    free(digits);
}

/* Two modules may use the same name for different nets. */
static void a_lost_clock_concerns_its_own_module(void **state)
{
    (void)state;
    Buffer mended = {0};
    assert_int_equal(verilog_mend("module a\n  wire n4;\n  assign n4 = 1'b0; // posedge\n"
                                  "endmodule\n\nmodule b\n  assign x = n4;\nendmodule\n",
                                  &mended),
                     OK);
    assert_non_null(strstr(mended.data, "module b"));
    buffer_free(&mended);
}

/* ---- with GHDL ------------------------------------------------------------------------------- */

#define HEAD "library ieee;\nuse ieee.std_logic_1164.all;\nuse ieee.numeric_std.all;\n"
#define TYPES                                                                                      \
    "package types is\n    type four is array (0 to 3) of integer;\nend package;\n" HEAD           \
    "use work.types.all;\n"
#define REGISTERS                                                                                  \
    "entity e is\n"                                                                                \
    "    port (clk, write : in std_logic; x : in integer; at : in integer range 0 to 3;\n"         \
    "          q : out four);\n"                                                                   \
    "end entity;\n"                                                                                \
    "architecture rtl of e is\nbegin\n    process (clk)\n"                                         \
    "        variable values : four := (others => 0);\n    begin\n"                                \
    "        if rising_edge(clk) then\n            q <= values;\n"                                 \
    "            if write = '1' then\n"

/* An array written with an index and read as a whole: GHDL 2.0 loses its clock. */
static const char LOST[] = TYPES REGISTERS "                values(at) := x;\n"
                                           "            end if;\n        end if;\n"
                                           "    end process;\nend architecture;\n";
static const char KEPT[] =
    TYPES REGISTERS "                for i in 0 to 3 loop\n"
                    "                    if at = i then values(i) := x; end if;\n"
                    "                end loop;\n            end if;\n        end if;\n"
                    "    end process;\nend architecture;\n";
static const char SUMS[] =
    HEAD "entity e is\n"
         "    port (a : in std_logic_vector(47 downto 0); n : in std_logic_vector(3 downto 0);\n"
         "          q, r, s : out std_logic_vector(47 downto 0));\n"
         "end entity;\n"
         "architecture rtl of e is\n    signal i : integer range -32768 to 32767;\nbegin\n"
         "    i <= to_integer(signed(a(15 downto 0)));\n"
         "    q <= std_logic_vector(signed(a) + signed'(x\"f23456789abc\"));\n"
         "    r <= std_logic_vector(to_signed(i / 16 + i rem 8, 48));\n"
         "    s <= std_logic_vector(shift_right(signed(a), to_integer(unsigned(n))));\n"
         "end architecture;\n";

/* `when others` of a case is lost; in an if chain all is there. */
#define CHOICES(body)                                                                              \
    HEAD "entity e is\n"                                                                           \
         "    port (clk : in std_logic; a, b : in std_logic_vector(1 downto 0);\n"                 \
         "          q : out std_logic_vector(1 downto 0));\n"                                      \
         "end entity;\n"                                                                           \
         "architecture rtl of e is\nbegin\n    process (clk)\n    begin\n"                         \
         "        if rising_edge(clk) then\n" body                                                 \
         "        end if;\n    end process;\nend architecture;\n"
static const char CASE[] = CHOICES("            case a is\n                when \"00\" => q <= b;\n"
                                   "                when \"10\" => q <= not b;\n"
                                   "                when others => q <= b(0) & b(1);\n"
                                   "            end case;\n");
static const char IF_CHAIN[] = CHOICES("            if a = \"00\" then q <= b;\n"
                                       "            elsif a = \"10\" then q <= not b;\n"
                                       "            else q <= b(0) & b(1);\n"
                                       "            end if;\n");

static void gather(void *context, const char *line)
{
    buffer_printf(context, "%s\n", line);
}

/* GHDL's netlist of entity `e`; skips the test where GHDL is not installed. */
static void synthesize(const char *vhdl, Buffer *netlist)
{
    char folder[] = "/tmp/test_verilog_XXXXXX";
    Arena *arena = arena_new();
    const char *program = process_find_program(arena, "ghdl");
    if (!program) {
        arena_free(arena);
        skip();
    }
    assert_non_null(mkdtemp(folder));
    assert_int_equal(fs_write_atomic(fs_join(arena, folder, "e.vhd"), vhdl, strlen(vhdl)), OK);
    const char *const analyse[] = {program, "-a", "--std=08", "e.vhd", NULL};
    const char *const synth[] = {program, "--synth", "--std=08", "--out=verilog", "e", NULL};
    ProcessResult result;
    ProcessSpec spec = {.argv = analyse, .folder = folder, .deadline_s = 60};
    assert_int_equal(process_run(&spec, &result), OK);
    assert_int_equal(result.exit_status, 0);
    spec = (ProcessSpec){
        .argv = synth, .folder = folder, .deadline_s = 60, .on_line = gather, .context = netlist};
    assert_int_equal(process_run(&spec, &result), OK);
    assert_int_equal(result.exit_status, 0);
    assert_int_equal(fs_remove_tree(folder), OK);
    arena_free(arena);
}

static void a_register_that_ghdl_loses_is_noticed(void **state)
{
    (void)state;
    Buffer netlist = {0}, mended = {0};
    synthesize(LOST, &netlist);
    assert_int_equal(verilog_mend(netlist.data, &mended), ERR_INTERNAL);
    assert_non_null(strstr(error_message(), "lost the register"));
    buffer_clear(&netlist);
    buffer_clear(&mended);
    synthesize(KEPT, &netlist);
    assert_int_equal(verilog_mend(netlist.data, &mended), OK);
    buffer_free(&netlist);
    buffer_free(&mended);
}

/* A GHDL that writes the default would pass, rightly. */
static void a_case_that_lost_its_default_is_noticed(void **state)
{
    (void)state;
    Buffer netlist = {0}, mended = {0};
    synthesize(CASE, &netlist);
    Status status = verilog_mend(netlist.data, &mended);
    if (strstr(netlist.data, "default:")) {
        assert_int_equal(status, OK);
    } else {
        assert_int_equal(status, ERR_INTERNAL);
        if (!strstr(error_message(), "e.vhd:13:"))
            fail_msg("%s", error_message());
    }
    buffer_clear(&netlist);
    buffer_clear(&mended);
    synthesize(IF_CHAIN, &netlist);
    assert_int_equal(verilog_mend(netlist.data, &mended), OK);
    buffer_free(&netlist);
    buffer_free(&mended);
}

static void what_ghdl_writes_without_sign_gets_one(void **state)
{
    (void)state;
    Buffer netlist = {0}, mended = {0};
    synthesize(SUMS, &netlist);
    if (verilog_mend(netlist.data, &mended) != OK)
        fail_msg("%s", error_message());
    assert_null(strchr(mended.data, '"'));
    assert_non_null(strstr(mended.data, "48'b111100100011010001010110011110001001101010111100"));
    assert_non_null(strstr(mended.data, ") / $signed("));
    assert_non_null(strstr(mended.data, ") % $signed("));
    assert_non_null(strstr(mended.data, "$signed(a) >>> "));
    buffer_free(&netlist);
    buffer_free(&mended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_mended_or_refused),
        cmocka_unit_test(a_long_constant_is_in_parts),
        cmocka_unit_test(a_lost_clock_concerns_its_own_module),
        cmocka_unit_test(a_register_that_ghdl_loses_is_noticed),
        cmocka_unit_test(a_case_that_lost_its_default_is_noticed),
        cmocka_unit_test(what_ghdl_writes_without_sign_gets_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
