#include "tools/verilog.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

enum {
    NATIVE_BITS = 32,       /* constants up to here come out right */
    LONGEST_WORD = 1 << 13, /* digits of a constant; Icarus takes words of 16,000 letters */
    MAX_NETLIST_BYTES = 1 << 30
};

typedef struct Span {
    const char *at;
    size_t length;
} Span;

static bool is_word_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static Span trimmed(Span span)
{
    while (span.length && isspace((unsigned char)*span.at)) {
        span.at++;
        span.length--;
    }
    while (span.length && isspace((unsigned char)span.at[span.length - 1]))
        span.length--;
    return span;
}

static bool begins(Span span, const char *word)
{
    size_t length = strlen(word);
    return span.length >= length && memcmp(span.at, word, length) == 0;
}

static bool ends(Span span, const char *word)
{
    size_t length = strlen(word);
    return span.length >= length && memcmp(span.at + span.length - length, word, length) == 0;
}

static const char *find(Span span, const char *word)
{
    return memmem(span.at, span.length, word, strlen(word));
}

static Span line_at(const char *text)
{
    return (Span){text, strcspn(text, "\n")};
}

/* ---- registers that were lost ---------------------------------------------------------------- */

static bool has_word(Span line, Span word)
{
    for (const char *at = line.at; at + word.length <= line.at + line.length; at++) {
        at = memmem(at, (size_t)(line.at + line.length - at), word.at, word.length);
        if (!at)
            return false;
        bool starts = at == line.at || !is_word_letter(at[-1]);
        if (starts && !is_word_letter(at[word.length]))
            return true;
    }
    return false;
}

/* A line of the module, other than those that declare and set the net, that has it. */
static bool is_used(Span module, Span net, const char *setter)
{
    for (const char *at = module.at; at < module.at + module.length;) {
        Span line = line_at(at);
        Span words = trimmed(line);
        if (line.at != setter && !begins(words, "wire") && has_word(words, net))
            return true;
        at += line.length + 1;
    }
    return false;
}

static Status check_registers(Span module, Span name)
{
    for (const char *at = module.at; at < module.at + module.length;) {
        Span line = line_at(at);
        Span words = trimmed(line);
        const char *equals = find(words, " = 1'b0; // posedge");
        if (begins(words, "assign ") && equals) {
            const char *start = words.at + strlen("assign ");
            Span net = {start, (size_t)(equals - start)};
            if (is_used(module, net, line.at))
                return error_set(
                    ERR_INTERNAL,
                    "module %.*s: the clock edge %.*s became the constant 0: GHDL lost "
                    "the register behind it (an array that is written with an index "
                    "and read as a whole?)",
                    (int)name.length, name.at, (int)net.length, net.at);
        }
        at += line.length + 1;
    }
    return OK;
}

/* ---- choices without a default --------------------------------------------------------------- */

/* "    case (n9_o)" */
static bool opens_choice(Span words)
{
    return begins(words, "case (");
}

/* "2'b10: n11_o <= n6_o;": the width before the quote; 0: no value of a choice. */
static long value_width(Span words)
{
    const char *digits = words.at;
    while (digits < words.at + words.length && isdigit((unsigned char)*digits))
        digits++;
    bool value = digits > words.at && begins((Span){digits, words.length}, "'b");
    return value ? strtol(words.at, NULL, 10) : 0;
}

/* As many values as the bits can have? All of them differ. */
static bool is_complete(long values, long width)
{
    return width > 0 && width < NATIVE_BITS && values == 1L << width;
}

static Status check_choices(Span module, Span name)
{
    long values = 0, width = 0;
    bool has_default = false;
    Span place = {"?", 1}; /* the comment before a choice: its line in the VHDL */
    for (const char *at = module.at; at < module.at + module.length;) {
        Span line = line_at(at);
        Span words = trimmed(line);
        if (begins(words, "/*"))
            place = words;
        if (opens_choice(words)) {
            values = width = 0;
            has_default = false;
        }
        if (value_width(words)) {
            width = value_width(words);
            values++;
        }
        has_default = has_default || begins(words, "default");
        if (begins(words, "endcase") && !has_default && !is_complete(values, width))
            return error_set(
                ERR_INTERNAL,
                "module %.*s: a case of %ld values, %ld bits wide, without default: GHDL "
                "lost `when others`, and latches would come of it; write if and elsif "
                "in place of case: %.*s",
                (int)name.length, name.at, values, width, (int)place.length, place.at);
        at += line.length + 1;
    }
    return OK;
}

/* ---- one line -------------------------------------------------------------------------------- */

typedef struct Mender {
    Buffer *into;
    Span module; /* name, for messages */
} Mender;

static Status refuse(const Mender *mender, Span line, const char *why)
{
    line = trimmed(line);
    return error_set(ERR_INTERNAL, "module %.*s: %s: %.*s", (int)mender->module.length,
                     mender->module.at, why, (int)(line.length < 200 ? line.length : 200), line.at);
}

/* "40'b1010": too few digits for a width above 32. */
static bool is_cut_off(Span line)
{
    for (const char *at = line.at;
         (at = find((Span){at, (size_t)(line.at + line.length - at)}, "'b")) != NULL; at++) {
        const char *start = at;
        while (start > line.at && isdigit((unsigned char)start[-1]))
            start--;
        long width = strtol(start, NULL, 10);
        long digits = (long)strspn(at + 2, "01xzXZ");
        if (width > NATIVE_BITS && digits > 1 && digits < width)
            return true;
    }
    return false;
}

