/* slack_sign.c: is it from Slack? HMAC-SHA256 over "v0:TIMESTAMP:BODY", with the signing secret's characters as the key
 * (it looks like hexadecimal, and is not decoded). The body is hashed as it came: a body that was parsed and
 * written again is another body.
 *
 * Stricter than Slack's own library in one point: a timestamp from the future is as wrong as one from the past. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/form.h"
#include "bot/number.h"

void slack_sign_make(const char *secret, const char *timestamp, const char *body, size_t len,
                     char ret[SLACK_SIGNATURE_LEN + 1])
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state st;
    crypto_auth_hmacsha256_init(&st, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)"v0:", 3);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)timestamp, strlen(timestamp));
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)":", 1);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)body, len);
    crypto_auth_hmacsha256_final(&st, mac);
    memcpy(ret, "v0=", 3);
    sodium_bin2hex(ret + 3, SLACK_SIGNATURE_LEN - 2, mac, sizeof mac);
    sodium_memzero(&st, sizeof st);
}

#define MAX_TIME 999999999999 /* seconds: no sum below overflows */

enum slack_verdict slack_sign_check(const struct secret *secret, const char *timestamp,
                                    const char *signature, const char *body, size_t len,
                                    int64_t now_s, int64_t window_s, int64_t *ret_skew_s)
{
    int64_t at;
    if (!number_read(timestamp, MAX_TIME, &at) || !signature ||
        strlen(signature) != SLACK_SIGNATURE_LEN)
        return SLACK_UNSIGNED;
    *ret_skew_s = now_s - at;
    if (llabs(now_s - at) > window_s)
        return SLACK_STALE;
    bool genuine = false;
    for (size_t i = 0; i < secret->n; i++) {
        char want[SLACK_SIGNATURE_LEN + 1];
        slack_sign_make(secret->value[i], timestamp, body, len, want);
        genuine |= sodium_memcmp(want, signature, SLACK_SIGNATURE_LEN) == 0;
    }
    return genuine ? SLACK_GENUINE : SLACK_FORGED;
}

bool slack_sign_is_probe(const char *body, size_t len)
{
    if (!len || *body == '{')
        return false;
    struct pool *pool = pool_new();
    size_t n;
    const char *v = form_field(pool, body, len, "ssl_check", &n);
    bool probe = v && n == 1 && *v == '1';
    pool_free(pool);
    return probe;
}
