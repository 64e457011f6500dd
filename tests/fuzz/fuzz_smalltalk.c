/* fuzz_smalltalk.c: smalltalk.yaml, and messages of any bytes. Bytes that begin a list are the
 * file; what follows an empty line, and all others, are a message. */
#include <string.h>

#include "bot/smalltalk.h"
#include "kb/kb.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(const struct smalltalk *talk, const uint8_t *data, size_t size)
{
    const struct talk *t = smalltalk_match(talk, (const char *)data, size);
    if (t && (!t->id || !t->reply))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct smalltalk *shipped;
    struct smalltalk *talk = NULL;
    struct kb_report report = {0};
    if (!shipped && smalltalk_read(NULL, &shipped, &report))
        abort();
    if (!size || *data != '-') {
        match(shipped, data, size);
        return 0;
    }
    const uint8_t *gap = memmem(data, size, "\n\n", 2);
    size_t head = gap ? (size_t)(gap - data) + 2 : size;
    int err = smalltalk_read(memory_file(data, head), &talk, &report);
    if (err ? !report.errors : report.errors != 0)
        abort();
    match(talk, data + head, size - head);
    smalltalk_free(talk);
    kb_report_release(&report);
    return 0;
}
