/* cmd_ask.c: guidepost ask: one question, or a conversation on the terminal. What is shown is what
 * a chat network would get, in a terminal's dialect: text, then numbered things to ask next, then
 * where it stands. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/answer.h"
#include "bot/base.h"
#include "bot/buf.h"
#include "bot/command.h"
#include "bot/limits.h"
#include "bot/session.h"
#include "bot/smalltalk.h"
#include "bot/terminal.h"
#include "bot/why.h"
#include "kb/pool.h"

struct asking {
    struct answerer *answerer;
    const char *lang, *audience;
    bool json, explain, colour;
    size_t width;
};

/* ---- one reply ------------------------------------------------------------------------------- */

static void print_source(const struct asking *ask, const struct kb_hit *h, struct pool *pool)
{
    struct buf b;
    buf_init(&b, MAX_REPLY_JSON);
    buf_adds(&b, *h->title ? h->title : h->document);
    for (size_t i = 0; i < h->nheading; i++)
        if (i || strcmp(h->heading[i], h->title) != 0)
            buf_addf(&b, " › %s", h->heading[i]);
    if (h->entry)
        buf_addf(&b, " › %s", h->question);
    if (*h->url)
        buf_addf(&b, "  %s%s%s", h->url, *h->anchor ? "#" : "", h->anchor);
    if (*h->reviewed)
        buf_addf(&b, "  (reviewed %s)", h->reviewed);
    fputs(ask->colour ? TERMINAL_DIM : "", stdout);
    terminal_wrap(stdout, terminal_safe(pool, b.s), "  ", ask->width);
    fputs(ask->colour ? TERMINAL_PLAIN : "", stdout);
    buf_release(&b);
}

static void print_list(const struct asking *ask, const char *lead, const char **item, size_t n,
                       size_t *number, struct pool *pool)
{
    if (!n)
        return;
    printf("\n%s\n", lead);
    for (size_t i = 0; i < n; i++) {
        const char *line = pool_printf(pool, "%zu. %s", ++*number, terminal_safe(pool, item[i]));
        terminal_wrap(stdout, line, "  ", ask->width);
    }
}

/* The words that the ranking found in the extracts, which need not be the ones that were typed. */
static const char *found_words(const struct reply *r, struct pool *pool)
{
    struct buf b;
    buf_init(&b, MAX_REPLY_JSON);
    for (size_t i = 0; i < r->nanswer; i++)
        for (size_t k = 0; k < r->answer[i].nmark; k++) {
            const struct kb_span *m = &r->answer[i].mark[k];
            buf_addc(&b, ' ');
            buf_add(&b, r->answer[i].text + m->start, m->end - m->start);
        }
    const char *words = pool_strndup(pool, b.s, b.len);
    buf_release(&b);
    return words;
}

static void print_reply(const struct asking *ask, const struct reply *r, struct pool *pool)
{
    size_t number = 0;
    const char *text = terminal_safe(pool, r->text);
    for (size_t i = 0; i < r->ncorrected; i++)
        printf("(I read \"%s\" as \"%s\".)\n", terminal_safe(pool, r->corrected[i].from),
               terminal_safe(pool, r->corrected[i].to));
    if (ask->colour && r->nanswer)
        text = terminal_highlight(pool, text, found_words(r, pool));
    terminal_wrap(stdout, text, "", ask->width);
    print_list(ask, "Did you mean:", r->choice, r->nchoice, &number, pool);
    print_list(ask, r->kind == REPLY_ANSWER ? "You can also ask:" : "I can tell you about:",
               r->suggestion, r->nsuggestion, &number, pool);
    if (r->nanswer)
        puts(r->nanswer > 1 ? "\nSources:" : "\nSource:");
    for (size_t i = 0; i < r->nanswer; i++)
        print_source(ask, &r->answer[i], pool);
    why_print(stdout, r, ask->colour, pool);
    if (ask->explain && !r->nwhy)
        puts("\nSmall talk: the reply stands in smalltalk.yaml, and nothing was looked up.");
}

static void print_json(const struct reply *r)
{
    struct buf b;
    buf_init(&b, 4u << 20);
    reply_json(r, NULL, NULL, &b);
    buf_addc(&b, '\n');
    fwrite(b.s, 1, b.len, stdout);
    buf_release(&b);
}

/* Answer, show, remember. 0, 1 or 3. */
static int ask_one(const struct asking *ask, struct session *s, const char *text)
{
    struct pool *pool = pool_new();
    struct reply r;
    struct question q = {
        .lang = ask->lang, .audience = ask->audience, .explain = ask->explain, .unattended = true};
    session_recall(s, text, pool, &q);
    int err = answer_make(ask->answerer, &q, pool, &r);
    if (err)
        fprintf(stderr, "guidepost ask: %s\n", kb_strerror(err));
    if (ask->json)
        print_json(&r);
    else
        print_reply(ask, &r, pool);
    fflush(stdout); /* nobody waits for us to tidy up */
    session_tell(s, q.text, &r);
    int code = err                                               ? EXIT_FAILED
               : r.kind == REPLY_NONE || r.kind == REPLY_CHOICES ? EXIT_UNSURE
                                                                 : EXIT_FINE;
    pool_free(pool);
    return code;
}

