/* token.c: see token.h. */
#include "bot/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int bit;
} scopes[] = {{"read", TOKEN_READ},
              {"tickets", TOKEN_TICKETS},
              {"answers", TOKEN_ANSWERS},
              {"export", TOKEN_EXPORT},
              {"admin", TOKEN_ADMIN}};
#define NSCOPES (sizeof scopes / sizeof scopes[0])

void token_make(char ret[TOKEN_SIZE])
{
    unsigned char bytes[32];
    size_t n = sizeof TOKEN_PREFIX - 1;
    memcpy(ret, TOKEN_PREFIX, n);
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(ret + n, TOKEN_SIZE - n, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

bool token_hash(const char *token, unsigned char ret[TOKEN_HASH])
{
    if (strlen(token) != TOKEN_SIZE - 1 || strncmp(token, TOKEN_PREFIX, sizeof TOKEN_PREFIX - 1))
        return false;
    /* 256 random bits need no slow hash: there is nothing to guess */
    crypto_generichash(ret, TOKEN_HASH, (const unsigned char *)token, TOKEN_SIZE - 1, NULL, 0);
    return true;
}

int token_scopes(const char *text)
{
    int bits = 0;
    for (text += strspn(text, ", "); *text; text += strspn(text, ", ")) {
        size_t n = strcspn(text, ", "), i = 0;
        while (i < NSCOPES && (strlen(scopes[i].name) != n || strncmp(scopes[i].name, text, n)))
            i++;
        if (i == NSCOPES)
            return 0;
        bits |= scopes[i].bit;
        text += n;
    }
    return bits;
}

void token_scopes_text(int bits, char ret[TOKEN_SCOPES])
{
    int n = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < NSCOPES; i++)
        if (bits & scopes[i].bit)
            n += snprintf(ret + n, TOKEN_SCOPES - (size_t)n, "%s%s", n ? "," : "", scopes[i].name);
}

const char *token_name_problem(const char *name)
{
    if (!name[strspn(name, " ")])
        return "say what the token is for, so that somebody knows later which one to revoke";
    if (strlen(name) > TOKEN_MAX_NAME)
        return "what a token is for fits into 80 bytes";
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return "what a token is for is one line of text";
    return NULL;
}
