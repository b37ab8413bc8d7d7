#include "cli/man.h"

#include <stdio.h>
#include <string.h>

#include "cli/verb.h"

/* ---- roff ------------------------------------------------------------------------------------ */

/* Plain text: one line, whatever blanks are in it, and nothing in it is a request or an escape. */
static void put_text(Buffer *page, const char *text)
{
    bool blank = false;
    for (const char *at = text; *at; at++) {
        if (*at == ' ' || *at == '\n') {
            blank = true;
            continue;
        }
        buffer_append_text(page, blank ? " " : "");
        blank = false;
        if (at == text && (*at == '.' || *at == '\''))
            buffer_append_text(page, "\\&");
        if (*at == '\\')
            buffer_append_text(page, "\\e");
        else if (strchr("-'`^~", *at))
            buffer_append_text(page, *at == '-'    ? "\\-"
                                     : *at == '\'' ? "\\(aq"
                                     : *at == '`'  ? "\\(ga"
                                     : *at == '^'  ? "\\(ha"
                                                   : "\\(ti");
        else
            buffer_append(page, at, 1);
    }
}

static void put_bold(Buffer *page, const char *text)
{
    buffer_append_text(page, "\\fB");
    put_text(page, text);
    buffer_append_text(page, "\\fR");
}

static void put_italic(Buffer *page, const char *text)
{
    buffer_append_text(page, "\\fI");
    put_text(page, text);
    buffer_append_text(page, "\\fR");
}

static void put_section(Buffer *page, const char *title)
{
    buffer_printf(page, ".SH %s\n", title);
}

/* Below the title of a section, or after another paragraph. */
static void put_paragraph(Buffer *page, const char *text, bool another)
{
    buffer_append_text(page, another ? ".PP\n" : "");
    put_text(page, text);
    buffer_append_text(page, "\n");
}

/* What a word means, indented below it. */
static void put_meaning(Buffer *page, const char *word, const char *meaning)
{
    buffer_append_text(page, ".TP\n");
    put_bold(page, word);
    buffer_append_text(page, "\n");
    put_text(page, meaning);
    buffer_append_text(page, "\n");
}

/* ---- sections -------------------------------------------------------------------------------- */

static void put_synopsis(Buffer *page)
{
    put_section(page, "SYNOPSIS");
    buffer_append_text(page, ".B dnn2fpga\n[\\fIMODEL\\fR] [\\fIOPTION\\fR...]\n.br\n"
                             ".B dnn2fpga\n\\fIVERB\\fR [\\fIWORD\\fR...] [\\fIOPTION\\fR...]\n");
}

/* The words that a verb begins with, indented below it. */
static void put_details(Buffer *page, const Verb *verb)
{
    VerbWord word;
    if (!verb->details)
        return;
    buffer_append_text(page, ".RS\n");
    for (int i = 0; verb->details(i, &word); i++) {
        buffer_append_text(page, ".TP\n");
        put_bold(page, word.name);
        put_italic(page, word.takes);
        buffer_append_text(page, "\n");
        put_text(page, word.help);
        buffer_append_text(page, ".\n");
    }
    buffer_append_text(page, ".RE\n");
}

/* Each line as it is typed. */
static void put_examples(Buffer *page)
{
    const Verb *verb;
    put_section(page, "EXAMPLES");
    buffer_append_text(page, ".nf\n");
    for (int i = 0; (verb = verb_at(i)) != NULL; i++)
        for (const char *line = verb->examples; *line;) {
            char text[160];
            int length = (int)strcspn(line, "\n");
            snprintf(text, sizeof text, "%.*s", length, line);
            put_text(page, text);
            buffer_append_text(page, "\n");
            line += length + (line[length] == '\n');
        }
    buffer_append_text(page, ".fi\n");
}

static void put_verbs(Buffer *page)
{
    const Verb *verb;
    put_section(page, "VERBS");
    for (int i = 0; (verb = verb_at(i)) != NULL; i++) {
        buffer_append_text(page, ".TP\n");
        put_bold(page, verb->name);
        if (verb->words[0]) {
            buffer_append_text(page, " ");
            put_italic(page, verb->words);
        }
        buffer_append_text(page, "\n");
        put_text(page, verb->help);
        buffer_append_text(page, ".\n");
        put_details(page, verb);
    }
}

static void put_users(Buffer *page, const OptionInfo *option)
{
    const Verb *verb;
    bool all = option->groups & GROUP_COMMON, first = true;
    if (all)
        return;
    buffer_append_text(page, ".br\nWith:");
    if (option->groups & WORKBENCH_GROUPS) {
        buffer_append_text(page, " the workbench");
        first = false;
    }
    for (int i = 0; (verb = verb_at(i)) != NULL; i++)
        if (verb->groups & option->groups) {
            buffer_append_text(page, first ? " " : ", ");
            put_bold(page, verb->name);
            first = false;
        }
    buffer_append_text(page, ".\n");
}

static void put_options(Buffer *page)
{
    OptionInfo option;
    put_section(page, "OPTIONS");
    for (int i = 0; arguments_option(i, &option); i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", option.name);
        buffer_append_text(page, ".TP\n");
        put_bold(page, name);
        if (option.value) {
            buffer_append_text(page, " ");
            put_italic(page, option.value);
        }
        buffer_append_text(page, "\n");
        put_text(page, option.help);
        buffer_append_text(page, ".\n");
        put_users(page, &option);
    }
}

