/* pool.h: memory with one end. Take what a document, a question or a turn needs; free all of it at
 * once. Nothing taken from a pool is freed by itself. Running out aborts with a line on stderr: the
 * sizes here are our own and small; text whose size an outsider chooses is capped before.
 *
 * Needs nothing else of kb/, so bot/ uses it too (the turn's memory). */
#ifndef KB_POOL_H
#define KB_POOL_H

#include <stdarg.h>
#include <stddef.h>

struct pool;

struct pool *pool_new(void);
void pool_free(struct pool *pool); /* NULL is fine */
/* What was taken from it ends, and a block stays for what comes next. */
void pool_clear(struct pool *pool);
/* From now on `other` ends when `pool` does. It must not be freed or adopted again; NULL is fine. */
void pool_adopt(struct pool *pool, struct pool *other);

/* Bytes that it holds, without those of adopted ones. */
size_t pool_size(const struct pool *pool);

void *pool_alloc(struct pool *pool, size_t size); /* zeroed, aligned for anything */
void *pool_array(struct pool *pool, size_t n,
                 size_t size); /* zeroed; aborts when n * size overflows */
void *pool_copy(struct pool *pool, const void *bytes, size_t n); /* aligned for anything */
char *pool_strndup(struct pool *pool, const char *s, size_t len);
char *pool_strdup(struct pool *pool, const char *s); /* NULL gives "" */
char *pool_printf(struct pool *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *pool_vprintf(struct pool *pool, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Grow a pool array for one more element: *items holds n of `size` bytes with room for *cap. The
 * old copy stays in the pool until its end. Use as POOL_PUSH(pool, doc->block, doc->nblock, doc->capblock). */
void *pool_grow(struct pool *pool, void *items, size_t n, size_t *cap, size_t size);
#define POOL_PUSH(pool, items, n, cap)                                                             \
    ((items) = (n) < (cap) ? (items) : pool_grow((pool), (items), (n), &(cap), sizeof *(items)),   \
     &(items)[(n)++])

#endif
