#include "ui/run_log.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"

enum { DATE_COLUMNS = 11, STAMP_COLUMNS = 21 }; /* "2026-11-22T15:13:50Z " */

static const char *text_of(const char *line)
{
    return strlen(line) > STAMP_COLUMNS ? line + STAMP_COLUMNS : line;
}

Style run_log_style(const char *line)
{
    const char *text = text_of(line);
    if (*text == '$')
        return STYLE_KEY;
    if (*text == '=')
        return strstr(text, "exit status 0,") ? STYLE_DIM : STYLE_BAD;
    return strstr(text, "failed") ? STYLE_BAD : STYLE_NORMAL;
}

static bool keeps_line(const char *line, int level)
{
    const char *text = text_of(line);
    bool command = *text == '$' || *text == '=';
    return level == LOG_ALL || run_log_style(line) == STYLE_BAD ||
           (level == LOG_COMMANDS && command);
}

void run_log_free(RunLog *log)
{
    pager_free(&log->pager);
    *log = (RunLog){0};
}

Status run_log_read(RunLog *log, const RunView *run, LogLevel level)
{
    char path[RUN_PATH_BYTES + 16];
    if (run->id != log->run) {
        run_log_free(log);
        log->pager.left = DATE_COLUMNS; /* the time matters, the day is a key away */
        log->pager.follow = true;
        log->pager.keeps = keeps_line;
        log->run = run->id;
    }
    snprintf(path, sizeof path, "%s/run.log", run->folder);
    int64_t size = *run->folder ? fs_size(path) : -1;
    if (size < 0 || (size == log->size && (int)level == log->pager.level))
        return OK;
    log->pager.level = (int)level;
    log->size = size;
    return pager_load(&log->pager, path);
}

/* Appends a line with "folder/" left out, and with "." for the folder itself. */
static void append_relative(Buffer *text, const char *line, const char *folder)
{
    size_t length = strlen(folder);
    for (const char *found; length > 0 && (found = strstr(line, folder)); line = found) {
        buffer_append(text, line, (size_t)(found - line));
        found += length;
        bool below = *found == '/', whole = below || !*found || *found == ' ';
        buffer_append_text(text, below ? "" : whole ? "." : folder);
        found += below;
    }
    buffer_append_text(text, line);
}

void run_log_draw_brief(const RunLog *log, const char *folder, Area area)
{
    const Pager *pager = &log->pager;
    Buffer text = {0};
    for (int i = 0; i < area.rows && pager->scroll.top + i < pager->count; i++) {
        const char *line = pager->text.data + pager->lines[pager->scroll.top + i];
        bool dated = strlen(line) > DATE_COLUMNS;
        text.length = 0;
        append_relative(&text, line + (dated ? DATE_COLUMNS : 0), folder);
        area_text_middle(area, i, run_log_style(line), text.data);
    }
    buffer_free(&text);
}
