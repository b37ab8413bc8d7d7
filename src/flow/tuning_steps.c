/* The steps that can be taken back, in a file: they are there after a restart.
 *
 *     dnn2fpga undo 1
 *     of 5f0c...                     (identity of the tuning)
 *     step
 *     weight-bits 5 conv_1           (key, value, layer: what the step changed)
 *     step
 *     ...
 *     back 1                         (so many of the last ones are taken back) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "flow/tuning_parts.h"
#include "quant/scheme_text.h"

enum { FILE_CAP = 1 << 22 };

static const char HEADER[] = "dnn2fpga undo 1\nof ";

static void write_step(const Tuning *tuning, const LayerScheme *before, const LayerScheme *after,
                       Buffer *text)
{
    buffer_append_text(text, "step\n");
    for (int i = 0; i < tuning->simplified->count; i++)
        for (int key = 0; key < scheme_key_count(); key++) {
            char old[SCHEME_VALUE_BYTES], fresh[SCHEME_VALUE_BYTES];
            const char *name = scheme_key_name(key);
            if (name && strcmp(scheme_key_value(&before[i], key, old),
                               scheme_key_value(&after[i], key, fresh)) != 0)
                buffer_printf(text, "%s %s %s\n", name, fresh, tuning->simplified->layers[i].name);
        }
}

Status tuning_write_steps(const Tuning *tuning, const char *path)
{
    Buffer text = {0};
    buffer_printf(&text, "%s%s\n", HEADER, tuning->identity);
    const LayerScheme *before = tuning->options;
    for (int i = 0; i < tuning->step_count; i++) {
        write_step(tuning, before, tuning->steps[i], &text);
        before = tuning->steps[i];
    }
    buffer_printf(&text, "back %d\n", tuning->step_count - 1 - tuning->step);
    Status status = fs_write_atomic(path, text.data, text.length);
    buffer_free(&text);
    return status;
}

/* "weight-bits 5 conv_1", for the draft. */
static Status take_choice(Tuning *tuning, char *line)
{
    Scheme scheme = tuning_scheme_on(tuning, tuning->draft);
    char *rest = line, *key = strsep(&rest, " "), *value = strsep(&rest, " ");
    int layer = 0;
    if (!rest)
        return error_set(ERR_REFUSED, "a step that says nothing: %s", line);
    TRY(scheme_find_layer(tuning->simplified, rest, &layer));
    return scheme_set(&scheme, tuning->simplified, layer, key, value);
}

static Status take_line(Tuning *tuning, char *line)
{
    int back = 0;
    char extra;
    if (strcmp(line, "step") == 0 || sscanf(line, "back %d%c", &back, &extra) == 1)
        tuning_commit(tuning); /* the one before */
    else
        return take_choice(tuning, line);
    while (back-- > 0 && tuning_undo(tuning, NULL))
        continue;
    return OK;
}

static Status take_text(Tuning *tuning, const char *path, char *text)
{
    size_t header = strlen(HEADER), identity = strlen(tuning->identity);
    if (strncmp(text, HEADER, header) != 0 ||
        strncmp(text + header, tuning->identity, identity) != 0 || text[header + identity] != '\n')
        return error_set(ERR_REFUSED, "%s: no steps of these choices", path);
    char *rest = text + header + identity + 1;
    while (rest && *rest)
        TRY(take_line(tuning, strsep(&rest, "\n")));
    return OK;
}

Status tuning_read_steps(Tuning *tuning, const char *path)
{
    Buffer text = {0};
    TRY(fs_read_file(path, FILE_CAP, &text));
    buffer_append(&text, "", 1);
    Status status = take_text(tuning, path, text.data);
    buffer_free(&text);
    return status;
}
