/* totp.h: the second factor: six digits that an app on somebody's phone shows, another six every half a minute (RFC 6238 with
 * SHA-1, which is what every such app does), and recovery codes for who has lost the phone. */
#ifndef BOT_TOTP_H
#define BOT_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct pool;

#define TOTP_SECRET 20 /* bytes: RFC 4226 recommends 160 bits */
#define TOTP_STEP_S 30

void totp_secret(unsigned char ret[TOTP_SECRET]);
/* As it is typed into an app: base32 (RFC 4648), in groups of four when `groups`. */
const char *totp_text(struct pool *pool, const unsigned char secret[TOTP_SECRET], bool groups);
/* As it is scanned: otpauth://totp/Guidepost:NAME?secret=... */
const char *totp_uri(struct pool *pool, const char *name, const unsigned char secret[TOTP_SECRET]);
/* Append the QR code of a text as a JSON array, a row each, of '1' (dark) and '0'. False: there is no memory, or no library. */
bool totp_qr(const char *text, struct buf *b);

/* The step that a typed code belongs to: that of now_s or one beside it, and later than `last`, since a code is good once. 0:
 * wrong, or used; negative: cannot be computed. Blanks do not count. */
int64_t totp_check(const unsigned char secret[TOTP_SECRET], const char *typed, int64_t now_s,
                   int64_t last);

/* 80 random bits each, "abcd-efgh-ijkl-mnop": too many to be guessed, so a fast hash keeps them. */
#define RECOVERY_CODES 10
#define RECOVERY_SIZE  20 /* terminated */
#define RECOVERY_HASH  32
void recovery_make(char ret[RECOVERY_SIZE]);
/* Of what was typed; case, blanks and hyphens aside. False: it is none. */
bool recovery_hash(const char *typed, unsigned char ret[RECOVERY_HASH]);

#endif
