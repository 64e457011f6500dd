/* corpus.c: real sentences, recombined. Term frequencies follow the collections' own language, and a
 * passage is a function of its number alone. */
#include "tests/bench/bench.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void add(char ***list, size_t *n, const char *s, size_t len)
{
    if ((*n & (*n - 1)) == 0) {
        char **bigger = realloc(*list, (*n ? *n * 2 : 1) * sizeof **list);
        if (!bigger)
            die("corpus", "out of memory");
        *list = bigger;
    }
    char *copy = strndup(s, len);
    if (!copy)
        die("corpus", "out of memory");
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

/* A line of a guide: without its mark-up in front; a question when it asks. */
static void add_line(struct corpus *c, const char *s)
{
    s += strspn(s, " \t#->*|");
    if (!strncmp(s, "q: ", 3))
        s += 3;
    size_t ask = strcspn(s, "?");
    if (s[ask] && ask >= 10 && ask < 200 && isupper((unsigned char)*s))
        add(&c->question, &c->nquestion, s, ask + 1);
    else
        add_sentences(c, s);
}

static void add_json(struct corpus *c, const char *line, bool text_is_question)
{
    cJSON *j = cJSON_Parse(line);
    const cJSON *text = cJSON_GetObjectItem(j, "text");
    if (cJSON_IsString(text) && !text_is_question)
        add_sentences(c, text->valuestring);
    else if (cJSON_IsString(text) && strlen(text->valuestring) < 300)
        add(&c->question, &c->nquestion, text->valuestring, strlen(text->valuestring));
    cJSON_Delete(j);
}

enum kind { PASSAGES, QUESTIONS, GUIDE };

static void read_lines(struct corpus *c, const char *path, enum kind kind)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    while (f && getline(&line, &cap, f) > 0)
        if (kind == GUIDE)
            add_line(c, line);
        else
            add_json(c, line, kind == QUESTIONS);
    free(line);
    if (f)
        fclose(f);
}

static int not_hidden(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

/* Collections, or else guides in any depth. */
static void read_folder(struct corpus *c, const char *dir, bool guides)
{
    struct dirent **entry;
    int n = scandir(dir, &entry, not_hidden, alphasort);
    if (n < 0)
        die(dir, "no folder of texts");
    for (int i = 0; i < n; i++) {
        char path[4096], file[4200];
        struct stat st = {0};
        snprintf(path, sizeof path, "%s/%s", dir, entry[i]->d_name);
        stat(path, &st);
        if (guides && S_ISDIR(st.st_mode)) {
            read_folder(c, path, true);
        } else if (guides) {
            read_lines(c, path, GUIDE);
        } else {
            snprintf(file, sizeof file, "%s/corpus.jsonl", path);
            read_lines(c, file, PASSAGES);
            snprintf(file, sizeof file, "%s/queries.jsonl", path);
            read_lines(c, file, QUESTIONS);
        }
        free(entry[i]);
    }
    free(entry);
}

void corpus_read(struct corpus *c, const char *dir)
{
    memset(c, 0, sizeof *c);
    read_folder(c, dir, false);
    if (!c->nsentence)
        read_folder(c, dir, true);
    if (c->nsentence < 100 || c->nquestion < 10)
        die(dir, "too little text in this folder");
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

uint64_t corpus_stamp(const struct corpus *c, uint64_t stamp)
{
    for (size_t i = 0; i < c->nsentence; i++)
        stamp = kept_stamp(stamp, c->sentence[i]);
    for (size_t i = 0; i < c->nquestion; i++)
        stamp = kept_stamp(stamp, c->question[i]);
    return stamp;
}

/* splitmix64 (Steele, Lea, Flood, 2014): good numbers from any seed. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void corpus_passage(const struct corpus *c, size_t i, char title[TITLE_SIZE], char text[TEXT_SIZE])
{
    uint64_t state = 0x6775696465u + i * 0x100000001b3u;
    snprintf(title, TITLE_SIZE, "%.60s", c->question[draw(&state) % c->nquestion]);
    size_t len = 0, want = 4 + draw(&state) % 5;
    text[0] = 0;
    for (size_t k = 0; k < want; k++) {
        const char *s = c->sentence[draw(&state) % c->nsentence];
        size_t n = strlen(s);
        if (len + n + 2 > TEXT_SIZE)
            break;
        if (len)
            text[len++] = ' ';
        memcpy(text + len, s, n + 1);
        len += n;
    }
}

size_t corpus_word(const char **s, const char **ret_word)
{
    const char *p = *s;
    while (*p && !isalnum((unsigned char)*p) && (unsigned char)*p < 0x80)
        p++;
    *ret_word = p;
    while (isalnum((unsigned char)*p) || (unsigned char)*p >= 0x80)
        p++;
    size_t len = (size_t)(p - *ret_word);
    if (len && *p == '\'') /* "what's": what is behind is grammar */
        while (*p == '\'' || isalnum((unsigned char)*p))
            p++;
    *s = p;
    return len;
}
