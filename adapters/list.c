/* list.c: the chat networks of this program. One line each; README.md tells how to write one. */
#include "bot/adapter.h"

extern const struct adapter_type adapter_web;    /* web/web.c */
extern const struct adapter_type adapter_slack;  /* slack/slack.c */
extern const struct adapter_type adapter_staff;  /* staff/staff.c */
extern const struct adapter_type adapter_matrix; /* matrix/matrix.c */
extern const struct adapter_type adapter_mattermost, adapter_rocketchat, adapter_zulip;

const struct adapter_type *const adapter_types[] = {
    &adapter_web,        &adapter_staff,      &adapter_slack, &adapter_matrix,
    &adapter_mattermost, &adapter_rocketchat, &adapter_zulip, NULL,
};
