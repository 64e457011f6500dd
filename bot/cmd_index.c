/* cmd_index.c: guidepost index: build or update an index, and say what was done and why. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/command.h"
#include "bot/json.h"
#include "bot/limits.h"
#include "bot/problem.h"

static void print_json(const char *db, const struct kb_report *r, int err)
{
    struct buf b;
    buf_init(&b, MAX_CONFIG_FILE);
    buf_adds(&b, "{\"kb\":");
    json_add_string(&b, db, strlen(db));
    buf_addf(
        &b,
        ",\"ok\":%s,\"read\":%zu,\"added\":%zu,\"changed\":%zu,\"removed\":%zu,\"unchanged\":%zu,"
        "\"rejected\":%zu,\"passages\":%zu,\"entries\":%zu,\"generation\":%lld,\"rebuilt\":%s",
        err ? "false" : "true", r->read, r->added, r->changed, r->removed, r->unchanged,
        r->rejected, r->passages, r->entries, r->generation, r->rebuilt ? "true" : "false");
    buf_adds(&b, ",\"problems\":[");
    for (size_t i = 0; i < r->nproblem; i++) {
        buf_adds(&b, i ? "," : "");
        problem_json(&r->problem[i], &b);
    }
    buf_addc(&b, ']');
    if (err) {
        const char *why = r->message ? r->message : kb_strerror(err);
        buf_adds(&b, ",\"message\":");
        json_add_string(&b, why, strlen(why));
    }
    buf_adds(&b, "}\n");
    fwrite(b.s, 1, b.len, stdout);
    buf_release(&b);
}

static void print_summary(const char *db, const struct kb_report *r)
{
    printf("%s: read %zu document%s: %zu added, %zu changed, %zu removed, %zu unchanged\n", db,
           r->read, r->read == 1 ? "" : "s", r->added, r->changed, r->removed, r->unchanged);
    printf("%s: %s%zu passages, %zu of them FAQ entries, generation %lld\n", db,
           r->rebuilt ? "built anew: " : "", r->passages, r->entries, r->generation);
}

static int run_index(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"kb", required_argument, NULL, 'k'},
                                            {"json", no_argument, NULL, 'j'},
                                            {0}};
    const char *config = NULL, *db = NULL;
    bool json = false;
    optind = 0;
    for (int opt; (opt = command_option(&command_index, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'k': db = optarg; break;
        case 'j': json = true; break;
        default: return EXIT_USAGE;
        }
    }
    if (db && !config && optind == argc)
        return command_usage(&command_index, "--kb needs a PATH to read, or -c");
    struct base base;
    int code = base_open(config, db, &base);
    if (code)
        return code;
    if (optind < argc) {
        base.src.path = (const char *const *)argv + optind;
        base.src.n = (size_t)(argc - optind);
    }
    struct kb_report report = {0};
    int err = base_index(&base, &report);
    if (json)
        print_json(base.kb, &report, err);
    if (err) {
        base_complain(base.kb, &report, err);
        if (report.rejected)
            fprintf(stderr, "guidepost: %zu file%s rejected\n", report.rejected,
                    report.rejected == 1 ? "" : "s");
    } else {
        problem_print(&report, stderr); /* warnings */
        if (!json)
            print_summary(base.kb, &report);
    }
    kb_report_release(&report);
    base_close(&base);
    return err ? EXIT_FAILED : EXIT_FINE;
}

const struct command command_index = {
    .name = "index",
    .synopsis = "[-c FILE | --kb DB] [--json] [PATH...]",
    .summary = "build or update an index from guides and FAQs",
    .help = "Reads every file below the PATHs (else those of the setting \"content\"), which "
            "together are the\n"
            "whole content, and brings the index in step with them. "
            "An error in any file leaves the index as\n"
            "it was.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --kb DB         the index itself, without settings\n"
            "      --json          the report as an object\n",
    .run = run_index,
};
