/* token.h: keys for programs: what a token looks like, and how far one reaches. Whoever has it is its user, as far as its scopes
 * go and never further than the user's role does now. Where they are kept: store_token.c, by hash. */
#ifndef BOT_TOKEN_H
#define BOT_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "guidepost_pat_" and 256 random bits in base64url: a prefix that scanners of leaked secrets can look for. */
#define TOKEN_PREFIX   "guidepost_pat_"
#define TOKEN_SIZE     58 /* terminated */
#define TOKEN_HASH     32
#define TOKEN_MAX_DAYS 366
#define TOKEN_DAYS     90 /* where nobody says how long */
#define TOKEN_MAX_NAME 80 /* bytes */

/* Kept as bits in state.db. */
enum token_scope {
    TOKEN_READ = 1,    /* what a page shows: queue, answers, figures, conversations */
    TOKEN_TICKETS = 2, /* triage: claim, note, close, talk to visitors */
    TOKEN_ANSWERS = 4, /* write and publish answers and synonyms */
    TOKEN_EXPORT = 8,  /* take away what was asked and answered, and the audit */
    TOKEN_ADMIN = 16,  /* users, settings, erasing */
};

void token_make(char ret[TOKEN_SIZE]);
/* False: it is none of ours by its looks. */
bool token_hash(const char *token, unsigned char ret[TOKEN_HASH]);

/* "read,tickets", with commas or blanks between them, as bits; 0 when one of them is no scope, or there is none. */
int token_scopes(const char *text);
/* The other way round. */
#define TOKEN_SCOPES 48
void token_scopes_text(int scopes, char ret[TOKEN_SCOPES]);

/* What is wrong with the words that say what a token is for, as a sentence with a remedy; NULL: nothing. */
const char *token_name_problem(const char *name);

#endif
