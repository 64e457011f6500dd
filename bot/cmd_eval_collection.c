/* cmd_eval_collection.c: guidepost eval --collection: what kb_measure() found, for people and for
 * programs. Shares are of questions: in scope are those that have an answer in the corpus, out of scope
 * those of oos.jsonl, which have none. */
#include <stdio.h>
#include <stdlib.h>

#include "bot/base.h"
#include "bot/cmd_eval.h"
#include "bot/command.h"

static void bands_json(const char *name, const struct kb_bands *b)
{
    printf(",\"%s\":{\"queries\":%zu,\"answered\":%.4f,\"choices\":%.4f,\"declined\":%.4f}", name,
           b->n, b->answered, b->offered, b->declined);
}

static void measures_json(const struct kb_measures *m)
{
    printf("{\"success_1\":%.4f,\"mrr_10\":%.4f,\"ndcg_10\":%.4f,\"recall_10\":%.4f,"
           "\"recall_100\":%.4f,\"p50_us\":%.0f,\"p95_us\":%.0f,\"p99_us\":%.0f,\"queries\":%zu,"
           "\"brier\":%.4f,\"answered_right\":%.4f",
           m->success_1, m->mrr_10, m->ndcg_10, m->recall_10, m->recall_100, m->p50_us, m->p95_us,
           m->p99_us, m->queries, m->brier, m->right_answers);
    bands_json("in_scope", &m->own);
    if (m->foreign.n) {
        bands_json("out_of_scope", &m->foreign);
        printf(",\"auroc\":%.4f", m->auroc);
    }
    fputs(",\"reliability\":[", stdout);
    for (size_t i = 0; i < KB_BINS; i++)
        printf("%s{\"from\":%.1f,\"queries\":%zu,\"confidence\":%.4f,\"right\":%.4f}", i ? "," : "",
               (double)i / KB_BINS, m->bin[i].n, m->bin[i].said, m->bin[i].right);
    puts("]}");
}

static void bands_print(const char *name, const struct kb_bands *b)
{
    printf("  %-13s %5zu  answered %5.1f %%  \"did you mean\" %5.1f %%  declined %5.1f %%\n", name,
           b->n, 100 * b->answered, 100 * b->offered, 100 * b->declined);
}

static void measures_print(const struct kb_measures *m)
{
    printf("success@1   %.4f\nMRR@10      %.4f\nnDCG@10     %.4f\nrecall@10   %.4f\n"
           "recall@100  %.4f\nper query   %.0f us (p95 %.0f, p99 %.0f)\n"
           "queries     %zu over %zu documents, %zu passages\n\n",
           m->success_1, m->mrr_10, m->ndcg_10, m->recall_10, m->recall_100, m->p50_us, m->p95_us,
           m->p99_us, m->queries, m->documents, m->passages);
    puts("what was made of them");
    bands_print("in scope", &m->own);
    if (m->foreign.n)
        bands_print("out of scope", &m->foreign);
    printf("  of those answered in scope, %.1f %% right\n\nconfidence\n  Brier score %.4f\n",
           100 * m->right_answers, m->brier);
    if (m->foreign.n)
        printf("  AUROC       %.4f  in scope against out of scope\n", m->auroc);
    puts("  between    queries   said  were right");
    for (size_t i = 0; i < KB_BINS; i++)
        if (m->bin[i].n)
            printf("  %.1f and %.1f %8zu   %.2f  %.2f\n", (double)i / KB_BINS,
                   (double)(i + 1) / KB_BINS, m->bin[i].n, m->bin[i].said, m->bin[i].right);
}

int eval_collection(const char *dir, struct kb_measure_options *opt, bool json)
{
    struct kb_measures m;
    struct base defaults;
    char *message = NULL;
    int err = base_open(NULL, dir, &defaults);
    if (err)
        return err;
    opt->synonyms = defaults.src.synonyms;
    err = kb_measure(dir, opt, &m, &message);
    base_close(&defaults);
    if (err) {
        fprintf(stderr, "guidepost eval: %s: %s\n", dir, message ? message : kb_strerror(err));
        free(message);
        return EXIT_FAILED;
    }
    if (json)
        measures_json(&m);
    else
        measures_print(&m);
    return EXIT_FINE;
}
