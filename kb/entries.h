/* entries.h: curated questions with their answers, as a list that can be read from one form and written in another: our own
 * FAQ files, tables, JSON, and what two other programs export. For import, export and the staff's editor; an index is made
 * of sources (kb.h). */
#ifndef KB_ENTRIES_H
#define KB_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct kb_report;
struct kb_sources;
struct pool;

enum kb_form {
    KB_FORM_FAQ,      /* *.faq.yaml */
    KB_FORM_CSV,      /* with a header row, RFC 4180 */
    KB_FORM_TSV,      /* the same with tabs */
    KB_FORM_JSON,     /* an array of objects */
    KB_FORM_QNAMAKER, /* the TSV that QnA Maker and custom question answering export */
    KB_FORM_QNABOT,   /* the JSON that QnABot on AWS exports */
    KB_FORM_UNKNOWN,
};
/* "faq" "csv" "tsv" "json" "qnamaker" "qnabot"; KB_FORM_UNKNOWN for another name. */
enum kb_form kb_form_named(const char *name);
const char *kb_form_name(enum kb_form form);
/* By the name of the file, and what is in it: a .tsv with the columns of QnA Maker is theirs. */
enum kb_form kb_form_of(const char *path);

enum kb_entry_list { KB_AKA, KB_FOLLOWUPS, KB_NEEDS, KB_NOT, KB_TESTS, KB_NOT_TESTS, KB_NLISTS };
struct kb_texts {
    const char **s;
    size_t n, cap;
};

/* All texts are valid UTF-8 in NFC; "" is absent. The answer is Markdown. */
struct kb_curated {
    const char *id, *question, *answer;
    const char *url, *lang, *audience, *status, *reviewed, *valid_from, *valid_until;
    struct kb_texts list[KB_NLISTS];
    size_t line; /* in its file */
};

struct kb_entries {
    struct pool *pool; /* where all of it lives */
    struct kb_curated *entry;
    size_t n, cap;
};

/* Append what the file holds, drafts too. All or nothing: KB_ERR_INPUT when anything in it is wrong, with every mistake and its
 * place in the report; then nothing is appended. Left out with a warning: what the other program keeps and we have no place
 * for. */
int kb_entries_read(const char *path, enum kb_form form, struct kb_entries *to,
                    struct kb_report *report);

/* All that the sources publish, by the same rules as kb_index(). 0 or a negative enum kb_err, with the report. */
int kb_entries_of(const struct kb_sources *src, struct kb_entries *to, struct kb_report *report);

/* The same entries give the same bytes. Reading them back gives the same entries, but for KB_FORM_QNAMAKER and KB_FORM_QNABOT,
 * which keep id, question, aliases, answer and (QnA Maker) follow-ups. False when it could not be written (errno). */
bool kb_entries_write(FILE *out, enum kb_form form, const struct kb_entries *entries);
/* A cell of a table (RFC 4180), quoted where it must be, and such that no spreadsheet runs it (cell.c). Whatever writes a table
 * for people writes every text of strangers with it. */
void kb_cell_write(FILE *out, const char *s);

/* An entry that says nothing: every text is "", every list empty. */
struct kb_curated kb_curated_blank(void);
bool kb_curated_same(const struct kb_curated *a, const struct kb_curated *b);

#endif
