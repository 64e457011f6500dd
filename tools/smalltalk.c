/* smalltalk.c: the shipped smalltalk.yaml becomes the block that bot/smalltalk.c searches.
 *
 *     smalltalk OUT FILE
 *
 * Runs while the program is built, with bot/smalltalk_compile.c itself, so that both read the file alike. */
#include <stdio.h>
#include <stdlib.h>

#include "bot/problem.h"
#include "bot/smalltalk_int.h"
#include "kb/pool.h"

static char *slurp(const char *path, size_t *ret_len)
{
    static char s[1 << 20];
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    *ret_len = fread(s, 1, sizeof s, f);
    bool whole = feof(f) && !ferror(f);
    fclose(f);
    return whole ? s : NULL;
}

static bool write_down(const struct talk_block *b, const char *path)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return false;
    bool written = fwrite(b, b->len, 1, f) == 1;
    return fclose(f) == 0 && written;
}

int main(int argc, char **argv)
{
    struct kb_report report = {0};
    size_t len;
    const char *s = argc == 3 ? slurp(argv[2], &len) : NULL;
    if (!s) {
        fprintf(stderr, "usage: smalltalk OUT FILE\n");
        return 2;
    }
    struct pool *pool = pool_new();
    const struct talk_block *b = smalltalk_compile(argv[2], s, len, pool, &report);
    for (size_t i = 0; i < report.nproblem; i++)
        fprintf(stderr, "%s:%zu:%zu: %s\n", report.problem[i].file, report.problem[i].line,
                report.problem[i].column, report.problem[i].message);
    bool written = b && write_down(b, argv[1]);
    kb_report_release(&report);
    pool_free(pool);
    return written ? 0 : 1;
}
