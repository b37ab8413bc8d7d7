/* The model screen: the layer table, and what keeps layers from becoming hardware. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app.h"
#include "ui/format.h"
#include "ui/scroll.h"
#include "ui/table.h"

enum { ROWS_BELOW_TABLE = 4 };

typedef enum Column {
    COLUMN_NAME,
    COLUMN_KIND,
    COLUMN_SHAPE,
    COLUMN_PARAMETERS,
    COLUMN_MACS,
    COLUMN_HARDWARE,
    COLUMNS_SHOWN
} Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_NAME] = {"layer", 0, 0, false},   [COLUMN_KIND] = {"kind", 16, 0, false},
    [COLUMN_SHAPE] = {"output", 10, 0, true}, [COLUMN_PARAMETERS] = {"parameters", 10, 1, true},
    [COLUMN_MACS] = {"MACs", 10, 2, true},    [COLUMN_HARDWARE] = {"hardware", 8, 0, false},
};

typedef struct ModelScreen {
    Screen base;
    Table table;
    Scroll scroll; /* of the refusal */
    int *order;    /* rows of the view, as sorted */
    int count;
    int sort_column;
    bool descending;
} ModelScreen;

/* ---- rows ------------------------------------------------------------------------------------ */

static const LayerRow *layer_at(const ModelScreen *screen, int64_t row)
{
    return &screen->base.app->model.layers[screen->order[row]];
}

static int64_t rows_count(const void *self)
{
    return ((const ModelScreen *)self)->count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    return ((const ModelScreen *)self)->order[row];
}

static void kind_text(const LayerRow *layer, char *text, size_t size)
{
    bool same = strcmp(layer->kind, "activation") == 0;
    snprintf(text, size, "%s%s%s", same ? layer->activation : layer->kind,
             *layer->activation && !same ? ", " : "", same ? "" : layer->activation);
}

static void rows_cell(const void *self, int64_t row, int column, TableCell *cell)
{
    const LayerRow *layer = layer_at(self, row);
    char figure[FORMAT_BYTES];
    const char *text = "";
    switch ((Column)column) {
    case COLUMN_NAME:
        text = layer->name;
        break;
    case COLUMN_KIND:
        kind_text(layer, cell->text, sizeof cell->text);
        return;
    case COLUMN_SHAPE:
        text = layer->shape;
        break;
    case COLUMN_PARAMETERS:
        cell->number = (double)layer->parameters;
        text = format_count(cell->number, figure);
        break;
    case COLUMN_MACS:
        cell->number = (double)layer->macs;
        text = format_count(cell->number, figure);
        break;
    case COLUMN_HARDWARE:
        text = layer->blocker ? "blocked" : "yes";
        cell->style = layer->blocker ? STYLE_BAD : STYLE_GOOD;
        break;
    default:
        break;
    }
    snprintf(cell->text, sizeof cell->text, "%s", text);
}

static int compare_layers(const void *first, const void *second, void *context)
{
    const ModelScreen *screen = context;
    int a = *(const int *)first, b = *(const int *)second, order = 0;
    const LayerRow *one = &screen->base.app->model.layers[a];
    const LayerRow *two = &screen->base.app->model.layers[b];
    if (screen->sort_column == COLUMN_NAME)
        order = strcmp(one->name, two->name);
    else if (screen->sort_column == COLUMN_KIND)
        order = strcmp(one->kind, two->kind);
    else if (screen->sort_column == COLUMN_SHAPE)
        order = strverscmp(one->shape, two->shape);
    else if (screen->sort_column == COLUMN_PARAMETERS)
        order = (one->parameters > two->parameters) - (one->parameters < two->parameters);
    else if (screen->sort_column == COLUMN_MACS)
        order = (one->macs > two->macs) - (one->macs < two->macs);
    else if (screen->sort_column == COLUMN_HARDWARE)
        order = (one->blocker != NULL) - (two->blocker != NULL);
    order = screen->descending ? -order : order;
    return order ? order : a - b;
}

static void rows_sort(void *self, int column, bool descending)
{
    ModelScreen *screen = self;
    screen->sort_column = column;
    screen->descending = descending;
    if (screen->count > 1)
        qsort_r(screen->order, (size_t)screen->count, sizeof(int), compare_layers, screen);
}

