/* config.c: settings by rows. A row says what a setting is called, what it may hold, what it is
 * when nobody says anything, and what it is for; everything else here follows from the rows:
 * reading the file, the environment, the command line, "did you mean".
 *
 * Deliberately not: no includes, no variables, no values with a meaning that depends on the
 * machine. What stands in the file is what the program does. */
#include "bot/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "bot/buf.h"
#include "bot/limits.h"
#include "bot/problem.h"
#include "kb/hash.h"
#include "kb/pool.h"
#include "kb/yaml.h"

#define MAX_TABLES    16
#define MAX_ROWS      256
#define NPLACES       (4 * MAX_ROWS) /* a power of two */
#define MAX_OVERRIDES 16

/* The rows that more than one file reads; the others stand beside their only reader. */
static const struct setting shared_rows[] = {
    {.name = "listen",
     .type = SETTING_ADDRESS,
     .value = "127.0.0.1:8080",
     .help = "Where the chat page, the API and webhooks are served. Put a web server with "
             "TLS in front of it before the world may come. Port 0 takes any free one."},
    {.name = "admin_listen",
     .type = SETTING_ADDRESS,
     .value = "127.0.0.1:9187",
     .help = "Where /livez, /readyz and /metrics are served: for monitoring, never for the "
             "public."},
    {.name = "data_dir",
     .type = SETTING_PATH,
     .value = "data",
     .help = "The only folder that is written to: index.db (derived, may be deleted) and "
             "state.db (durable)."},
    {.name = "content",
     .type = SETTING_PATHS,
     .value = "[guides]",
     .help = "Guides and FAQs: files and folders. Together they are the whole content."},
    {.name = "synonyms",
     .type = SETTING_PATH,
     .optional = true,
     .value = "synonyms.yaml",
     .help = "Other words for the same thing. \"\" for none."},
    {.name = "smalltalk",
     .type = SETTING_PATH,
     .optional = true,
     .value = "smalltalk.yaml",
     .help = "Replies to greetings, thanks and their like. \"\" for those that are inside "
             "the program."},
    {.name = "questions",
     .type = SETTING_PATHS,
     .optional = true,
     .value = "[questions]",
     .help = "Test questions over the content, for guidepost eval and guidepost check."},
    {.name = "log.level",
     .type = SETTING_CHOICE,
     .value = "info",
     .choices = "error warn info debug",
     .help = "How much is said on standard error. Question text appears at debug only."},
    {.name = "log.format",
     .type = SETTING_CHOICE,
     .value = "auto",
     .choices = "auto logfmt journal",
     .help = "How a line begins: logfmt with a time, journal with systemd's level mark. auto "
             "looks where standard error goes."},
    {.name = NULL},
};

static const struct setting *tables[MAX_TABLES] = {shared_rows};
static size_t ntables = 1;

struct value {
    const struct setting *row;
    const char *text;  /* also of a number or boolean, as written */
    const char **list; /* SETTING_LIST, SETTING_PATHS */
    size_t nlist;
    long long number;   /* SETTING_INT, SETTING_BOOL */
    const char *source; /* NULL: the default */
};

struct config {
    struct pool *pool;
    const char *file, *folder;
    struct value value[MAX_ROWS];
    size_t n;
    unsigned short place[NPLACES]; /* of a name: its value's index and one; 0: free */
    struct override {
        const char *name, *value;
    } override[MAX_OVERRIDES]; /* by config_set() */
    size_t noverride;
};

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct setting *row_find(const char *name)
{
    for (size_t t = 0; t < ntables; t++)
        for (const struct setting *row = tables[t]; row->name; row++)
            if (!strcmp(row->name, name))
                return row;
    return NULL;
}

/* True when `name` is a level above rows: "web" for "web.origins". */
static bool is_level(const char *name)
{
    size_t len = strlen(name);
    for (size_t t = 0; t < ntables; t++)
        for (const struct setting *row = tables[t]; row->name; row++)
            if (!strncmp(row->name, name, len) && row->name[len] == '.')
                return true;
    return false;
}

