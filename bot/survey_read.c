/* survey_read.c: rows of the store become facts. New turns are read once, by their number; what becomes of a turn later (votes,
 * tickets, a person who comes) is read anew each time, which is little. When turns are missing that were here, because
 * they were erased or too old, or when the guides are others, the book is begun again. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/json.h"
#include "bot/must.h"
#include "bot/survey_int.h"
#include "kb/hash.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define LATE                                                                                       \
    1000 /* a turn's number is promised when its question comes: it may be written after later ones */

const char *const survey_ends[SURVEY_ENDS] = {"entry", "extract", "choices",
                                              "none",  "person",  "talk"};

/* ---- names ---------------------------------------------------------------------------------------------------- */

uint64_t survey_hash(const char *s, size_t len)
{
    uint64_t h = hash_64(HASH_64, s, len);
    return h ^ h >> 29;
}

static void *grow(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    *cap = *cap ? 2 * *cap : 256;
    return must(realloc(items, *cap * size));
}
#define GROW(items, n, cap) ((items) = grow((items), (n), &(cap), sizeof *(items)))

static void rehash(struct survey_names *names)
{
    free(names->slot);
    names->room = names->room ? 2 * names->room : 1024;
    names->slot = must(calloc(names->room, sizeof *names->slot));
    for (size_t i = 0; i < names->n; i++) {
        size_t at = names->hash[i] & (names->room - 1);
        while (names->slot[at])
            at = (at + 1) & (names->room - 1);
        names->slot[at] = (uint32_t)i + 1;
    }
}

uint32_t survey_name(struct survey_names *names, uint64_t hash, bool *ret_new)
{
    if (2 * (names->n + 1) > names->room)
        rehash(names);
    size_t at = hash & (names->room - 1);
    while (names->slot[at] && names->hash[names->slot[at] - 1] != hash)
        at = (at + 1) & (names->room - 1);
    *ret_new = !names->slot[at];
    if (*ret_new) {
        GROW(names->hash, names->n, names->cap);
        names->hash[names->n] = hash;
        names->slot[at] = (uint32_t)++names->n;
    }
    return names->slot[at] - 1;
}

void survey_names_release(struct survey_names *names)
{
    free(names->hash);
    free(names->slot);
    *names = (struct survey_names){0};
}

void survey_book_release(struct survey_book *b)
{
    survey_names_release(&b->text_names);
    survey_names_release(&b->document_names);
    survey_names_release(&b->passage_names);
    free(b->fact);
    free(b->text);
    free(b->document);
    free(b->passage);
    free(b->channel);
    free(b->publish);
    pool_free(b->pool);
    struct kb *kb = b->kb;
    memset(b, 0, sizeof *b);
    b->kb = kb;
}

/* ---- what is asked about ------------------------------------------------------------------------------------------ */

/* The terms as numbers, in order of these. */
static int by_term(const void *a, const void *b)
{
    uint64_t x = ((const struct cluster_word *)a)->term, y = ((const struct cluster_word *)b)->term;
    return (x > y) - (x < y);
}

static void read_terms(struct survey_book *b, struct survey_text *t)
{
    struct pool *pool = pool_new();
    struct kb_term *term = NULL;
    size_t n = 0;
    if (b->kb && kb_terms(b->kb, t->text, strlen(t->text), pool, &term, &n))
        n = 0; /* a base that cannot be read: the next survey tries again */
    struct cluster_word *word = pool_array(b->pool, n, sizeof *word);
    for (size_t i = 0; i < n; i++) {
        word[t->nword++] = (struct cluster_word){survey_hash(term[i].token, strlen(term[i].token)),
                                                 term[i].weight > 0 ? term[i].weight : 0.1};
        t->slips = t->slips || !term[i].known;
    }
    qsort(word, n, sizeof *word, by_term);
    t->word = word;
    t->says = survey_hash((const char *)word, n * sizeof *word);
    pool_free(pool);
}

static uint32_t add_text(struct survey_book *b, const char *s)
{
    bool fresh;
    size_t len = strlen(s);
    uint32_t i = survey_name(&b->text_names, survey_hash(s, len), &fresh);
    if (fresh) {
        GROW(b->text, i, b->captext);
        b->text[i] = (struct survey_text){.text = pool_strndup(b->pool, s, len)};
        read_terms(b, &b->text[i]);
    }
    return i;
}

/* ---- what was quoted ------------------------------------------------------------------------------------------------ */

