/* config/guidepost.yaml holds every setting at its default with its explanation, and nothing else;
 * and the settings that scripts depend on are accepted as they are documented. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/guide.h"

static struct command_result r;

static void the_file_and_the_rows_agree_byte_for_byte(void **state)
{
    static char text[1 << 20];
    FILE *f = fopen(source_path("config/guidepost.yaml"), "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    command_run(&r, NULL, "help", "settings", NULL);
    assert_int_equal(r.code, 0);
    assert_string_equal(text,
                        r.out); /* mend with: guidepost help settings > config/guidepost.yaml */
    command_release(&r);
}

static void the_documented_settings_are_accepted(void **state)
{
    char folder[256];
    folder_make(folder, sizeof folder);
    folder_file(folder, "guides/welding.md", GUIDE_WELDING);
    const char *config =
        folder_file(folder, "guidepost.yaml",
                    "listen: 127.0.0.1:0            # chat, API, webhooks\n"
                    "admin_listen: 127.0.0.1:0      # /livez /readyz /metrics\n"
                    "data_dir: data                 # index.db (derived) and state.db (durable)\n"
                    "content: [guides]              # files and folders, relative to this file\n"
                    "web:    {origins: []}\n"
                    "slack:  {signing_secret_file: slack-signing-secret, bot_token_file: "
                    "slack-bot-token, app_token_file: \"\", "
                    "api_base: https://slack.com/api}\n"
                    "matrix: {homeserver: \"https://hs.example\", as_token_file: matrix-as-token, "
                    "hs_token_file: matrix-hs-token, "
                    "bot_token_file: \"\", user: qabot}\n");
    command_run(&r, NULL, "check", "-c", config, NULL);
    if (r.code)
        fail_msg("exit %d: %s", r.code, r.err);
    command_release(&r);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_and_the_rows_agree_byte_for_byte),
        cmocka_unit_test(the_documented_settings_are_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
