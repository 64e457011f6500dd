/* corpus.c: real sentences, recombined. Term frequencies follow the collections' own language, and a
 * passage is a function of its number alone. */
#include "tests/bench/bench.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *name)
{
    fprintf(stderr, "bench: %s: %s\n", what, name);
    exit(1);
}

static void add(char ***list, size_t *n, const char *s, size_t len)
{
    if ((*n & (*n - 1)) == 0) {
        char **bigger = realloc(*list, (*n ? *n * 2 : 1) * sizeof **list);
        if (!bigger)
            die("out of memory", s);
        *list = bigger;
    }
    char *copy = strndup(s, len);
    if (!copy)
        die("out of memory", s);
    (*list)[(*n)++] = copy;
}

/* Roughly: a full stop ends a sentence. Good enough for text that nobody reads. */
static void add_sentences(struct corpus *c, const char *s)
{
    while (*s) {
        size_t len = strcspn(s, ".\n");
        size_t whole = s[len] ? len + 1 : len;
        if (len >= 20 && len < 400)
            add(&c->sentence, &c->nsentence, s, whole);
        s += whole;
        s += strspn(s, " \n");
    }
}

static void read_lines(struct corpus *c, const char *path, int corpus)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return;
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, f) > 0) {
        cJSON *j = cJSON_Parse(line);
        const cJSON *text = cJSON_GetObjectItem(j, "text");
        if (cJSON_IsString(text) && corpus)
            add_sentences(c, text->valuestring);
        else if (cJSON_IsString(text) && strlen(text->valuestring) < 300)
            add(&c->question, &c->nquestion, text->valuestring, strlen(text->valuestring));
        cJSON_Delete(j);
    }
    free(line);
    fclose(f);
}

static int not_hidden(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

void corpus_read(struct corpus *c, const char *dir)
{
    memset(c, 0, sizeof *c);
    struct dirent **entry;
    int n = scandir(dir, &entry, not_hidden, alphasort);
    if (n < 0)
        die("no folder of collections", dir);
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s/corpus.jsonl", dir, entry[i]->d_name);
        read_lines(c, path, 1);
        snprintf(path, sizeof path, "%s/%s/queries.jsonl", dir, entry[i]->d_name);
        read_lines(c, path, 0);
        free(entry[i]);
    }
    free(entry);
    if (c->nsentence < 100 || c->nquestion < 10)
        die("too little text in", dir);
}

void corpus_release(struct corpus *c)
{
    for (size_t i = 0; i < c->nsentence; i++)
        free(c->sentence[i]);
    for (size_t i = 0; i < c->nquestion; i++)
        free(c->question[i]);
    free(c->sentence);
    free(c->question);
}

/* splitmix64 (Steele, Lea, Flood, 2014): good numbers from any seed. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void corpus_passage(const struct corpus *c, size_t i, char *title, size_t title_size, char *text,
                    size_t text_size)
{
    uint64_t state = 0x6775696465u + i * 0x100000001b3u;
    snprintf(title, title_size, "%.60s", c->question[draw(&state) % c->nquestion]);
    size_t len = 0, want = 4 + draw(&state) % 5;
    text[0] = 0;
    for (size_t k = 0; k < want; k++) {
        const char *s = c->sentence[draw(&state) % c->nsentence];
        size_t n = strlen(s);
        if (len + n + 2 > text_size)
            break;
        if (len)
            text[len++] = ' ';
        memcpy(text + len, s, n + 1);
        len += n;
    }
}