void config_register(const struct setting *rows)
{
    for (size_t t = 0; t < ntables; t++)
        if (tables[t] == rows)
            return;
    for (const struct setting *row = rows; row && row->name; row++)
        if (row_find(row->name)) {
            fprintf(stderr, "guidepost: two rows for the setting %s\n", row->name);
            abort();
        }
    if (ntables == MAX_TABLES) {
        fputs("guidepost: too many tables of settings\n", stderr);
        abort();
    }
    if (rows)
        tables[ntables++] = rows;
}

void config_each(void (*fn)(void *ctx, const struct setting *row), void *ctx)
{
    for (size_t t = 0; t < ntables; t++)
        for (const struct setting *row = tables[t]; row->name; row++)
            fn(ctx, row);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *resolve(struct pool *pool, const char *folder, const char *path)
{
    if (!*path || *path == '/' || !folder || !strcmp(folder, "."))
        return pool_strdup(pool, path);
    return pool_printf(pool, "%s/%s", folder, path);
}

static bool parse_bool(const char *s, long long *ret)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    for (size_t i = 0; i < 3; i++)
        if (!strcasecmp(s, yes[i]) || !strcasecmp(s, no[i])) {
            *ret = !strcasecmp(s, yes[i]);
            return true;
        }
    return false;
}

static bool parse_int(const char *s, long long *ret)
{
    char *end;
    errno = 0;
    long long n = strtoll(s, &end, 10);
    if (errno || end == s || *end || isspace((unsigned char)*s))
        return false;
    *ret = n;
    return true;
}

static bool is_address(const char *s)
{
    const char *colon = strrchr(s, ':');
    long long port;
    if (!colon || colon == s || !isdigit((unsigned char)colon[1]) || !parse_int(colon + 1, &port) ||
        port > 65535)
        return false;
    if (*s == '[')
        return colon[-1] == ']' && colon - s > 2;
    return !memchr(s, ':', (size_t)(colon - s)) && !strpbrk(s, " \t/");
}

static bool is_choice(const char *choices, const char *s)
{
    size_t len = strlen(s);
    for (const char *c = choices; *c;) {
        size_t n = strcspn(c, " ");
        if (n == len && !strncmp(c, s, n))
            return true;
        c += n + (c[n] == ' ');
    }
    return false;
}

/* What the row itself has to say against a text, or NULL. */
static const char *check_text(struct pool *pool, const struct setting *row, const char *s)
{
    const char *wrong = row->check ? row->check(s) : NULL;
    return wrong ? pool_printf(pool, "\"%s\" %s", s, wrong) : NULL;
}

/* What is wrong with a scalar, or NULL after filling *v. */
static const char *parse_scalar(struct pool *pool, const char *folder, const char *s,
                                struct value *v)
{
    const struct setting *row = v->row;
    v->text = pool_strdup(pool, s);
    switch (row->type) {
    case SETTING_TEXT: return check_text(pool, row, s);
    case SETTING_PATH: v->text = resolve(pool, folder, s); return NULL;
    case SETTING_INT:
        if (!parse_int(s, &v->number))
            return pool_printf(pool, "\"%s\" is not a whole number", s);
        if (v->number < row->min || v->number > row->max)
            return pool_printf(pool, "%lld is out of range: %lld to %lld", v->number, row->min,
                               row->max);
        return NULL;
    case SETTING_BOOL:
        return parse_bool(s, &v->number) ? NULL
                                         : pool_printf(pool, "\"%s\" is neither true nor false", s);
    case SETTING_ADDRESS:
        return is_address(s)
                   ? NULL
                   : pool_printf(pool, "\"%s\" is not HOST:PORT, as in 127.0.0.1:8080", s);
    case SETTING_CHOICE:
        return is_choice(row->choices, s)
                   ? NULL
                   : pool_printf(pool, "\"%s\" is not one of: %s", s, row->choices);
    default: return "expects a list, as in [one, two]";
    }
}

