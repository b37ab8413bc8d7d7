#include "flow/protocol.h"

#include <stdlib.h>
#include <string.h>

#include "flow/report.h"
#include "flow/tap.h"

static const char *const COMMAND_WORDS[COMMANDS] = {
    [COMMAND_RUN] = "run",     [COMMAND_OBSERVE] = "observe",   [COMMAND_RESUME] = "resume",
    [COMMAND_JOB] = "job",     [COMMAND_DOCTOR] = "doctor",     [COMMAND_CANCEL] = "cancel",
    [COMMAND_PAUSE] = "pause", [COMMAND_CONTINUE] = "continue", [COMMAND_SKIP] = "skip",
    [COMMAND_STOP] = "stop",   [COMMAND_QUIT] = "quit",         [COMMAND_TAP] = "tap"};

static bool has_options(CommandKind kind)
{
    return kind == COMMAND_RUN || kind == COMMAND_OBSERVE;
}

/* The key of the number that a command has; NULL: none. */
static const char *number_key(CommandKind kind)
{
    if (kind == COMMAND_RESUME || kind == COMMAND_TAP)
        return "run";
    return kind == COMMAND_JOB ? "job" : NULL;
}

static const char *const EVENT_WORDS[EVENTS] = {
    [EVENT_HELLO] = "hello",     [EVENT_RUN_STARTED] = "run_started",
    [EVENT_STAGE] = "stage",     [EVENT_PROGRESS] = "progress",
    [EVENT_FIGURES] = "figures", [EVENT_LOG] = "log",
    [EVENT_REPORT] = "report",   [EVENT_ERROR] = "error",
};

