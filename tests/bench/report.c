/* report.c: what was measured, for a person; what was to be reached; and the same for a machine. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"

static const char *const engine_name[ENGINES] = {
    "FTS5 ORDER BY rank", "FTS5 ORDER BY bm25()", "Xapian",
    "core, ten best",     "kb_ask, all of it",    "kb_ask, asked before"};
static const char *const engine_key[ENGINES] = {"fts5_rank", "fts5_bm25", "xapian",
                                                "core",      "ask",       "again"};
static const char *const words_name[WORDS] = {"question words dropped", "every word kept"};
static const char *const words_key[WORDS] = {"content", "every"};

/* ---- one size --------------------------------------------------------------------------------------------- */

static double median(struct result *r, enum words w, enum engine k)
{
    return (double)times_at(&r->times[w][k], .5);
}

/* How many times quicker than `base`; 0 when one was not measured. */
static double quicker(struct result *r, enum words w, enum engine k, enum engine base)
{
    double t = median(r, w, k);
    return t > 0 ? median(r, w, base) / t : 0;
}

static void print_words(struct result *r, enum words w)
{
    printf("\n  %-26s %10s %10s %10s %10s %10s\n", words_name[w], "p50 us", "p95", "p99", "to rank",
           "to Xapian");
    for (enum engine k = 0; k < ENGINES; k++) {
        struct times *t = &r->times[w][k];
        if (!t->n)
            continue;
        printf("  %-26s %10.1f %10.1f %10.1f", engine_name[k], median(r, w, k) / 1e3,
               (double)times_at(t, .95) / 1e3, (double)times_at(t, .99) / 1e3);
        printf("   1/%-7.1f", quicker(r, w, k, FTS5_RANK));
        if (r->times[w][XAPIAN].n)
            printf("  1/%-7.1f", quicker(r, w, k, XAPIAN));
        printf("\n");
    }
    printf("  (%zu questions of %.1f words)\n", r->questions[w], r->words[w]);
}

static double per_passage(const struct result *r, size_t bytes)
{
    return (double)bytes / (double)r->passages;
}

static double part(uint64_t a, uint64_t b)
{
    return b ? (double)a / (double)b : 0;
}

static void print_build(const struct result *r)
{
    const struct {
        const char *name;
        struct cost cost;
        size_t bytes;
    } row[] = {{"plain FTS5", r->build_plain, r->bytes_plain},
               {"our index, with snapshot", r->build_ours, r->bytes_index + r->bytes_snapshot},
               {"the snapshot alone", r->build_snapshot, r->bytes_snapshot},
               {"Xapian", r->build_xapian, r->bytes_xapian}};
    printf("\n  %-26s %10s %10s %10s %10s %14s\n", "", "build s", "to FTS5", "cpu s", "to FTS5",
           "bytes/passage");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (row[i].cost.wall)
            printf("  %-26s %10.2f %10.2f %10.2f %10.2f %14.0f\n", row[i].name,
                   (double)row[i].cost.wall / 1e9, part(row[i].cost.wall, r->build_plain.wall),
                   (double)row[i].cost.cpu / 1e9, part(row[i].cost.cpu, r->build_plain.cpu),
                   per_passage(r, row[i].bytes));
}

void report_size(struct result *r)
{
    printf("\n%zu passages in %zu files\n", r->passages, r->files);
    for (enum words w = 0; w < WORDS; w++)
        print_words(r, w);
    print_build(r);
    if (r->kept)
        printf("  (what was built by an earlier run was used again, with the times of then)\n");
    printf("\n  open the base and answer            %10.2f ms\n", (double)r->open / 1e6);
    if (r->start.wall)
        printf("  start the program, first answer     %10.2f ms, %.2f ms of a processor\n"
               "  memory after 300 questions          %10.1f MB, at most %.1f MB\n",
               (double)r->start.wall / 1e6, (double)r->start.cpu / 1e6, (double)r->held / 1024,
               (double)r->most / 1024);
    printf("  index one changed file              %10.2f ms\n"
           "  until an answer shows the change    %10.2f ms\n",
           (double)r->change / 1e6, (double)r->change_seen / 1e6);
}

/* ---- targets ------------------------------------------------------------------------------------------------ */

static struct result *of_size(struct result *r, size_t n, size_t passages)
{
    for (size_t i = 0; i < n; i++)
        if (r[i].passages == passages)
            return &r[i];
    return NULL;
}

static void print_ratio(const char *what, size_t passages, double reached, double want)
{
    if (reached > 0)
        printf("  %-7s %-58s %8zu %8s 1/%-7.0f 1/%.0f\n", reached >= want ? "reached" : "MISSED",
               what, passages, "", reached, want);
}

