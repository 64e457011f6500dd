/* smalltalk_compile.c: smalltalk.yaml becomes a block that can be searched, or problems with their places. */
#include "bot/smalltalk_int.h"

#include <stdlib.h>
#include <string.h>

#include "bot/problem.h"
#include "bot/reply.h"
#include "kb/pool.h"
#include "kb/yaml.h"

#define MAX_SPELLED 513 /* sayings that one line may stand for, and one */

struct reader {
    const char *file;
    struct kb_report *report;
    struct pool *pool;
    struct talk_row *talk;
    struct saying *saying;
    char *text;
    size_t ntalk, captalk, nsaying, capsaying, ntext, captext;
};

/* Where it now begins in the text. */
static uint32_t add_text(struct reader *r, const char *s, size_t len)
{
    size_t at = r->ntext;
    for (size_t i = 0; i < len; i++)
        *POOL_PUSH(r->pool, r->text, r->ntext, r->captext) = s[i];
    return (uint32_t)at;
}

static uint32_t add_string(struct reader *r, const char *s, size_t len)
{
    uint32_t at = add_text(r, s, len);
    add_text(r, "", 1);
    return at;
}

/* ---- the file -------------------------------------------------------------------------------- */

static const char *const keys[] = {"id",     "say",     "reply",     "called",
                                   "topics", "handoff", "statement", NULL};

static bool read_flag(const char *file, const struct yaml *node, bool *ret,
                      struct kb_report *report)
{
    if (!node)
        return true;
    bool yes = node->kind == YAML_SCALAR && !strcmp(node->text, "true");
    if (!yes && (node->kind != YAML_SCALAR || strcmp(node->text, "false") != 0)) {
        problem_at(report, file, node, "expects true or false");
        return false;
    }
    *ret = yes;
    return true;
}

/* How a wish for a person is meant: true (it is one), false, offer (it asks how), or cancel. */
static bool read_person(const char *file, const struct yaml *node, enum reply_person *ret,
                        struct kb_report *report)
{
    static const char *const names[] = {"false", "offer", "true", "cancel"};
    for (size_t i = 0; node && node->kind == YAML_SCALAR && i < 4; i++)
        if (!strcmp(node->text, names[i])) {
            *ret = (enum reply_person)i;
            return true;
        }
    if (node)
        problem_at(report, file, node, "expects true, false, offer or cancel");
    return !node;
}

/* True when it is there already: in this talk that does no harm. */
static bool said_before(const struct reader *r, const struct yaml *node, const struct words *w)
{
    for (size_t i = 0; i < r->nsaying; i++) {
        const struct saying *s = &r->saying[i];
        if (s->len != w->at || s->nword != w->n || memcmp(r->text + s->words, w->text, w->at) != 0)
            continue;
        if (s->talk != r->ntalk - 1)
            problem_at(r->report, r->file, node, "\"%s\" is already said under \"%s\"", node->text,
                       r->text + r->talk[s->talk].id);
        return true;
    }
    return false;
}

static void add_saying(struct reader *r, const struct yaml *node, const char *s, size_t len)
{
    struct words w;
    smalltalk_words(&w, s, len);
    if (w.too_many || !w.n) {
        problem_at(r->report, r->file, node, "\"%.40s\" has %s", s,
                   w.n ? "too many words for small talk" : "no word in it");
        return;
    }
    if (said_before(r, node, &w))
        return;
    *POOL_PUSH(r->pool, r->saying, r->nsaying, r->capsaying) =
        (struct saying){.words = add_text(r, w.text, w.at),
                        .len = (uint16_t)w.at,
                        .nword = (uint16_t)w.n,
                        .talk = (uint16_t)(r->ntalk - 1)};
}

/* "{talk|speak} to {a person|somebody}" is four sayings: the first group is replaced by each of its alternatives, and so on with
 * what that gives. An alternative may be empty. *left: how many more it may become. */
static void spell_out(struct reader *r, const struct yaml *node, const char *s, size_t *left)
{
    const char *open = strchr(s, '{'), *close = open ? strchr(open, '}') : NULL;
    if (!open && *left) {
        --*left;
        add_saying(r, node, s, strlen(s));
    }
    for (const char *at = open; close && at < close && *left;) {
        size_t len = strcspn(++at, "|}");
        spell_out(r, node,
                  pool_printf(r->pool, "%.*s%.*s%s", (int)(open - s), s, (int)len, at, close + 1),
                  left);
        at += len;
    }
}

/* Each group is closed, before another one is opened. */
static bool has_whole_groups(const char *s)
{
    bool open = false;
    for (; *s; s++) {
        if ((*s == '{' && open) || (*s == '}' && !open))
            return false;
        open = *s == '{' || (open && *s != '}');
    }
    return !open;
}

static void read_saying(struct reader *r, const struct yaml *node)
{
    size_t left = MAX_SPELLED;
    if (node->kind != YAML_SCALAR) {
        problem_at(r->report, r->file, node, "expects a text, as somebody would type it");
    } else if (!has_whole_groups(node->text)) {
        problem_at(r->report, r->file, node,
                   "\"%.40s\" has a brace without its other one, or one inside another",
                   node->text);
    } else {
        spell_out(r, node, node->text, &left);
        if (!left)
            problem_at(r->report, r->file, node, "\"%.40s\" is more than %d sayings", node->text,
                       MAX_SPELLED - 1);
    }
}

