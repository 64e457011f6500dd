/* fuzz_entries.c: any bytes as an export of QnA Maker or QnABot: they are entries or a mistake, and what was read from one form
 * is the same after it was written and read as a FAQ file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/entries.h"
#include "kb/kb.h"
#include "kb/pool.h"
#include "tests/fuzz/memory_file.h"

static void again(const struct kb_entries *all, struct kb_report *report)
{
    struct kb_entries back = {.pool = all->pool};
    char *s = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&s, &len);
    if (!out || !kb_entries_write(out, KB_FORM_FAQ, all))
        abort();
    fclose(out);
    const char *path = memory_file((const uint8_t *)s, len);
    if (all->n && !kb_entries_read(path, KB_FORM_FAQ, &back, report)) {
        if (back.n != all->n)
            abort();
        for (size_t i = 0; i < all->n; i++)
            if (strcmp(all->entry[i].question, back.entry[i].question))
                abort();
    }
    free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct kb_report report = {0};
    struct kb_entries all = {.pool = pool_new()};
    enum kb_form form = *data == '{' ? KB_FORM_QNABOT : KB_FORM_QNAMAKER;
    if (!kb_entries_read(memory_file(data, size), form, &all, &report))
        again(&all, &report);
    else if (!report.errors || all.n)
        abort();
    kb_report_release(&report);
    pool_free(all.pool);
    return 0;
}
