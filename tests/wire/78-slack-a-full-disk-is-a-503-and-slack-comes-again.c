/* F3 for webhooks: with the disk full an event is refused with 503, never acknowledged, and Slack brings it again; when there is
 * room it is answered, once, without a restart. Answers that were on their way are not lost either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/resource.h>

#include "tests/fake/wire.h"

static struct slack_wire s;

static int set_up(void **state)
{
    s = slack_wire_start(NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

static void limit_files(rlim_t bytes)
{
    struct rlimit r = {bytes, RLIM_INFINITY};
    assert_int_equal(prlimit(s.w->pid, RLIMIT_FSIZE, &r, NULL), 0);
}

static void what_cannot_be_kept_is_not_acknowledged(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    limit_files(1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(slack_wire_ask(&s, 1), 503);
    slack_wire_expect(&s, before);
    limit_files(RLIM_INFINITY);
    assert_int_equal(slack_wire_ask(&s, 1), 200);
    slack_wire_expect(&s, before + 1);
    assert_int_equal(slack_wire_ask(&s, 1), 200);
    slack_wire_expect(&s, before + 1);
}

static void a_disk_that_fills_while_an_answer_is_on_its_way_costs_nothing(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    fake_slack_fail(s.fake, "chat.postMessage", "slow=1500", 1);
    assert_int_equal(slack_wire_ask(&s, 2), 200);
    assert_true(
        fake_slack_wait(s.fake, before + 1, 20000, 0)); /* it is there, its confirmation is not */
    limit_files(1);
    slack_wire_expect(&s, before + 1);
    limit_files(RLIM_INFINITY);
    assert_int_equal(slack_wire_ask(&s, 3), 200);
    slack_wire_expect(&s, before + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_kept_is_not_acknowledged),
        cmocka_unit_test(a_disk_that_fills_while_an_answer_is_on_its_way_costs_nothing),
    };
    return cmocka_run_group_tests_name("78-slack-disk", tests, set_up, tear_down);
}
