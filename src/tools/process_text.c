/* What was run, and how it ended, in words. */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "tools/process.h"

/* Words of plain characters stand as they are, others between single quotes. */
static void append_word(Buffer *text, const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=.,:/@%";
    if (*word && strspn(word, PLAIN) == strlen(word)) {
        buffer_append_text(text, word);
        return;
    }
    buffer_append_text(text, "'");
    for (const char *at = word; *at; at++) {
        if (*at == '\'')
            buffer_append_text(text, "'\\''");
        else
            buffer_append(text, at, 1);
    }
    buffer_append_text(text, "'");
}

char *process_command_line(Arena *arena, const ProcessSpec *spec)
{
    Buffer text = {0};
    if (spec->folder) {
        buffer_append_text(&text, "cd ");
        append_word(&text, spec->folder);
        buffer_append_text(&text, " && ");
    }
    for (int i = 0; spec->environment && spec->environment[i]; i++) {
        append_word(&text, spec->environment[i]);
        buffer_append_text(&text, " ");
    }
    for (int i = 0; spec->argv[i]; i++) {
        buffer_append_text(&text, i ? " " : "");
        append_word(&text, spec->argv[i]);
    }
    if (spec->stdout_path) {
        buffer_append_text(&text, " > ");
        append_word(&text, spec->stdout_path);
    }
    char *line = arena_strdup(arena, text.data ? text.data : "");
    buffer_free(&text);
    return line;
}

const char *process_end_text(const ProcessResult *result, char *text, size_t size)
{
    static const char *const WORDS[] = {
        [PROCESS_NOT_STARTED] = "not started",
        [PROCESS_TIMED_OUT] = "stopped after its deadline",
        [PROCESS_CANCELLED] = "cancelled",
    };
    if (result->end == PROCESS_EXITED)
        snprintf(text, size, "exit status %d", result->exit_status);
    else if (result->end == PROCESS_SIGNALLED)
        snprintf(text, size, "ended by signal %d", result->signal);
    else
        snprintf(text, size, "%s", WORDS[result->end]);
    return text;
}
