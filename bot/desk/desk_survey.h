/* desk_survey.h: what pages that count share: the survey at hand, and texts of its questions. */
#ifndef BOT_DESK_SURVEY_H
#define BOT_DESK_SURVEY_H

#include "bot/desk/desk_run.h"
#include "bot/survey.h"

/* Run a page over the last survey, which is given back afterwards; {"ready":false} while there is none. */
typedef int desk_survey_fn(struct store *s, struct desk_request *rq, const struct survey *v);
int desk_survey(struct store *s, struct desk_request *rq, desk_survey_fn *fn);

/* ,"key":"the question of that turn", or null when it is gone. 1: it is there, 0: it is gone; negative: an error. */
int desk_survey_text(struct store *s, struct buf *b, const char *key, int64_t turn);

#endif
