/* cmd_doctor.c: guidepost doctor: asks every network whether it would have us. Where guidepost check looks at what is on
 * this machine, the doctor calls the others; nothing is changed and nobody is written to. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bot/adapter.h"
#include "bot/base.h"
#include "bot/command.h"
#include "bot/doctor.h"
#include "bot/http.h"

struct doctor {
    const struct config *config;
    const char *network;
    struct loop *loop;
    struct http *http;
    size_t lines, wrong;
    /* of the request under way */
    void (*fn)(void *ctx, const struct http_response *res);
    void *ctx;
};

const struct config *doctor_config(const struct doctor *d)
{
    return d->config;
}

static void line(struct doctor *d, const char *mark, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void line(struct doctor *d, const char *mark, const char *fmt, va_list ap)
{
    d->lines++;
    printf("%-8s %-6s ", d->network, mark);
    vprintf(fmt, ap);
    putchar('\n');
}

void doctor_fine(struct doctor *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    line(d, "ok", fmt, ap);
    va_end(ap);
}

void doctor_remark(struct doctor *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    line(d, "note", fmt, ap);
    va_end(ap);
}

void doctor_wrong(struct doctor *d, const char *step, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    line(d, "WRONG", fmt, ap);
    va_end(ap);
    if (step)
        printf("%-8s        %s\n", "", step);
    d->wrong++;
}

static void answered(void *ctx, const struct http_response *res)
{
    struct doctor *d = ctx;
    d->fn(d->ctx, res);
    loop_stop(d->loop);
}

void doctor_ask(struct doctor *d, const struct http_request *rq,
                void (*fn)(void *ctx, const struct http_response *res), void *ctx)
{
    struct http_response none = {
        .error = "the address is none", .body = "", .head = "", .retry_after_s = -1};
    d->fn = fn;
    d->ctx = ctx;
    if (http_send(d->http, rq, NULL, answered, d))
        fn(ctx, &none);
    else
        loop_run(d->loop);
}

static int examine(const struct config *c)
{
    struct doctor d = {.config = c};
    int err = loop_new(&d.loop);
    if (!err && (err = http_start(d.loop, &d.http)))
        loop_free(d.loop);
    if (err) {
        fprintf(stderr, "guidepost doctor: %s\n", strerror(-err));
        return EXIT_FAILED;
    }
    for (size_t i = 0; adapter_types[i]; i++) {
        const struct adapter_type *type = adapter_types[i];
        d.network = type->name;
        if (type->doctor)
            type->doctor(&d);
    }
    http_stop(d.http);
    loop_free(d.loop);
    return d.wrong ? EXIT_FAILED : EXIT_FINE;
}

static int run_doctor(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {0}};
    const char *config = NULL;
    optind = 0;
    for (int opt; (opt = command_option(&command_doctor, argc, argv, ":c:", options)) != -1;) {
        if (opt != 'c')
            return EXIT_USAGE;
        config = optarg;
    }
    if (optind < argc)
        return command_usage(&command_doctor, "it takes no \"%s\"", argv[optind]);
    struct base base;
    int code = base_open(config, NULL, &base);
    if (code)
        return code;
    code = examine(base.config);
    base_close(&base);
    return code;
}

const struct command command_doctor = {
    .name = "doctor",
    .synopsis = "[-c FILE]",
    .summary = "are tokens, scopes, secrets, clocks and addresses of other networks right?",
    .help =
        "Calls the networks that are set up and says in plain words what is wrong and what to do\n"
        "about it. Changes nothing, writes to nobody.\n\n"
        "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n\n"
        "Exit status 1: something is wrong.\n",
    .run = run_doctor,
};
