/* user.h: people of the staff: what they may be called, what they may do, and how we know that it is them. Where they are kept:
 * store_user.c. */
#ifndef BOT_USER_H
#define BOT_USER_H

#include <stdbool.h>
#include <stddef.h>

/* Each may do all that those before it may. Kept as numbers in state.db. */
enum staff_role {
    ROLE_NONE,
    ROLE_VIEWER, /* reads */
    ROLE_AGENT,  /* triages, talks to visitors */
    ROLE_EDITOR, /* writes and publishes answers */
    ROLE_ADMIN,  /* settings, users, erasing */
};

/* "viewer agent editor admin"; ROLE_NONE when it is none of them. */
enum staff_role user_role(const char *name);
const char *user_role_name(enum staff_role role);

/* What is wrong with it, as a sentence with a remedy; NULL: nothing. Names: 1 to 64 of a-z 0-9 . _ - @, as of an account or an
 * e-mail address; case does not matter. Passwords: UTF-8, 8 characters or more (NIST SP 800-63B), no more than 1,000 bytes. */
#define USER_NAME 64 /* bytes */
const char *user_name_problem(const char *name);
const char *user_password_problem(const char *password);

/* Argon2id in libsodium's modular form, 64 MiB and about an eighth of a second: not on the loop. The password is taken in
 * NFC (RFC 8265), however its keyboard composed it. False: there was no memory. */
#define USER_HASH 128
bool user_hash(const char *password, char ret[USER_HASH]);
/* In place of a hash: who signs on elsewhere has no password here, and none is right. */
#define USER_NO_PASSWORD "!"
/* hash NULL: there is no such user, and finding that out takes as long as a wrong password. */
bool user_check(const char *hash, const char *password);

#endif
