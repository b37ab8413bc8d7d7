#include "ui/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum { FAILURE_BYTES = 512, WORD_BYTES = 64, MOST_CELLS = 1000 };

struct Script {
    char *name, *text;
    const char *next; /* line */
    int said, says;
    bool unattended, saying, ended;
    char failure[FAILURE_BYTES]; /* "": none */
};

/* One line, taken apart. */
typedef struct Step {
    char word[WORD_BYTES];
    char rest[NOTE_BYTES];
} Step;

typedef ScriptState StepFunction(Script *script, App *app, const char *rest);

/* ---- steps ----------------------------------------------------------------------------------- */

static ScriptState fail(Script *script, const char *format, ...) PRINTF_LIKE(2, 3);

static int line_number(const Script *script)
{
    int line = 1;
    for (const char *at = script->text; at < script->next; at++)
        line += *at == '\n';
    return line;
}

static ScriptState fail(Script *script, const char *format, ...)
{
    char what[FAILURE_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(script->failure, sizeof script->failure, "%s: line %d: %s", script->name,
             line_number(script), what);
    return SCRIPT_FAILED;
}

static ScriptState step_size(Script *script, App *app, const char *rest)
{
    int rows = 0, columns = 0, end = 0;
    if (sscanf(rest, "%dx%d%n", &columns, &rows, &end) != 2 || rest[end])
        return fail(script, "size %s: expected COLUMNSxROWS", rest);
    if (rows < 1 || columns < 1 || rows > MOST_CELLS || columns > MOST_CELLS)
        return fail(script, "size %s: expected 1x1 to %dx%d", rest, MOST_CELLS, MOST_CELLS);
    if (script->unattended)
        app->ports.set_size(app->ports.host, rows, columns);
    return SCRIPT_GOES_ON;
}

static ScriptState step_wait_idle(Script *script, App *app, const char *rest)
{
    (void)script;
    (void)rest;
    return app_busy(app) ? SCRIPT_WAITS : SCRIPT_GOES_ON;
}

static ScriptState step_wait_run(Script *script, App *app, const char *rest)
{
    (void)script;
    (void)rest;
    return app->run_is_ours || run_view_active(&app->run) ? SCRIPT_WAITS : SCRIPT_GOES_ON;
}

static ScriptState step_expect(Script *script, App *app, const char *rest)
{
    Canvas *canvas = canvas_new(app->rows, app->columns, app->settings.ascii);
    Buffer text = {0};
    app_draw(app, canvas);
    canvas_dump(canvas, &text);
    bool shown = text.data && strstr(text.data, rest);
    buffer_free(&text);
    canvas_free(canvas);
    return shown ? SCRIPT_GOES_ON : fail(script, "\"%s\" is not on the screen", rest);
}

static ScriptState step_answer(Script *script, App *app, const char *rest)
{
    if (!app->dialog.open)
        return fail(script, "no question is open that \"%s\" could answer", rest);
    if (!app_answer(app, rest))
        return fail(script, "\"%s\" is no answer to \"%s\"", rest, app->dialog.title);
    return SCRIPT_GOES_ON;
}

static ScriptState step_ignore_size(Script *script, App *app, const char *rest)
{
    (void)script;
    (void)rest;
    app->draw_anyway = app->dirty = true;
    return SCRIPT_GOES_ON;
}

static ScriptState step_clear_filter(Script *script, App *app, const char *rest)
{
    (void)rest;
    return app_clear_filter(app) ? SCRIPT_GOES_ON : fail(script, "nothing is filtered here");
}

static ScriptState step_say(Script *script, App *app, const char *rest)
{
    if (script->unattended)
        return SCRIPT_GOES_ON;
    if (!script->saying) {
        note_open(&app->note, rest, ++script->said, script->says);
        script->saying = app->dirty = true;
    }
    if (app->note.open)
        return SCRIPT_WAITS;
    script->saying = false;
    script->ended = app->note.left;
    return SCRIPT_GOES_ON;
}

static const struct {
    const char *word;
    StepFunction *function;
} STEPS[] = {
    {"size", step_size},         {"wait-idle", step_wait_idle},
    {"wait-run", step_wait_run}, {"expect", step_expect},
    {"answer", step_answer},     {"ignore-size", step_ignore_size},
    {"say", step_say},           {"clear-filter", step_clear_filter},
};

static StepFunction *find_step(const char *word)
{
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++)
        if (strcmp(STEPS[i].word, word) == 0)
            return STEPS[i].function;
    return NULL;
}

