/* user.c: names, roles and passwords of the staff. */
#include "bot/user.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define MIN_PASSWORD 8    /* characters */
#define MAX_PASSWORD 1000 /* bytes: Argon2id would take more, a request should not bring it */

_Static_assert(USER_HASH >= crypto_pwhash_STRBYTES, "a hash fits");

static const char *const role_name[] = {"none", "viewer", "agent", "editor", "admin"};

enum staff_role user_role(const char *name)
{
    for (size_t i = ROLE_VIEWER; i < sizeof role_name / sizeof role_name[0]; i++)
        if (!strcmp(name, role_name[i]))
            return (enum staff_role)i;
    return ROLE_NONE;
}

const char *user_role_name(enum staff_role role)
{
    return role_name[role >= ROLE_NONE && role <= ROLE_ADMIN ? role : ROLE_NONE];
}

const char *user_name_problem(const char *name)
{
    static const char signs[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
    size_t len = strlen(name);
    if (!len)
        return "a user needs a name";
    if (len > USER_NAME)
        return "a name has at most 64 characters";
    if (len != strspn(name, signs))
        return "a name is made of a-z, 0-9, '.', '_', '-' and '@'";
    return strspn(name, "._-@") ? "a name begins with a letter or a digit" : NULL;
}

const char *user_password_problem(const char *password)
{
    size_t len = strlen(password), chars = 0;
    if (len > MAX_PASSWORD)
        return "a password has at most 1,000 bytes";
    for (size_t i = 0; i < len; chars++) {
        utf8proc_int32_t c;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)password + i,
                                                 (utf8proc_ssize_t)(len - i), &c);
        if (used <= 0)
            return "the password is not UTF-8; type it on a terminal that is";
        i += (size_t)used;
    }
    return chars < MIN_PASSWORD ? "a password has at least 8 characters" : NULL;
}

/* The password in NFC, to be wiped and freed; NULL when it is none. */
static char *composed(const char *password)
{
    if (user_password_problem(password))
        return NULL;
    return (char *)utf8proc_NFC((const utf8proc_uint8_t *)password);
}

static void wipe(char *password)
{
    if (password)
        sodium_memzero(password, strlen(password));
    free(password);
}

bool user_hash(const char *password, char ret[USER_HASH])
{
    char *p = sodium_init() < 0 ? NULL : composed(password);
    bool done = p && !crypto_pwhash_str(ret, p, strlen(p), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                        crypto_pwhash_MEMLIMIT_INTERACTIVE);
    wipe(p);
    return done;
}

bool user_check(const char *hash, const char *password)
{
    char *p = sodium_init() < 0 ? NULL : composed(password);
    char other[USER_HASH];
    bool right = p && hash && !crypto_pwhash_str_verify(hash, p, strlen(p));
    if (!hash ||
        !strcmp(hash, USER_NO_PASSWORD)) /* the work that checking a real one would have been */
        user_hash("nobody has this name", other);
    wipe(p);
    return right;
}
