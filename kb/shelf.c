/* shelf.c: the passages that were read lately, and what was worked out about them.
 *
 * People ask about the same things. To read a passage's row, cut its text into words and find out where its sentences
 * lead takes several times as long as to rank it, and none of it depends on the question; so it is kept. A shelf
 * belongs to one open base, and so to one thread, and to one generation of the index: the first question after a change
 * begins with an empty one. It decides nothing: without it the same answers come out.
 *
 * It has two boards. What is read goes on the upper one; when that is full, it becomes the lower one and what was there
 * is thrown away as a whole, so that nothing has to be freed by itself and no time of use be kept. Boards change only
 * between questions: a row stays good until the next one. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>

#define BOARD_BYTES (3u << 20) /* in all a shelf holds about twice as many */
#define BOARD_ROWS  4096u /* places; half of them are used, and what one question adds to that */

struct board {
    struct pool *pool;
    const struct row **row; /* BOARD_ROWS, hashed by id; NULL: free */
    size_t n;
};

struct shelf {
    long long generation;
    struct board upper, lower; /* the lower one may not be there yet: pool is NULL */
};

static struct board board_new(void)
{
    struct board b = {.pool = pool_new()};
    b.row = pool_array(b.pool, BOARD_ROWS, sizeof *b.row);
    return b;
}

static const struct row **place_of(const struct board *b, long long id)
{
    size_t at = (size_t)((unsigned long long)id * 0x9e3779b97f4a7c15u >> 40) % BOARD_ROWS;
    while (b->row[at] && b->row[at]->id != id)
        at = (at + 1) % BOARD_ROWS;
    return &b->row[at];
}

void shelf_free(struct shelf *s)
{
    if (!s)
        return;
    pool_free(s->upper.pool);
    pool_free(s->lower.pool);
    free(s);
}

static bool is_full(const struct board *b)
{
    return pool_size(b->pool) > BOARD_BYTES || b->n > BOARD_ROWS / 2;
}

int shelf_tidy(struct kb *kb)
{
    struct shelf *s = kb->shelf;
    if (s && s->generation != kb->generation) {
        shelf_free(s);
        s = kb->shelf = NULL;
    }
    if (!s) {
        kb->shelf = s = calloc(1, sizeof *s);
        if (!s)
            return KB_ERR_NOMEM;
        *s = (struct shelf){.generation = kb->generation, .upper = board_new()};
    } else if (is_full(&s->upper)) {
        pool_free(s->lower.pool);
        s->lower = s->upper;
        s->upper = board_new();
    }
    return 0;
}

int shelf_row(struct kb *kb, long long id, struct row *ret)
{
    struct board *b = &kb->shelf->upper;
    const struct row **upper = place_of(b, id), *found = *upper;
    if (!found && kb->shelf->lower.pool)
        found = *place_of(&kb->shelf->lower, id);
    if (!found) {
        struct row *row = pool_alloc(b->pool, sizeof *row);
        int r = row_read(kb, b->pool, id, row);
        if (r)
            return r;
        *upper = found = row;
        b->n++;
    }
    *ret = *found;
    return 0;
}

/* Most often what is quoted is what is ranked, byte for byte, and need not be held twice. */
int shelf_text(struct kb *kb, const struct row *row)
{
    struct row_notes *notes = row->notes;
    size_t len = row->end - row->start;
    if (notes->text)
        return 0;
    struct pool *scratch = pool_new();
    char *text;
    int r = row_text(kb, scratch, row->document, row->start, row->end, &text);
    if (!r && strlen(row->body) == len && !memcmp(row->body, text, len))
        notes->text = row->body;
    else if (!r)
        notes->text = pool_strndup(notes->pool, text, len);
    pool_free(scratch);
    return r;
}