static void print_most(const char *what, size_t passages, double value, double most,
                       const char *unit)
{
    if (value > 0)
        printf("  %-7s %-58s %8zu %8s %-9.2f %.4g %s\n", value <= most ? "reached" : "MISSED", what,
               passages, "", value, most, unit);
}

void report_targets(struct result *r, size_t n)
{
    static const struct {
        size_t passages;
        double want[WORDS];
    } rank[] = {
        {1000, {40, 120}}, {10000, {120, 400}}, {100000, {250, 1000}}, {1000000, {250, 2000}}};
    printf("\n  %-7s %-58s %8s %8s %-9s %s\n", "", "", "passages", "", "measured", "at least");
    for (enum words w = 0; w < WORDS; w++)
        for (size_t i = 0; i < sizeof rank / sizeof *rank; i++) {
            struct result *at = of_size(r, n, rank[i].passages);
            char what[96];
            snprintf(what, sizeof what, "core to FTS5 ORDER BY rank, %s", words_name[w]);
            if (at)
                print_ratio(what, at->passages, quicker(at, w, CORE, FTS5_RANK), rank[i].want[w]);
        }
    struct result *small = of_size(r, n, 1000), *middle = of_size(r, n, 10000),
                  *large = of_size(r, n, 100000);
    if (small)
        print_ratio("a whole answer to FTS5 ORDER BY rank", 1000,
                    quicker(small, CONTENT, WHOLE, FTS5_RANK), 4);
    if (large)
        print_ratio("a whole answer to FTS5 ORDER BY rank", 100000,
                    quicker(large, CONTENT, WHOLE, FTS5_RANK), 60);
    for (enum words w = 0; w < WORDS; w++)
        for (size_t i = 0; i < n; i++) {
            char what[96];
            snprintf(what, sizeof what, "core to Xapian, %s", words_name[w]);
            print_ratio(what, r[i].passages, quicker(&r[i], w, CORE, XAPIAN), 1);
        }
    for (size_t i = 0; i < n; i++)
        print_most("process start to first answer", r[i].passages, (double)r[i].start.wall / 1e6, 5,
                   "ms");
    if (large) {
        print_most("one changed entry visible", 100000, (double)large->change_seen / 1e6, 10, "ms");
        print_most("build, to plain FTS5", 100000,
                   part(large->build_ours.wall, large->build_plain.wall), 1.5, "times");
    }
    if (middle)
        print_most("memory of the whole process", 10000, (double)middle->most / 1024, 32, "MB");
}

/* ---- for machines ---------------------------------------------------------------------------------------------- */

static void write_times(FILE *f, struct result *r, enum words w)
{
    fprintf(f, ",\"%s\":{\"questions\":%zu,\"words\":%.2f", words_key[w], r->questions[w],
            r->words[w]);
    for (enum engine k = 0; k < ENGINES; k++) {
        struct times *t = &r->times[w][k];
        if (t->n)
            fprintf(f, ",\"%s_us\":[%.2f,%.2f,%.2f]", engine_key[k], (double)times_at(t, .5) / 1e3,
                    (double)times_at(t, .95) / 1e3, (double)times_at(t, .99) / 1e3);
    }
    fprintf(f, "}");
}

void report_json(struct result *r, size_t n, const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        die(path, strerror(errno));
    for (; n; r++, n--) {
        fprintf(f, "{\"passages\":%zu", r->passages);
        for (enum words w = 0; w < WORDS; w++)
            write_times(f, r, w);
        fprintf(f,
                ",\"build_s\":{\"fts5\":%.3f,\"index\":%.3f,\"snapshot\":%.3f,\"xapian\":%.3f}"
                ",\"bytes\":{\"fts5\":%zu,\"index\":%zu,\"snapshot\":%zu,\"xapian\":%zu}"
                ",\"open_ms\":%.3f,\"start_ms\":%.3f,\"change_ms\":%.3f,\"change_seen_ms\":%.3f"
                ",\"held_kib\":%ld,\"most_kib\":%ld}\n",
                (double)r->build_plain.wall / 1e9, (double)r->build_ours.wall / 1e9,
                (double)r->build_snapshot.wall / 1e9, (double)r->build_xapian.wall / 1e9,
                r->bytes_plain, r->bytes_index, r->bytes_snapshot, r->bytes_xapian,
                (double)r->open / 1e6, (double)r->start.wall / 1e6, (double)r->change / 1e6,
                (double)r->change_seen / 1e6, r->held, r->most);
    }
    if (fclose(f) != 0)
        die(path, strerror(errno));
}