static uint16_t add_document(struct survey_book *b, const char *key, const char *title)
{
    bool fresh;
    uint32_t i = survey_name(&b->document_names, survey_hash(key, strlen(key)), &fresh);
    if (i >= SURVEY_NOWHERE)
        return SURVEY_NOWHERE;
    if (fresh) {
        GROW(b->document, i, b->capdocument);
        b->document[i] = (struct survey_place){.key = pool_strdup(b->pool, key),
                                               .title = pool_strdup(b->pool, title)};
    }
    return (uint16_t)i;
}

static uint16_t add_passage(struct survey_book *b, const char *key, uint16_t document)
{
    bool fresh;
    uint32_t i = survey_name(&b->passage_names, survey_hash(key, strlen(key)), &fresh);
    if (i >= SURVEY_NOWHERE)
        return SURVEY_NOWHERE;
    if (fresh) {
        struct kb_entry entry;
        struct pool *pool = pool_new();
        bool found = b->kb && kb_entry(b->kb, NULL, key, pool, &entry) > 0;
        GROW(b->passage, i, b->cappassage);
        b->passage[i] =
            (struct survey_place){.key = pool_strdup(b->pool, key),
                                  .title = found ? pool_strdup(b->pool, entry.question) : "",
                                  .document = document,
                                  .entry = found};
        pool_free(pool);
    }
    return (uint16_t)i;
}

/* What was merely offered was not quoted. */
static void read_reply(struct survey_book *b, struct survey_fact *f,
                       const struct store_survey_turn *t)
{
    struct cJSON *reply = json_parse(t->reply, t->reply_len);
    size_t n = 0, quoted = 0;
    const struct cJSON *answers =
        strcmp(t->kind, "answer") ? NULL : json_array(reply, "answers", &n);
    const struct cJSON *a;
    f->us = (uint32_t)json_int(reply, "us", 0, UINT32_MAX, 0);
    cJSON_ArrayForEach(a, answers)
    {
        const char *document = json_string(a, "document", SIZE_MAX);
        const char *passage = json_string(a, "passage", SIZE_MAX);
        const char *title = json_string(a, "title", SIZE_MAX);
        if (document && passage && quoted < SURVEY_QUOTES)
            f->quoted[quoted++] =
                add_passage(b, passage, add_document(b, document, title ? title : document));
    }
    json_free(reply);
}

/* ---- turns ------------------------------------------------------------------------------------------------------------ */

static uint16_t add_channel(struct survey_book *b, const char *name)
{
    for (size_t i = 0; i < b->nchannel; i++)
        if (!strcmp(b->channel[i], name))
            return (uint16_t)i;
    GROW(b->channel, b->nchannel, b->capchannel);
    b->channel[b->nchannel] = pool_strdup(b->pool, name);
    return (uint16_t)b->nchannel++;
}

static uint8_t told(const struct survey_book *b, const struct survey_fact *f, const char *kind)
{
    if (!strcmp(kind, "answer"))
        return f->quoted[0] != SURVEY_NOWHERE && b->passage[f->quoted[0]].entry ? SURVEY_ENTRY
                                                                                : SURVEY_EXTRACT;
    return !strcmp(kind, "choices")   ? SURVEY_CHOICES
           : !strcmp(kind, "none")    ? SURVEY_NONE
           : !strcmp(kind, "handoff") ? SURVEY_PERSON
                                      : SURVEY_TALK;
}

