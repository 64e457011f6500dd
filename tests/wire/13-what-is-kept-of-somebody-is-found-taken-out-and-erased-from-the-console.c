/* Export and erase on the console: somebody's conversation is found by what they remember of it, its size is shown, it is taken out as
 * JSON or as a table that runs nothing, a part at a time, and it is erased: from the file byte by byte, and from the memory of the
 * server that runs, whether the page did it or guidepost erase beside it. All of it is on record, and none of it says whose it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/staff.h"

#define SECRET "zanzibarquux" /* a word that nothing else of the files holds */

static struct wire *w;
static struct person adam, edith;

static int setup(void **state)
{
    w = wire_start(NULL);
    staff_user(w, "add", "admin", "adam");
    staff_user(w, "add", "editor", "edith");
    adam = staff_login(w, "adam");
    edith = staff_login(w, "edith");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static void say(struct client *c, const char *cid, const char *text)
{
    char frame[400];
    snprintf(frame, sizeof frame, "{\"t\":\"ask\",\"cid\":\"%s\",\"text\":\"%s\"}", cid, text);
    client_text(c, frame);
    assert_true(wire_chat_answer(c, cid, 8000) >= 0);
}

static bool hears(struct client *c, const char *part)
{
    for (int i = 0; i < 20; i++) {
        struct message m;
        client_message(c, 3000, false, &m);
        bool is = m.opcode == WS_TEXT && strstr(m.s, part);
        bool over = m.opcode < 0 || m.opcode == WS_CLOSE;
        message_release(&m);
        if (is || over)
            return is;
    }
    return false;
}

/* The one conversation in which this stands: "web:NAME". */
static void find(const char *text, char ret[300])
{
    char name[200];
    snprintf(name, sizeof name, "find?text=%s", text);
    cJSON *j = staff_get(w, &adam, name), *list = cJSON_GetObjectItem(j, "found");
    assert_int_equal(cJSON_GetArraySize(list), 1);
    const cJSON *row = cJSON_GetArrayItem(list, 0);
    snprintf(ret, 300, "%s:%s", cJSON_GetStringValue(cJSON_GetObjectItem(row, "adapter")),
             cJSON_GetStringValue(cJSON_GetObjectItem(row, "conversation")));
    cJSON_Delete(j);
}

static int number(const char *name, const char *member)
{
    cJSON *j = staff_get(w, &adam, name);
    int n = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(j, member));
    cJSON_Delete(j);
    return n;
}

static void what_the_page_erases_is_gone_from_file_and_memory(void **state)
{
    char name[300], path[400], body[400];
    struct client *c = wire_chat(w);
    for (int i = 0; i < 5; i++) {
        char cid[20];
        snprintf(cid, sizeof cid, "c%d", i);
        say(c, cid, "what is a " SECRET " and how much does it earn");
    }
    client_text(c, "{\"t\":\"feedback\",\"cid\":\"f\",\"re\":2,\"v\":-1,\"text\":\"" SECRET
                   " is missing\"}");
    client_text(c, "{\"t\":\"handoff\",\"cid\":\"h\",\"want\":\"email\",\"name\":\"Zoe " SECRET
                   "\",\"email\":\"zoe@" SECRET ".example\"}");
    assert_true(hears(c, "\"h\""));
    find(SECRET ".example", name);  /* by the address that was left */
    find("IS%20A%20" SECRET, name); /* by words, whatever their case */
    snprintf(path, sizeof path, "trace?conversation=%s", name);
    assert_true(number(path, "questions") >= 5);
    assert_true(number(path, "events") >= 10);
    assert_int_equal(number(path, "votes"), 1);
    assert_int_equal(number(path, "wishes"), 1);
    assert_true(number(path, "tickets") >= 5);
    assert_true(staff_on_disk(w, SECRET));

    snprintf(body, sizeof body, "{\"conversation\":\"%s\",\"confirm\":\"yes\"}", name);
    assert_int_equal(staff_post(w, &adam, "erase", body), 422);
    snprintf(body, sizeof body, "{\"conversation\":\"%s\",\"confirm\":\"erase\"}", name);
    assert_int_equal(staff_post(w, &edith, "erase", body), 403);
    assert_true(staff_on_disk(w, SECRET));
    assert_int_equal(staff_post(w, &adam, "erase", body), 200);
    assert_true(hears(c, "erased"));
    client_close(c);
    assert_false(staff_on_disk(w, SECRET));
    assert_false(staff_on_disk(w, "what is a " SECRET));
    snprintf(path, sizeof path, "/staff/api/trace?conversation=%s", name);
    assert_int_equal(staff_call(w, "GET", path, staff_page(w, &adam), NULL, NULL), 404);
    assert_true(staff_audited(w, "\"action\":\"erase\",\"object\":\"web\""));
    assert_false(staff_audited(w, strchr(name, ':') + 1));
}

static void what_is_erased_beside_a_server_is_gone_from_its_memory(void **state)
{
    char name[300];
    struct client *c = wire_chat(w);
    struct command_result r;
    say(c, "c1", "what is a " SECRET " and how much does it earn");
    find(SECRET, name);
    command_run(&r, NULL, "erase", "-c", staff_config(w), name, NULL);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.err, "forgets it, too"));
    command_release(&r);
    assert_true(hears(c, "erased"));
    client_close(c);
    assert_false(staff_on_disk(w, "is a " SECRET));
}

