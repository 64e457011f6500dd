/* cmd_verify.c: guidepost verify: does what was answered then still stand where it was quoted from?
 *
 * Takes receipts, from the command line or one a line from standard input, where a line may also be a whole reply as
 * `ask --json` or POST /v1/ask print it: then the receipts of all its extracts are meant. What is said about each goes
 * to standard output, so that it can be filed with the complaint it answers. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/command.h"
#include "bot/json.h"
#include "bot/terminal.h"
#include "kb/pool.h"

#define MAX_LINE (4u << 20)

struct verifying {
    struct kb *kb;
    bool json;
    size_t n;
    int code;
};

static const char *const outcomes[] = {"same", "moved", "changed", "gone"};

static void print_proof(const struct kb_proof *p, struct pool *pool)
{
    static const char *const meaning[] = {
        "the same bytes stand there still",
        "the same bytes stand elsewhere in the document now",
        "the document no longer has them; there stands now",
        "there is no such document any more",
    };
    printf("%s: %s: %s", outcomes[p->outcome], terminal_safe(pool, p->passage),
           meaning[p->outcome]);
    if (p->outcome != KB_GONE)
        printf(" (bytes %zu to %zu)", p->start, p->end);
    putchar('\n');
    if (p->outcome != KB_GONE)
        terminal_wrap(stdout, terminal_safe(pool, p->text), "  ", terminal_width(stdout));
    if (p->ranking != KB_RANKING_VERSION)
        printf("  It was chosen by ranking %d; today's is %d and may choose another passage.\n",
               p->ranking, KB_RANKING_VERSION);
}

static void print_json(const struct kb_proof *p, const char *receipt)
{
    struct buf b;
    buf_init(&b, MAX_LINE);
    buf_addc(&b, '{');
    json_add_member(&b, "receipt", receipt);
    json_add_member(&b, "outcome", outcomes[p->outcome]);
    json_add_count(&b, "ranking", p->ranking);
    json_add_member(&b, "document", p->document);
    json_add_member(&b, "passage", p->passage);
    json_add_member(&b, "text", p->text);
    buf_addf(&b, ",\"start\":%zu,\"end\":%zu}\n", p->start, p->end);
    fwrite(b.s, 1, b.len, stdout);
    buf_release(&b);
}

static void worse(struct verifying *v, int code)
{
    if (v->code != EXIT_FAILED)
        v->code = code;
}

static void verify_one(struct verifying *v, const char *receipt)
{
    struct pool *pool = pool_new();
    struct kb_proof proof;
    int err = kb_verify(v->kb, receipt, pool, &proof);
    v->n++;
    if (err) {
        fprintf(stderr, "guidepost verify: %.80s: %s\n", terminal_safe(pool, receipt),
                err == KB_ERR_INPUT ? "is no receipt; one begins with \"gp1:\"" : kb_strerror(err));
        worse(v, EXIT_FAILED);
    } else {
        if (v->json)
            print_json(&proof, receipt);
        else
            print_proof(&proof, pool);
        if (proof.outcome >= KB_CHANGED)
            worse(v, EXIT_UNSURE);
    }
    pool_free(pool);
}

static void verify_member(struct verifying *v, const struct cJSON *of)
{
    const struct cJSON *receipt = cJSON_GetObjectItemCaseSensitive(of, "receipt");
    if (cJSON_IsString(receipt))
        verify_one(v, receipt->valuestring);
}

/* All receipts of a reply. */
static void verify_reply(struct verifying *v, const char *line)
{
    struct cJSON *reply = json_parse(line, strlen(line));
    const struct cJSON *hit, *lead;
    if (!reply) {
        fputs("guidepost verify: a line is neither a receipt nor a reply in JSON\n", stderr);
        worse(v, EXIT_FAILED);
        return;
    }
    cJSON_ArrayForEach(hit, cJSON_GetObjectItemCaseSensitive(reply, "answers"))
    {
        lead = cJSON_GetObjectItemCaseSensitive(hit, "lead");
        if (lead)
            verify_member(v, lead);
        verify_member(v, hit);
    }
    json_free(reply);
}

static void verify_lines(struct verifying *v, FILE *in)
{
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, in)) >= 0;) {
        while (n && strchr("\r\n \t", line[n - 1]))
            line[--n] = 0;
        if (*line == '{')
            verify_reply(v, line);
        else if (n)
            verify_one(v, line);
    }
    free(line);
}

static int verify(struct verifying *v, const struct base *base, char **receipt, int n)
{
    int err = kb_open(base->kb, &v->kb);
    if (err) {
        fprintf(stderr, "guidepost: %s: %s\n", base->kb, kb_strerror(err));
        return EXIT_FAILED;
    }
    for (int i = 0; i < n; i++)
        verify_one(v, receipt[i]);
    if (!n)
        verify_lines(v, stdin);
    if (!v->n && !v->code) {
        fputs("guidepost verify: no receipt was given\n", stderr);
        v->code = EXIT_FAILED;
    }
    kb_close(v->kb);
    return v->code;
}

static int run_verify(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"kb", required_argument, NULL, 'k'},
                                            {"json", no_argument, NULL, 'j'},
                                            {0}};
    struct verifying v = {0};
    const char *config = NULL, *db = NULL;
    optind = 0;
    for (int opt; (opt = command_option(&command_verify, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'k': db = optarg; break;
        case 'j': v.json = true; break;
        default: return EXIT_USAGE;
        }
    }
    struct base base;
    int code = base_open(config, db, &base);
    if (code)
        return code;
    code = verify(&v, &base, argv + optind, argc - optind);
    base_close(&base);
    return code;
}

const struct command command_verify = {
    .name = "verify",
    .synopsis = "[-c FILE | --kb DB] [--json] [RECEIPT...]",
    .summary = "prove what was answered: find the quoted bytes again",
    .help = "Every extract of a reply has a receipt: the passage, its "
            "bytes, a hash of them and the version of the\n"
            "ranking. verify shows the quoted text again, or what "
            "stands in its place today. Without a RECEIPT it\n"
            "reads standard input: receipts, or replies in JSON, one a line.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --kb DB         the index itself, without settings\n"
            "      --json          one object a receipt: receipt, "
            "outcome (same, moved, changed, gone), ranking,\n"
            "                      document, passage, text, start, end\n\n"
            "Exit status 0: all of it is in the document still; 3: some "
            "of it is not; 1: not a receipt, or no index.\n",
    .run = run_verify,
};
