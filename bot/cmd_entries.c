/* cmd_entries.c: guidepost entries: curated questions from and to other programs.
 *
 * An import goes into one FAQ file of the content: what it has under the same id is replaced, what is new is added behind it, the
 * rest stays. All or nothing: every mistake of the input is named, the outcome is tried out with the rest of the content,
 * and only then the file is replaced, by a rename. A running server serves it within a second. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/base.h"
#include "bot/command.h"
#include "bot/file.h"
#include "bot/must.h"
#include "bot/problem.h"
#include "kb/entries.h"
#include "kb/pool.h"

struct entries_call {
    const char *config, *into;
    enum kb_form form;
    bool form_given, json, dry;
    struct pool *pool;
    struct kb_report report;
};

struct counts {
    size_t read, added, changed, unchanged;
};

/* ---- files ---- */

/* Every mistake, each with its place; EXIT_FAILED. */
static int complain(const struct kb_report *report)
{
    problem_print(report, stderr);
    fprintf(stderr, "guidepost entries: %zu mistake%s; nothing was changed\n", report->errors,
            report->errors == 1 ? "" : "s");
    return EXIT_FAILED;
}

/* Does the content hold together with it? Then it is put in its place. */
static int put_in_place(struct entries_call *c, struct base *base, struct kb_bytes bytes)
{
    struct kb_sources src = base->src;
    src.instead = (struct kb_instead){c->into, bytes.s, bytes.len};
    if (kb_check(&src, &c->report))
        return complain(&c->report);
    int err = file_replace(c->into, bytes);
    if (err)
        fprintf(stderr, "guidepost entries: %s: %s; nothing was changed\n", c->into,
                strerror(-err));
    return err ? EXIT_FAILED : EXIT_FINE;
}

static int write_entries(struct entries_call *c, struct base *base, const struct kb_entries *all)
{
    char *s = NULL;
    size_t len = 0;
    FILE *out = must(open_memstream(&s, &len));
    kb_entries_write(out, KB_FORM_FAQ, all);
    fclose(out);
    int code = put_in_place(c, base, (struct kb_bytes){must(s), len});
    free(s);
    return code;
}

/* ---- import ---- */

static struct kb_curated *find(struct kb_entries *in, const char *id)
{
    for (size_t i = 0; i < in->n; i++)
        if (!strcmp(in->entry[i].id, id))
            return &in->entry[i];
    return NULL;
}

/* What a form cannot hold stays as it was: dates, conditions and tests of ours survive an editor of theirs. */
static void keep_ours(struct kb_curated *fresh, const struct kb_curated *old, enum kb_form form)
{
    if (form != KB_FORM_QNAMAKER && form != KB_FORM_QNABOT)
        return;
    struct kb_curated merged = *old;
    merged.question = fresh->question;
    merged.answer = fresh->answer;
    merged.list[KB_AKA] = fresh->list[KB_AKA];
    if (form == KB_FORM_QNAMAKER)
        merged.list[KB_FOLLOWUPS] = fresh->list[KB_FOLLOWUPS];
    *fresh = merged;
}

static void merge(struct kb_entries *into, struct kb_entries *fresh, enum kb_form form,
                  struct counts *n)
{
    n->read = fresh->n;
    for (size_t i = 0; i < fresh->n; i++) {
        struct kb_curated *old = find(into, fresh->entry[i].id);
        if (!old) {
            *POOL_PUSH(into->pool, into->entry, into->n, into->cap) = fresh->entry[i];
            n->added++;
            continue;
        }
        keep_ours(&fresh->entry[i], old, form);
        if (kb_curated_same(old, &fresh->entry[i]))
            n->unchanged++;
        else
            n->changed++;
        *old = fresh->entry[i];
    }
}

static bool writes(const struct entries_call *c, const struct counts *n)
{
    return !c->dry && n->added + n->changed;
}

static void print_counts(const struct entries_call *c, const struct counts *n)
{
    if (c->json)
        printf("{\"read\":%zu,\"added\":%zu,\"changed\":%zu,\"unchanged\":%zu,\"written\":%s}\n",
               n->read, n->added, n->changed, n->unchanged, writes(c, n) ? "true" : "false");
    else
        printf("%zu read: %zu added, %zu changed, %zu as they were. %s %s\n", n->read, n->added,
               n->changed, n->unchanged,
               writes(c, n) ? "Written:"
               : c->dry     ? "Not written:"
                            : "Nothing to write to",
               c->into);
}