static int find_word(const char *const *words, int count, const char *word)
{
    for (int i = 0; i < count; i++)
        if (word && strcmp(words[i], word) == 0)
            return i;
    return -1;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Appends the object and a newline; takes the object over. */
static void write_line(json_t *object, Buffer *line)
{
    char *text = json_dumps(object, JSON_COMPACT);
    if (!text)
        abort(); /* memory is exhausted: the objects are made here, of sound parts */
    buffer_append_text(line, text);
    buffer_append_text(line, "\n");
    free(text);
    json_decref(object);
}

static json_t *message(const char *key, const char *word)
{
    return json_pack("{s:i, s:s}", "v", PROTOCOL_VERSION, key, word);
}

void protocol_write_command(const Command *command, Buffer *line)
{
    json_t *object = message("command", COMMAND_WORDS[command->kind]);
    if (has_options(command->kind))
        json_object_set_new(object, "options", run_options_to_json(&command->options));
    if (number_key(command->kind)) {
        json_object_set_new(object, number_key(command->kind), json_integer(command->run));
        json_object_set_new(object, "database",
                            command->database ? report_string(command->database) : json_null());
    }
    if (command->kind == COMMAND_TAP)
        json_object_set_new(object, "image", json_integer(command->image));
    write_line(object, line);
}

/* A borrowed value, or null. */
static json_t *share(const json_t *value)
{
    /* A reference count is no part of a value's meaning. */
    union {
        const json_t *given;
        json_t *shared;
    } json = {.given = value};
    return value ? json_incref(json.shared) : json_null();
}

static void write_fields(const Event *event, json_t *object)
{
    switch (event->kind) {
    case EVENT_HELLO:
        json_object_set_new(object, "version", report_string(event->version));
        json_object_set_new(object, "pid", json_integer(event->pid));
        break;
    case EVENT_RUN_STARTED:
        json_object_set_new(object, "run", json_integer(event->run));
        json_object_set_new(object, "folder", report_string(event->folder));
        break;
    case EVENT_STAGE:
        json_object_set_new(object, "stage", json_string(stage_word(event->stage)));
        json_object_set_new(object, "state", json_string(stage_state_word(event->state)));
        json_object_set_new(object, "seconds", json_real(event->seconds));
        json_object_set_new(object, "figures", share(event->json));
        break;
    case EVENT_PROGRESS:
        json_object_set_new(object, "stage", json_string(stage_word(event->stage)));
        json_object_set_new(object, "fraction", json_real(event->fraction));
        json_object_set_new(object, "detail", report_string(event->text));
        break;
    case EVENT_FIGURES:
        json_object_set_new(object, "stage", json_string(stage_word(event->stage)));
        json_object_set_new(object, "figures", share(event->json));
        break;
    case EVENT_LOG:
        json_object_set_new(object, "line", report_string(event->text));
        break;
    case EVENT_REPORT:
    case EVENT_ERROR:
        json_object_set_new(object, "code", json_integer(event->code));
        json_object_set_new(object, "message", report_string(event->text));
        if (event->kind == EVENT_REPORT)
            json_object_set_new(object, "report", share(event->json));
        break;
    case EVENTS:
        break;
    }
}

void protocol_write_event(const Event *event, Buffer *line)
{
    json_t *object = message("event", EVENT_WORDS[event->kind]);
    write_fields(event, object);
    write_line(object, line);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The object of a line of our version; NULL with the error set. */
static json_t *read_object(const char *line, size_t length, size_t cap)
{
    if (length >= cap) {
        error_set(ERR_REFUSED, "protocol: a line of %zu bytes, at most %zu are allowed", length,
                  cap - 1);
        return NULL;
    }
    json_error_t fault;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &fault);
    if (!object) {
        error_set(ERR_REFUSED, "protocol: not JSON: %s", fault.text);
        return NULL;
    }
    const json_t *version = json_object_get(object, "v");
    if (json_is_integer(version) && json_integer_value(version) == PROTOCOL_VERSION)
        return object;
    error_set(ERR_REFUSED, "protocol: expected an object of version %d", PROTOCOL_VERSION);
    json_decref(object);
    return NULL;
}

static Status malformed(const char *word, const char *reason)
{
    return error_set(ERR_REFUSED, "protocol: \"%s\": %s", word, reason);
}

static Status read_number(json_t *object, Arena *arena, Command *command)
{
    const char *word = COMMAND_WORDS[command->kind];
    const json_t *run = json_object_get(object, number_key(command->kind));
    const json_t *database = json_object_get(object, "database");
    command->run = json_integer_value(run);
    if (!json_is_integer(run) || command->run < 1)
        return malformed(word, "there is no number of a run or job");
    if (!json_is_string(database) && !json_is_null(database))
        return malformed(word, "\"database\" is neither a path nor null");
    if (json_is_string(database))
        command->database = arena_strdup(arena, json_string_value(database));
    if (command->kind != COMMAND_TAP)
        return OK;
    const json_t *image = json_object_get(object, "image");
    command->image = json_integer_value(image);
    return json_is_integer(image) && command->image >= TAP_FIRST
               ? OK
               : malformed(word, "there is no number of an image");
}

/* A command without its word: "v" and "command" were looked at. */
static Status read_command(json_t *object, Arena *arena, Command *command)
{
    const char *word = json_string_value(json_object_get(object, "command"));
    int kind = find_word(COMMAND_WORDS, COMMANDS, word);
    if (kind < 0)
        return error_set(ERR_REFUSED, "protocol: unknown command \"%.40s\"", word ? word : "");
    *command = (Command){.kind = (CommandKind)kind, .options = run_options_default()};
    size_t keys = has_options(command->kind) ? 3 : number_key(command->kind) ? 4 : 2;
    keys += command->kind == COMMAND_TAP;
    if (json_object_size(object) != keys)
        return malformed(word, "missing or unknown keys");
    if (number_key(command->kind))
        return read_number(object, arena, command);
    if (!has_options(command->kind))
        return OK;
    const json_t *options = json_object_get(object, "options");
    if (!options)
        return malformed(word, "no \"options\"");
    return run_options_from_json(options, arena, &command->options);
}

Status protocol_read_command(const char *line, size_t length, Arena *arena, Command *command)
{
    json_t *object = read_object(line, length, PROTOCOL_COMMAND_BYTES);
    if (!object)
        return ERR_REFUSED;
    Status status = read_command(object, arena, command);
    json_decref(object);
    return status;
}

/* The parts of an event that need a second look after unpacking. */
typedef struct Loose {
    int version;
    const char *word, *stage, *state;
    int code;
    json_t *json;
    json_int_t number;
} Loose;

static int unpack(json_t *object, json_error_t *fault, Event *event, Loose *loose)
{
    int *v = &loose->version;
    const char **word = &loose->word;
    switch (event->kind) {
    case EVENT_HELLO:
        return json_unpack_ex(object, fault, JSON_STRICT, "{s:i, s:s, s:s, s:I}", "v", v, "event",
                              word, "version", &event->version, "pid", &loose->number);
    case EVENT_RUN_STARTED:
        return json_unpack_ex(object, fault, JSON_STRICT, "{s:i, s:s, s:I, s:s}", "v", v, "event",
                              word, "run", &loose->number, "folder", &event->folder);
    case EVENT_STAGE:
        return json_unpack_ex(object, fault, JSON_STRICT, "{s:i, s:s, s:s, s:s, s:F, s:o}", "v", v,
                              "event", word, "stage", &loose->stage, "state", &loose->state,
                              "seconds", &event->seconds, "figures", &loose->json);
    case EVENT_PROGRESS:
        return json_unpack_ex(object, fault, JSON_STRICT, "{s:i, s:s, s:s, s:F, s:s}", "v", v,
                              "event", word, "stage", &loose->stage, "fraction", &event->fraction,
                              "detail", &event->text);
    case EVENT_FIGURES:
        return json_unpack_ex(object, fault, JSON_STRICT, "{s:i, s:s, s:s, s:o}", "v", v, "event",
                              word, "stage", &loose->stage, "figures", &loose->json);
    case EVENT_LOG:
        return json_unpack_ex(object, fault, JSON_STRICT, "{s:i, s:s, s:s}", "v", v, "event", word,
                              "line", &event->text);
    case EVENT_REPORT:
        return json_unpack_ex(object, fault, JSON_STRICT, "{s:i, s:s, s:i, s:s, s:o}", "v", v,
                              "event", word, "code", &loose->code, "message", &event->text,
                              "report", &loose->json);
    case EVENT_ERROR:
        return json_unpack_ex(object, fault, JSON_STRICT, "{s:i, s:s, s:i, s:s}", "v", v, "event",
                              word, "code", &loose->code, "message", &event->text);
    case EVENTS:
        break;
    }
    return -1;
}

static bool known_code(int code)
{
    static const Status CODES[] = {OK,           ERR_UNMET,       ERR_USAGE,    ERR_REFUSED,
                                   ERR_INTERNAL, ERR_ENVIRONMENT, ERR_CANCELLED};
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++)
        if ((int)CODES[i] == code)
            return true;
    return false;
}

