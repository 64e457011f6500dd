/* fuzz_faq.c: FAQ files of any bytes; see parser.h for what must hold. */
#include "parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_bytes(source_faq, "fuzz.faq.yaml", data, size);
    return 0;
}