static int import(struct entries_call *c, struct base *base, const char *file)
{
    struct kb_entries into = {.pool = c->pool}, fresh = {.pool = c->pool};
    struct counts n = {0};
    if (!access(c->into, F_OK))
        kb_entries_read(c->into, KB_FORM_FAQ, &into, &c->report);
    kb_entries_read(file, c->form, &fresh, &c->report);
    if (c->report.errors)
        return complain(&c->report);
    problem_print(&c->report, stderr); /* what was left out */
    merge(&into, &fresh, c->form, &n);
    int code = writes(c, &n) ? write_entries(c, base, &into) : EXIT_FINE;
    if (code)
        return code;
    print_counts(c, &n);
    return EXIT_FINE;
}

/* ---- export ---- */

static int export(struct entries_call *c, const struct base *base)
{
    struct kb_entries all = {.pool = c->pool};
    if (kb_entries_of(&base->src, &all, &c->report))
        return complain(&c->report);
    if (!kb_entries_write(stdout, c->form, &all)) {
        fprintf(stderr, "guidepost entries: standard output: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    fprintf(stderr, "%zu entries\n", all.n);
    return EXIT_FINE;
}

/* ---- the command line ---- */

static int run(struct entries_call *c, const char *file)
{
    struct base base;
    int code = base_open(c->config, NULL, &base);
    if (code)
        return code;
    c->pool = pool_new();
    code = file ? import(c, &base, file) : export(c, &base);
    kb_report_release(&c->report);
    pool_free(c->pool);
    base_close(&base);
    return code;
}

static bool is_faq_name(const char *path)
{
    return kb_form_of(path) == KB_FORM_FAQ;
}

static int run_import(struct entries_call *c, int nfile, char **file)
{
    const struct command *cmd = &command_entries;
    if (nfile != 1)
        return command_usage(cmd, "import needs one FILE");
    if (!c->into || !is_faq_name(c->into))
        return command_usage(cmd, "import needs --into FILE.faq.yaml, a file of your content");
    if (!c->form_given)
        c->form = kb_form_of(file[0]);
    if (c->form == KB_FORM_UNKNOWN)
        return command_usage(cmd, "\"%s\": its name does not say what it is; add --form", file[0]);
    return run(c, file[0]);
}

static int run_entries(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"form", required_argument, NULL, 'f'},
        {"into", required_argument, NULL, 'i'},   {"dry-run", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},         {0}};
    struct entries_call c = {.form = KB_FORM_FAQ};
    optind = 0;
    for (int opt; (opt = command_option(&command_entries, argc, argv, ":c:n", options)) != -1;) {
        switch (opt) {
        case 'c': c.config = optarg; break;
        case 'i': c.into = optarg; break;
        case 'n': c.dry = true; break;
        case 'j': c.json = true; break;
        case 'f':
            c.form = kb_form_named(optarg);
            c.form_given = true;
            if (c.form == KB_FORM_UNKNOWN)
                return command_usage(
                    &command_entries,
                    "there is no form \"%s\"; faq, csv, tsv, json, qnamaker or qnabot", optarg);
            break;
        default: return EXIT_USAGE;
        }
    }
    const char *what = optind < argc ? argv[optind] : "";
    if (!strcmp(what, "import"))
        return run_import(&c, argc - optind - 1, argv + optind + 1);
    if (!strcmp(what, "export") && optind + 1 == argc)
        return run(&c, NULL);
    return command_usage(&command_entries, "say what: import FILE, or export");
}

const struct command command_entries = {
    .name = "entries",
    .synopsis = "export|import [-c FILE] [--form FORM] [--into FAQ] [--dry-run] [--json] [FILE]",
    .summary = "curated questions to and from spreadsheets and other programs",
    .help = "  entries export [--form FORM]                 all that are published, to standard "
            "output\n"
            "  entries import FILE --into X.faq.yaml        into a file of your content\n\n"
            "What has the same id is replaced, what is new is added, the rest "
            "of the file stays; comments in it do not, so keep\n"
            "imports in a file of their own. All or nothing: every mistake is "
            "named with its place, and the outcome is tried\n"
            "with the rest of the content before the file is replaced.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --form FORM     faq, csv, tsv, json, qnamaker (its TSV) or "
            "qnabot (its JSON); else by the file's name and\n"
            "                      first line. export: faq\n"
            "      --into FAQ      import: the FAQ file, which need not be there yet\n"
            "  -n, --dry-run       import: count, and write nothing\n"
            "      --json          import: the counts as an object\n\n"
            "Exit status 0: done; 1: a mistake in the input, and nothing was changed.\n",
    .run = run_entries,
};
