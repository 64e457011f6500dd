/* fuzz_html.c: any bytes as HTML: blocks and passages are where they say, and nothing is lost. */
#include <stdint.h>

#include "tests/blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    source_holds(source_html, data, size, false);
    return 0;
}
