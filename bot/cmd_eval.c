/* cmd_eval.c: guidepost eval: the knowledge base's own tests (cmd_eval_tests.c), or ranking and confidence measured on a
 * test collection (cmd_eval_collection.c).
 *
 * With settings the tests run over an index built for them from the content as it is now, so that
 * what an editor just wrote is what is judged, and the serving index is left alone. */
#include <getopt.h>

#include "bot/base.h"
#include "bot/cmd_eval.h"
#include "bot/command.h"

enum { OPT_COLLECTION = 256, OPT_RUN, OPT_QUERIES };

static int run_eval(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"kb", required_argument, NULL, 'k'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"collection", required_argument, NULL, OPT_COLLECTION},
                                            {"run", required_argument, NULL, OPT_RUN},
                                            {"queries", required_argument, NULL, OPT_QUERIES},
                                            {0}};
    const char *config = NULL, *db = NULL, *collection = NULL;
    struct kb_measure_options opt = {0};
    bool json = false;
    optind = 0;
    for (int o; (o = command_option(&command_eval, argc, argv, ":c:", options)) != -1;) {
        switch (o) {
        case 'c': config = optarg; break;
        case 'k': db = optarg; break;
        case 'j': json = true; break;
        case OPT_COLLECTION: collection = optarg; break;
        case OPT_RUN: opt.run = optarg; break;
        case OPT_QUERIES: opt.queries = optarg; break;
        default: return EXIT_USAGE;
        }
    }
    if (!collection && (opt.run || opt.queries))
        return command_usage(&command_eval, "--run and --queries go with --collection");
    if (collection && (config || db || optind < argc))
        return command_usage(&command_eval,
                             "--collection stands alone: it measures the shipped defaults");
    if (collection)
        return eval_collection(collection, &opt, json);
    struct base base;
    int code = base_open(config, db, &base);
    if (code)
        return code;
    code = eval_tests(&base, (const char *const *)argv + optind, (size_t)(argc - optind), json);
    base_close(&base);
    return code;
}

const struct command command_eval = {
    .name = "eval",
    .synopsis = "[-c FILE | --kb DB] [--json] [FILE...] | --collection DIR [--queries FILE] [--run "
                "FILE] [--json]",
    .summary = "run the knowledge base's own tests, or measure ranking on a test collection",
    .help = "Asks what the entries' \"tests\" and \"not_tests\" and the "
            "files of the setting \"questions\" say, over\n"
            "the content as it is now, and prints what came out otherwise: "
            "wrong, near (the right one was among others)\n"
            "or declined, what was wanted, what came and why. With FILEs, only those.\n\n"
            "  -c, --config FILE     settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --kb DB           an index as it is, without settings\n"
            "      --json            the result as an object\n"
            "      --collection DIR  corpus.jsonl, queries.jsonl, "
            "qrels.tsv: success@1, MRR, nDCG, recall, time,\n"
            "                        and how far confidence can be "
            "believed; with oos.jsonl, questions that have\n"
            "                        no answer there, also whether it tells them\n"
            "      --queries FILE    other queries for the same collection\n"
            "      --run FILE        write the first 100 of each query in TREC run format\n\n"
            "Exit status 3: a test failed.\n",
    .run = run_eval,
};
