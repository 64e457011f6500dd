/* entries_write.c: a list of entries becomes a file. What is written here is read by entries.c, and a list gives the same
 * bytes each time, so that a folder of FAQ files lives well in version control. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "kb/entries_int.h"
#include "kb/kb_int.h"
#include "kb/plain.h"

static const char *const list_key[KB_NLISTS] = {"aka", "followups", "needs",
                                                "not", "tests",     "not_tests"};

/* What an entry says besides question, answer and lists, in the order in which it is written. */
#define NFACTS 7
static const char *const fact_key[NFACTS] = {"url",      "lang",       "audience",   "status",
                                             "reviewed", "valid_from", "valid_until"};
static void facts(const struct kb_curated *e, const char *ret[NFACTS])
{
    const char *const all[NFACTS] = {e->url,      e->lang,       e->audience,   e->status,
                                     e->reviewed, e->valid_from, e->valid_until};
    memcpy(ret, all, sizeof all);
}

/* ---- YAML ------------------------------------------------------------------------------------------------ */

/* May it stand without quotes? A few plain words, and nothing that YAML could take for something else. */
static bool is_plain(const char *s)
{
    size_t len = strlen(s);
    if (!len || !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", s[0]) ||
        s[len - 1] == ' ' || s[len - 1] == ':')
        return false;
    static const char *const other[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (strcasecmp(s, other[i]) == 0)
            return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < ' ' || strchr("\"#[]{}|>`\\", s[i]) || s[i] == 0x7f ||
            (s[i] == ':' && s[i + 1] == ' ') || s[i] == ',')
            return false;
    return true;
}

void entries_write_text(FILE *out, const char *s)
{
    if (is_plain(s)) {
        fputs(s, out);
        return;
    }
    fputc('"', out);
    for (; *s; s++)
        switch (*s) {
        case '"': fputs("\\\"", out); break;
        case '\\': fputs("\\\\", out); break;
        case '\n': fputs("\\n", out); break;
        case '\t': fputs("\\t", out); break;
        default:
            if ((unsigned char)*s < ' ' || *s == 0x7f)
                fprintf(out, "\\x%02x", (unsigned)*s);
            else
                fputc(*s, out);
        }
    fputc('"', out);
}

static void write_list(FILE *out, const char *key, const struct kb_texts *list, int indent)
{
    fprintf(out, "%s:\n", key);
    for (size_t i = 0; i < list->n; i++) {
        fprintf(out, "%*s  - ", indent, "");
        entries_write_text(out, list->s[i]);
        fputc('\n', out);
    }
}

