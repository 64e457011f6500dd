/* cell.c: a cell of a table that leaves the house.
 *
 * One that begins like a formula gets an apostrophe before it: spreadsheets show it as text, and the table parser
 * (source_table.c) takes it off again. Nobody's question may run on the machine of whoever opens the export. */
#include <stdbool.h>
#include <string.h>

#include "kb/entries.h"
#include "kb/kb_int.h"

bool cell_is_formula(const char *s)
{
    return *s && strchr("=+-@\t\r", *s); /* what OWASP's page on CSV injection lists */
}

void kb_cell_write(FILE *out, const char *s)
{
    bool formula = cell_is_formula(s);
    if (!formula && !strpbrk(s, "\"\r\n\t,;")) {
        fputs(s, out);
        return;
    }
    fputc('"', out);
    if (formula)
        fputc('\'', out);
    for (; *s; s++) {
        if (*s == '"')
            fputc('"', out);
        fputc(*s, out);
    }
    fputc('"', out);
}