/* The same for any node; *ret_at is the node that is wrong. */
static const char *parse_node(struct pool *pool, const char *folder, const struct yaml *node,
                              struct value *v, const struct yaml **ret_at)
{
    bool list = v->row->type == SETTING_LIST || v->row->type == SETTING_PATHS;
    *ret_at = node;
    if (node->kind == YAML_MAP)
        return list ? "expects a list, as in [one, two]" : "expects one value, not a map";
    if (!list)
        return node->kind == YAML_SCALAR ? parse_scalar(pool, folder, node->text, v)
                                         : "expects one value, not a list";
    struct yaml *const one[] = {(struct yaml *)node};
    struct yaml *const *item = node->kind == YAML_LIST ? node->item : one;
    size_t n = node->kind == YAML_LIST ? node->n : *node->text ? 1 : 0;
    const char **out = pool_array(pool, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        *ret_at = item[i];
        if (item[i]->kind != YAML_SCALAR || !*item[i]->text)
            return "expects a text here";
        const char *wrong = check_text(pool, v->row, item[i]->text);
        if (wrong)
            return wrong;
        out[i] = v->row->type == SETTING_PATHS ? resolve(pool, folder, item[i]->text)
                                               : pool_strdup(pool, item[i]->text);
    }
    v->list = out;
    v->nlist = n;
    return NULL;
}

/* From outside a file: a list is "[a, b]" or "a,b", and everything else is meant as it stands. */
static const char *parse_words(struct pool *pool, const char *folder, const char *s,
                               struct value *v)
{
    bool list = v->row->type == SETTING_LIST || v->row->type == SETTING_PATHS;
    struct yaml scalar = {.kind = YAML_SCALAR, .text = s, .len = strlen(s)};
    const struct yaml *node = &scalar, *at;
    struct yaml_error error;
    if (list && *s) {
        if (*s != '[')
            s = pool_printf(pool, "[%s]", s);
        node = yaml_parse(pool, s, strlen(s), 0, &error);
        if (!node)
            return error.message;
    } else if (scalar.len >= 2 && *s == '"' && s[scalar.len - 1] == '"') { /* as YAML wants "!x" */
        scalar.len -= 2;
        scalar.text = pool_strndup(pool, s + 1, scalar.len);
    }
    return parse_node(pool, folder, node, v, &at);
}

/* A hash table with open addressing: settings are looked up with every question. */
static size_t place_of(const struct config *c, const char *name)
{
    size_t at = hash_name(name) & (NPLACES - 1);
    while (c->place[at] && strcmp(c->value[c->place[at] - 1].row->name, name))
        at = (at + 1) & (NPLACES - 1);
    return at;
}

static struct value *value_find(const struct config *c, const char *name)
{
    unsigned short i = c->place[place_of(c, name)];
    return i && c->value[i - 1].row ? (struct value *)&c->value[i - 1] : NULL;
}

/* ---- where values come from ------------------------------------------------------------------ */

static void take(struct value *v, const struct value *next, const char *source)
{
    *v = *next;
    v->source = source;
}

/* A default that names a file which is not there means that there is none. */
static void drop_absent(struct value *v)
{
    if (!v->row->optional)
        return;
    if (v->row->type == SETTING_PATH && *v->text && access(v->text, F_OK))
        v->text = "";
    size_t kept = 0;
    for (size_t i = 0; i < v->nlist; i++)
        if (!access(v->list[i], F_OK))
            v->list[kept++] = v->list[i];
    v->nlist = kept;
    if (v->list)
        v->list[kept] = NULL;
}

static void add_default(void *ctx, const struct setting *row)
{
    struct config *c = ctx;
    if (c->n == MAX_ROWS) {
        fputs("guidepost: too many settings\n", stderr);
        abort();
    }
    struct value *v = &c->value[c->n];
    *v = (struct value){.row = row};
    c->place[place_of(c, row->name)] = (unsigned short)++c->n;
    const char *wrong = parse_words(c->pool, c->folder, row->value, v);
    if (wrong) {
        fprintf(stderr, "guidepost: the default of %s: %s\n", row->name, wrong);
        abort();
    }
    drop_absent(v);
}