static ScriptState do_action(Script *script, App *app, const Step *step)
{
    const char *screen = app_screen(app)->ops->name, *why_not = "";
    ActionId action = action_of_name(step->word, app_scopes(app));
    if (app->dialog.open)
        return fail(script, "\"%s\" must be answered first", app->dialog.title);
    if (action == ACTION_NONE)
        return fail(script, "%s is not possible on the screen %s", step->word, screen);
    if (*step->rest && !action_info(action)->argument)
        return fail(script, "%s takes no more words", step->word);
    if (!*step->rest && action_info(action)->argument)
        return fail(script, "%s needs %s", step->word, action_info(action)->argument);
    if (!app_can(app, action, &why_not))
        return fail(script, "%s: %s", step->word, why_not);
    messages_acknowledge(&app->messages);
    app_act_with(app, action, step->rest);
    return SCRIPT_GOES_ON;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Takes the line at `text` apart; the next line. */
static const char *read_step(const char *text, Step *step)
{
    size_t length = strcspn(text, "\n"), used = strspn(text, " \t"), end = length;
    while (end > used && strchr(" \t\r", text[end - 1]))
        end--;
    size_t word = strcspn(text + used, " \t\r\n");
    size_t rest = used + word + strspn(text + used + word, " \t");
    snprintf(step->word, sizeof step->word, "%.*s", (int)word, text + used);
    snprintf(step->rest, sizeof step->rest, "%.*s", rest < end ? (int)(end - rest) : 0,
             text + rest);
    return text[length] ? text + length + 1 : text + length;
}

static bool is_empty(const Step *step)
{
    return step->word[0] == '\0' || step->word[0] == '#';
}

/* Words that nobody knows are told before the first step is done. */
static Status check_words(Script *script)
{
    int line = 0;
    for (const char *next = script->text; *next;) {
        Step step;
        next = read_step(next, &step);
        line++;
        script->says += strcmp(step.word, "say") == 0;
        if (!is_empty(&step) && !find_step(step.word) &&
            action_of_name(step.word, ~0U) == ACTION_NONE)
            return error_set(ERR_REFUSED, "%s: line %d: \"%s\" is no action and no step of a walk",
                             script->name, line, step.word);
    }
    return OK;
}

Status script_open(const char *name, const char *text, Script **script)
{
    Script *made = calloc(1, sizeof *made);
    *script = NULL;
    if (made) {
        made->name = strdup(name);
        made->next = made->text = strdup(text);
    }
    if (!made || !made->name || !made->text)
        abort();
    Status status = check_words(made);
    if (status == OK)
        *script = made;
    else
        script_free(made);
    return status;
}

void script_free(Script *script)
{
    if (!script)
        return;
    free(script->name);
    free(script->text);
    free(script);
}

void script_set_unattended(Script *script)
{
    script->unattended = true;
}

/* Skips to the next step and reads it: what comes after it, or NULL at the end. */
static const char *current_step(Script *script, Step *step)
{
    while (*script->next) {
        const char *after = read_step(script->next, step);
        if (!is_empty(step))
            return after;
        script->next = after;
    }
    return NULL;
}

ScriptState script_advance(Script *script, App *app)
{
    Step step;
    if (*script->failure)
        return SCRIPT_FAILED;
    const char *after = current_step(script, &step);
    if (script->ended || !after)
        return SCRIPT_ENDED;
    StepFunction *function = find_step(step.word);
    ScriptState state = function ? function(script, app, step.rest) : do_action(script, app, &step);
    if (state == SCRIPT_GOES_ON)
        script->next = after;
    return state;
}

void script_waits_for(Script *script, const App *app, char *text, size_t size)
{
    Step step;
    const char *after = current_step(script, &step);
    StepFunction *function = after ? find_step(step.word) : NULL;
    const RunView *run = &app->run;
    const char *whose = app->run_is_ours ? "" : " of another program";
    text[0] = '\0';
    if (function == step_wait_run && run->id > 0)
        snprintf(text, size, "run %lld%s", (long long)run->id, whose);
    else if (function == step_wait_run)
        snprintf(text, size, "the run that begins");
    else if (function == step_wait_idle)
        snprintf(text, size, "what is still looked at: model, tensors or programs");
}

const char *script_failure(const Script *script)
{
    return script->failure;
}
