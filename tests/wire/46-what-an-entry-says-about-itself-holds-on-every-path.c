/* An entry's needs, not, dates, audience and status hold wherever its text could come to light: as an answer, among
 * the choices, as a suggestion below another answer, as a topic of a decline, in an explanation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/wire/harness/command.h"

static char folder[256], db[300];

static const char *day(int from_today)
{
    static char text[4][16];
    static int next;
    time_t t = time(NULL) + from_today * 86400L;
    struct tm tm;
    gmtime_r(&t, &tm);
    next = (next + 1) % 4;
    strftime(text[next], sizeof text[next], "%Y-%m-%d", &tm);
    return text[next];
}

static int setup(void **state)
{
    char faq[4096], old[1024];
    struct command_result r;
    folder_make(folder, sizeof folder);
    snprintf(db, sizeof db, "%s/index.db", folder);
    snprintf(faq, sizeof faq,
             "- id: oven\n  q: How hot must the oven be?\n  a: The oven is at 230 degrees.\n"
             "  followups: [gone, later, secret, draft, today]\n"
             "- id: gone\n  q: What did flour cost last year?\n  a: Flour was BYGONE.\n"
             "  valid_until: %s\n"
             "- id: later\n  q: What will flour cost next year?\n  a: Flour will be PREMATURE.\n"
             "  valid_from: %s\n"
             "- id: today\n  q: What does flour cost today?\n  a: Flour is at two today.\n"
             "  valid_from: %s\n  valid_until: %s\n"
             "- id: secret\n  q: What does flour cost the staff?\n  a: Flour is at ONESTAFF.\n"
             "  audience: staff\n"
             "- id: draft\n  q: What might flour cost?\n  a: Flour may be UNFINISHED.\n"
             "  status: draft\n",
             day(-1), day(1), day(0), day(0));
    snprintf(old, sizeof old,
             "---\ntitle: Flour of yesteryear\nvalid_until: %s\n---\n"
             "## How was flour milled?\n\nFlour was milled by BYGONE millstones.\n",
             day(-1));
    const char *path = folder_file(folder, "kb/bread.faq.yaml", faq);
    folder_file(folder, "kb/old.md", old);
    folder_file(folder, "kb/draft.md",
                "---\nstatus: draft\n---\n# Flour\n\nFlour text that is UNFINISHED.\n");
    (void)path;
    char kb[300];
    snprintf(kb, sizeof kb, "%s/kb", folder);
    command_run(&r, NULL, "index", "--kb", db, kb, NULL);
    int code = r.code;
    command_release(&r);
    return code;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

static void never_says(const char *question, const char *const *word)
{
    struct command_result r;
    command_run(&r, NULL, "ask", "--kb", db, "--json", "--explain", question, NULL);
    for (; *word; word++)
        if (strstr(r.out, *word))
            fail_msg("\"%s\" brings %s to light: %s", question, *word, r.out);
    command_release(&r);
}

static void what_may_not_be_shown_comes_to_light_nowhere(void **state)
{
    static const char *const hidden[] = {
        "BYGONE",         "PREMATURE",   "ONESTAFF",   "UNFINISHED", "last year", "next year",
        "cost the staff", "might flour", "yesteryear", "was milled", NULL};
    never_says("what did flour cost last year", hidden);
    never_says("What will flour cost next year?", hidden);
    never_says("What does flour cost the staff?", hidden);
    never_says("What might flour cost?", hidden);
    never_says("how was flour milled", hidden);
    never_says("flour", hidden);
    never_says("how hot must the oven be", hidden);          /* its follow-ups */
    never_says("who won the football championship", hidden); /* the topics of a decline */
    never_says("hello", hidden);
    never_says("flower", hidden); /* one slip away */
}

static void says(const char *audience, const char *question, const char *part)
{
    struct command_result r;
    if (audience)
        command_run(&r, NULL, "ask", "--kb", db, "--audience", audience, question, NULL);
    else
        command_run(&r, NULL, "ask", "--kb", db, question, NULL);
    if (!strstr(r.out, part))
        fail_msg("\"%s\" does not say \"%s\": %s", question, part, r.out);
    command_release(&r);
}

static void what_is_valid_today_and_for_the_asker_is_shown(void **state)
{
    says("visitors", "what does flour cost today", "at two today"); /* its first and last day */
    says("visitors", "how hot must the oven be", "What does flour cost today?");
    says("staff", "what does flour cost the staff", "ONESTAFF");
    says("staff", "how hot must the oven be", "What does flour cost the staff?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_not_be_shown_comes_to_light_nowhere),
        cmocka_unit_test(what_is_valid_today_and_for_the_asker_is_shown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
