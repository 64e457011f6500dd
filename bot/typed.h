/* typed.h: what somebody typed, before it is a question. */
#ifndef BOT_TYPED_H
#define BOT_TYPED_H

#include <stddef.h>

struct pool;

/* 0: it may be asked. -EILSEQ: not UTF-8. -E2BIG: more than MAX_QUESTION_CHARS code points. -EINVAL: nothing but blanks. */
int typed_check(const char *s, size_t len);
/* As a terminated string in `pool`: blanks at both ends off, NUL and other control characters but newline and tab are blanks. */
const char *typed_clean(struct pool *pool, const char *s, size_t len);

#endif
