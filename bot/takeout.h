/* takeout.h: what was asked and answered, as lines to take elsewhere; the command line and the console write the same. */
#ifndef BOT_TAKEOUT_H
#define BOT_TAKEOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct store_exported;
struct store_audit;

/* A line each, its end included. */
void takeout_json(struct buf *b, const struct store_exported *e);
#define TAKEOUT_CSV "id,at,adapter,conversation,question,kind,confidence,up,down\r\n"
void takeout_csv(struct buf *b, const struct store_exported *e);
/* Members of a JSON object for what a row of the audit says: who, what, to what. What it does not say is left out. */
void takeout_audit_members(struct buf *b, const struct store_audit *a);
/* A row of the audit, with its hash in hex. */
void takeout_audit(struct buf *b, const struct store_audit *a, const char *hash);

/* "web:4f1c..." as it stands in those lines: taken apart in place. False when it is none. */
bool takeout_conversation(char *s, const char **ret_adapter, const char **ret_name);
/* "2026-11-21", midnight UTC; -1 when it is no day. */
int64_t takeout_day(const char *s);

#endif
