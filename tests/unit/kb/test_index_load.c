/* A first load of more than a batch, which has a thread of its own; also run under ThreadSanitizer. Whatever the number of
 * threads, what comes out is what one thread would have written, in the same order. */
#include "folder.h"

#include <pthread.h>

#define DOCUMENTS 4000 /* some megabytes: many batches, so that the queue is full at times */

/* ---- index_load.c alone ------------------------------------------------------------------------------------- */

struct written {
    pthread_t caller;
    size_t n, passages, stop_at; /* documents; 0: never stop */
    bool elsewhere;              /* some on another thread */
};

static int write_one(void *ctx, const struct document *doc, long long file,
                     const struct passage *passage, size_t n)
{
    struct written *w = ctx;
    char id[32];
    snprintf(id, sizeof id, "d%zu", w->n);
    if (strcmp(doc->id, id) || file != (long long)w->n + 7)
        fail_msg("%s of file %lld is document %zu", doc->id, file, w->n);
    for (size_t i = 0; i < n; i++)
        if (!strstr(passage[i].key, id) || !strstr(passage[i].body, "mutable"))
            fail_msg("passage %s of %s: %s", passage[i].key, id, passage[i].body);
    w->elsewhere |= !pthread_equal(pthread_self(), w->caller);
    w->passages += n;
    return ++w->n == w->stop_at ? KB_ERR_FULL : 0;
}

/* The document is overwritten as soon as it was handed over, as those who read files do. */
static int put(struct index_load *l, size_t i)
{
    char text[2000], id[32];
    size_t len = 0;
    struct pool *pool = pool_new();
    struct document *doc = document_new(pool, "f");
    snprintf(id, sizeof id, "d%zu", i);
    while (len < sizeof text - 40)
        len += (size_t)snprintf(text + len, sizeof text - len, "Words are mutable. ");
    doc->id = id;
    doc->title = "Title";
    doc->text = text;
    doc->len = len;
    document_block(doc, BLOCK_PARAGRAPH, 0, 0, len, 1);
    int r = index_load_put(l, doc, (long long)i + 7);
    memset(text, 'x', sizeof text);
    memset(id, 'x', sizeof id - 1);
    pool_free(pool);
    return r;
}

static void what_is_put_is_written_in_order_on_another_thread(void **state)
{
    struct written w = {.caller = pthread_self()};
    struct index_load *l = NULL;
    assert_int_equal(index_load_new(write_one, &w, &l), 0);
    for (size_t i = 0; i < DOCUMENTS; i++)
        assert_int_equal(put(l, i), 0);
    assert_int_equal(index_load_end(l), 0);
    assert_int_equal(w.n, DOCUMENTS);
    assert_true(w.passages >= DOCUMENTS);
    assert_true(w.elsewhere);
    index_load_free(l);
}

static void a_few_need_no_thread(void **state)
{
    struct written w = {.caller = pthread_self()};
    struct index_load *l = NULL;
    assert_int_equal(index_load_new(write_one, &w, &l), 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(put(l, i), 0);
    assert_int_equal(w.n, 0);
    assert_int_equal(index_load_end(l), 0);
    assert_int_equal(w.n, 5);
    assert_false(w.elsewhere);
    index_load_free(l);
}

static void an_error_ends_it_and_is_told(void **state)
{
    for (size_t stop = 1; stop < DOCUMENTS; stop *= 5) {
        struct written w = {.caller = pthread_self(), .stop_at = stop};
        struct index_load *l = NULL;
        int r = 0;
        assert_int_equal(index_load_new(write_one, &w, &l), 0);
        for (size_t i = 0; i < DOCUMENTS && !r; i++)
            r = put(l, i);
        int end = index_load_end(l);
        assert_int_equal(r ? r : end, KB_ERR_FULL);
        assert_int_equal(w.n, stop);
        index_load_free(l);
    }
}

static void what_waits_when_it_is_freed_is_not_written(void **state)
{
    struct written w = {.caller = pthread_self()};
    struct index_load *l = NULL;
    assert_int_equal(index_load_new(write_one, &w, &l), 0);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(put(l, i), 0);
    index_load_free(l);
    assert_int_equal(w.n, 0);
    index_load_free(NULL);
}

/* ---- a whole run --------------------------------------------------------------------------------------------- */

static void write_records(const char *name, size_t n, const char *last)
{
    FILE *f = fopen(folder(name), "w");
    assert_non_null(f);
    for (size_t i = 0; i < n; i++)
        fprintf(
            f,
            "{\"id\":\"r%zu\",\"title\":\"Record %zu\",\"text\":\"Number%zu is what this record "
            "is about. It has a second sentence of no matter%zu.\"}\n",
            i, i, i, i % 97);
    fputs(last, f);
    assert_int_equal(fclose(f), 0);
}

static int run_index(struct kb_report *ret)
{
    static const char *const path[] = {"many.jsonl"};
    struct kb_sources src = {.root = folder_root, .path = path, .n = 1};
    return kb_index(folder("kb.db"), &src, ret);
}

static void many_records_are_all_found(void **state)
{
    struct kb_report report;
    struct kb *kb = NULL;
    write_records("many.jsonl", 12000, "");
    assert_int_equal(run_index(&report), 0);
    assert_int_equal(report.added, 12000);
    assert_int_equal(report.nproblem, 0);
    kb_report_release(&report);
    assert_int_equal(kb_open(folder("kb.db"), &kb), 0);
    for (int i = 0; i < 12000; i += 1111) {
        char text[32], key[32];
        struct kb_hits hits;
        snprintf(text, sizeof text, "number%d", i);
        snprintf(key, sizeof key, "r%d", i);
        struct kb_ask ask = {.text = text, .len = strlen(text), .max = 1};
        assert_int_equal(kb_ask(kb, &ask, &hits), 0);
        assert_int_equal(hits.n, 1);
        assert_string_equal(hits.hit[0].document, key);
        kb_hits_release(&hits);
    }
    assert_false(kb_wants_index(kb)); /* the snapshot is there, and sound */
    kb_close(kb);
    assert_int_equal(run_index(&report), 0);
    assert_int_equal(report.unchanged, 12000);
    kb_report_release(&report);
}

static void a_mistake_in_the_last_record_leaves_nothing(void **state)
{
    struct kb_report report;
    struct kb *kb = NULL;
    write_records("many.jsonl", 12000, "{\"id\":\"r5\",\"title\":\"Again\",\"text\":\"Twice.\"}\n");
    assert_int_equal(run_index(&report), KB_ERR_INPUT);
    assert_int_equal(report.errors, 1);
    kb_report_release(&report);
    assert_int_equal(kb_open(folder("kb.db"), &kb), KB_ERR_ABSENT);
    assert_int_equal(folder_count("snap"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_written_in_order_on_another_thread),
        cmocka_unit_test(a_few_need_no_thread),
        cmocka_unit_test(an_error_ends_it_and_is_told),
        cmocka_unit_test(what_waits_when_it_is_freed_is_not_written),
        cmocka_unit_test_setup_teardown(many_records_are_all_found, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_mistake_in_the_last_record_leaves_nothing, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
