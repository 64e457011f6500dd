/* fuzz_source_json.c: JSON and JSON lines of any bytes; see parser.h for what must hold. */
#include "parser.h"

static int line(const struct source *src, document_fn *fn, void *ctx)
{
    return source_json_line(src, 1, fn, ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_bytes(source_json, "fuzz.json", data, size);
    parse_bytes(line, "fuzz.jsonl", data, size);
    return 0;
}
