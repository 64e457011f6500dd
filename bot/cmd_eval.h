/* cmd_eval.h: what the two files of guidepost eval share. */
#ifndef BOT_CMD_EVAL_H
#define BOT_CMD_EVAL_H

#include <stdbool.h>

#include "kb/kb.h"

/* Measure the shipped defaults on the collection in `dir` and print the figures. Fills in what `opt` lacks. Returns the
 * exit status. */
int eval_collection(const char *dir, struct kb_measure_options *opt, bool json);

#endif
