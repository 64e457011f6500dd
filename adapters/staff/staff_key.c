/* staff_key.c: by what somebody shows who they are. There are three ways, and never two in one request:
 *
 *     a browser   the cookie of its session (staff_door.c), got for a name and a password
 *     a program   Authorization: Bearer guidepost_pat_...; no cookie, so no page of another site can send it (no X-CSRF-Token)
 *     sign-on     staff.auth: proxy. A web server in front has asked the school's accounts, and names the user in a header. It
 *                 takes the place of the password only: the session, its cookie and the rows of the audit are the same,
 *                 and a session works only while the header names its user
 *
 * Anybody can write a header. It is believed when the connection itself, not X-Forwarded-For, is from staff.proxies; from
 * elsewhere it is refused, and without staff.auth: proxy it is not even looked at. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/staff/staff_int.h"
#include "kb/pool.h"

#define MAX_HEADER_NAME 64

/* ---- settings ---- */

static const char *check_proxy(const char *text)
{
    return strcmp(text, "unix") && policy_check_proxy(text)
               ? "is not an address or range, as in 10.0.0.0/8, nor unix"
               : NULL;
}

static const char *check_header(const char *text)
{
    size_t n = strlen(text);
    bool fine =
        n && n < MAX_HEADER_NAME &&
        n == strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
    return fine || !n ? NULL : "is not the name of a header, as in X-Remote-User";
}

/* "career-centre=agent": the last '=' counts, groups of a directory have some of their own. */
static const char *check_group(const char *text)
{
    const char *eq = strrchr(text, '=');
    return eq && eq > text && user_role(eq + 1)
               ? NULL
               : "is not GROUP=ROLE, as in career-centre=agent; viewer, agent, editor or admin";
}

const struct setting staff_settings[] = {
    {.name = "staff.auth",
     .type = SETTING_CHOICE,
     .value = "password",
     .choices = "password proxy",
     .help = "How staff comes in at /staff/. password: with what guidepost user has set. proxy: a "
             "web server in front (Apache with mod_shib, oauth2-proxy) has asked the accounts of "
             "the organisation, and names the user in a header."},
    {.name = "staff.proxies",
     .type = SETTING_LIST,
     .value = "[]",
     .check = check_proxy,
     .help =
         "With proxy: whose word counts, as addresses or ranges, or unix for listen_socket. From "
         "elsewhere the header is refused. Every program at such an address can write it, so on "
         "one machine with others use the socket."},
    {.name = "staff.proxy_user_header",
     .type = SETTING_TEXT,
     .value = "X-Remote-User",
     .check = check_header,
     .help = "With proxy: the header that names the user. The server in front has to set it, so "
             "that what a browser wrote there is gone."},
    {.name = "staff.proxy_groups_header",
     .type = SETTING_TEXT,
     .value = "X-Remote-Groups",
     .check = check_header,
     .help = "With proxy: the header that names the user's groups, with commas or semicolons "
             "between them."},
    {.name = "staff.proxy_roles",
     .type = SETTING_LIST,
     .value = "[]",
     .check = check_group,
     .help =
         "With proxy: which role a group gives, as [career-centre=agent, it=admin]; the highest "
         "counts, and who has none does not come in. Empty: the role is what guidepost user "
         "says, and who is not there does not come in."},
    {.name = "staff.second_factor",
     .type = SETTING_CHOICE,
     .value = "none",
     .choices = "none viewer agent editor admin",
     .help = "From which role on a code of an authenticator app is needed beside the password: "
             "agent means agents, editors and admins. Who has none yet sets one up at the next "
             "login. Others may have one, too."},
    {.name = NULL},
};

enum staff_role staff_factor_from(const struct staff *st)
{
    const struct config *c = bot_config(st->adapter->bot);
    return strcmp(config_text(c, "staff.auth"), "proxy")
               ? user_role(config_text(c, "staff.second_factor"))
               : ROLE_NONE;
}

bool staff_signs_on(const struct staff *st)
{
    return !strcmp(config_text(bot_config(st->adapter->bot), "staff.auth"), "proxy");
}

/* ---- a proxy's word ---- */

/* The header that a setting names. */
static const char *named_header(const struct staff *st, const struct request *rq,
                                const char *setting)
{
    char name[MAX_HEADER_NAME];
    size_t n = 0;
    const char *s = config_text(bot_config(st->adapter->bot), setting);
    for (; s[n] && n < sizeof name - 1; n++)
        name[n] = (char)tolower((unsigned char)s[n]);
    name[n] = '\0';
    return n ? request_header(rq, name) : NULL;
}