/* A block keeps the Markdown as it was typed; what a block cannot hold is quoted. */
static void write_answer(FILE *out, const char *s, int indent)
{
    bool odd = *s == ' ' || *s == '\t' || *s == '\n';
    for (const char *c = s; *c && !odd; c++)
        odd = ((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f;
    if (odd) {
        fputs("a: ", out);
        entries_write_text(out, s);
        fputc('\n', out);
        return;
    }
    fputs("a: |\n", out);
    for (const char *line = s; *line;) {
        size_t len = strcspn(line, "\n");
        if (len)
            fprintf(out, "%*s  %.*s", indent, "", (int)len, line);
        fputc('\n', out);
        line += len + (line[len] == '\n');
    }
}

/* What an entry says, in the order in which it is written: id, question, aliases, answer, the other lists, facts. */
enum { KEY_ID, KEY_Q, KEY_AKA, KEY_A, KEY_LISTS, KEY_FACTS = KEY_LISTS + KB_NLISTS - 1 };
_Static_assert(KEY_FACTS + NFACTS == ENTRY_KEYS, "a key for each thing an entry can say");

static bool is_list(size_t key)
{
    return key == KEY_AKA || (key >= KEY_LISTS && key < KEY_FACTS);
}

/* Of a key that is no list: none. */
static const struct kb_texts *list_at(const struct kb_curated *e, size_t key)
{
    return is_list(key) ? &e->list[key == KEY_AKA ? KB_AKA : key - KEY_LISTS + 1] : NULL;
}

static const char *text_at(const struct kb_curated *e, size_t key)
{
    const char *fact[NFACTS];
    facts(e, fact);
    return key == KEY_ID  ? e->id
           : key == KEY_Q ? e->question
           : key == KEY_A ? e->answer
                          : fact[key - KEY_FACTS];
}

const char *entries_key(size_t key)
{
    static const char *const first[] = {"id", "q", "aka", "a"};
    return key < KEY_LISTS   ? first[key]
           : key < KEY_FACTS ? list_key[key - KEY_LISTS + 1]
                             : fact_key[key - KEY_FACTS];
}

const struct kb_texts *entries_key_list(const struct kb_curated *e, size_t key)
{
    return list_at(e, key);
}

bool entries_key_same(const struct kb_curated *a, const struct kb_curated *b, size_t key)
{
    if (!is_list(key))
        return !strcmp(text_at(a, key), text_at(b, key));
    const struct kb_texts *x = list_at(a, key), *y = list_at(b, key);
    bool same = x->n == y->n;
    for (size_t i = 0; i < x->n && same; i++)
        same = !strcmp(x->s[i], y->s[i]);
    return same;
}

bool entries_write_key(FILE *out, const struct kb_curated *e, size_t key, int indent, bool first)
{
    const struct kb_texts *list = list_at(e, key);
    const char *text = is_list(key) ? "" : text_at(e, key);
    if (is_list(key) ? !list->n : !*text)
        return false;
    fprintf(out, "%*s", first ? 0 : indent, "");
    if (is_list(key)) {
        write_list(out, entries_key(key), list, indent);
    } else if (key == KEY_A) {
        write_answer(out, text, indent);
    } else {
        fprintf(out, "%s: ", entries_key(key));
        entries_write_text(out, text);
        fputc('\n', out);
    }
    return true;
}

void entries_write_entry(FILE *out, const struct kb_curated *e, int column)
{
    bool first = true;
    fprintf(out, "%*s- ", column, "");
    for (size_t k = 0; k < ENTRY_KEYS; k++)
        if (entries_write_key(out, e, k, column + 2, first))
            first = false;
}

static void write_faq(FILE *out, const struct kb_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        if (i)
            fputc('\n', out);
        entries_write_entry(out, &entries->entry[i], 0);
    }
}

/* ---- tables ------------------------------------------------------------------------------------------------ */

/* Its texts with '|' between them. */
static char *joined(const struct kb_texts *list)
{
    char *s = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&s, &len);
    for (size_t i = 0; i < list->n && out; i++)
        fprintf(out, "%s%s", i ? "|" : "", list->s[i]);
    if (list->n == 1 && out && strchr(list->s[0], ';'))
        fputc('|', out); /* or it would be taken apart at its semicolons */
    if (out)
        fclose(out);
    return s;
}

