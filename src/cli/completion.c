#include "cli/completion.h"

#include <string.h>

#include "cli/verb.h"

/* ---- what both scripts say ------------------------------------------------------------------- */

/* In single quotes of any shell. */
static void put_quoted(Buffer *script, const char *text)
{
    buffer_append_text(script, "'");
    for (; *text; text++) {
        if (*text == '\'')
            buffer_append_text(script, "'\\''");
        else
            buffer_append(script, text, 1);
    }
    buffer_append_text(script, "'");
}

static bool lists_values(const OptionInfo *option)
{
    char word[ARGUMENTS_CHOICE_BYTES];
    return arguments_choice(option, 0, word);
}

static void put_values(Buffer *script, const OptionInfo *option)
{
    char word[ARGUMENTS_CHOICE_BYTES];
    for (int i = 0; arguments_choice(option, i, word); i++)
        buffer_printf(script, "%s%s", i ? " " : "", word);
}

static void put_options_of(Buffer *script, unsigned groups)
{
    OptionInfo option;
    const char *blank = "";
    for (int i = 0; arguments_option(i, &option); i++) {
        if (!(option.groups & groups))
            continue;
        buffer_printf(script, "%s--%s", blank, option.name);
        blank = " ";
    }
}

static void put_words_of(Buffer *script, const Verb *verb)
{
    char word[VERB_WORD_BYTES];
    for (int i = 0; verb_first_word(verb, i, word); i++)
        buffer_printf(script, "%s%s", i ? " " : "", word);
}

static void put_verbs(Buffer *script, const char *between)
{
    const Verb *verb;
    for (int i = 0; (verb = verb_at(i)) != NULL; i++)
        buffer_printf(script, "%s%s", i ? between : "", verb->name);
}

/* Options of the same name with different values belong to different verbs: the first is taken. */
static bool named_before(int index, const char *name)
{
    OptionInfo option;
    for (int i = 0; i < index && arguments_option(i, &option); i++)
        if (strcmp(option.name, name) == 0)
            return true;
    return false;
}

/* ---- bash, which zsh understands, too -------------------------------------------------------- */

static void put_value_cases(Buffer *script)
{
    OptionInfo option;
    for (int i = 0; arguments_option(i, &option); i++) {
        if (!option.value || named_before(i, option.name))
            continue;
        buffer_printf(script, "    --%s) ", option.name);
        if (lists_values(&option)) {
            buffer_append_text(script, "choices='");
            put_values(script, &option);
            buffer_append_text(script, "' ;;\n");
        } else {
            buffer_append_text(script, "return ;;\n");
        }
    }
}

static void put_verb_cases(Buffer *script)
{
    const Verb *verb;
    for (int i = 0; (verb = verb_at(i)) != NULL; i++) {
        buffer_printf(script, "        %s) options='", verb->name);
        put_options_of(script, verb->groups);
        buffer_append_text(script, "'; words='");
        put_words_of(script, verb);
        buffer_append_text(script, "' ;;\n");
    }
}

/* Returning with nothing in COMPREPLY lets -o default complete the names of files. */
static void write_bash(Buffer *script)
{
    buffer_append_text(script,
                       "# Completion of dnn2fpga; made by 'dnn2fpga completion bash'.\n"
                       "_dnn2fpga()\n{\n"
                       "    local current=${COMP_WORDS[COMP_CWORD]} verb='' words='' choices=''\n"
                       "    local previous=${COMP_WORDS[COMP_CWORD-1]} options='");
    put_options_of(script, WORKBENCH_GROUPS);
    buffer_append_text(script, "'\n    COMPREPLY=()\n    case $previous in\n");
    put_value_cases(script);
    buffer_append_text(script, "    esac\n"
                               "    [ \"$COMP_CWORD\" -gt 1 ] && verb=${COMP_WORDS[1]}\n"
                               "    if [ -z \"$choices\" ]; then\n"
                               "        case $verb in\n"
                               "        '') words='");
    put_verbs(script, " ");
    buffer_append_text(script, "' ;;\n");
    put_verb_cases(script);
    buffer_append_text(script, "        esac\n"
                               "        case $current in\n"
                               "        -*) choices=$options ;;\n"
                               "        *) [ \"$COMP_CWORD\" -le 2 ] && choices=$words ;;\n"
                               "        esac\n"
                               "    fi\n"
                               "    [ -n \"$choices\" ] || return\n"
                               "    local IFS=$' \\t\\n'\n"
                               "    COMPREPLY=($(compgen -W \"$choices\" -- \"$current\"))\n"
                               "}\n"
                               "complete -o default -F _dnn2fpga dnn2fpga\n");
}

/* ---- zsh ------------------------------------------------------------------------------------- */

/* In a description of _arguments a bracket or a colon ends something. */
static void put_zsh_text(Buffer *script, const char *text)
{
    for (; *text; text++) {
        if (strchr("[]:\\", *text))
            buffer_append_text(script, "\\");
        if (*text == '\'')
            buffer_append_text(script, "'\\''");
        else
            buffer_append(script, text, 1);
    }
}