static enum staff_role role_of(const char *const *row, size_t nrow, const char *group, size_t len)
{
    enum staff_role role = ROLE_NONE;
    for (size_t i = 0; i < nrow; i++) {
        const char *eq = strrchr(row[i], '=');
        if ((size_t)(eq - row[i]) == len && !strncasecmp(row[i], group, len) &&
            user_role(eq + 1) > role)
            role = user_role(eq + 1);
    }
    return role;
}

/* The highest role that one of these groups gives. */
static enum staff_role highest(const char *const *row, size_t nrow, const char *groups)
{
    enum staff_role role = ROLE_NONE;
    while (groups && *groups) {
        groups += strspn(groups, ",; \t");
        size_t n = strcspn(groups, ",;"), len = n;
        while (len && isspace((unsigned char)groups[len - 1]))
            len--;
        enum staff_role r = role_of(row, nrow, groups, len);
        role = r > role ? r : role;
        groups += n;
    }
    return role;
}

/* False after refusing. */
static bool read_sign_on(struct staff *st, struct pool *pool, struct request *rq,
                         struct staff_key *ret)
{
    size_t nproxy, nrole;
    const struct config *c = bot_config(st->adapter->bot);
    const char *const *proxy = config_list(c, "staff.proxies", &nproxy);
    const char *const *role = config_list(c, "staff.proxy_roles", &nrole);
    const char *user = named_header(st, rq, "staff.proxy_user_header");
    server_handle to = request_handle(rq);
    if (!user || !*user) {
        staff_refuse(st, to, 401, "no_sign_on",
                     "Nobody says who you are: open this page at the address where your "
                     "organisation signs you on",
                     0);
    } else if (!request_is_from(rq, proxy, nproxy)) {
        log_warn("staff", "a sign-on came from elsewhere, and was refused",
                 "step=\"if it was your proxy, list its address in staff.proxies\"");
        staff_refuse(st, to, 403, "foreign_sign_on",
                     "This sign-on came from an address that is not listed in staff.proxies", 0);
    } else if (user_name_problem(user)) {
        staff_refuse(st, to, 403, "odd_name",
                     "Your organisation's name for you has letters that a name here cannot have",
                     0);
    } else {
        ret->signed_on = pool_strdup(pool, user);
        ret->given = highest(role, nrole, named_header(st, rq, "staff.proxy_groups_header"));
        if (!nrole || ret->given)
            return true;
        staff_refuse(st, to, 403, "no_role",
                     "None of your groups has a role here; staff.proxy_roles says which have", 0);
    }
    return false;
}

/* ---- what came along ---- */

static const char *bearer(const struct request *rq)
{
    const char *s = request_header(rq, "authorization");
    if (!s || strncasecmp(s, "bearer ", 7))
        return NULL; /* a password of the web server in front is its own business */
    return s + 7 + strspn(s + 7, " ");
}

bool staff_key(struct staff *st, struct pool *pool, struct request *rq, struct staff_key *ret)
{
    const char *token = bearer(rq), *cookie = staff_cookie(pool, rq);
    *ret = (struct staff_key){.token = token ? pool_strdup(pool, token) : cookie,
                              .bearer = token != NULL};
    if (!token && !staff_signs_on(st))
        return true;
    if (!token) {
        bool named = read_sign_on(st, pool, rq, ret);
        if (named)
            named_now(st->named, ret->token, loop_now_ms(bot_loop(st->adapter->bot)));
        return named;
    }
    if (!cookie)
        return true;
    staff_refuse(st, request_handle(rq), 400, "two_keys",
                 "A request has a cookie or a token, and never both: say who you are once", 0);
    return false;
}

/* ---- a token where it must not stand ---- */

bool staff_leak(struct staff *st, struct request *rq)
{
    const char *found = strstr(request_path(rq), TOKEN_PREFIX), *arg;
    for (size_t i = 0; !found && (arg = request_arg(rq, i)); i++)
        found = strstr(arg, TOKEN_PREFIX);
    if (!found)
        return false;
    char token[TOKEN_SIZE];
    unsigned char hash[TOKEN_HASH];
    snprintf(token, sizeof token, "%s", found);
    struct desk *desk = bot_desk(st->adapter->bot);
    if (desk && token_hash(token, hash))
        desk_leaked(desk, hash);
    staff_refuse(st, request_handle(rq), 400, "token_in_address",
                 "A token in an address is in the logs of every server on the way: it counts as "
                 "leaked. Revoke it, make another one, and send that as Authorization: Bearer",
                 0);
    return true;
}
