#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

#include "base/buffer.h"

enum { WORD_MAX = 40 };

static int distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    int row[WORD_MAX + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            int moved = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = replaced < moved ? replaced : moved;
        }
    }
    return row[m];
}

const char *nearest_word(const char *word, const char *const *names)
{
    const char *best = NULL;
    int best_distance = ((int)strlen(word) + 2) / 3;
    for (; *names; names++) {
        int d = distance(word, *names);
        if (d <= best_distance) {
            best_distance = d - 1;
            best = *names;
        }
    }
    return best;
}

Status nearest_refuse_layer(const char *word, const char *const *names)
{
    const char *nearest = nearest_word(word, names);
    if (nearest)
        return error_set(ERR_USAGE, "no layer is named %s; did you mean %s?", word, nearest);
    Buffer all = {0};
    for (int i = 0; names[i]; i++)
        buffer_printf(&all, "%s%s", i ? ", " : "", names[i]);
    Status status = error_set(ERR_USAGE, "no layer is named %s; the layers are: %s", word,
                              all.data ? all.data : "none");
    buffer_free(&all);
    return status;
}