/* ---- a conversation -------------------------------------------------------------------------- */

static bool ends(const char *line)
{
    return !strcmp(line, "quit") || !strcmp(line, "exit") || !strcmp(line, "q");
}

static int converse(const struct asking *ask, struct session *s)
{
    bool person = isatty(STDIN_FILENO) && !ask->json;
    char *line = NULL;
    size_t cap = 0;
    int code = EXIT_FINE;
    if (person)
        puts("Ask a question. A number picks from a list; Ctrl-D or \"quit\" ends.");
    for (;;) {
        if (person)
            fputs(ask->colour ? "\n" TERMINAL_BOLD "> " TERMINAL_PLAIN : "\n> ", stdout);
        fflush(stdout);
        ssize_t n = getline(&line, &cap, stdin);
        if (n < 0)
            break;
        while (n && strchr("\r\n \t", line[n - 1]))
            line[--n] = '\0';
        if (!n)
            continue;
        if (ends(line))
            break;
        if (person)
            putchar('\n');
        if (ask_one(ask, s, line) == EXIT_FAILED)
            code = EXIT_FAILED;
    }
    if (person && feof(stdin))
        putchar('\n');
    free(line);
    return code;
}

/* ---- the command ----------------------------------------------------------------------------- */

static char *join(char **word, int n)
{
    struct buf b;
    buf_init(&b, 4u << 20);
    for (int i = 0; i < n; i++)
        buf_addf(&b, "%s%s", i ? " " : "", word[i]);
    return buf_take(&b, NULL);
}

static int run_with(struct asking *ask, struct base *base, bool batch, char **word, int nword)
{
    struct smalltalk *talk = NULL;
    struct sessions *sessions = NULL;
    char *question = NULL;
    int code = base_smalltalk(base, &talk);
    if (code)
        goto out;
    int err = answerer_open(base->kb, talk, &ask->answerer);
    if (err) {
        fprintf(stderr, "guidepost: %s: %s\n", base->kb, kb_strerror(err));
        code = EXIT_FAILED;
        goto out;
    }
    if (!answerer_kb(ask->answerer) && (code = base_ensure(base)))
        goto out;
    sessions = sessions_new();
    struct session *s = session_get(sessions, "terminal", 0);
    if (batch)
        code = ask_batch(ask->answerer, stdin, stdout);
    else if (!nword)
        code = converse(ask, s);
    else if ((question = join(word, nword)))
        code = ask_one(ask, s, question);
    else
        code = command_usage(&command_ask, "the question is too long");
out:
    free(question);
    sessions_free(sessions);
    answerer_close(ask->answerer);
    smalltalk_free(talk);
    return code;
}

enum { OPT_AUDIENCE = 256 };

static int run_ask(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"kb", required_argument, NULL, 'k'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"explain", no_argument, NULL, 'e'},
                                            {"batch", no_argument, NULL, 'b'},
                                            {"lang", required_argument, NULL, 'l'},
                                            {"audience", required_argument, NULL, OPT_AUDIENCE},
                                            {0}};
    struct asking ask = {.colour = terminal_colour(stdout), .width = terminal_width(stdout)};
    const char *config = NULL, *db = NULL;
    bool batch = false;
    optind = 0;
    for (int opt; (opt = command_option(&command_ask, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'k': db = optarg; break;
        case 'j': ask.json = true; break;
        case 'e': ask.explain = true; break;
        case 'b': batch = true; break;
        case 'l': ask.lang = optarg; break;
        case OPT_AUDIENCE: ask.audience = optarg; break;
        default: return EXIT_USAGE;
        }
    }
    if (batch && optind < argc)
        return command_usage(&command_ask, "--batch reads its questions from standard input");
    if (batch && (ask.json || ask.explain || ask.lang || ask.audience))
        return command_usage(&command_ask, "--batch goes with -c and --kb only");
    struct base base;
    int code = base_open(config, db, &base);
    if (code)
        return code;
    code = run_with(&ask, &base, batch, argv + optind, argc - optind);
    base_close(&base);
    return code;
}

const struct command command_ask = {
    .name = "ask",
    .synopsis = "[-c FILE | --kb DB] [--json] [--explain] [--lang LANG] [--audience NAME] "
                "[QUESTION] | --batch",
    .summary = "answer a question here and now; without one, a conversation",
    .help = "  -c, --config FILE    settings (else ./guidepost.yaml or ./config/guidepost.yaml); "
            "an index that is\n"
            "                       not there yet is built first\n"
            "      --kb DB          the index itself, without settings\n"
            "      --json           the reply as an object\n"
            "      --explain        why these passages, in this order\n"
            "      --lang LANG      only passages in this language, as in \"en\"\n"
            "      --audience NAME  passages for this audience, too; else those for everybody\n"
            "      --batch          JSON lines on standard input, "
            "{\"id\":\"q1\",\"turns\":[\"first\",\"second\"]}, to\n"
            "                       JSON lines on standard output\n\n"
            "Exit status 3: there is no confident answer.\n",
    .run = run_ask,
};