static void put_zsh_options(Buffer *script, unsigned groups)
{
    OptionInfo option;
    for (int i = 0; arguments_option(i, &option); i++) {
        if (!(option.groups & groups))
            continue;
        buffer_printf(script, " \\\n        '*--%s%s[", option.name, option.value ? "=" : "");
        put_zsh_text(script, option.help);
        buffer_append_text(script, "]");
        if (lists_values(&option)) {
            buffer_append_text(script, ":value:(");
            put_values(script, &option);
            buffer_append_text(script, ")");
        } else if (option.value) {
            buffer_append_text(script, ":");
            put_zsh_text(script, option.value);
            buffer_append_text(script, ":_files");
        }
        buffer_append_text(script, "'");
    }
}

/* An empty list of words would stand in the way of the names of files. */
static void put_zsh_words(Buffer *script, const Verb *verb)
{
    char word[VERB_WORD_BYTES];
    if (!verb_first_word(verb, 0, word))
        return;
    buffer_append_text(script, " \\\n        '2:word:(");
    put_words_of(script, verb);
    buffer_append_text(script, ")'");
}

static void write_zsh(Buffer *script)
{
    const Verb *verb;
    buffer_append_text(script, "#compdef dnn2fpga\n"
                               "# Completion of dnn2fpga; made by 'dnn2fpga completion zsh'.\n"
                               "_dnn2fpga() {\n    local -a verbs\n    verbs=(\n");
    for (int i = 0; (verb = verb_at(i)) != NULL; i++) {
        buffer_printf(script, "        '%s:", verb->name);
        put_zsh_text(script, verb->help);
        buffer_append_text(script, "'\n");
    }
    buffer_append_text(script, "    )\n"
                               "    if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then\n"
                               "        _describe verb verbs\n        _files\n        return\n"
                               "    fi\n    case $words[2] in\n");
    for (int i = 0; (verb = verb_at(i)) != NULL; i++) {
        buffer_printf(script, "    %s)\n        _arguments", verb->name);
        put_zsh_options(script, verb->groups);
        put_zsh_words(script, verb);
        buffer_append_text(script, " \\\n        '*:file:_files' ;;\n");
    }
    buffer_append_text(script, "    *)\n        _arguments");
    put_zsh_options(script, WORKBENCH_GROUPS);
    buffer_append_text(script, " \\\n        '*:file:_files' ;;\n    esac\n}\n"
                               "if [ \"$funcstack[1]\" = _dnn2fpga ]; then\n"
                               "    _dnn2fpga \"$@\"\nelse\n    compdef _dnn2fpga dnn2fpga\nfi\n");
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void put_fish_option(Buffer *script, const OptionInfo *option)
{
    const Verb *verb;
    buffer_append_text(script, "complete -c dnn2fpga -n '");
    if (option->groups & WORKBENCH_GROUPS)
        buffer_append_text(script, "not __fish_seen_subcommand_from $dnn2fpga_verbs; or ");
    buffer_append_text(script, "__fish_seen_subcommand_from");
    for (int i = 0; (verb = verb_at(i)) != NULL; i++)
        if (verb->groups & option->groups)
            buffer_printf(script, " %s", verb->name);
    buffer_printf(script, "' -l %s", option->name);
    if (lists_values(option)) {
        buffer_append_text(script, " -x -a '");
        put_values(script, option);
        buffer_append_text(script, "'");
    } else if (option->value) {
        buffer_append_text(script, " -r");
    }
    buffer_append_text(script, " -d ");
    put_quoted(script, option->help);
    buffer_append_text(script, "\n");
}

static void write_fish(Buffer *script)
{
    const Verb *verb;
    OptionInfo option;
    char word[VERB_WORD_BYTES];
    buffer_append_text(script, "# Completion of dnn2fpga; made by 'dnn2fpga completion fish'.\n"
                               "set -g dnn2fpga_verbs ");
    put_verbs(script, " ");
    buffer_append_text(script, "\n");
    for (int i = 0; (verb = verb_at(i)) != NULL; i++) {
        buffer_printf(script, "complete -c dnn2fpga -n __fish_use_subcommand -a %s -d ",
                      verb->name);
        put_quoted(script, verb->help);
        buffer_append_text(script, "\n");
        if (!verb_first_word(verb, 0, word))
            continue;
        buffer_printf(script, "complete -c dnn2fpga -n '__fish_seen_subcommand_from %s' -a '",
                      verb->name);
        put_words_of(script, verb);
        buffer_append_text(script, "'\n");
    }
    for (int i = 0; arguments_option(i, &option); i++)
        put_fish_option(script, &option);
}

/* ---- all of them ----------------------------------------------------------------------------- */

Status completion_write(const char *shell, Buffer *script)
{
    static const struct {
        const char *name;
        void (*write)(Buffer *script);
    } SHELLS[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
    for (size_t i = 0; i < sizeof SHELLS / sizeof SHELLS[0]; i++)
        if (strcmp(SHELLS[i].name, shell) == 0) {
            SHELLS[i].write(script);
            return OK;
        }
    return error_set(ERR_USAGE, "completion %s: expected bash, zsh or fish", shell);
}
