/* /a/ENTRY, /search, sitemap.xml, robots.txt, /config/ and /widget.js: from the index, as it is today, in a form that browsers
 * and search engines read. What has expired is on none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/wire.h"

static const char faq[] =
    "title: Lamps & <towers>\nlang: es\nreviewed: 2026-01-31\nentries:\n"
    "- id: lamp-oil\n  q: Which oil does the lamp <burn>?\n  aka: [oil for lamps]\n"
    "  a: \"- colza \\\"oil\\\"\\n- </script>paraffin\"\n  followups: [wick]\n"
    "- id: wick\n  q: Who trims the wick?\n  a: The keeper.\n"
    "- id: old-oil\n  q: Which oil did the lamp burn in 1850?\n  a: Sperm oil.\n"
    "  valid_until: 1900-01-01\n";

static struct answer get(struct wire *w, const char *path, const char *headers)
{
    struct answer a = {0};
    assert_true(client_http(w->port, "GET", path, headers, NULL, &a));
    return a;
}

static void expect(struct answer a, int status, const char *const *parts)
{
    if (a.status != status)
        fail_msg("%d is not %d\n%s", a.status, status, a.body);
    for (; parts && *parts; parts++)
        if (!strstr(a.body, *parts))
            fail_msg("%s is not in\n%s", *parts, a.body);
    answer_release(&a);
}

static void an_entry_is_a_page_in_its_own_language(void **state)
{
    static const char *const parts[] = {
        "<html lang=\"es\"",
        "<title>Which oil does the lamp &lt;burn&gt;? – ",
        "<meta name=\"description\" content=\"colza &quot;oil&quot; &lt;/script&gt;paraffin\">",
        "<link rel=\"canonical\" href=\"https://ask.test:8/a/lamp-oil\">",
        "\"@type\":\"FAQPage\"",
        "\"name\":\"Which oil does the lamp <burn>?\"",
        "- <\\/script>paraffin\"",
        "<article dir=\"auto\" lang=\"es\"><h1>Which oil",
        "<li>colza &quot;oil&quot;</li><li>&lt;/script&gt;paraffin</li>",
        "<cite>Lamps &amp; &lt;towers&gt;</cite>",
        "value=\"Who trims the wick?\"",
        NULL};
    expect(get(*state, "/a/lamp-oil", NULL), 200, parts);
    expect(get(*state, "/a/lamps.faq/lamp-oil", NULL), 404, NULL);
    expect(get(*state, "/a/lamps/lamp-oil", NULL), 200, parts);
}

static void without_an_address_of_its_own_it_is_called_what_it_is_called(void **state)
{
    static const char *const hosts[][2] = {{"10.0.0.1:99", "http://10.0.0.1:99/sitemap.xml"},
                                           {"x\"><script>", "Sitemap: /sitemap.xml"}};
    struct wire *w = wire_start(NULL);
    for (size_t i = 0; i < 2; i++) {
        char request[200];
        struct answer a = {0};
        struct client *c = client_open(w->port);
        snprintf(request, sizeof request, "GET /robots.txt HTTP/1.1\r\nHost: %s\r\n\r\n",
                 hosts[i][0]);
        assert_true(client_say(c, request));
        assert_true(client_answer(c, 5000, false, &a));
        if (a.status != 400 && !strstr(a.body, hosts[i][1]))
            fail_msg("%d %s", a.status, a.body);
        answer_release(&a);
        client_close(c);
    }
    wire_stop(w);
}

static void what_is_not_there_or_expired_is_404_and_not_indexed(void **state)
{
    static const char *const parts[] = {"<meta name=\"robots\" content=\"noindex\">", NULL};
    expect(get(*state, "/a/old-oil", NULL), 404, parts);
    expect(get(*state, "/a/no-such", NULL), 404, parts);
    expect(get(*state, "/a/%23", NULL), 404, parts);
    expect(get(*state, "/a/%27%20OR%201=1", NULL), 404, parts);
}

static void search_finds_and_says_when_it_does_not(void **state)
{
    static const char *const found[] = {"<meta name=\"robots\" content=\"noindex\">",
                                        "<a href=\"/a/lamps/lamp-oil\">",
                                        "value=\"lamp &lt;oil&gt;\"", NULL};
    static const char *const none[] = {"Nothing was found", NULL}, *const spanish[] = {"No se ha",
                                                                                       NULL};
    struct answer a = get(*state, "/search?q=lamp+%3Coil%3E", NULL);
    assert_null(strstr(a.body, "1850"));
    expect(a, 200, found);
    expect(get(*state, "/search?q=zygomorphic+quasar", NULL), 200, none);
    expect(get(*state, "/search?q=zygomorphic+quasar&lang=es", NULL), 200, spanish);
    expect(get(*state, "/search?q=zygomorphic+quasar", "Accept-Language: xx, es-MX;q=0.9\r\n"), 200,
           spanish);
    expect(get(*state, "/search", NULL), 200, NULL);
}

static void search_engines_are_told_what_there_is(void **state)
{
    static const char *const robots[] = {"Disallow: /search\n",
                                         "Sitemap: https://ask.test:8/sitemap.xml\n", NULL};
    static const char *const map[] = {
        "<loc>https://ask.test:8/a/lamp-oil</loc><lastmod>2026-01-31</lastmod>", NULL};
    static const char *const list[] = {"<a dir=\"auto\" href=\"/a/wick\">Who trims the wick?</a>",
                                       NULL};
    struct answer a = get(*state, "/sitemap.xml", NULL);
    assert_string_equal(answer_header(&a, "content-type"), "application/xml");
    assert_null(strstr(a.body, "old-oil"));
    expect(a, 200, map);
    expect(get(*state, "/robots.txt", NULL), 200, robots);
    expect(get(*state, "/a/", NULL), 200, list);
}

static void scripts_come_compressed_when_they_may(void **state)
{
    static const char *const codings[][2] = {{"Accept-Encoding: gzip, deflate, br\r\n", "br"},
                                             {"Accept-Encoding: gzip\r\n", "gzip"},
                                             {"Accept-Encoding: br;q=0, gzip;q=0.5\r\n", "gzip"},
                                             {"Accept-Encoding: xbr, brx\r\n", NULL},
                                             {"Accept-Encoding: gzip;q=0\r\n", NULL},
                                             {NULL, NULL}};
    char first[64] = "";
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        struct answer a = get(*state, "/widget.js", codings[i][0]);
        const char *coding = answer_header(&a, "content-encoding");
        assert_int_equal(a.status, 200);
        assert_true(codings[i][1] ? coding && !strcmp(coding, codings[i][1]) : !coding);
        assert_string_equal(answer_header(&a, "vary"), "Accept-Encoding");
        assert_true(coding ? a.len < 3000 : a.len > 3000);
        if (i == 0)
            snprintf(first, sizeof first, "If-None-Match: %s\r\n", answer_header(&a, "etag"));
        answer_release(&a);
    }
    char headers[128];
    snprintf(headers, sizeof headers, "%sAccept-Encoding: br\r\n", first);
    expect(get(*state, "/widget.js", headers), 304, NULL);
    expect(get(*state, "/widget.js", first), 200, NULL); /* other bytes, another tag */
}