/* "web.origin" -> "unknown setting; did you mean \"web.origins\"?" */
static void unknown(struct config *c, const char *file, const struct yaml *key, const char *name,
                    struct kb_report *report)
{
    const char *names[MAX_ROWS + 1];
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        names[n++] = c->value[i].row->name;
    names[n] = NULL;
    const char *near = yaml_nearest(name, names);
    if (near)
        problem_at(report, file, key, "there is no setting \"%s\"; did you mean \"%s\"?", name,
                   near);
    else
        problem_at(report, file, key,
                   "there is no setting \"%s\"; guidepost help settings lists all of them", name);
}

/* Take one key of the file; the deeper ones are handed back in *ret_deeper. */
static void read_key(struct config *c, const char *name, const struct yaml *key,
                     const struct yaml *node, struct kb_report *report, bool *ret_deeper)
{
    struct value *v = value_find(c, name);
    *ret_deeper = false;
    if (v) {
        const struct yaml *at;
        struct value next = {.row = v->row};
        const char *wrong = parse_node(c->pool, c->folder, node, &next, &at);
        if (wrong)
            problem_at(report, c->file, at, "%s: %s", name, wrong);
        else
            take(v, &next, "file");
    } else if (!is_level(name)) {
        unknown(c, c->file, key, name, report);
    } else if (node->kind == YAML_MAP) {
        *ret_deeper = true;
    } else if (node->kind != YAML_SCALAR ||
               *node->text) { /* "web:" with nothing behind it is fine */
        problem_at(report, c->file, node, "%s: expects settings below it, not a value", name);
    }
}

static void read_map(struct config *c, const char *prefix, const struct yaml *map,
                     struct kb_report *report)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml *key = map->key[i];
        const char *name = *prefix ? pool_printf(c->pool, "%s.%s", prefix, key->text) : key->text;
        bool deeper;
        read_key(c, name, key, map->item[i], report, &deeper);
        if (deeper)
            read_map(c, name, map->item[i], report);
    }
}

#define ENVIRONMENT "GUIDEPOST_"

static const char *environment_name(struct pool *pool, const char *setting)
{
    char *name = pool_printf(pool, ENVIRONMENT "%s", setting);
    for (char *p = name; *p; p++)
        *p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
    return name;
}

/* A variable that nearly names a setting was meant to; any other may be somebody else's. */
static void check_environment(const struct config *c, struct kb_report *report)
{
    const char **names = pool_array(c->pool, c->n + 1, sizeof *names);
    for (size_t i = 0; i < c->n; i++)
        names[i] = environment_name(c->pool, c->value[i].row->name);
    for (char **e = environ; e && *e; e++) {
        const char *name = pool_strndup(c->pool, *e, strcspn(*e, "="));
        bool known = strncmp(name, ENVIRONMENT, strlen(ENVIRONMENT)) != 0;
        for (size_t i = 0; i < c->n && !known; i++)
            known = !strcmp(name, names[i]);
        const char *near = known ? NULL : yaml_nearest(name, names);
        if (near) {
            problem_add(report, false, name, 0, 0,
                        "this variable is no setting and changes nothing; did you mean %s?", near);
            kb_report_remedy(report, "environment", "rename it to %s, or unset it", near);
        }
    }
}

static void read_environment(struct config *c, struct kb_report *report)
{
    check_environment(c, report);
    for (size_t i = 0; i < c->n; i++) {
        struct value *v = &c->value[i], next = {.row = v->row};
        const char *name = environment_name(c->pool, v->row->name);
        const char *s = getenv(name);
        if (!s)
            continue;
        const char *wrong = parse_words(c->pool, NULL, s, &next);
        if (wrong)
            problem_add(report, true, name, 0, 0, "%s", wrong);
        else
            take(v, &next, "environment");
    }
}