static void write_table(FILE *out, char separator, const struct kb_entries *entries)
{
    fprintf(out, "id%cquestion%canswer", separator, separator);
    for (size_t k = 0; k < KB_NLISTS; k++)
        fprintf(out, "%c%s", separator, list_key[k]);
    for (size_t k = 0; k < NFACTS; k++)
        fprintf(out, "%c%s", separator, fact_key[k]);
    fputs("\r\n", out);
    for (size_t i = 0; i < entries->n; i++) {
        const struct kb_curated *e = &entries->entry[i];
        const char *const first[] = {e->id, e->question, e->answer}, *fact[NFACTS];
        for (size_t k = 0; k < 3; k++) {
            if (k)
                fputc(separator, out);
            kb_cell_write(out, first[k]);
        }
        for (size_t k = 0; k < KB_NLISTS; k++) {
            char *cell = joined(&e->list[k]);
            fputc(separator, out);
            kb_cell_write(out, cell ? cell : "");
            free(cell);
        }
        facts(e, fact);
        for (size_t k = 0; k < NFACTS; k++) {
            fputc(separator, out);
            kb_cell_write(out, fact[k]);
        }
        fputs("\r\n", out);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------------------- */

static void add_list(cJSON *to, const char *key, const struct kb_texts *list)
{
    if (list->n)
        cJSON_AddItemToObject(to, key, cJSON_CreateStringArray(list->s, (int)list->n));
}

static cJSON *own_object(const struct kb_curated *e)
{
    const char *fact[NFACTS];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", e->id);
    cJSON_AddStringToObject(o, "question", e->question);
    cJSON_AddStringToObject(o, "answer", e->answer);
    for (size_t k = 0; k < KB_NLISTS; k++)
        add_list(o, list_key[k], &e->list[k]);
    facts(e, fact);
    for (size_t k = 0; k < NFACTS; k++)
        if (*fact[k])
            cJSON_AddStringToObject(o, fact_key[k], fact[k]);
    return o;
}

/* QnABot on AWS: `a` is what a voice says, alt.markdown what a page shows. */
static cJSON *qnabot_object(const struct kb_curated *e)
{
    struct pool *pool = pool_new();
    cJSON *o = cJSON_CreateObject(), *alt = cJSON_CreateObject();
    cJSON *q = cJSON_AddArrayToObject(o, "q");
    cJSON_AddItemToArray(q, cJSON_CreateString(e->question));
    for (size_t i = 0; i < e->list[KB_AKA].n; i++)
        cJSON_AddItemToArray(q, cJSON_CreateString(e->list[KB_AKA].s[i]));
    cJSON_AddStringToObject(o, "qid", e->id);
    cJSON_AddStringToObject(o, "type", "qna");
    cJSON_AddStringToObject(o, "a", kb_plain(pool, e->answer, strlen(e->answer)));
    cJSON_AddStringToObject(alt, "markdown", e->answer);
    cJSON_AddItemToObject(o, "alt", alt);
    pool_free(pool);
    return o;
}

/* One object a line: a changed entry is a changed line. */
static void write_objects(FILE *out, const struct kb_entries *entries,
                          cJSON *(*make)(const struct kb_curated *e))
{
    for (size_t i = 0; i < entries->n; i++) {
        cJSON *o = make(&entries->entry[i]);
        char *s = cJSON_PrintUnformatted(o);
        fprintf(out, "%s%s", s ? s : "{}", i + 1 < entries->n ? ",\n" : "\n");
        free(s);
        cJSON_Delete(o);
    }
}

/* ---- QnA Maker ---------------------------------------------------------------------------------------------- */

/* Its files have no quotes: line ends are written as \n, a backslash as two, and a tab is a blank. */
static void write_flat(FILE *out, const char *s)
{
    for (; *s; s++)
        if (*s == '\n' || *s == '\\')
            fputs(*s == '\n' ? "\\n" : "\\\\", out);
        else
            fputc(*s == '\t' ? ' ' : *s, out);
}

static size_t number_of(const struct kb_entries *entries, const char *id)
{
    for (size_t i = 0; i < entries->n; i++)
        if (strcmp(entries->entry[i].id, id) == 0)
            return i + 1;
    return 0;
}

static void write_prompts(FILE *out, const struct kb_entries *entries, const struct kb_curated *e)
{
    cJSON *prompts = cJSON_CreateArray();
    for (size_t i = 0; i < e->list[KB_FOLLOWUPS].n; i++) {
        size_t number = number_of(entries, e->list[KB_FOLLOWUPS].s[i]);
        if (!number)
            continue;
        cJSON *p = cJSON_CreateObject();
        cJSON_AddNumberToObject(p, "displayOrder", (double)i);
        cJSON_AddNumberToObject(p, "qnaId", (double)number);
        cJSON_AddStringToObject(p, "displayText", entries->entry[number - 1].question);
        cJSON_AddItemToArray(prompts, p);
    }
    char *s = cJSON_PrintUnformatted(prompts);
    write_flat(out, s ? s : "[]");
    free(s);
    cJSON_Delete(prompts);
}

static void write_qnamaker(FILE *out, const struct kb_entries *entries)
{
    fputs("Question\tAnswer\tSource\tMetadata\tSuggestedQuestions\tIsContextOnly\tPrompts\tQnaId\n",
          out);
    for (size_t i = 0; i < entries->n; i++) {
        const struct kb_curated *e = &entries->entry[i];
        for (size_t k = 0; k <= e->list[KB_AKA].n; k++) {
            write_flat(out, k ? e->list[KB_AKA].s[k - 1] : e->question);
            fputc('\t', out);
            write_flat(out, e->answer);
            fprintf(out, "\tEditorial\tguidepost_id:%s\t[]\tFalse\t", e->id);
            write_prompts(out, entries, e);
            fprintf(out, "\t%zu\n", i + 1);
        }
    }
}

bool kb_entries_write(FILE *out, enum kb_form form, const struct kb_entries *entries)
{
    switch (form) {
    case KB_FORM_FAQ: write_faq(out, entries); break;
    case KB_FORM_CSV: write_table(out, ',', entries); break;
    case KB_FORM_TSV: write_table(out, '\t', entries); break;
    case KB_FORM_QNAMAKER: write_qnamaker(out, entries); break;
    case KB_FORM_JSON:
        fputs("[\n", out);
        write_objects(out, entries, own_object);
        fputs("]\n", out);
        break;
    default:
        fputs("{\"qna\":[\n", out);
        write_objects(out, entries, qnabot_object);
        fputs("]}\n", out);
    }
    return !fflush(out) && !ferror(out);
}
