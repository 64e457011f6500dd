/* guidepost doctor and guidepost slack manifest: tokens, scopes, secrets, clocks and addresses that are wrong are named with what
 * to do about it; the manifest asks for what the doctor looks for. And a program without secrets, or with secrets that
 * everybody may read, says so when it starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fake/slack.h"
#include "tests/wire/harness/command.h"
#include "tests/wire/harness/guide.h"

static struct fake_slack *fake;
static char folder[256], config[512];
static struct command_result r;

/* Settings with these lines below slack:. */
static void settings(const char *slack)
{
    char text[2048];
    snprintf(text, sizeof text,
             "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ndata_dir: data\ncontent: [guides]\n"
             "slack:\n  api_base: http://127.0.0.1:%d/api\n%s",
             fake_slack_port(fake), slack);
    snprintf(config, sizeof config, "%s", folder_file(folder, "guidepost.yaml", text));
}

static void secret(const char *name, const char *value)
{
    assert_int_equal(chmod(folder_file(folder, name, value), 0600), 0);
}

static int set_up(void **state)
{
    fake = fake_slack_start(0);
    folder_make(folder, sizeof folder);
    folder_file(folder, "guides/welding.md", GUIDE_WELDING);
    secret("slack-signing-secret", FAKE_SECRET "\n");
    secret("slack-bot-token", FAKE_TOKEN "\n");
    secret("app", FAKE_APP_TOKEN "\n");
    settings("");
    return 0;
}

static int tear_down(void **state)
{
    folder_remove(folder);
    fake_slack_stop(fake);
    return 0;
}

static void doctor(int code, const char *says, const char *step)
{
    command_run(&r, NULL, "doctor", "-c", config, NULL);
    if (r.code != code || !strstr(r.out, says) || (step && !strstr(r.out, step)))
        fail_msg("exit %d, wanted %d, \"%s\" and \"%s\":\n%s%s", r.code, code, says,
                 step ? step : "", r.out, r.err);
    if (strstr(r.out, FAKE_TOKEN) || strstr(r.out, FAKE_SECRET))
        fail_msg("a secret: %s", r.out);
    command_release(&r);
}

static void a_healthy_installation_is_called_so(void **state)
{
    doctor(0, "connected to the workspace Example as qabot", "the clocks agree");
    doctor(0, "the token may do what we need", NULL);
    settings("  app_token_file: app\n");
    doctor(0, "Socket Mode may be opened", NULL);
}

static void a_wrong_token_is_named(void **state)
{
    secret("slack-bot-token", "xoxb-wrong\n");
    doctor(1, "auth.test: invalid_auth", "Bot User OAuth Token");
    secret("slack-bot-token", "xoxp-users\n");
    doctor(1, "does not begin with xoxb-", NULL);
    secret("slack-bot-token", FAKE_TOKEN "\n");
}

static void a_missing_scope_is_named(void **state)
{
    fake_slack_fail(fake, "auth.test", "noscopes", 1);
    doctor(1, "the scope channels:history is missing", "install the app again");
}

static void a_wrong_clock_is_named(void **state)
{
    fake_slack_set_clock(fake, -600);
    doctor(1, "clock is off by 600 seconds", "time service");
    fake_slack_set_clock(fake, 600);
    doctor(1, "clock is off by -", NULL);
    fake_slack_set_clock(fake, 0);
}

static void a_signing_secret_that_is_none_is_named(void **state)
{
    secret("slack-signing-secret", "short\n");
    doctor(1, "that is no signing secret", "App Credentials");
    secret("slack-signing-secret", FAKE_SECRET "\n");
}

static void a_slack_that_cannot_be_reached_is_named(void **state)
{
    fake_slack_fail(fake, "auth.test", "drop", 1);
    doctor(1, "no answer", "a way out to the network");
}

static void a_channels_name_is_no_id(void **state)
{
    settings("  handoff_channel: \"#help\"\n");
    doctor(1, "is a name, not an id", NULL);
    settings("");
}

static void no_token_means_off_and_everybodys_token_is_refused(void **state)
{
    settings("  bot_token_file: nothing-here\n");
    doctor(0, "off: there is no token", NULL);
    settings("");
    assert_int_equal(chmod(folder_file(folder, "slack-bot-token", FAKE_TOKEN), 0644), 0);
    doctor(1, "cannot be used", "everybody on this machine may read it");
    command_run(&r, NULL, "serve", "-c", config, NULL);
    assert_int_equal(r.code, 78);
    assert_non_null(strstr(r.err, "everybody on this machine may read it"));
    assert_null(strstr(r.err, FAKE_TOKEN));
    command_release(&r);
    secret("slack-bot-token", FAKE_TOKEN "\n");
}

static void the_manifest_names_our_addresses_or_none(void **state)
{
    command_run(&r, NULL, "slack", "manifest", "-c", config, NULL);
    assert_int_equal(r.code, 2);
    assert_non_null(strstr(r.err, "slack.public_url"));
    command_release(&r);
    command_run(&r, NULL, "slack", "-c", config, "--url", "https://bot.example.edu/", "manifest",
                NULL);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "request_url: \"https://bot.example.edu/slack/events\""));
    assert_non_null(strstr(r.out, "url: \"https://bot.example.edu/slack/commands\""));
    assert_non_null(strstr(r.out, "\"channels:history\""));
    assert_non_null(strstr(r.out, "messages_tab_read_only_enabled: false"));
    assert_non_null(strstr(r.out, "socket_mode_enabled: false"));
    command_release(&r);
    settings("  app_token_file: app\n");
    command_run(&r, NULL, "slack", "-c", config, "manifest", NULL);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "socket_mode_enabled: true"));
    assert_null(strstr(r.out, "request_url"));
    command_release(&r);
    settings("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_installation_is_called_so),
        cmocka_unit_test(a_wrong_token_is_named),
        cmocka_unit_test(a_missing_scope_is_named),
        cmocka_unit_test(a_wrong_clock_is_named),
        cmocka_unit_test(a_signing_secret_that_is_none_is_named),
        cmocka_unit_test(a_slack_that_cannot_be_reached_is_named),
        cmocka_unit_test(a_channels_name_is_no_id),
        cmocka_unit_test(no_token_means_off_and_everybodys_token_is_refused),
        cmocka_unit_test(the_manifest_names_our_addresses_or_none),
    };
    return cmocka_run_group_tests_name("76-doctor", tests, set_up, tear_down);
}
