/* desk_survey.c: what pages that count share. Texts are read from the store at that moment: what somebody has had erased is in no page
 * from then on, however old the survey is. */
#include "bot/desk/desk_survey.h"

#include <errno.h>

#include "bot/json.h"

int desk_survey(struct store *s, struct desk_request *rq, desk_survey_fn *fn)
{
    struct surveyor *surveyor = desk_surveyor(rq->desk);
    const struct survey *v = survey_take(surveyor);
    if (!v) {
        buf_adds(&rq->body, "{\"ready\":false}");
        return 0;
    }
    int err = fn(s, rq, v);
    survey_give_back(surveyor, v);
    return err;
}

struct keyed {
    struct buf *b;
    const char *key;
};

static void add_question(void *ctx, const struct store_survey_turn *t)
{
    struct keyed *k = ctx;
    json_add_member(k->b, k->key, t->question);
}

int desk_survey_text(struct store *s, struct buf *b, const char *key, int64_t turn)
{
    struct keyed k = {b, key};
    int err = store_question(s, turn, add_question, &k);
    if (err != -ENOENT)
        return err ? err : 1;
    json_add_member(b, key, NULL);
    return 0;
}
