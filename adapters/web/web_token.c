/* web_token.c: whoever shows a conversation's token goes on with it. The token is random, stays in the browser, and is
 * known to the program by its hash only: neither the database nor a log can be used to read somebody's chat. It does not
 * change while it lasts: with several tabs on one conversation, and a connection that may break at any moment, a changed
 * one that did not arrive would lock its owner out.
 *
 * In front of the random bytes stands the second in which it was made, and the conversation's name begins with it: the
 * chats of an hour are then neighbours in every index of the database, and what a crowd writes lands on a few pages
 * instead of on one for each. It tells nobody more than the row does. Tokens of former versions are random throughout. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapters/web/web_int.h"
#include "bot/clock.h"

#define TIME_BYTES   4
#define RANDOM_BYTES 32
#define TOKEN_BYTES  (TIME_BYTES + RANDOM_BYTES)

void web_token_make(char token[WEB_TOKEN])
{
    unsigned char bytes[TOKEN_BYTES];
    uint32_t now_s = (uint32_t)time(NULL);
    for (int i = 0; i < TIME_BYTES; i++)
        bytes[i] = (unsigned char)(now_s >> (8 * (TIME_BYTES - 1 - i)));
    randombytes_buf(bytes + TIME_BYTES, RANDOM_BYTES);
    sodium_bin2base64(token, WEB_TOKEN, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool web_token_read(const char *token, char ret[WEB_CONVERSATION])
{
    unsigned char bytes[TOKEN_BYTES], hash[(WEB_CONVERSATION - 1) / 2];
    size_t n, len = token ? strlen(token) : 0;
    if (!len || len >= WEB_TOKEN ||
        sodium_base642bin(bytes, sizeof bytes, token, len, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
        (n != TOKEN_BYTES && n != RANDOM_BYTES))
        return false;
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, len, NULL, 0);
    if (n == TOKEN_BYTES)
        memcpy(hash, bytes, TIME_BYTES);
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
