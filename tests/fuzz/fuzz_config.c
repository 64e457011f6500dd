/* fuzz_config.c: guidepost.yaml. Whatever stands in it, reading ends in settings or in a problem,
 * never in silence: and what was accepted can be asked for. */
#include "bot/config.h"
#include "kb/kb.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(void *ctx, const struct setting *row)
{
    const struct config *c = ctx;
    if (row->type == SETTING_INT) {
        long long n = config_int(c, row->name);
        if (n < row->min || n > row->max)
            abort();
    } else if (row->type == SETTING_BOOL) {
        config_bool(c, row->name);
    } else if (row->type == SETTING_LIST || row->type == SETTING_PATHS) {
        size_t n;
        const char *const *list = config_list(c, row->name, &n);
        if (list[n])
            abort();
    } else if (!config_text(c, row->name)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *c = NULL;
    struct kb_report report = {0};
    int err = config_read(memory_file(data, size), &c, &report);
    if (err ? c != NULL || !report.errors : report.errors != 0)
        abort();
    if (c)
        config_each(ask, c);
    config_free(c);
    kb_report_release(&report);
    return 0;
}
