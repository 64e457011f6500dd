/* pool.c: a chain of blocks, bumped. Big requests get a block of their own, so that one 1 MB text
 * does not waste the rest of the current block. Under AddressSanitizer every request is a block of
 * its own: an overrun is then seen at once, as it would be with malloc. */
#include "kb/pool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_SIZE 0u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_SIZE 0u
#endif
#endif
#ifndef BLOCK_SIZE
#define BLOCK_SIZE 16384u
#endif

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char data[];
};

struct pool {
    struct chunk *head;   /* the one being filled; full and oversized ones follow */
    size_t size;          /* of all of them */
    struct pool *adopted; /* the last one; */
    struct pool
        *adopted_before; /* and in an adopted pool, the one that its owner adopted before it */
};

static void out_of_memory(size_t size)
{
    fprintf(stderr, "guidepost: out of memory (%zu bytes wanted)\n", size);
    abort();
}

struct pool *pool_new(void)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        out_of_memory(sizeof *pool);
    return pool;
}

static void free_chunks(struct chunk *c)
{
    for (struct chunk *next; c; c = next) {
        next = c->next;
        free(c);
    }
}

static void free_adopted(struct pool *pool)
{
    for (struct pool *p = pool->adopted, *before; p; p = before) {
        before = p->adopted_before;
        pool_free(p);
    }
    pool->adopted = NULL;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    free_chunks(pool->head);
    free_adopted(pool);
    free(pool);
}

void pool_clear(struct pool *pool)
{
    struct chunk *keep = pool->head && pool->head->size == BLOCK_SIZE ? pool->head : NULL;
    free_chunks(keep ? keep->next : pool->head);
    free_adopted(pool);
    pool->head = keep;
    pool->size = keep ? sizeof *keep + keep->size : 0;
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
}

void pool_adopt(struct pool *pool, struct pool *other)
{
    if (!other)
        return;
    other->adopted_before = pool->adopted;
    pool->adopted = other;
}

size_t pool_size(const struct pool *pool)
{
    return pool->size;
}

static struct chunk *chunk_new(struct pool *pool, size_t size)
{
    struct chunk *c = malloc(sizeof *c + size);
    if (!c)
        out_of_memory(size);
    c->next = NULL;
    c->used = 0;
    c->size = size;
    pool->size += sizeof *c + size;
    return c;
}

static void *take(struct pool *pool, size_t size)
{
    if (size > SIZE_MAX / 2)
        out_of_memory(size);
    size_t align = _Alignof(max_align_t), need = (size + align - 1) / align * align;
    struct chunk *c = pool->head;
    if (c && need <= c->size - c->used) {
        void *p = c->data + c->used;
        c->used += need;
        return p;
    }
    if (need > BLOCK_SIZE / 4 && c) { /* behind the head, which still has room */
        struct chunk *own = chunk_new(pool, BLOCK_SIZE ? need : size);
        own->used = own->size;
        own->next = c->next;
        c->next = own;
        return own->data;
    }
    c = chunk_new(pool, need > BLOCK_SIZE ? (BLOCK_SIZE ? need : size) : BLOCK_SIZE);
    c->next = pool->head;
    pool->head = c;
    c->used = need > c->size ? c->size : need;
    return c->data;
}

/* Zeroed here and not as whole blocks: most questions use little of theirs. */
void *pool_alloc(struct pool *pool, size_t size)
{
    return memset(take(pool, size), 0, size);
}

void *pool_array(struct pool *pool, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / 2 / size)
        out_of_memory(SIZE_MAX);
    return pool_alloc(pool, n * size);
}

void *pool_copy(struct pool *pool, const void *bytes, size_t n)
{
    void *p = take(pool, n);
    if (n)
        memcpy(p, bytes, n);
    return p;
}

char *pool_strndup(struct pool *pool, const char *s, size_t len)
{
    char *p = take(pool, len + 1);
    if (len)
        memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *pool_strdup(struct pool *pool, const char *s)
{
    return pool_strndup(pool, s ? s : "", s ? strlen(s) : 0);
}

char *pool_vprintf(struct pool *pool, const char *fmt, va_list ap)
{
    char s[256]; /* most fit, and are printed once */
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(s, sizeof s, fmt, ap);
    char *p = pool_strndup(pool, s, n < 0 ? 0 : (size_t)n < sizeof s ? (size_t)n : sizeof s - 1);
    if (n >= (int)sizeof s)
        vsnprintf(p = pool_alloc(pool, (size_t)n + 1), (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *pool_printf(struct pool *pool, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = pool_vprintf(pool, fmt, ap);
    va_end(ap);
    return p;
}

void *pool_grow(struct pool *pool, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    size_t want = *cap ? *cap * 2 : 8;
    if (want > SIZE_MAX / 2 / size)
        out_of_memory(SIZE_MAX);
    unsigned char *bigger = take(pool, want * size);
    if (n)
        memcpy(bigger, items, n * size);
    memset(bigger + n * size, 0, (want - n) * size);
    *cap = want;
    return bigger;
}
