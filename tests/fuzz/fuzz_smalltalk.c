/* fuzz_smalltalk.c: smalltalk.yaml, and messages of any bytes. Bytes that begin a list are the file; what follows an
 * empty line, and all others, are a message. */
#include <string.h>

#include "bot/smalltalk.h"
#include "kb/kb.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smalltalk *talk = NULL;
    struct kb_report report = {0};
    const uint8_t *gap = size ? memmem(data, size, "\n\n", 2) : NULL;
    size_t head = gap ? (size_t)(gap - data) + 2 : 0;
    bool file = size && *data == '-';
    int err = smalltalk_read(file ? memory_file(data, head ? head : size) : NULL, &talk, &report);
    if (err ? !report.errors : report.errors != 0)
        abort();
    const struct talk *t = smalltalk_match(talk, (const char *)data + head, size - head);
    if (t && (!t->id || !t->reply))
        abort();
    smalltalk_free(talk);
    kb_report_release(&report);
    return 0;
}