static Status check_event(Event *event, const Loose *loose)
{
    if (loose->stage && !stage_parse(loose->stage, &event->stage))
        return malformed(loose->word, "unknown stage");
    if (loose->state && !stage_state_parse(loose->state, &event->state))
        return malformed(loose->word, "unknown state");
    if (!known_code(loose->code))
        return malformed(loose->word, "unknown code");
    if (event->kind == EVENT_PROGRESS && !(event->fraction >= 0 && event->fraction <= 1))
        return malformed(loose->word, "a fraction outside 0 to 1");
    if (event->kind == EVENT_HELLO)
        event->pid = loose->number;
    if (event->kind == EVENT_RUN_STARTED)
        event->run = loose->number;
    event->code = (Status)loose->code;
    event->json = json_is_object(loose->json) ? loose->json : NULL;
    if (loose->json && !json_is_null(loose->json) && !event->json)
        return malformed(loose->word, "an object was expected");
    return OK;
}

static Status read_event(json_t *object, Event *event)
{
    const char *word = json_string_value(json_object_get(object, "event"));
    int kind = find_word(EVENT_WORDS, EVENTS, word);
    if (kind < 0)
        return error_set(ERR_REFUSED, "protocol: unknown event \"%.40s\"", word ? word : "");
    *event = (Event){.kind = (EventKind)kind, .version = "", .folder = "", .text = ""};
    Loose loose = {0};
    json_error_t fault;
    if (unpack(object, &fault, event, &loose) != 0)
        return malformed(word, fault.text);
    return check_event(event, &loose);
}

Status protocol_read_event(const char *line, size_t length, json_t **holder, Event *event)
{
    *holder = NULL;
    json_t *object = read_object(line, length, PROTOCOL_EVENT_BYTES);
    if (!object)
        return ERR_REFUSED;
    Status status = read_event(object, event);
    if (status == OK)
        *holder = object;
    else
        json_decref(object);
    return status;
}

/* ---- lines ----------------------------------------------------------------------------------- */

void line_reader_feed(LineReader *reader, const char *bytes, size_t count,
                      void (*take)(void *context, const char *line, size_t length), void *context)
{
    while (count > 0) {
        const char *end = memchr(bytes, '\n', count);
        size_t part = end ? (size_t)(end - bytes) : count;
        if (!reader->skipping)
            buffer_append(&reader->pending, bytes, part);
        if (reader->pending.length >= reader->cap) {
            buffer_clear(&reader->pending);
            reader->skipping = true;
        }
        if (end && reader->skipping)
            take(context, NULL, 0);
        else if (end)
            take(context, reader->pending.data, reader->pending.length);
        if (end) {
            buffer_clear(&reader->pending);
            reader->skipping = false;
            part++;
        }
        bytes += part;
        count -= part;
    }
}

void line_reader_free(LineReader *reader)
{
    buffer_free(&reader->pending);
}
