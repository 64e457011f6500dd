/* slip.h: what it costs to read one word as another, for many words that begin alike. */
#ifndef KB_SLIP_H
#define KB_SLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLIP_LETTERS 24 /* bytes of either word at most; what is behind them is not looked at */

/* Letters that sound like some of those typed. */
struct slip_sound {
    uint8_t typed, letters; /* how many of either: 1 or 2 */
    char as[2];
};

#define SLIP_SOUNDS 16 /* for groups that end in one letter */
#define SLIP_OTHER  26 /* the bit of all that is no letter, in a set of letters */

struct slip {
    char typed[SLIP_LETTERS];
    size_t len;
    unsigned max;
    uint8_t letter[SLIP_LETTERS];     /* their numbers, from 0 for 'a' */
    uint8_t less[SLIP_LETTERS];       /* what each costs when it is one too many */
    uint8_t nsound[SLIP_LETTERS + 1]; /* of the groups that end behind so many letters typed */
    struct slip_sound sound[SLIP_LETTERS + 1][SLIP_SOUNDS];
    /* Sets. Of what may stand for letters typed: last letters, where these end; first ones, where these begin; and of pairs
     * alone, where these begin, both. */
    uint32_t ends[SLIP_LETTERS + 1], heard[SLIP_LETTERS + 1], pair[SLIP_LETTERS + 1],
        pair_end[SLIP_LETTERS + 1];
    uint8_t least[SLIP_LETTERS + 1]; /* of each row */
    uint8_t from[SLIP_LETTERS + 1],
        to[SLIP_LETTERS + 1];                        /* what of each row is within max; or 1, 0 */
    uint8_t row[SLIP_LETTERS + 1][SLIP_LETTERS + 1]; /* [letters of the word][letters typed] */
};

/* Compare `typed` with the words that follow; a cost above `max` is of no interest. Costs are tenths of a slip. */
void slip_begin(struct slip *s, const char *typed, size_t len, unsigned max);
/* The word goes on: word[0, k), of which word[0, k - 1) has been given before. False: no word that begins so is within
 * `max`. */
bool slip_letter(struct slip *s, const char *word, size_t k);
/* The set of letters by which word[0, k) can go on: for any other slip_letter() says false. Where words branch, to ask this
 * once is much faster than to try them all. */
uint32_t slip_next(const struct slip *s, const char *word, size_t k);
static inline uint32_t slip_bit(char letter)
{
    return 1u << (letter >= 'a' && letter <= 'z' ? letter - 'a' : SLIP_OTHER);
}
/* Of the word that ends here, word[0, k). */
unsigned slip_cost(const struct slip *s, size_t k);

#endif
