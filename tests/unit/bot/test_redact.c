/* test_redact.c: what is masked of what people write, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/redact.h"

#define M "\u2022\u2022\u2022"

static void expect(const char *text, const char *want)
{
    struct buf b, again;
    buf_init(&b, 4000);
    buf_init(&again, 4000);
    bool masked = redact(text, strlen(text), &b);
    if (strcmp(b.s, want))
        fail_msg("\"%s\" became \"%s\" instead of \"%s\"", text, b.s, want);
    assert_int_equal(masked, strcmp(text, want) != 0);
    assert_false(redact(b.s, b.len, &again)); /* once is enough */
    assert_string_equal(again.s, b.s);
    buf_release(&b);
    buf_release(&again);
}

static void addresses_are_masked_wherever_they_stand(void **state)
{
    expect("write to jane.doe+lab@example.co.uk.", "write to " M "@" M ".");
    expect("<j@x.org>, (O'Neil@school.edu)!", "<" M "@" M ">, (" M "@" M ")!");
    expect("\u00e9lise@caf\u00e9.fr", M "@" M);
    expect("mail me@x.org or you@y.org", "mail " M "@" M " or " M "@" M);
}

static void telephones_are_masked_however_they_are_grouped(void **state)
{
    expect("call 555-0199 now? no: 555-010-0199!", "call " M " now? no: " M "!");
    expect("(555) 010-0199", M);
    expect("+44 20 7946 0958, thanks", M ", thanks");
    expect("+49\u00a0(0)30/901820", M);
    expect("5550100199\u2026", M "\u2026");
    expect("5 5 5 0 1 0 0 1 9 9", M);
}

static void numbers_of_persons_cards_and_papers_are_masked(void **state)
{
    expect("my ssn is 078-05-1120", "my ssn is " M);
    expect("4111 1111 1111 1111", M);
    expect("student s1234567 here", "student " M " here");
    expect("passport AB123456C", "passport " M);
    expect("DE89 3704 0044 0532 0130 00", "DE89 " M);
}

static void figures_that_a_question_is_about_stay(void **state)
{
    static const char *const keep[] = {
        "do they earn $45,000 - $60,000?",
        "30000-45000 a year",
        "$ 1234567",
        "1000000 people",
        "in 2024-2026 or 2019\u20132029",
        "from 2026-11-21 to 21.11.2026 or 11/21/26",
        "29-2012.00 and 29-2012",
        "ISO15189:2022, COVID19, MLT101, 12 credits, 800x600",
        "1,234,567 of them",
        "24/7, 9-5, 3.5 GPA",
        "@room a@b user@localhost @jane:example.org",
        "the 12345th visitor",
        "",
    };
    for (size_t i = 0; i < sizeof keep / sizeof keep[0]; i++)
        expect(keep[i], keep[i]);
}

/* Whatever is written: it ends, stays within its bound, is UTF-8 where it was, and changes no more. */
static void any_mixture_is_masked_once_and_bounded(void **state)
{
    static const char *const part[] = {"1", "23", "4567", " ",      "-",      "(",
                                       ")", "+",  "@",    ".",      "ab",     "x.org",
                                       "$", "/",  ",",    "\u2013", "\u00a0", "\u00e9"};
    uint32_t seed = 20261121;
    for (int i = 0; i < 20000; i++) {
        struct buf text, once, twice;
        buf_init(&text, 400);
        buf_init(&once, 1200);
        buf_init(&twice, 1200);
        for (unsigned n = (seed >> 9) % 20; n--;) {
            seed = seed * 1664525u + 1013904223u;
            buf_adds(&text, part[(seed >> 16) % (sizeof part / sizeof part[0])]);
        }
        seed = seed * 1664525u + 1013904223u;
        redact(text.s, text.len, &once);
        assert_false(buf_failed(&once));
        assert_true(once.len <= 3 * text.len);
        redact(once.s, once.len, &twice);
        if (strcmp(once.s, twice.s))
            fail_msg("\"%s\" became \"%s\", then \"%s\"", text.s, once.s, twice.s);
        buf_release(&text);
        buf_release(&once);
        buf_release(&twice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_masked_wherever_they_stand),
        cmocka_unit_test(telephones_are_masked_however_they_are_grouped),
        cmocka_unit_test(numbers_of_persons_cards_and_papers_are_masked),
        cmocka_unit_test(figures_that_a_question_is_about_stay),
        cmocka_unit_test(any_mixture_is_masked_once_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