static void put_key(Buffer *page, const KeyHelp *key)
{
    buffer_append_text(page, ".TP\n");
    put_bold(page, key->keys);
    buffer_append_text(page, key->keys[0] ? ", :" : ":");
    put_bold(page, key->name);
    if (key->argument) {
        buffer_append_text(page, " ");
        put_italic(page, key->argument);
    }
    buffer_append_text(page, "\n");
    put_text(page, key->help);
    buffer_append_text(page, ".");
    if (key->twin) {
        buffer_append_text(page, " The same: ");
        put_italic(page, key->twin);
        buffer_append_text(page, ".");
    }
    buffer_append_text(page, "\n");
}

/* Keys that work at the same places stand together, in the order of their first. */
static void put_keys(Buffer *page, const WorkbenchDoor *door)
{
    KeyHelp first, key;
    put_section(page, "KEYS OF THE WORKBENCH");
    put_paragraph(page,
                  "An action is done by its key, or by a colon and its name, which Tab "
                  "completes. The last row of the screen shows what is possible now.",
                  false);
    for (int i = 0; door->key(i, &first); i++) {
        bool seen = false;
        for (int j = 0; j < i && door->key(j, &key); j++)
            seen = seen || strcmp(key.screen, first.screen) == 0;
        if (seen)
            continue;
        buffer_append_text(page, ".SS ");
        put_text(page, first.screen);
        buffer_append_text(page, "\n");
        for (int j = i; door->key(j, &key); j++)
            if (strcmp(key.screen, first.screen) == 0)
                put_key(page, &key);
    }
}

static void put_walks(Buffer *page)
{
    put_section(page, "WALKS");
    put_paragraph(page,
                  "A walk is a text file with one step a line: an action by its name, or one of "
                  "these. --record writes one, --script does its steps; without a terminal on "
                  "standard input and output, on a screen in memory. A step that is not possible "
                  "ends the walk with status 1.",
                  false);
    put_meaning(page, "wait-idle, wait-run", "waits for what is being looked at, or for the run.");
    put_meaning(page, "expect TEXT", "the screen shows this, or the walk failed.");
    put_meaning(page, "answer CHOICE", "answers a question with the words of a choice.");
    put_meaning(page, "snapshot FILE", "writes the screen as text.");
    put_meaning(page, "size COLUMNSxROWS", "of the screen in memory.");
    put_meaning(page, "say TEXT", "shows the text until a key is pressed.");
}

static void put_files(Buffer *page)
{
    static const struct {
        const char *name, *meaning;
    } FILES[] =
        {
            {"$XDG_CONFIG_HOME/dnn2fpga/config",
             "settings of the workbench, one a line: theme = default, light, dark, high-contrast "
             "or "
             "mono; mouse, ascii, color = yes or no. Options win over it. Lines that are not "
             "understood are told and left alone."},
            {"$XDG_DATA_HOME/dnn2fpga/history.db", "the history, an SQLite file."},
            {"$XDG_DATA_HOME/dnn2fpga/runs/", "a folder for each run."},
            {"$XDG_STATE_HOME/dnn2fpga/", "logs of the workbench and of the engine."},
        },
      VARIABLES[] = {
          {"NO_COLOR", "not empty: the workbench uses no colours."},
          {"ESCDELAY", "milliseconds after which Esc is a key of its own (default 25)."},
          {"DNN2FPGA_KERNELS", "the set of kernels that computes, where several would."},
      };
    put_section(page, "FILES");
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++)
        put_meaning(page, FILES[i].name, FILES[i].meaning);
    put_section(page, "ENVIRONMENT");
    for (size_t i = 0; i < sizeof VARIABLES / sizeof VARIABLES[0]; i++)
        put_meaning(page, VARIABLES[i].name, VARIABLES[i].meaning);
}

static void put_status(Buffer *page)
{
    static const struct {
        const char *code, *meaning;
    } CODES[] = {
        {"0", "done."},
        {"1", "done, but the target is not met, the hardware differs, or a walk failed."},
        {"2", "the command line is wrong."},
        {"3", "an input is refused; the message names what was expected and found."},
        {"4", "a tool is missing or failed, or the disk or database did."},
        {"130", "cancelled."},
    };
    put_section(page, "EXIT STATUS");
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
        put_meaning(page, CODES[i].code, CODES[i].meaning);
}

void man_write(const WorkbenchDoor *door, Buffer *page)
{
    buffer_append_text(page, ".\\\" Made by 'dnn2fpga man'.\n"
                             ".TH DNN2FPGA 1 \"" DNN2FPGA_RELEASED "\" \"dnn2fpga " DNN2FPGA_VERSION
                             "\" \"User Commands\"\n.nh\n.ad l\n");
    put_section(page, "NAME");
    buffer_append_text(page, "dnn2fpga \\- neural networks onto FPGAs, proven equal to the "
                             "software\n");
    put_synopsis(page);
    put_section(page, "DESCRIPTION");
    put_paragraph(page,
                  "Takes a trained Keras model, quantizes it, writes pipelined VHDL, and "
                  "proves by simulation that the hardware computes what the software does, "
                  "bit for bit.",
                  false);
    put_paragraph(page,
                  "Without a verb it opens the workbench, a program for the terminal. Each "
                  "verb does one step without a screen; with --json it prints one object on "
                  "standard output. 'dnn2fpga tour' shows the workbench on a sample.",
                  true);
    put_verbs(page);
    put_options(page);
    put_keys(page, door);
    put_walks(page);
    put_files(page);
    put_status(page);
    put_examples(page);
}
