/* matrix_json.c: JSON of a homeserver carries what strangers typed. One of them must not make a whole delivery unreadable, because
 * a homeserver repeats what is not taken, and everything behind it waits for ever. So whatever a strict parser would refuse the
 * whole for is replaced in place first. */
#include <cjson/cJSON.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

/* The byte behind a string that begins at s[i] == '"'. */
static size_t behind_string(const char *s, size_t len, size_t i)
{
    for (i++; i < len && s[i] != '"'; i++)
        if (s[i] == '\\')
            i++;
    return i < len ? i + 1 : len;
}

void matrix_json_prune(const char *s, size_t len, struct buf *b)
{
    size_t depth = 0, kept = 0; /* kept: where what is still to be copied begins */
    for (size_t i = 0; i < len;) {
        if (s[i] == '"') {
            i = behind_string(s, len, i);
            continue;
        }
        bool opens = s[i] == '{' || s[i] == '[', closes = s[i] == '}' || s[i] == ']';
        if (opens && depth++ == MATRIX_MAX_DEPTH) {
            buf_add(b, s + kept, i - kept);
            buf_adds(b, "null");
        }
        i++;
        if (closes && depth && --depth == MATRIX_MAX_DEPTH)
            kept = i;
    }
    if (depth <= MATRIX_MAX_DEPTH)
        buf_add(b, s + kept, len - kept);
}

struct cJSON *matrix_json_read(const char *s, size_t len)
{
    struct buf repaired, pruned;
    buf_init(&repaired, 3 * len + 1);
    buf_init(&pruned, 3 * len + 1);
    json_repair(s, len, &repaired);
    matrix_json_prune(repaired.s, repaired.len, &pruned);
    cJSON *j = buf_failed(&pruned) ? NULL : json_parse(pruned.s, pruned.len);
    buf_release(&repaired);
    buf_release(&pruned);
    return j;
}

const char *matrix_json_print(struct pool *pool, const cJSON *j)
{
    char *s = j ? cJSON_PrintUnformatted(j) : NULL;
    const char *copy = pool_strdup(pool, s);
    cJSON_free(s);
    return copy;
}
