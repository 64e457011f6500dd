/* fuzz_yaml.c: any bytes are a tree or an error with a place inside the input; nodes lie inside it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kb/pool.h"
#include "kb/yaml.h"

static void check(bool truth)
{
    if (!truth)
        abort();
}

static void check_node(const struct yaml *node, size_t size, size_t depth)
{
    check(node->line > 0 && node->column > 0 && depth < YAML_MAX_DEPTH);
    check(node->start <= node->end && node->end <= size);
    if (node->kind == YAML_SCALAR)
        check(strlen(node->text) == node->len);
    for (size_t i = 0; i < node->n; i++) {
        if (node->kind == YAML_MAP) {
            check_node(node->key[i], size, depth);
            check(yaml_get(node, node->key[i]->text) == node->item[i]);
        }
        check_node(node->item[i], size, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"title", "valid_until", "id", "", NULL};
    struct pool *pool = pool_new();
    struct yaml_error error = {0};
    const struct yaml *root = yaml_parse(pool, (const char *)data, size, 1, &error);
    if (root)
        check_node(root, size, 0);
    else
        check(error.line > 0 && error.column > 0 && error.message && *error.message);
    yaml_nearest(pool_strndup(pool, (const char *)data, size), names);
    pool_free(pool);
    return 0;
}
