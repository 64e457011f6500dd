/* terminal.h: text for a person at a terminal: its width, whether colour is welcome, wrapped lines.
 * Widths are columns, not bytes: CJK takes two, combining marks none. */
#ifndef BOT_TERMINAL_H
#define BOT_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "kb/kb.h"

#define TERMINAL_DIM   "\033[2m"
#define TERMINAL_BOLD  "\033[1m"
#define TERMINAL_PLAIN "\033[0m"

/* True on a terminal that takes colour, unless NO_COLOR is set (no-color.org). */
bool terminal_colour(FILE *f);

/* Columns to write in: the terminal's, at most 100, at least 40; 80 when it is none. */
size_t terminal_width(FILE *f);

/* Columns of a text; escape sequences take none. */
size_t terminal_columns(const char *s, size_t len);

/* Write `s` wrapped to `width`, each line behind `indent`. Lines of `s` stay lines; those that
 * begin with "- " or "2. " hang. Words wider than a line are not broken: they may be addresses. */
void terminal_wrap(FILE *f, const char *s, const char *indent, size_t width);

/* `s` without what could drive a terminal: escape and other control characters but newline and tab
 * become blanks. For whatever came from a file or a person. Lives in `pool`. */
char *terminal_safe(struct pool *pool, const char *s);

/* `s` with the words of `question` in bold: whole words, case aside, three letters or more. Lives
 * in `pool`. */
const char *terminal_highlight(struct pool *pool, const char *s, const char *question);

#endif
