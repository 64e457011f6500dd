/* fuzz_questions.c: test questions. */
#include "bot/questions.h"
#include "kb/kb.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct test_questions all = {0};
    struct kb_report report = {0};
    struct reply r = {.kind = REPLY_NONE, .text = "text"};
    const char *path = memory_file(data, size), *why = NULL;
    if (questions_read(pool, &path, 1, &all, &report) && !report.errors)
        abort();
    for (size_t i = 0; i < all.n; i++)
        if (!questions_judge(&all.item[i], &r, pool, &why) && !why)
            abort();
    kb_report_release(&report);
    pool_free(pool);
    return 0;
}