static bool check_keys(const char *file, const struct yaml *map, struct kb_report *report)
{
    bool ok = true;
    for (size_t i = 0; i < map->n; i++) {
        const char *key = map->key[i]->text, *near = yaml_nearest(key, keys);
        size_t k = 0;
        while (keys[k] && strcmp(keys[k], key) != 0)
            k++;
        if (keys[k])
            continue;
        ok = false;
        if (near)
            problem_at(report, file, map->key[i], "unknown key \"%s\"; did you mean \"%s\"?", key,
                       near);
        else
            problem_at(report, file, map->key[i],
                       "unknown key \"%s\"; known are id, say, reply, called, topics, handoff, "
                       "statement",
                       key);
    }
    return ok;
}

static uint32_t add_reply(struct reader *r, const struct yaml *reply)
{
    size_t len = reply->len;
    while (len && strchr(" \n\t", reply->text[len - 1]))
        len--;
    return add_string(r, reply->text, len);
}

static void read_talk(struct reader *r, const struct yaml *map)
{
    const char *file = r->file;
    struct kb_report *report = r->report;
    if (map->kind != YAML_MAP) {
        problem_at(report, file, map, "expects id, say and reply");
        return;
    }
    const struct yaml *id = yaml_get(map, "id"), *say = yaml_get(map, "say"),
                      *reply = yaml_get(map, "reply");
    const struct yaml *called = yaml_get(map, "called");
    enum reply_person person = PERSON_UNMENTIONED;
    bool topics = false, statement = false;
    if (!check_keys(file, map, report) ||
        !read_flag(file, yaml_get(map, "topics"), &topics, report) ||
        !read_person(file, yaml_get(map, "handoff"), &person, report) ||
        !read_flag(file, yaml_get(map, "statement"), &statement, report))
        return;
    if (!id || id->kind != YAML_SCALAR || !*id->text) {
        problem_at(report, file, id ? id : map, "expects an id, as in \"id: greeting\"");
        return;
    }
    if (!reply || reply->kind != YAML_SCALAR || !*reply->text) {
        problem_at(report, file, reply ? reply : map, "\"%s\" has no reply", id->text);
        return;
    }
    if (called && (called->kind != YAML_SCALAR || person != PERSON_WANTED)) {
        problem_at(report, file, called, "\"called\" is a text, of small talk with handoff: true");
        return;
    }
    if (!say || (say->kind == YAML_LIST && !say->n) || say->kind == YAML_MAP) {
        problem_at(report, file, say ? say : map, "\"%s\" says nothing: expects a list of sayings",
                   id->text);
        return;
    }
    for (size_t i = 0; i < r->ntalk; i++)
        if (!strcmp(r->text + r->talk[i].id, id->text)) {
            problem_at(report, file, id, "the id \"%s\" is used twice", id->text);
            return;
        }
    if (r->ntalk == UINT16_MAX) {
        problem_at(report, file, id, "more kinds of small talk than anybody makes");
        return;
    }
    struct talk_row *row = POOL_PUSH(r->pool, r->talk, r->ntalk, r->captalk);
    row->id = add_string(r, id->text, id->len);
    row->reply = add_reply(r, reply);
    row->called = called ? add_reply(r, called) : add_string(r, "", 0);
    row->flags = (uint16_t)((topics ? TALK_TOPICS : 0) | (statement ? TALK_STATEMENT : 0));
    row->person = (uint16_t)person;
    if (say->kind == YAML_SCALAR)
        read_saying(r, say);
    for (size_t i = 0; say->kind == YAML_LIST && i < say->n; i++)
        read_saying(r, say->item[i]);
}

/* ---- the block ------------------------------------------------------------------------------- */

static int by_first_word(const void *a, const void *b, void *ctx)
{
    const struct reader *r = ctx;
    const struct saying *x = a, *y = b;
    int order = strcmp(r->text + x->words, r->text + y->words);
    return order ? order : (x->words > y->words) - (x->words < y->words);
}

static const struct talk_block *make_block(struct reader *r)
{
    size_t talks = r->ntalk * sizeof *r->talk, sayings = r->nsaying * sizeof *r->saying;
    size_t len = sizeof(struct talk_block) + talks + sayings + r->ntext;
    struct talk_block *b = pool_alloc(r->pool, len);
    *b = (struct talk_block){
        .len = (uint32_t)len, .ntalk = (uint32_t)r->ntalk, .nsaying = (uint32_t)r->nsaying};
    if (r->nsaying)
        qsort_r(r->saying, r->nsaying, sizeof *r->saying, by_first_word, r);
    for (uint32_t byte = 0, k = 0; byte < 257; byte++) {
        while (k < r->nsaying && (unsigned char)r->text[r->saying[k].words] < byte)
            k++;
        b->first[byte] = k;
    }
    char *at = (char *)(b + 1);
    if (talks)
        memcpy(at, r->talk, talks);
    if (sayings)
        memcpy(at + talks, r->saying, sayings);
    if (r->ntext)
        memcpy(at + talks + sayings, r->text, r->ntext);
    return b;
}

const struct talk_block *smalltalk_compile(const char *file, const char *s, size_t len,
                                           struct pool *pool, struct kb_report *report)
{
    struct reader r = {.file = file, .report = report, .pool = pool};
    struct yaml_error error = {0};
    size_t before = report->errors;
    const struct yaml *root = yaml_parse(pool, s, len, 0, &error);
    if (!root) {
        problem_add(report, true, file, error.line, error.column, "%s", error.message);
        return NULL;
    }
    if (root->kind != YAML_LIST && root->n)
        problem_at(report, file, root, "expects a list, as in \"- id: greeting\"");
    for (size_t i = 0; root->kind == YAML_LIST && i < root->n; i++)
        read_talk(&r, root->item[i]);
    return report->errors > before ? NULL : make_block(&r);
}
