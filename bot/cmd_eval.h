/* cmd_eval.h: what the files of guidepost eval share. */
#ifndef BOT_CMD_EVAL_H
#define BOT_CMD_EVAL_H

#include <stdbool.h>

#include "kb/kb.h"

/* Measure the shipped defaults on the collection in `dir` and print the figures. Fills in what `opt` lacks. Returns the
 * exit status. */
int eval_collection(const char *dir, struct kb_measure_options *opt, bool json);

struct base;
/* Run the base's own tests, or with files only theirs, and print what failed. Returns the exit status. */
int eval_tests(struct base *base, const char *const *file, size_t nfile, bool json);

#endif
