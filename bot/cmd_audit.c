/* cmd_audit.c: guidepost audit: what the staff did. `verify` walks the chain of hashes (store_audit.c); `export` prints it, a
 * JSON object a line, with each row's hash, so that it can be kept where nobody of the staff can write. */
#include <getopt.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/command.h"
#include "bot/store.h"
#include "bot/takeout.h"

#define MAX_ROW (1u << 20)
#define HEX     (2 * STORE_HASH + 1)

struct auditing {
    const char *expected; /* a hash that must occur, or NULL */
    bool print, met;
    int64_t n, broken; /* rows; the first one that is not sound, or 0 */
    char last[HEX];
};

static void print_row(const struct store_audit *a, const char *hash)
{
    struct buf b;
    buf_init(&b, MAX_ROW);
    takeout_audit(&b, a, hash);
    fputs(b.s, stdout);
    buf_release(&b);
}

static void on_row(void *ctx, const struct store_audit *a, const unsigned char hash[STORE_HASH],
                   bool sound)
{
    struct auditing *au = ctx;
    sodium_bin2hex(au->last, sizeof au->last, hash, STORE_HASH);
    au->n++;
    if (!sound && !au->broken)
        au->broken = a->id;
    if (au->expected && !strcmp(au->expected, au->last))
        au->met = true;
    if (au->print)
        print_row(a, au->last);
}

static int conclude(const struct auditing *au)
{
    if (au->broken) {
        fprintf(stderr,
                "guidepost audit: row %lld is not what was written, or what "
                "was before it is gone; compare with an export\n",
                (long long)au->broken);
        return EXIT_FAILED;
    }
    if (au->expected && !au->met) {
        fprintf(stderr,
                "guidepost audit: no row has the hash %s: rows were taken away at the end\n",
                au->expected);
        return EXIT_FAILED;
    }
    if (!au->print && au->n)
        printf("%lld row%s, each as written. The last one: %s\n", (long long)au->n,
               au->n == 1 ? "" : "s", au->last);
    else if (!au->print)
        puts("There is no row yet.");
    return EXIT_FINE;
}

static int audit(struct auditing *au, const char *config)
{
    struct base base;
    struct store *s = NULL;
    int code = base_open(config, NULL, &base);
    if (code)
        return code;
    code = command_store(base.config, &s);
    int err = code ? 0 : store_audit(s, 0, SIZE_MAX, on_row, au);
    if (err) {
        fprintf(stderr, "guidepost audit: state.db: %s\n", store_strerror(err));
        code = EXIT_FAILED;
    }
    store_close(s);
    base_close(&base);
    return code ? code : conclude(au);
}

static int run_audit(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"expect", required_argument, NULL, 'e'}, {0}};
    struct auditing au = {0};
    const char *config = NULL;
    optind = 0;
    for (int opt; (opt = command_option(&command_audit, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'e': au.expected = optarg; break;
        default: return EXIT_USAGE;
        }
    }
    const char *what = optind + 1 == argc ? argv[optind] : "";
    au.print = !strcmp(what, "export");
    if (!au.print && strcmp(what, "verify"))
        return command_usage(&command_audit, "say what: verify or export");
    if (sodium_init() < 0)
        return EXIT_FAILED;
    return audit(&au, config);
}

const struct command command_audit = {
    .name = "audit",
    .synopsis = "verify|export [-c FILE] [--expect HASH]",
    .summary = "what the staff did, and whether that list was tampered with",
    .help = "Each thing that somebody of the staff does is a row of data_dir/state.db that carries "
            "a hash of itself and of\n"
            "the row before it. verify recomputes them; export prints the "
            "rows as JSON, one a line, oldest first, and\n"
            "verifies, too.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --expect HASH   a last hash that was noted before: it must still be there\n\n"
            "Exit status 0: nothing was changed; 1: something was.\n",
    .run = run_audit,
};
