/* fuzz_json.c: JSON from strangers. Besides not crashing: whatever bytes are written as a string
 * must be read back as valid JSON. */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>

#include "bot/buf.h"
#include "bot/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cJSON *j = json_parse((const char *)data, size);
    json_string(j, "id", 100);
    json_int(j, "n", 0, 100, -1);
    json_array(j, "turns", NULL);
    json_object(j, "o");
    json_free(j);

    struct buf b;
    size_t nul = 0;
    for (size_t i = 0; i < size; i++)
        nul += data[i] == 0;
    buf_init(&b, size * 6 + 2);
    json_add_string(&b, (const char *)data, size);
    if (buf_failed(&b))
        abort();
    j = json_parse(b.s, b.len);
    if (!j && !nul) /* NUL is written as \u0000, which we write but do not take */
        abort();
    json_free(j);
    buf_release(&b);
    return 0;
}