static void take_model(ModelScreen *screen)
{
    int count = screen->base.app->model.count;
    free(screen->order);
    screen->order = calloc((size_t)count + 1, sizeof(int));
    if (!screen->order)
        abort();
    for (int i = 0; i < count; i++)
        screen->order[i] = i;
    screen->count = count;
    rows_sort(screen, screen->sort_column, screen->descending);
    table_refresh(&screen->table);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static bool has_table(const ModelScreen *screen)
{
    return screen->base.app->model.state == MODEL_READY;
}

static int draw_text(const ModelView *model, Area area, int row)
{
    static const char NO_MODEL[] =
        "No model. Start the workbench as\n\n    dnn2fpga MODEL --data FOLDER\n\nto "
        "see its layers and to run it; the history (7) is here without one.";
    static const char *const WORDS[] = {
        [MODEL_NONE] = NO_MODEL,
        [MODEL_LOADING] = "Reading the model ...",
        [MODEL_REFUSED] = "This model cannot be used:",
        [MODEL_READY] = "",
    };
    int first = row;
    row += area_paragraph(area, row, STYLE_NORMAL, WORDS[model->state]);
    if (model->state == MODEL_REFUSED)
        row += 1 + area_paragraph(area, row + 1, STYLE_BAD, model->message);
    return row - first;
}

/* The selected layer in full: the table may have cut its name. */
static void draw_layer_line(const ModelScreen *screen, Area line)
{
    char kind[TABLE_CELL_BYTES];
    if (screen->count == 0)
        return;
    const LayerRow *layer = layer_at(screen, screen->table.selected);
    kind_text(layer, kind, sizeof kind);
    area_printf(line, 0, 1, STYLE_DIM, "%s: %s, output %s", layer->name, kind, layer->shape);
}

static void draw_hardware_line(const ModelScreen *screen, Area line)
{
    const ModelView *model = &screen->base.app->model;
    const LayerRow *layer = screen->count ? layer_at(screen, screen->table.selected) : NULL;
    if (layer && layer->blocker)
        area_printf(line, 0, 1, STYLE_BAD, "%s: %s", layer->name, layer->blocker);
    else if (*model->message)
        area_printf(line, 0, 1, STYLE_BAD, "hardware: %s", model->message);
    else if (model->blockers)
        area_printf(line, 0, 1, STYLE_WARN, "hardware: %d %s, see the marked layers",
                    model->blockers, model->blockers == 1 ? "blocker" : "blockers");
    else
        area_text(line, 0, 1, STYLE_GOOD, "hardware: nothing blocks it");
}

static void model_draw(const Screen *base, Area area)
{
    const ModelScreen *screen = (const ModelScreen *)base;
    const ModelView *model = &base->app->model;
    if (!has_table(screen)) {
        draw_text(model, area_part(area, 0, 1, area.rows, area.columns - 2),
                  1 - screen->scroll.top);
        return;
    }
    char parameters[FORMAT_BYTES], macs[FORMAT_BYTES];
    draw_layer_line(screen, area_part(area, area.rows - 3, 0, 1, area.columns));
    table_draw(&screen->table, area_part(area, 0, 0, area.rows - ROWS_BELOW_TABLE, area.columns));
    area_printf(area, area.rows - 2, 1, STYLE_NORMAL,
                "%d layers, %s parameters, %s multiply-accumulates an image", model->count,
                format_count((double)model->parameters, parameters),
                format_count((double)model->macs, macs));
    draw_hardware_line(screen, area_part(area, area.rows - 1, 0, 1, area.columns));
}

static void model_layout(Screen *base, int rows, int columns)
{
    ModelScreen *screen = (ModelScreen *)base;
    Canvas nothing = {.ascii = base->app->settings.ascii};
    Area measured = {.canvas = &nothing, .columns = columns - 2};
    table_layout(&screen->table, rows - ROWS_BELOW_TABLE);
    scroll_layout(&screen->scroll, rows - 1, draw_text(&base->app->model, measured, 0));
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool model_action(Screen *base, ActionId action)
{
    ModelScreen *screen = (ModelScreen *)base;
    return has_table(screen) ? table_action(&screen->table, action)
                             : scroll_action(&screen->scroll, action);
}

static bool model_search(Screen *base, const char *text)
{
    return table_search(&((ModelScreen *)base)->table, text);
}

static void model_event(Screen *base, ScreenEvent event)
{
    if (event == SCREEN_MODEL_CHANGED)
        take_model((ModelScreen *)base);
}

static void model_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const ModelScreen *screen = (const ModelScreen *)base;
    if (has_table(screen))
        table_position(&screen->table, text, SCREEN_TEXT_BYTES);
    else
        scroll_position(&screen->scroll, text, SCREEN_TEXT_BYTES);
}

static void model_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    snprintf(text, SCREEN_TEXT_BYTES, "%s", model_view_name(&base->app->model));
}

static void model_close(Screen *base)
{
    free(((ModelScreen *)base)->order);
    free(base);
}

static const Table *model_table(const Screen *base)
{
    const ModelScreen *screen = (const ModelScreen *)base;
    return has_table(screen) ? &screen->table : NULL;
}

static const ScreenOps OPS = {
    .name = "Model",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_SORT | SCOPE_TABLE,
    .layout = model_layout,
    .draw = model_draw,
    .action = model_action,
    .search = model_search,
    .event = model_event,
    .position = model_position,
    .subject = model_subject,
    .table = model_table,
    .close = model_close,
};

Screen *screen_model_new(App *app)
{
    ModelScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->sort_column = -1;
    screen->table = table_of(COLUMNS, COLUMNS_SHOWN,
                             (TableSource){.self = screen,
                                           .count = rows_count,
                                           .id = rows_id,
                                           .cell = rows_cell,
                                           .sort = rows_sort});
    take_model(screen);
    return &screen->base;
}
