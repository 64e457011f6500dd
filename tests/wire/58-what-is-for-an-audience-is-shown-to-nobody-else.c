/* What says "audience: staff" is on no page, in no reply and in no list of whoever is not named as staff, on any way that leads
 * to the content; and where the settings name them it is. */
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

#define SECRET "VERMILION"

/* An entry of a public file, and a document. Nobody asks in these words, so they come from the content wherever they are. */
static const char faq[] = "title: Lamps\nlang: en\nentries:\n"
                          "- id: oil\n  q: Which oil does the lamp burn?\n  a: Colza.\n"
                          "  followups: [vault]\n"
                          "- id: vault\n  q: Which code opens the vault?\n  a: It is VERMILION.\n"
                          "  audience: staff\n";
static const char guide[] = "---\ntitle: The vault of the keepers\naudience: staff\n---\n"
                            "## Which key opens the vault?\n\nThe VERMILION key does.\n";

struct path {
    const char *method, *path, *headers, *body;
};

#define JSON "Content-Type: application/json\r\n"
static const struct path paths[] = {
    {"GET", "/", NULL, NULL},
    {"GET", "/?q=which+code+for+the+vault%3F", NULL, NULL},
    {"POST", "/ask", "Content-Type: application/x-www-form-urlencoded\r\n",
     "q=which+key+for+the+vault%3F"},
    {"POST", "/v1/ask", JSON, "{\"q\":\"which code for the vault?\"}"},
    {"POST", "/v1/ask", JSON, "{\"q\":\"which code for the vault?\",\"audience\":\"staff\"}"},
    {"POST", "/v1/ask", JSON, "{\"q\":\"Which oil does the lamp burn?\"}"},
    {"POST", "/v1/ask", JSON, "{\"q\":\"zygomorphic quasars\"}"},
    {"GET", "/v1/suggest?q=which", NULL, NULL},
    {"GET", "/v1/suggest?q=vault", NULL, NULL},
    {"GET", "/v1/config", NULL, NULL},
    {"GET", "/a/", NULL, NULL},
    {"GET", "/a/oil", NULL, NULL},
    {"GET", "/a/vault", NULL, NULL},
    {"GET", "/a/lamps/vault", NULL, NULL},
    {"GET", "/search?q=which+code+for+the+vault", NULL, NULL},
    {"GET", "/search?q=vault", NULL, NULL},
    {"GET", "/sitemap.xml", NULL, NULL},
};

/* Is anything of it in there: text, question, title, address? */
static bool tells(const char *text)
{
    return strstr(text, SECRET) || strstr(text, "code opens") || strstr(text, "key opens") ||
           strstr(text, "of the keepers") || strstr(text, "/vault");
}

static bool reveals(struct wire *w, const struct path *p)
{
    struct answer a = {0};
    assert_true(client_http(w->port, p->method, p->path, p->headers, p->body, &a));
    bool found = tells(a.body);
    answer_release(&a);
    return found;
}

/* The same over a WebSocket. */
static bool chat_reveals(struct wire *w)
{
    struct message m = {0};
    bool found = false, answered = false;
    struct client *c = wire_chat(w);
    assert_true(client_text(
        c,
        "{\"t\":\"ask\",\"cid\":\"a\",\"text\":\"the code of the vault\",\"audience\":\"staff\"}"));
    while (!answered) {
        client_message(c, 20000, false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        found = found || tells(m.s);
        answered = strstr(m.s, "\"t\":\"answer\"") != NULL;
        message_release(&m);
    }
    client_close(c);
    return found;
}

static struct wire *start(const char *settings)
{
    char path[300];
    struct wire *w = wire_start(&(struct wire_options){.settings = settings});
    snprintf(path, sizeof path, "%s/guides", w->folder);
    folder_file(path, "keepers.md", guide);
    folder_file(path, "lamps.faq.yaml", faq);
    for (int i = 0, status = 0; status != 200; i++) {
        struct answer a = {0};
        assert_true(i < 300 && client_http(w->port, "GET", "/a/oil", NULL, NULL, &a));
        status = a.status;
        answer_release(&a);
        usleep(100000);
    }
    return w;
}

static void nobody_in_particular_sees_none_of_it(void **state)
{
    struct wire *w = start(NULL);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (reveals(w, &paths[i]))
            fail_msg("%s %s %s brings it to light", paths[i].method, paths[i].path,
                     paths[i].body ? paths[i].body : "");
    assert_false(chat_reveals(w));
    wire_stop(w);
}

static void whom_the_settings_name_sees_it(void **state)
{
    static const struct path open[] = {{"POST", "/v1/ask", JSON, "{\"q\":\"the vault's code\"}"},
                                       {"GET", "/a/vault", NULL, NULL},
                                       {"GET", "/a/", NULL, NULL},
                                       {"GET", "/search?q=code+of+the+vault", NULL, NULL}};
    struct wire *w = start("audiences: [slack=nobody, web=staff]\n");
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (!reveals(w, &open[i]))
            fail_msg("%s does not show it", open[i].path);
    assert_true(chat_reveals(w));
    wire_stop(w);
}

static void an_audience_of_an_unknown_network_is_a_mistake(void **state)
{
    struct command_result r;
    char folder[256];
    folder_make(folder, sizeof folder);
    const char *file = folder_file(folder, "guidepost.yaml", "audiences: [pigeon=staff]\n");
    command_run(&r, NULL, "check", "-c", file, NULL);
    assert_int_equal(r.code, 78);
    assert_non_null(strstr(r.err, "guidepost.yaml:1:13"));
    assert_non_null(strstr(r.err, "NETWORK=AUDIENCE"));
    command_release(&r);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_in_particular_sees_none_of_it),
        cmocka_unit_test(whom_the_settings_name_sees_it),
        cmocka_unit_test(an_audience_of_an_unknown_network_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