static void pages_come_compressed_when_they_may(void **state)
{
    static const char *const paths[] = {"/", "/a/", "/a/lamp-oil", "/search?q=oil", "/config/"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct answer plain = get(*state, paths[i], NULL),
                      small = get(*state, paths[i], "Accept-Encoding: gzip, br\r\n");
        assert_null(answer_header(&plain, "content-encoding"));
        assert_string_equal(answer_header(&small, "content-encoding"), "gzip");
        assert_memory_equal(small.body, "\x1f\x8b", 2);
        assert_true(small.len < plain.len * 2 / 3);
        answer_release(&plain);
        answer_release(&small);
    }
    struct answer api =
        get(*state, "/v1/config", "Accept-Encoding: gzip\r\n"); /* its kin hold tokens */
    assert_null(answer_header(&api, "content-encoding"));
    answer_release(&api);
}

static void the_page_for_owners_has_the_code_to_copy(void **state)
{
    static const char *const parts[] = {"&lt;script src=\"https://ask.test:8/widget.js\" async&gt;",
                                        "integrity=\"sha256-", "<code>https://school.test</code>",
                                        NULL};
    expect(get(*state, "/config/", NULL), 200, parts);
}

static int setup(void **state)
{
    struct wire_options opt = {
        .settings =
            "web: {origins: [\"https://school.test\"], public_url: \"https://ask.test:8/\"}\n"};
    struct wire *w = wire_start(&opt);
    char path[300];
    snprintf(path, sizeof path, "%s/guides", w->folder);
    folder_file(path, "lamps.faq.yaml", faq);
    for (int i = 0; i < 100; i++) {
        struct answer a = get(w, "/a/wick", NULL);
        int status = a.status;
        answer_release(&a);
        *state = w;
        if (status == 200)
            return 0;
        usleep(100000);
    }
    wire_dump_log(w);
    return -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_a_page_in_its_own_language),
        cmocka_unit_test(without_an_address_of_its_own_it_is_called_what_it_is_called),
        cmocka_unit_test(what_is_not_there_or_expired_is_404_and_not_indexed),
        cmocka_unit_test(search_finds_and_says_when_it_does_not),
        cmocka_unit_test(search_engines_are_told_what_there_is),
        cmocka_unit_test(scripts_come_compressed_when_they_may),
        cmocka_unit_test(pages_come_compressed_when_they_may),
        cmocka_unit_test(the_page_for_owners_has_the_code_to_copy),
    };
    return cmocka_run_group_tests(tests, setup, wire_teardown);
}
