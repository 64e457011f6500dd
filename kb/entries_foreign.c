/* entries_foreign.c: what other programs export.
 *
 * QnA Maker (and custom question answering after it): a TSV without quotes, one row for each way to ask, those of one
 * answer with the same QnaId; line ends within a cell are written as \n. The columns SuggestedQuestions and IsContextOnly are
 * theirs alone; of Metadata only our own guidepost_id comes back; Prompts become follow-ups.
 *
 * QnABot on AWS: an object with the array `qna`; an item of type "qna" has `qid`, ways to ask `q`, and the answer as `a` and, if
 * somebody wrote one, as Markdown in `alt.markdown`. Items of other types (quiz, slottype, text ...) are left out, and named. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kb/entries_int.h"
#include "kb/kb_int.h"

static int mistake(const struct source *src, size_t line, const char *message)
{
    report_add(src->report, true, src->file, line, 0, "%s", message);
    return KB_ERR_INPUT;
}

/* Trimmed, on one line, in `pool`. */
static const char *one_line(struct pool *pool, const char *s)
{
    s += strspn(s, " \t\n\r");
    size_t len = strlen(s);
    while (len && strchr(" \t\n\r", s[len - 1]))
        len--;
    char *copy = pool_strndup(pool, s, len);
    for (char *c = copy; *c; c++)
        if (*c == '\n' || *c == '\t' || *c == '\r')
            *c = ' ';
    return copy;
}

/* Valid and in NFC, as all that comes in; without blanks around it. */
static const char *text(struct pool *pool, const char *s)
{
    size_t len;
    char *t = text_repair(pool, s, strlen(s), &len, NULL);
    while (len && strchr(" \t\n\r", t[len - 1]))
        t[--len] = '\0';
    return t + strspn(t, " \t\n\r");
}

/* An id of ours: what is not allowed in one goes. */
static const char *id_of(struct pool *pool, const char *id, const struct kb_curated *e)
{
    bool ours = *id && !strpbrk(id, " \t\n#\"'<>\\/?&%");
    return ours ? id : text_name(pool, *id ? id : e->question, e->answer, strlen(e->answer));
}

/* Two of their questions may become one id of ours. */
static void make_unique(struct kb_entries *to, size_t first)
{
    struct names names = {0};
    for (size_t i = first; i < to->n; i++) {
        struct kb_curated *e = &to->entry[i];
        const char *id = e->id;
        for (int n = 2; names_claim(&names, to->pool, (struct name_place){.name = e->id}); n++)
            e->id = pool_printf(to->pool, "%s-%d", id, n);
    }
}

/* ---- QnA Maker -------------------------------------------------------------------------------------------- */

enum column { QUESTION, ANSWER, METADATA, PROMPTS, QNA_ID, NCOLUMNS };
static const char *const column_name[] = {"Question", "Answer", "Metadata", "Prompts", "QnaId"};

struct maker {
    const struct source *src;
    struct kb_entries *to;
    size_t first; /* entry of this file */
    int at[NCOLUMNS];
    const char **number;  /* QnaId of each entry from `first` on */
    const char **prompts; /* JSON of each */
    size_t nnumber, capnumber, nprompts, capprompts;
};

/* The cell that begins at *s, which is moved behind it. \n, \t and \\ become what they stand for. */
static char *next_cell(struct pool *pool, const char **s, const char *end)
{
    const char *stop = memchr(*s, '\t', (size_t)(end - *s));
    stop = stop ? stop : end;
    char *cell = pool_strndup(pool, *s, (size_t)(stop - *s)), *to = cell;
    for (const char *c = cell; *c; c++) {
        bool escaped = *c == '\\' && c[1] && strchr("nt\\", c[1]);
        if (escaped)
            c++;
        *to++ = !escaped ? *c : *c == 'n' ? '\n' : *c == 't' ? '\t' : '\\';
    }
    *to = '\0';
    *s = stop < end ? stop + 1 : NULL;
    return cell;
}

static int read_header(struct maker *m, const char *line, const char *end)
{
    for (size_t k = 0; k < NCOLUMNS; k++)
        m->at[k] = -1;
    const char *s = line;
    for (int i = 0; s; i++) {
        const char *name = one_line(m->src->pool, next_cell(m->src->pool, &s, end));
        for (size_t k = 0; k < NCOLUMNS; k++)
            if (strcasecmp(name, column_name[k]) == 0)
                m->at[k] = i;
    }
    return m->at[QUESTION] < 0 || m->at[ANSWER] < 0
               ? mistake(m->src, 1, "the first row must have the columns Question and Answer")
               : KB_OK;
}

/* Ours, if this file came from us: "guidepost_id:mlt-salary|other:x". */
static const char *id_in(struct pool *pool, const char *metadata)
{
    static const char key[] = "guidepost_id:";
    const char *at = strcasestr(metadata, key);
    return at ? pool_strndup(pool, at + strlen(key), strcspn(at + strlen(key), "|")) : "";
}

/* The entry that this row is a further way to ask of, or NULL. */
static struct kb_curated *known(struct maker *m, const char *number, const char *answer)
{
    for (size_t i = m->nnumber; i-- > 0;) {
        struct kb_curated *e = &m->to->entry[m->first + i];
        bool same = *number ? strcmp(m->number[i], number) == 0 : strcmp(e->answer, answer) == 0;
        if (same)
            return e;
    }
    return NULL;
}