/* Where the fact with that number is, or would be. */
static size_t place_of(const struct survey_fact *fact, size_t n, int64_t id)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (fact[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void add_turn(void *ctx, const struct store_survey_turn *t)
{
    struct survey_book *b = ctx;
    size_t at = place_of(b->fact, b->n, t->id);
    if (at < b->n && b->fact[at].id == t->id)
        return;
    GROW(b->fact, b->n, b->cap);
    memmove(&b->fact[at + 1], &b->fact[at], (b->n++ - at) * sizeof *b->fact);
    struct survey_fact *f = &b->fact[at];
    *f = (struct survey_fact){.id = t->id,
                              .at_ms = t->at_ms,
                              .confidence = (float)t->confidence,
                              .quoted = {SURVEY_NOWHERE, SURVEY_NOWHERE, SURVEY_NOWHERE},
                              .channel = add_channel(b, t->adapter)};
    read_reply(b, f, t);
    f->told = told(b, f, t->kind);
    f->text = add_text(b, t->question);
}

/* ---- what became of them ------------------------------------------------------------------------------------------------ */

static struct survey_fact *fact_of(struct survey_book *b, int64_t id)
{
    size_t at = place_of(b->fact, b->n, id);
    return at < b->n && b->fact[at].id == id ? &b->fact[at] : NULL;
}

static void add_votes(void *ctx, int64_t turn, int64_t up, int64_t down)
{
    struct survey_fact *f = fact_of(ctx, turn);
    if (!f)
        return;
    f->up = (uint16_t)(up < UINT16_MAX ? up : UINT16_MAX);
    f->down = (uint16_t)(down < UINT16_MAX ? down : UINT16_MAX);
}

static void add_ticket(void *ctx, int64_t turn, int64_t why, int64_t state)
{
    struct survey_fact *f = fact_of(ctx, turn);
    if (!f)
        return;
    f->why = (uint8_t)why;
    f->state = (uint8_t)state;
    f->wanted = f->wanted || why & TICKET_PERSON;
}

static void add_wait(void *ctx, int64_t turn, int64_t ms, int64_t unused)
{
    (void)unused;
    struct survey_fact *f = fact_of(ctx, turn);
    if (!f)
        return;
    f->wanted = true;
    if (ms >= 0)
        f->wait_s = (uint32_t)(ms / 1000 < UINT32_MAX ? ms / 1000 : UINT32_MAX - 1);
}

static void add_publish(void *ctx, int64_t at_ms, int64_t a, int64_t c)
{
    struct survey_book *b = ctx;
    (void)a;
    (void)c;
    GROW(b->publish, b->npublish, b->cappublish);
    b->publish[b->npublish++] = at_ms;
}

static int read_outcomes(struct survey_book *b, struct store *s, int64_t from_ms)
{
    int64_t from = b->n ? b->fact[0].id : INT64_MAX;
    int err;
    for (size_t i = 0; i < b->n; i++) {
        struct survey_fact *f = &b->fact[i];
        f->up = f->down = 0;
        f->why = f->state = 0;
        f->wait_s = UINT32_MAX;
        f->wanted = f->told == SURVEY_PERSON;
    }
    b->npublish = 0;
    if ((err = store_survey(s, STORE_SURVEY_VOTES, from, add_votes, b)) ||
        (err = store_survey(s, STORE_SURVEY_TICKETS, from, add_ticket, b)) ||
        (err = store_survey(s, STORE_SURVEY_WAITS, from, add_wait, b)))
        return err;
    for (size_t i = 0; i < b->n; i++)
        b->fact[i].end = b->fact[i].wanted ? SURVEY_PERSON : b->fact[i].told;
    return store_survey_published(s, from_ms, add_publish, b);
}

/* ---- all of it ---------------------------------------------------------------------------------------------------------- */

/* Those that are too old, or too many, go. */
static void drop_old(struct survey_book *b, int64_t from_ms)
{
    size_t kept = 0, over = b->n > SURVEY_MAX ? b->n - SURVEY_MAX : 0;
    for (size_t i = over; i < b->n; i++)
        if (b->fact[i].at_ms >= from_ms)
            b->fact[kept++] = b->fact[i];
    b->n = kept;
}

static void begin(struct survey_book *b, long long generation)
{
    survey_book_release(b);
    b->pool = pool_new();
    b->generation = generation;
}

int survey_read(struct survey_book *b, struct store *s, int64_t from_ms)
{
    struct kb_info info = {0};
    int64_t n = 0;
    int err = store_survey_count(s, from_ms, &n);
    if (b->kb && kb_info(b->kb, &info))
        info.generation = 0;
    if (!b->pool || info.generation != b->generation)
        begin(b, info.generation);
    drop_old(b, from_ms);
    for (int try = 0; !err && try < 2; try++) {
        int64_t after = b->n > LATE ? b->fact[b->n - LATE].id : 0;
        err = store_survey_turns(s, after, from_ms, add_turn, b);
        if ((int64_t)b->n == n || n > SURVEY_MAX)
            break;
        begin(b, info.generation); /* some are gone */
    }
    drop_old(b, from_ms);
    for (size_t i = 0; i < b->text_names.n; i++)
        b->text[i].times = 0;
    for (size_t i = 0; i < b->n; i++)
        b->text[b->fact[i].text].times += b->fact[i].told != SURVEY_TALK;
    return err ? err : read_outcomes(b, s, from_ms);
}
