/* log.c: one event, one line, one write(2), so that lines of several threads never interleave and a
 * full disk or a closed pipe loses a line and nothing else. Rotation, shipping and storage belong
 * to whatever reads standard error.
 *
 * The level and the form are the only state; both are read from any thread. */
#include "bot/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bot/limits.h"

static _Atomic int threshold = LOG_LEVEL_INFO;
static _Atomic int form = -1; /* enum log_format, or -1 while nobody has asked */

static const char *const names[] = {"error", "warn", "info", "debug"};
static const char priorities[] = "3467"; /* syslog's err, warning, info, debug */

void log_set_level(enum log_level level)
{
    threshold = level;
}

bool log_wants(enum log_level level)
{
    return (int)level <= threshold;
}

bool log_level_parse(const char *name, enum log_level *ret)
{
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (!strcasecmp(name, names[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

/* JOURNAL_STREAM holds the device and inode of the journal's socket. It is inherited by children
 * whose standard error has been sent elsewhere, so the numbers are compared and not just their
 * presence. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long dev, ino;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && !fstat(STDERR_FILENO, &st) &&
           (unsigned long long)st.st_dev == dev && (unsigned long long)st.st_ino == ino;
}

void log_set_format(enum log_format format)
{
    if (format == LOG_FORMAT_AUTO)
        format = stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_LOGFMT;
    form = (int)format;
}

static size_t add_head(char *line, size_t size, enum log_level level)
{
    if (form < 0)
        log_set_format(LOG_FORMAT_AUTO);
    int n;
    if (form == LOG_FORMAT_JOURNAL) {
        n = snprintf(line, size, "<%c>level=%s", priorities[level], names[level]);
    } else {
        struct timespec now;
        struct tm utc;
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &utc);
        size_t at = strftime(line, size, "ts=%Y-%m-%dT%H:%M:%S", &utc);
        n = snprintf(line + at, size - at, ".%03ldZ level=%s", now.tv_nsec / 1000000, names[level]);
        n += (int)at;
    }
    return n < 0 ? 0 : (size_t)n;
}

void log_event(enum log_level level, const char *area, const char *msg, const char *fmt, ...)
{
    if (!log_wants(level))
        return;
    int kept = errno;
    char line[MAX_LOG_LINE];
    size_t room = sizeof line - 1; /* the newline always fits */
    size_t at = add_head(line, room, level);
    int n = snprintf(line + at, room - at, " area=%s msg=\"%s\"", area, msg);
    at += n < 0 ? 0 : (size_t)n;
    if (at < room && fmt && *fmt) {
        line[at++] = ' ';
        va_list ap;
        va_start(ap, fmt);
        n = vsnprintf(line + at, room - at, fmt, ap);
        va_end(ap);
        at += n < 0 ? 0 : (size_t)n;
    }
    if (at >= room)
        at = room - 1;
    for (size_t i = 0; i < at; i++) /* an event is one line, whatever a value holds */
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' ';
    line[at++] = '\n';
    /* There is nobody to tell that telling failed. */
    for (size_t done = 0; done < at;) {
        ssize_t w = write(STDERR_FILENO, line + done, at - done);
        if (w < 0 && errno != EINTR)
            break;
        done += w > 0 ? (size_t)w : 0;
    }
    errno = kept;
}

/* Bytes of `s` that make one character, so that a cut never leaves half of one. */
static size_t char_bytes(const char *s)
{
    size_t n = 1;
    if ((unsigned char)*s >= 0xC0)
        while (n < 4 && ((unsigned char)s[n] & 0xC0) == 0x80)
            n++;
    return n;
}

const char *log_quote(char *out, unsigned long size, const char *s)
{
    size_t at = 0;
    if (size < 3) {
        if (size)
            out[0] = '\0';
        return out;
    }
    out[at++] = '"';
    for (s = s ? s : ""; *s;) {
        unsigned char ch = (unsigned char)*s;
        char piece[8];
        size_t n = char_bytes(s), taken = n;
        if (ch == '"' || ch == '\\')
            n = (size_t)snprintf(piece, sizeof piece, "\\%c", ch);
        else if (ch == '\n')
            n = (size_t)snprintf(piece, sizeof piece, "\\n");
        else if (ch < 0x20 || ch == 0x7F)
            n = (size_t)snprintf(piece, sizeof piece, "\\x%02x", ch);
        else
            memcpy(piece, s, n);
        if (at + n + 2 > size)
            break;
        memcpy(out + at, piece, n);
        at += n;
        s += taken;
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}