static int take_row(struct maker *m, const char *cell[NCOLUMNS], size_t line)
{
    struct pool *pool = m->to->pool;
    const char *question = one_line(pool, text(pool, cell[QUESTION]));
    const char *answer = text(pool, cell[ANSWER]), *number = one_line(pool, cell[QNA_ID]);
    if (!*question || !*answer)
        return mistake(m->src, line,
                       !*question ? "this row has no question; write one, or delete it"
                                  : "this row has no answer; write one, or delete it");
    struct kb_curated *e = known(m, number, answer);
    if (e && strcmp(e->question, question))
        entries_add_text(m->to, e, KB_AKA, question);
    if (e)
        return KB_OK;
    e = entries_add(m->to, line);
    e->question = question;
    e->answer = answer;
    e->id = id_of(pool, id_in(pool, cell[METADATA]), e);
    *POOL_PUSH(pool, m->number, m->nnumber, m->capnumber) = number;
    *POOL_PUSH(pool, m->prompts, m->nprompts, m->capprompts) = pool_strdup(pool, cell[PROMPTS]);
    return KB_OK;
}

static int read_row(struct maker *m, const char *line, const char *end, size_t number)
{
    const char *cell[NCOLUMNS] = {"", "", "", "", ""}, *s = line;
    for (int i = 0; s; i++) {
        const char *value = next_cell(m->src->pool, &s, end);
        for (size_t k = 0; k < NCOLUMNS; k++)
            if (m->at[k] == i)
                cell[k] = value;
    }
    return take_row(m, cell, number);
}

/* When all ids are known: who is led to by number. */
static void link_prompts(struct maker *m)
{
    for (size_t i = 0; i < m->nprompts; i++) {
        cJSON *list = cJSON_Parse(m->prompts[i]);
        const cJSON *p;
        cJSON_ArrayForEach(p, list)
        {
            const cJSON *id = cJSON_GetObjectItemCaseSensitive(p, "qnaId");
            const char *number =
                cJSON_IsNumber(id) ? pool_printf(m->to->pool, "%.0f", id->valuedouble) : "";
            for (size_t k = 0; k < m->nnumber; k++)
                if (*number && strcmp(m->number[k], number) == 0)
                    entries_add_text(m->to, &m->to->entry[m->first + i], KB_FOLLOWUPS,
                                     m->to->entry[m->first + k].id);
        }
        cJSON_Delete(list);
    }
}

int entries_qnamaker(const struct source *src, struct kb_entries *to)
{
    struct maker m = {.src = src, .to = to, .first = to->n};
    const char *s = src->s, *all = src->s + src->len;
    int rc = KB_OK;
    for (size_t line = 1; s < all; line++) {
        const char *end = memchr(s, '\n', (size_t)(all - s));
        end = end ? end : all;
        bool blank = strspn(s, " \t\r") >= (size_t)(end - s);
        int bad = line == 1 ? read_header(&m, s, end) : blank ? KB_OK : read_row(&m, s, end, line);
        rc = bad ? bad : rc;
        if (bad && line == 1)
            break;
        s = end + 1;
    }
    make_unique(to, m.first);
    if (!rc)
        link_prompts(&m);
    return rc;
}

/* ---- QnABot --------------------------------------------------------------------------------------------------- */

static const char *string_of(const cJSON *of, const char *key)
{
    const cJSON *s = cJSON_GetObjectItemCaseSensitive(of, key);
    return cJSON_IsString(s) ? s->valuestring : "";
}

static int take_item(const struct source *src, struct kb_entries *to, const cJSON *item, size_t n)
{
    const cJSON *q = cJSON_GetObjectItemCaseSensitive(item, "q"), *way;
    const char *type = string_of(item, "type"), *qid = string_of(item, "qid");
    const char *markdown = string_of(cJSON_GetObjectItemCaseSensitive(item, "alt"), "markdown");
    const char *answer = text(to->pool, *markdown ? markdown : string_of(item, "a"));
    struct pool *pool = src->pool;
    if (*type && strcmp(type, "qna")) {
        report_add(src->report, false, src->file, 0, 0,
                   "item %zu ('%.60s') is of type '%.20s' and left out: only qna are questions", n,
                   qid, type);
        return KB_OK;
    }
    if (!cJSON_GetArraySize(q) || !cJSON_IsString(cJSON_GetArrayItem(q, 0)) || !*answer)
        return mistake(src, 0,
                       pool_printf(pool, "item %zu ('%.60s') has no %s", n, qid,
                                   *answer ? "question in 'q'" : "answer in 'a'"));
    struct kb_curated *e = entries_add(to, n);
    e->answer = answer;
    cJSON_ArrayForEach(way, q)
    {
        const char *s =
            cJSON_IsString(way) ? one_line(to->pool, text(to->pool, way->valuestring)) : "";
        if (*s && !*e->question)
            e->question = s;
        else if (*s)
            entries_add_text(to, e, KB_AKA, s);
    }
    e->id = pool_strdup(to->pool, id_of(to->pool, one_line(to->pool, qid), e));
    return KB_OK;
}

int entries_qnabot(const struct source *src, struct kb_entries *to)
{
    cJSON *root = cJSON_ParseWithLength(src->s, src->len);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "qna"), *item;
    size_t first = to->n, n = 0;
    int rc = KB_OK;
    if (!cJSON_IsArray(list))
        rc = mistake(src, 0, "is no export of QnABot: an object with a list 'qna' was expected");
    cJSON_ArrayForEach(item, list)
    {
        int bad = take_item(src, to, item, ++n);
        rc = bad ? bad : rc;
    }
    cJSON_Delete(root);
    make_unique(to, first);
    return rc;
}
