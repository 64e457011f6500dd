/* totp.c: HMAC-SHA-1 comes from OpenSSL's libcrypto (libsodium has no SHA-1, and rightly so), the picture from libqrencode. Both are
 * opened when somebody first needs them (library.h). */
#include "bot/totp.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <qrencode.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/library.h"
#include "kb/pool.h"

#define DIGITS  6
#define LETTERS 16 /* of a recovery code, without its hyphens */

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

/* `len` bytes, a multiple of five, as 8 letters for each five. */
static void encode(const unsigned char *s, size_t len, char *ret)
{
    for (; len >= 5; s += 5, len -= 5) {
        uint64_t v = 0;
        for (int i = 0; i < 5; i++)
            v = v << 8 | s[i];
        for (int i = 7; i >= 0; i--)
            *ret++ = base32[v >> (5 * i) & 31];
    }
    *ret = '\0';
}

void totp_secret(unsigned char ret[TOTP_SECRET])
{
    randombytes_buf(ret, TOTP_SECRET);
}

const char *totp_text(struct pool *pool, const unsigned char secret[TOTP_SECRET], bool groups)
{
    char letters[TOTP_SECRET / 5 * 8 + 1];
    char *text = pool_alloc(pool, sizeof letters + sizeof letters / 4), *out = text;
    encode(secret, TOTP_SECRET, letters);
    for (size_t i = 0; letters[i]; i++) {
        if (groups && i && i % 4 == 0)
            *out++ = ' ';
        *out++ = (char)toupper((unsigned char)letters[i]);
    }
    *out = '\0';
    return text;
}

/* Names of users need no escape but '@', which is allowed in a path (user.h). */
const char *totp_uri(struct pool *pool, const char *name, const unsigned char secret[TOTP_SECRET])
{
    return pool_printf(pool, "otpauth://totp/Guidepost:%s?secret=%s&issuer=Guidepost", name,
                       totp_text(pool, secret, false));
}

bool totp_qr(const char *text, struct buf *b)
{
    QRcode *qr = library_load(LIBRARY_QR) ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) : NULL;
    if (!qr)
        return false;
    buf_addc(b, '[');
    for (int y = 0; y < qr->width; y++) {
        buf_adds(b, y ? ",\"" : "\"");
        for (int x = 0; x < qr->width; x++)
            buf_addc(b, qr->data[y * qr->width + x] & 1 ? '1' : '0');
        buf_addc(b, '"');
    }
    buf_addc(b, ']');
    QRcode_free(qr);
    return true;
}

/* RFC 4226, 5.3: four bytes of the HMAC, from where its last four bits point, without the sign; the last six digits of that. */
static bool code_of(const unsigned char secret[TOTP_SECRET], int64_t step, char ret[DIGITS + 1])
{
    unsigned char counter[8], mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    for (int i = 0; i < 8; i++)
        counter[i] = (unsigned char)((uint64_t)step >> (8 * (7 - i)));
    if (!library_load(LIBRARY_CRYPTO) ||
        !HMAC(EVP_sha1(), secret, TOTP_SECRET, counter, sizeof counter, mac, &len) || len != 20)
        return false;
    const unsigned char *at = mac + (mac[19] & 15);
    uint32_t v = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
                 (uint32_t)at[3];
    snprintf(ret, DIGITS + 1, "%06u", (unsigned)(v % 1000000));
    return true;
}

int64_t totp_check(const unsigned char secret[TOTP_SECRET], const char *typed, int64_t now_s,
                   int64_t last)
{
    char digits[DIGITS + 1] = "", code[DIGITS + 1];
    size_t n = 0;
    for (; *typed; typed++) {
        if (*typed == ' ')
            continue;
        if (!isdigit((unsigned char)*typed) || n == DIGITS)
            return 0;
        digits[n++] = *typed;
    }
    int64_t now = now_s / TOTP_STEP_S, found = 0;
    for (int64_t step = now - 1; step <= now + 1; step++) {
        if (!code_of(secret, step, code))
            return -1;
        if (n == DIGITS && !sodium_memcmp(code, digits, DIGITS) && step > last && !found)
            found = step;
    }
    return found;
}

/* ---- recovery codes ---- */

void recovery_make(char ret[RECOVERY_SIZE])
{
    unsigned char bytes[10];
    char letters[LETTERS + 1];
    randombytes_buf(bytes, sizeof bytes);
    encode(bytes, sizeof bytes, letters);
    snprintf(ret, RECOVERY_SIZE, "%.4s-%.4s-%.4s-%.4s", letters, letters + 4, letters + 8,
             letters + 12);
    sodium_memzero(letters, sizeof letters);
}

bool recovery_hash(const char *typed, unsigned char ret[RECOVERY_HASH])
{
    char letters[LETTERS];
    size_t n = 0;
    for (; *typed; typed++) {
        if (*typed == ' ' || *typed == '-')
            continue;
        char c = (char)tolower((unsigned char)*typed);
        if (n == LETTERS || !strchr(base32, c))
            return false;
        letters[n++] = c;
    }
    if (n != LETTERS)
        return false;
    crypto_generichash(ret, RECOVERY_HASH, (const unsigned char *)letters, n, NULL, 0);
    return true;
}
