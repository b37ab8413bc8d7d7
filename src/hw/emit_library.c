/* Which files of the VHDL library a design needs, and in which order: a file needs another one when
 * it says work.UNIT, and a unit has the name of its file. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/embedded.h"
#include "hw/emit_parts.h"

typedef struct Order {
    const char **names;
    int count;
    bool *visited; /* by index in hdl_library */
} Order;

static bool is_name_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool mentions(const char *text, const char *unit, size_t length)
{
    static const char prefix[] = "work.";
    for (const char *at = text; (at = strstr(at, prefix)) != NULL;) {
        at += sizeof prefix - 1;
        if (strncmp(at, unit, length) == 0 && !is_name_letter(at[length]))
            return true;
    }
    return false;
}

/* Length of the unit's name; 0: not a VHDL file. */
static size_t unit_length(const EmbeddedFile *file)
{
    size_t length = strlen(file->name);
    return length > 4 && strcmp(file->name + length - 4, ".vhd") == 0 ? length - 4 : 0;
}

static void visit_needs(Order *order, const char *text)
{
    for (int i = 0; hdl_library[i].name; i++) {
        const EmbeddedFile *file = &hdl_library[i];
        size_t length = unit_length(file);
        if (order->visited[i] || length == 0 || !mentions(text, file->name, length))
            continue;
        order->visited[i] = true;
        visit_needs(order, file->bytes);
        order->names[order->count++] = file->name;
    }
}

const char *const *emit_library_files(Arena *arena, const char *text)
{
    int count = 0;
    while (hdl_library[count].name)
        count++;
    Order order = {.names = ARENA_ARRAY(arena, const char *, count + 1),
                   .visited = ARENA_ARRAY(arena, bool, count + 1)};
    visit_needs(&order, text);
    return order.names;
}