/* As many bits as digits; in parts where they are very many. */
static void append_constant(Buffer *into, Span digits)
{
    bool in_parts = digits.length > LONGEST_WORD;
    buffer_append_text(into, in_parts ? "{" : "");
    for (size_t from = 0; from < digits.length; from += LONGEST_WORD) {
        size_t left = digits.length - from, length = left < LONGEST_WORD ? left : LONGEST_WORD;
        buffer_printf(into, "%s%zu'b%.*s", from ? ", " : "", length, (int)length, digits.at + from);
    }
    buffer_append_text(into, in_parts ? "}" : "");
}

/* Texts of binary digits become constants of that many bits. */
static Status mend_texts(const Mender *mender, Span line)
{
    const char *end = line.at + line.length;
    for (const char *at = line.at; at < end;) {
        const char *open = memchr(at, '"', (size_t)(end - at));
        const char *close = open ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
        if (!open) {
            buffer_append(mender->into, at, (size_t)(end - at));
            return OK;
        }
        size_t digits = strspn(open + 1, "01xzXZ");
        if (!close || digits == 0 || open + 1 + digits != close)
            return refuse(mender, line, "a text that is no constant of 0 and 1");
        buffer_append(mender->into, at, (size_t)(open - at));
        append_constant(mender->into, (Span){open + 1, digits});
        at = close + 1;
    }
    return OK;
}

/* "  assign n10_o = n8_o / n9_o; // sdiv" with signs; false: the line has another form. */
static bool mend_signs(const Mender *mender, Span line)
{
    const char *equals = find(line, " = ");
    const char *end = find(line, "; //");
    if (!equals || !end || end < equals)
        return false;
    const char *left = equals + 3;
    const char *space = memchr(left, ' ', (size_t)(end - left));
    if (!space || space + 3 >= end || !strchr("*/%", space[1]) || space[2] != ' ')
        return false;
    const char *right = space + 3;
    if (memchr(right, ' ', (size_t)(end - right)))
        return false;
    buffer_printf(mender->into, "%.*s$signed(%.*s) %c $signed(%.*s)%.*s", (int)(left - line.at),
                  line.at, (int)(space - left), left, space[1], (int)(end - right), right,
                  (int)(line.at + line.length - end), end);
    return true;
}

static bool is_signed_operation(Span line)
{
    return ends(line, "// smul") || ends(line, "// sdiv") || ends(line, "// srem");
}

/* "$signed(a) >> n" fills with zeros: ">>>" is what was meant. */
static Status mend_shift(const Mender *mender, Span line)
{
    const char *shift = find(line, ") >> ");
    if (!shift || !find(line, "$signed("))
        return mend_texts(mender, line);
    const char *cut = shift + strlen(") >>");
    buffer_append(mender->into, line.at, (size_t)(cut - line.at));
    buffer_append_text(mender->into, ">");
    return mend_texts(mender, (Span){cut, (size_t)(line.at + line.length - cut)});
}

static Status mend_line(const Mender *mender, Span line)
{
    Span words = trimmed(line);
    if (begins(words, "/*") || begins(words, "//") || begins(words, "(*")) {
        buffer_append(mender->into, line.at, line.length);
        return OK;
    }
    if (ends(words, "// smod"))
        return refuse(mender, line, "a signed mod, which GHDL writes without a sign");
    if (is_cut_off(words))
        return refuse(mender, line, "a constant with fewer digits than bits");
    if (!is_signed_operation(words))
        return mend_shift(mender, line);
    Buffer plain = {0};
    const Mender inner = {.into = &plain, .module = mender->module};
    Status status = mend_texts(&inner, line);
    if (status == OK && !(plain.data && mend_signs(mender, (Span){plain.data, plain.length})))
        status = refuse(mender, line, "a signed operation in an unknown form");
    buffer_free(&plain);
    return status;
}

static Status mend_module(Span module, Buffer *into)
{
    Mender mender = {.into = into, .module = {"?", 1}};
    const char *head = find(module, "module ");
    if (head) {
        mender.module.at = head + strlen("module ");
        mender.module.length = strcspn(mender.module.at, "\n (");
    }
    TRY(check_registers(module, mender.module));
    TRY(check_choices(module, mender.module));
    for (const char *at = module.at; at < module.at + module.length;) {
        Span line = line_at(at);
        TRY(mend_line(&mender, line));
        buffer_append_text(into, "\n");
        at += line.length + 1;
    }
    return OK;
}

Status verilog_mend(const char *text, Buffer *into)
{
    static const char last[] = "endmodule";
    int modules = 0;
    for (const char *at = text; *at;) {
        const char *end = strstr(at, last);
        size_t length = end ? (size_t)(end - at) + sizeof last - 1 : strlen(at);
        if (end)
            modules++;
        else if (trimmed((Span){at, length}).length)
            return error_set(ERR_INTERNAL, "the netlist of GHDL ends within a module");
        TRY(mend_module((Span){at, length}, into));
        at += length;
        at += strspn(at, "\n");
    }
    if (modules == 0)
        return error_set(ERR_INTERNAL, "the netlist of GHDL has no module");
    return OK;
}

Status verilog_mend_file(const char *raw, const char *mended)
{
    Buffer text = {0}, netlist = {0};
    Status status = fs_read_file(raw, MAX_NETLIST_BYTES, &text);
    if (status == OK)
        status = verilog_mend(text.data ? text.data : "", &netlist);
    if (status == OK)
        status = fs_write_atomic(mended, netlist.data, netlist.length);
    buffer_free(&text);
    buffer_free(&netlist);
    return status;
}
