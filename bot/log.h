/* log.h: one line per event on standard error, logfmt: ts=… level=… area=… msg="…" key=value.
 *
 * Whoever decides what to do about a failure says it, once. Question text, names and addresses are
 * never logged above debug; secrets never. Under systemd (JOURNAL_STREAM) lines carry a "<N>" level
 * and no timestamp. Safe from any thread: a line is one write(2). */
#ifndef BOT_LOG_H
#define BOT_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* How a line begins: with a time, or with "<N>" as systemd's journal reads it. AUTO, the default,
 * looks whether standard error is the journal. */
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_LOGFMT, LOG_FORMAT_JOURNAL };

void log_set_level(enum log_level level);
void log_set_format(enum log_format format);
bool log_level_parse(const char *name, enum log_level *ret);
bool log_wants(enum log_level level);

/* fmt makes the pairs behind the message: log_event(LOG_LEVEL_INFO, "server", "listening",
 * "addr=%s", a). Values with blanks or quotes go through log_quote() at the caller, as %s. */
void log_event(enum log_level level, const char *area, const char *msg, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A value in quotes, control characters escaped, cut at the size of `out`; returns `out`. */
const char *log_quote(char *out, unsigned long size, const char *s);

#define log_error(area, msg, ...) log_event(LOG_LEVEL_ERROR, area, msg, __VA_ARGS__)
#define log_warn(area, msg, ...)  log_event(LOG_LEVEL_WARN, area, msg, __VA_ARGS__)
#define log_info(area, msg, ...)  log_event(LOG_LEVEL_INFO, area, msg, __VA_ARGS__)
#define log_debug(area, msg, ...) log_event(LOG_LEVEL_DEBUG, area, msg, __VA_ARGS__)

#endif
