/* json.h: cJSON without its traps. Getters never crash on absent or wrongly typed members; the
 * parser refuses what is not one complete valid UTF-8 JSON text; the writers escape and never print
 * NaN. */
#ifndef BOT_JSON_H
#define BOT_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct cJSON;

/* NULL unless s[0..len) is exactly one JSON value, valid UTF-8, nested at most 64 deep, without
 * duplicate keys in its objects. Freed by json_free(). */
struct cJSON *json_parse(const char *s, size_t len);
void json_free(struct cJSON *j);

/* The same text with what json_parse() refuses although its sender means well replaced by U+FFFD: invalid UTF-8,
 * unpaired surrogate escapes, "\u0000". For networks that pass on what people typed. Appended to `b`. */
void json_repair(const char *s, size_t len, struct buf *b);

/* The member when it is a string of at most max_bytes, else NULL. Borrowed from `j`. */
const char *json_string(const struct cJSON *j, const char *name, size_t max_bytes);
/* The member when it is a whole number within the range, else `fallback`. */
long long json_int(const struct cJSON *j, const char *name, long long min, long long max,
                   long long fallback);
const struct cJSON *json_object(const struct cJSON *j, const char *name);
const struct cJSON *json_array(const struct cJSON *j, const char *name, size_t *ret_n);

struct cJSON *json_new_object(void); /* freed by json_free() */
/* Give an object a member that is a string, in place of the one it has under that name. */
void json_set_string(struct cJSON *j, const char *name, const char *value);

/* Append a JSON string, quotes included; invalid UTF-8 becomes U+FFFD; "</" is escaped for HTML. */
void json_add_string(struct buf *b, const char *s, size_t len);
void json_add_number(struct buf *b, double v);
/* Append a member of an object, `"key":"text"` (null for NULL) or `"key":7`, with the comma that it needs behind another one. */
void json_add_member(struct buf *b, const char *key, const char *text);
void json_add_count(struct buf *b, const char *key, long long n);

#endif
