/* F1 for Slack, under load: every event is delivered four times, all of them shuffled, by several hands at once, and again when
 * there was no answer; meanwhile the program is killed again and again and started on what it left. In the end every event
 * has one visible answer; or one visible apology, when it was open at so many starts that it may be what ends the program
 * (inbox.h). Twenty kills; GUIDEPOST_KILLS=200 is the whole of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fake/wire.h"

#define KILLS    20
#define PER_KILL 8 /* events */
#define COPIES   4
#define HANDS    3
#define CHANNELS 40

static struct slack_wire s;
static int *deck; /* numbers of events, each COPIES times, shuffled */
static size_t ndeck;
static _Atomic size_t next;
static _Atomic int port;
static atomic_long refused;

static void shuffle(size_t events)
{
    unsigned seed = 20261121;
    ndeck = events * COPIES;
    deck = calloc(ndeck, sizeof *deck);
    for (size_t i = 0; i < ndeck; i++)
        deck[i] = (int)(i % events);
    for (size_t i = ndeck - 1; i > 0; i--) {
        size_t k = (size_t)rand_r(&seed) % (i + 1);
        int kept = deck[i];
        deck[i] = deck[k];
        deck[k] = kept;
    }
}

/* As Slack does, until it hears 200; more patient than Slack, so that "lost" means lost by us. */
static void deliver(int event)
{
    char id[32], body[512];
    snprintf(id, sizeof id, "EvLoad%d", event);
    snprintf(
        body, sizeof body,
        "{\"type\":\"app_mention\",\"channel\":\"C%d\",\"user\":\"U%d\",\"ts\":\"1699%06d.000100\","
        "\"text\":\"<@UBOT> " WIRE_QUESTION "\"}",
        event % CHANNELS, event, event);
    char *envelope = fake_slack_envelope(id, body);
    while (true) {
        struct client *c = client_try_open(port);
        client_close(c);
        if (c && fake_slack_send(port, "application/json", envelope, NULL, NULL) == 200)
            break;
        atomic_fetch_add(&refused, 1);
        usleep(10000);
    }
    free(envelope);
}

static void *hand(void *ctx)
{
    for (size_t i; (i = atomic_fetch_add(&next, 1)) < ndeck;)
        deliver(deck[i]);
    return NULL;
}

/* How many had to do with an apology. */
static int each_event_has_one_answer(size_t events)
{
    int apologies = 0;
    int *seen = calloc(events, sizeof *seen);
    for (size_t i = 0; i < fake_slack_posts(s.fake); i++) {
        int n = -1;
        assert_int_equal(sscanf(fake_slack_post(s.fake, i).thread, "1699%6d", &n), 1);
        assert_in_range(n, 0, events - 1);
        if (seen[n]++)
            fail_msg("event %d was answered twice", n);
        const char *text = fake_slack_post(s.fake, i).text;
        bool sorry = strstr(text, "something went wrong on my side") != NULL;
        assert_true(sorry || strstr(text, WIRE_ANSWER));
        apologies += sorry;
    }
    for (size_t i = 0; i < events; i++)
        if (!seen[i])
            fail_msg("event %zu was taken and lost", i);
    free(seen);
    return apologies;
}

static void every_event_is_answered_once_whenever_it_is_killed(void **state)
{
    const char *wanted = getenv("GUIDEPOST_KILLS");
    int kills = wanted ? atoi(wanted) : KILLS, slowest_ms = 0;
    size_t events = (size_t)kills * PER_KILL;
    pthread_t thread[HANDS];
    unsigned seed = 4711;
    assert_in_range(kills, 1, 200);
    s = slack_wire_start(NULL, false);
    port = s.w->port;
    shuffle(events);
    for (int i = 0; i < HANDS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, hand, NULL), 0);
    for (int i = 0; i < kills; i++) {
        usleep(10000 + (useconds_t)rand_r(&seed) % 150000);
        uint64_t before = client_now_ms();
        wire_restart(s.w, SIGKILL);
        int ms = (int)(client_now_ms() - before);
        slowest_ms = ms > slowest_ms ? ms : slowest_ms;
        port = s.w->port;
    }
    for (int i = 0; i < HANDS; i++)
        pthread_join(thread[i], NULL);
    if (!fake_slack_wait(s.fake, events, 120000, 1500)) {
        wire_dump_log(s.w);
        print_message("%zu posts for %zu events\n", fake_slack_posts(s.fake), events);
    }
    int apologies = each_event_has_one_answer(events);
    print_message(
        "%d kills, %zu events delivered %zu times and %ld times in vain, %d apologies, ready "
        "after %d ms at most\n",
        kills, events, ndeck, atomic_load(&refused), apologies, slowest_ms);
    free(deck);
    slack_wire_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_answered_once_whenever_it_is_killed),
    };
    return cmocka_run_group_tests_name("92-slack-kills", tests, NULL, NULL);
}
