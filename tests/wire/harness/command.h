/* command.h: run the program once, give it standard input, collect what it says. $GUIDEPOST is the
 * program. */
#ifndef HARNESS_COMMAND_H
#define HARNESS_COMMAND_H

#include <stddef.h>

struct command_result {
    int code;  /* exit status, or 128 + signal */
    char *out; /* standard output, terminated */
    size_t outlen;
    char *err; /* standard error, terminated */
};

/* Arguments behind `input` (NULL: none) up to a NULL. Fails the test when the program cannot be
 * run. Released by command_release(). */
void command_run(struct command_result *r, const char *input, ...) __attribute__((sentinel));
void command_release(struct command_result *r);

/* A temporary folder for one test, and files in it. */
void folder_make(char *path, size_t size);
void folder_remove(const char *path);
/* Write `text` to folder/name (folders in between are made); returns the path, which lives until
 * folder_remove(). */
const char *folder_file(const char *folder, const char *name, const char *text);

/* A path of the source tree: source_path("config/guidepost.yaml"). Lives until the next call. */
const char *source_path(const char *name);

#endif
