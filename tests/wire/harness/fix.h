/* fix.h: changes of the content as the console makes them: jobs, and whether visitors are answered with the outcome. */
#ifndef TESTS_WIRE_HARNESS_FIX_H
#define TESTS_WIRE_HARNESS_FIX_H

#include "tests/wire/harness/staff.h"

struct cJSON;

/* A file of the program's folder. */
void fix_write(const struct wire *w, const char *name, const char *text);
char *fix_read(const struct wire *w, const char *name); /* free() */

/* POST it, and wait until the job is done: its result. Fails the test when it fails. cJSON_Delete(). */
struct cJSON *fix_job(const struct wire *w, const struct person *p, const char *name,
                      const char *body);
/* It has to fail: its code, good until the next call; the problem into *ret_why (NULL: not wanted), free(). */
const char *fix_fails(const struct wire *w, const struct person *p, const char *name,
                      const char *body, char **ret_why);
const char *fix_text(const struct cJSON *j, const char *name);

/* Is a visitor's question answered with this in it, at the latest after so long? */
bool fix_answers(const struct wire *w, const char *question, const char *part, int timeout_ms);

#endif
