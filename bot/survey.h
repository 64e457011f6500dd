/* survey.h: what was asked in the last thirty days, in memory: a fact per question, and groups of questions that ask the same.
 *
 * Statistics are counted over these facts and not in SQL. A table of turns is as wide as its replies, 100 MB for 50,000
 * questions, and each chart, each bar of it and each list behind a bar would read it again; the facts are 4 MB, so every page is a
 * walk of a millisecond, and a bar's number and the list behind it come from the same walk.
 *
 * Made on a thread of its own, with connections of its own, whenever somebody looks and there is something new. Neither the
 * loop, the journal nor the desk's threads wait for it: they get the last one made. After what takes long it rests for long, so it
 * never takes more than a tenth of a processor.
 *
 * Text of visitors is not handed out from here. What is shown is read from the store by its number, and so is gone when it
 * is erased there. */
#ifndef BOT_SURVEY_H
#define BOT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/store.h"

#define SURVEY_DAYS   30
#define SURVEY_QUOTES 3      /* passages of an answer that are counted */
#define SURVEY_MAX    400000 /* questions; older ones are left out */
#define DAY_MS        86400000ll

/* How it ended, for the asker. */
enum survey_end {
    SURVEY_ENTRY,   /* answered by a curated entry */
    SURVEY_EXTRACT, /* answered out of a guide */
    SURVEY_CHOICES, /* "did you mean" */
    SURVEY_NONE,
    SURVEY_PERSON, /* went to a person, whatever the bot had said */
    SURVEY_TALK,   /* small talk: no question */
    SURVEY_ENDS
};
extern const char
    *const survey_ends[SURVEY_ENDS]; /* "entry" "extract" "choices" "none" "person" "talk" */

#define SURVEY_NOWHERE UINT16_MAX

struct survey_fact {
    int64_t id, at_ms; /* id: of its turn */
    float confidence;
    uint32_t us;    /* time it took to answer */
    uint32_t text;  /* the same number: the same words */
    uint32_t group; /* of survey.group, or UINT32_MAX */
    uint32_t
        wait_s; /* a person was wanted and came after that long; UINT32_MAX: not yet, or nobody was wanted */
    uint16_t quoted[SURVEY_QUOTES]; /* of survey.passage, best first; or SURVEY_NOWHERE */
    uint16_t channel;               /* of survey.channel */
    uint16_t up, down;              /* votes */
    uint8_t told;                   /* enum survey_end: what the bot said */
    uint8_t end;                    /* and how it ended: the same, or SURVEY_PERSON */
    uint8_t why, state;             /* of its ticket; why 0: there is none */
    bool wanted;                    /* a person was wanted */
};

struct survey_place {
    const char *key; /* of a passage or document */
    const char *title;
    uint16_t document; /* of a passage: its own */
    bool entry;
};

/* Why the guides did not answer, for groups that need it. */
struct survey_near {
    const char *passage;  /* key of the nearest one, or "" */
    const char *question; /* an entry's, else the heading it stands under */
    const char *title;
    const char *unknown; /* words that no guide has, with commas; or "" */
    double confidence;
    int band; /* enum kb_band */
};

struct survey_group {
    const uint32_t *fact; /* of survey.fact, in order of time */
    size_t n;
    size_t nobody; /* of these, not answered: none, choices, or to a person */
    size_t open;   /* of these, with an open ticket */
    size_t wordings;
    uint32_t label; /* of survey.fact: the most central question, as it was put most often */
    int64_t first_ms, last_ms;
    uint32_t day
        [SURVEY_DAYS]; /* how many on each of the last days, the last one is the 24 hours before at_ms */
    bool fresh;        /* first asked in the last seven days, and three times */
    bool
        rising; /* twice as often in the last seven days as in the seven before, and five times more */
    bool merged;                    /* by hand */
    const struct survey_near *near; /* or NULL */
};

/* Never changed once it is handed out. */
struct survey {
    int64_t at_ms, from_ms;
    long long generation;     /* of the index that was asked about terms */
    struct survey_fact *fact; /* in order of id */
    size_t n;
    struct survey_group *group; /* most asked first */
    size_t ngroup;
    const char *const *channel;
    size_t nchannel;
    const struct survey_place *document, *passage;
    size_t ndocument, npassage;
    const uint64_t
        *says; /* by text: a number for what it asks about, the same for the same terms */
    const int64_t *publish; /* when content was published, in order */
    size_t npublish;
    double read_s, group_s; /* what it took */
};

struct surveyor;
/* `state` and `index` are paths. No thread before the first survey_take(). */
struct surveyor *surveyor_new(const char *state, const char *index);
void surveyor_free(struct surveyor *v);

/* Any thread. The last one made, which is never older than a few seconds and 10 times the time it takes to make one, unless the
 * caller is the first for a while; NULL while there is none: ask again in a moment. To be given back. */
const struct survey *survey_take(struct surveyor *v);
void survey_give_back(struct surveyor *v, const struct survey *s);

/* The question of that turn, or NULL. */
const struct survey_fact *survey_find(const struct survey *s, int64_t id);
static inline bool survey_is_question(const struct survey_fact *f)
{
    return f->end != SURVEY_TALK;
}

#endif
