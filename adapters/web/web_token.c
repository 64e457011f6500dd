/* web_token.c: whoever shows a conversation's token goes on with it. The token is random, stays in the browser, and is
 * known to the program by its hash only: neither the database nor a log can be used to read somebody's chat. It does not
 * change while it lasts: with several tabs on one conversation, and a connection that may break at any moment, a changed
 * one that did not arrive would lock its owner out. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/clock.h"

#define TOKEN_BYTES 32

void web_token_make(char token[WEB_TOKEN])
{
    unsigned char bytes[TOKEN_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(token, WEB_TOKEN, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool web_token_read(const char *token, char ret[WEB_CONVERSATION])
{
    unsigned char bytes[TOKEN_BYTES], hash[(WEB_CONVERSATION - 1) / 2];
    size_t n;
    if (!token || strlen(token) != WEB_TOKEN - 1 ||
        sodium_base642bin(bytes, sizeof bytes, token, WEB_TOKEN - 1, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
        n != TOKEN_BYTES)
        return false;
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, WEB_TOKEN - 1, NULL, 0);
    sodium_bin2hex(ret, WEB_CONVERSATION, hash, sizeof hash);
    return true;
}

/* One that was never used has no transcript yet; whether we really made it is no matter, nobody guesses another's. */
bool web_token_holds(const struct transcript *t, int64_t after)
{
    int64_t now = clock_wall_ms();
    if (!t->exists)
        return after == 0;
    return !t->erased && t->head >= after && now - t->used_ms < WEB_IDLE_MS &&
           now - t->at_ms < WEB_OLD_MS;
}