int config_read(const char *path, struct config **ret, struct kb_report *report)
{
    struct pool *pool = pool_new();
    struct config *c = pool_alloc(pool, sizeof *c);
    size_t before = report->errors;
    int err = 0;
    *c = (struct config){.pool = pool, .file = "", .folder = "."};
    if (!path)
        path = !access("guidepost.yaml", F_OK)          ? "guidepost.yaml"
               : !access("config/guidepost.yaml", F_OK) ? "config/guidepost.yaml"
                                                        : NULL;
    if (path) {
        const char *slash = strrchr(path, '/');
        c->file = pool_strdup(pool, path);
        if (slash)
            c->folder = slash == path ? "/" : pool_strndup(pool, path, (size_t)(slash - path));
    }
    config_each(add_default, c);
    struct yaml *root = NULL;
    if (path && !(root = problem_read_yaml(pool, path, MAX_CONFIG_FILE, report, &err))) {
        config_free(c);
        return err == -ENOENT ? -ENOENT : -EINVAL;
    }
    if (root && root->kind == YAML_MAP)
        read_map(c, "", root, report);
    else if (root)
        problem_at(report, path, root, "expects settings, as in \"listen: 127.0.0.1:8080\"");
    read_environment(c, report);
    if (report->errors > before) {
        config_free(c);
        return -EINVAL;
    }
    *ret = c;
    return 0;
}

int config_reread(const struct config *old, struct config **ret, struct kb_report *report)
{
    struct config *c;
    int err = config_read(*old->file ? old->file : NULL, &c, report);
    if (err)
        return err;
    for (size_t i = 0; i < old->noverride; i++)
        config_set(c, old->override[i].name, old->override[i].value);
    *ret = c;
    return 0;
}

void config_free(struct config *c)
{
    if (c)
        pool_free(c->pool); /* which holds `c` too */
}

/* ---- asking ---------------------------------------------------------------------------------- */

static const struct value *value_must(const struct config *c, const char *name, unsigned types)
{
    const struct value *v = value_find(c, name);
    if (!v || !(types & 1u << v->row->type)) {
        fprintf(stderr, "guidepost: no setting %s of that type\n", name);
        abort();
    }
    return v;
}

#define TEXTS                                                                                      \
    (1u << SETTING_TEXT | 1u << SETTING_PATH | 1u << SETTING_ADDRESS | 1u << SETTING_CHOICE)
#define LISTS (1u << SETTING_LIST | 1u << SETTING_PATHS)

const char *config_text(const struct config *c, const char *name)
{
    return value_must(c, name, TEXTS)->text;
}

long long config_int(const struct config *c, const char *name)
{
    return value_must(c, name, 1u << SETTING_INT)->number;
}

bool config_bool(const struct config *c, const char *name)
{
    return value_must(c, name, 1u << SETTING_BOOL)->number != 0;
}

const char *const *config_list(const struct config *c, const char *name, size_t *ret_n)
{
    static const char *const none[] = {NULL};
    const struct value *v = value_must(c, name, LISTS);
    if (ret_n)
        *ret_n = v->nlist;
    return v->list ? v->list : none;
}

void config_show(const struct config *c, const char *name, struct buf *b)
{
    const struct value *v = value_must(c, name, ~0u);
    if (v->text && !(LISTS & 1u << v->row->type))
        buf_adds(b, v->text);
    for (size_t i = 0; i < v->nlist; i++)
        buf_addf(b, "%s%s", i ? ", " : "", v->list[i]);
}

const char *config_source(const struct config *c, const char *name)
{
    const char *source = value_must(c, name, ~0u)->source;
    return source ? source : "default";
}

const char *config_file(const struct config *c)
{
    return c->file;
}

bool config_same(const struct config *a, const struct config *b, const char *name)
{
    const struct value *x = value_must(a, name, ~0u), *y = value_must(b, name, ~0u);
    if (strcmp(x->text ? x->text : "", y->text ? y->text : "") != 0 || x->nlist != y->nlist)
        return false;
    for (size_t i = 0; i < x->nlist; i++)
        if (strcmp(x->list[i], y->list[i]) != 0)
            return false;
    return true;
}

int config_set(struct config *c, const char *name, const char *value)
{
    struct value *v = value_find(c, name);
    if (!v)
        return -EINVAL;
    struct value next = {.row = v->row};
    if (c->noverride == MAX_OVERRIDES || parse_words(c->pool, NULL, value, &next))
        return -EINVAL;
    take(v, &next, "command line");
    c->override[c->noverride++] =
        (struct override){pool_strdup(c->pool, name), pool_strdup(c->pool, value)};
    return 0;
}