/* What was asked before is context of the next question: not any more. */
static void what_was_said_last_means_nothing_afterwards(void **state)
{
    static const char first[] = "{\"q\":\"" WIRE_QUESTION "\",\"conversation\":\"memory\"}";
    static const char then[] = "{\"q\":\"and how much do they earn?\",\"conversation\":\"memory\"}";
    static const char headers[] = "Content-Type: application/json\r\n";
    struct answer a;
    char *before, *after;
    assert_int_equal(staff_call(w, "POST", "/v1/ask", headers, first, NULL), 200);
    staff_call(w, "POST", "/v1/ask", headers, then, &a);
    before = strdup(a.body);
    answer_release(&a);
    assert_int_equal(
        staff_post(w, &adam, "erase", "{\"conversation\":\"web:memory\",\"confirm\":\"erase\"}"),
        200);
    staff_call(w, "POST", "/v1/ask", headers, then, &a);
    after = strdup(a.body);
    answer_release(&a);
    assert_non_null(strstr(before, WIRE_ANSWER)); /* "they" were lighthouse keepers */
    cJSON *j = cJSON_Parse(after);
    if (cJSON_GetArraySize(cJSON_GetObjectItem(j, "answers")) && strstr(after, "\"band\":\"high\""))
        fail_msg("it still knows who they are: %s", after);
    cJSON_Delete(j);
    free(before);
    free(after);
}

static void a_question_without_a_conversation_is_erased_by_its_number(void **state)
{
    struct answer a;
    staff_call(w, "POST", "/v1/ask", "Content-Type: text/plain\r\n", "my " SECRET " question", &a);
    answer_release(&a);
    cJSON *j = staff_get(w, &adam, "find?text=" SECRET);
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "found"), 0);
    int turn = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(row, "turn"));
    assert_true(turn > 0);
    cJSON_Delete(j);
    char body[80];
    snprintf(body, sizeof body, "{\"turn\":%d,\"confirm\":\"erase\"}", turn);
    assert_int_equal(staff_post(w, &adam, "erase", body), 200);
    assert_int_equal(staff_post(w, &adam, "erase", body), 404);
    assert_false(staff_on_disk(w, "my " SECRET));
}

/* ---- taken out ---- */

/* All parts of an export; how many there were. Freed by the caller. */
static char *taken(const char *name, int *ret_parts)
{
    char *all = calloc(1, 1 << 22), path[300];
    size_t len = 0;
    const char *next = NULL;
    char after[40] = "";
    *ret_parts = 0;
    do {
        struct answer a;
        snprintf(path, sizeof path, "/staff/api/%s%s%s", name, *after ? "&after=" : "", after);
        assert_int_equal(staff_call(w, "GET", path, staff_page(w, &adam), NULL, &a), 200);
        assert_non_null(strstr(answer_header(&a, "content-disposition"), "attachment"));
        next = answer_header(&a, "x-next");
        snprintf(after, sizeof after, "%s", next ? next : "");
        memcpy(all + len, a.body, a.len);
        len += a.len;
        answer_release(&a);
        ++*ret_parts;
    } while (*after);
    return all;
}

static void an_export_comes_in_parts_and_its_cells_run_nothing(void **state)
{
    static const char *const evil[] = {"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)",
                                       "=HYPERLINK(\\\"http://evil.example\\\")"};
    char body[300];
    for (int i = 0; i < 620; i++) {
        if (i < 5)
            snprintf(body, sizeof body, "{\"q\":\"%s\",\"conversation\":\"csv\"}", evil[i]);
        else
            snprintf(body, sizeof body,
                     "{\"q\":\"row %d, and a lighthouse\",\"conversation\":\"csv\"}", i);
        assert_int_equal(
            staff_call(w, "POST", "/v1/ask", "Content-Type: application/json\r\n", body, NULL),
            200);
    }
    int parts;
    char *csv = taken("export?format=csv&conversation=web:csv", &parts);
    assert_int_equal(parts, 2);
    int lines = 0;
    for (const char *s = csv; (s = strstr(s, "\r\n")); s += 2)
        lines++;
    assert_int_equal(lines, 621); /* and one heading, once */
    assert_non_null(strstr(csv, ",\"'=cmd|"));
    assert_non_null(strstr(csv, ",\"'+1+1\","));
    assert_non_null(strstr(csv, ",\"'-2+3\","));
    assert_non_null(strstr(csv, ",\"'@SUM(A1)\","));
    for (const char *bad = "=+-@"; *bad; bad++) {
        char cell[4] = {',', *bad, 0}, quoted[4] = {',', '"', *bad, 0};
        assert_null(strstr(csv, cell));
        assert_null(strstr(csv, quoted));
    }
    free(csv);
    char *json = taken("export?conversation=web:csv", &parts);
    lines = 0;
    for (char *save, *line = strtok_r(json, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        cJSON *j = cJSON_Parse(line);
        assert_non_null(j);
        cJSON_Delete(j);
        lines++;
    }
    assert_int_equal(lines, 620);
    free(json);
    assert_true(staff_audited(w, "\"action\":\"export\",\"object\":\"web\",\"after\":\"csv\""));
    assert_int_equal(staff_call(w, "GET", "/staff/api/export", staff_page(w, &edith), NULL, NULL),
                     403);
    /* the same as guidepost export */
    struct command_result r;
    command_run(&r, NULL, "export", "-c", staff_config(w), "--conversation", "web:csv", "--csv",
                NULL);
    csv = taken("export?format=csv&conversation=web:csv", &parts);
    assert_string_equal(r.out, csv);
    free(csv);
    command_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_page_erases_is_gone_from_file_and_memory),
        cmocka_unit_test(what_is_erased_beside_a_server_is_gone_from_its_memory),
        cmocka_unit_test(what_was_said_last_means_nothing_afterwards),
        cmocka_unit_test(a_question_without_a_conversation_is_erased_by_its_number),
        cmocka_unit_test(an_export_comes_in_parts_and_its_cells_run_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
