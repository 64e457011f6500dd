/* signs.c: what confidence is made of, for fit_confidence.py. A line of JSON in, {"id","turns"}; a line out,
 * {"id","confidence","band","document","text","chances"}: the first hit's document, its extract, and the signs that each
 * of the two chances is made of. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb.h"

#define MAX_TURNS 16

/* The parts of each chance, by name. */
static cJSON *chances(const struct kb_why *why)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < why->nchance; i++) {
        cJSON *one = cJSON_CreateObject();
        for (size_t k = 0; k < why->chance[i].npart; k++)
            cJSON_AddNumberToObject(one, why->chance[i].part[k].name, why->chance[i].part[k].value);
        cJSON_AddItemToArray(list, one);
    }
    return list;
}

static int answer(struct kb *kb, const cJSON *in)
{
    const char *turn[MAX_TURNS];
    const cJSON *turns = cJSON_GetObjectItemCaseSensitive(in, "turns"), *one = NULL;
    size_t n = 0;
    cJSON_ArrayForEach(one, turns) if (n < MAX_TURNS && cJSON_IsString(one)) turn[n++] =
        one->valuestring;
    if (!n)
        return KB_ERR_INPUT;
    struct kb_ask ask = {.text = turn[n - 1],
                         .len = strlen(turn[n - 1]),
                         .before = turn,
                         .nbefore = n - 1,
                         .max = 1,
                         .explain = true};
    struct kb_hits hits;
    int r = kb_ask(kb, &ask, &hits);
    if (r)
        return r;
    cJSON *out = cJSON_CreateObject();
    cJSON_AddItemToObject(out, "id",
                          cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(in, "id"), true));
    cJSON_AddNumberToObject(out, "confidence", hits.confidence);
    cJSON_AddNumberToObject(out, "band", hits.band);
    cJSON_AddStringToObject(out, "document", hits.n ? hits.hit[0].document : "");
    cJSON_AddStringToObject(out, "text", hits.n ? hits.hit[0].text : "");
    cJSON_AddItemToObject(out, "chances", chances(hits.why));
    char *line = cJSON_PrintUnformatted(out);
    puts(line);
    free(line);
    cJSON_Delete(out);
    kb_hits_release(&hits);
    return 0;
}

int main(int argc, char **argv)
{
    struct kb *kb = NULL;
    char *line = NULL;
    size_t cap = 0;
    int r = argc == 2 ? kb_open(argv[1], &kb) : KB_ERR_INPUT;
    while (!r && getline(&line, &cap, stdin) > 0) {
        cJSON *in = cJSON_Parse(line);
        r = answer(kb, in);
        cJSON_Delete(in);
    }
    free(line);
    kb_close(kb);
    if (r)
        fprintf(stderr, "signs INDEX.db < questions.jsonl: %s\n", kb_strerror(r));
    return r ? 1 : 0;
}
