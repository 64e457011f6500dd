/* cmd_matrix.c: guidepost matrix register: what a homeserver has to know of us, as a file for its administrator, and the two tokens
 * that only it and we know. Tokens that are there stay as they are, so that the command can be repeated. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/json.h"
#include "bot/secret.h"

#define TOKEN_BYTES 32

/* A new file that only its owner may read. 0, or an exit code after saying why. */
static int write_private(const char *path, const char *s, size_t len, bool replace)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (replace ? O_TRUNC : O_EXCL), 0600);
    bool fine = fd >= 0 && !fchmod(fd, 0600) && write(fd, s, len) == (ssize_t)len && !fsync(fd);
    int err = errno;
    if (fd >= 0 && close(fd)) {
        fine = false;
        err = errno;
    }
    if (!fine)
        fprintf(stderr, "guidepost: %s: %s\n", path, strerror(err));
    return fine ? 0 : EXIT_FAILED;
}

/* Read the token, or make one. 0, or an exit code after saying why. */
static int token(const char *path, struct secret *ret)
{
    const char *why;
    int err = secret_read(path, ret, &why);
    if (err != -ENOENT) {
        if (err)
            fprintf(stderr, "guidepost: %s: %s\n", path, why);
        return err ? EXIT_FAILED : 0;
    }
    unsigned char random[TOKEN_BYTES];
    char hex[2 * TOKEN_BYTES + 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(hex, sizeof hex - 1, random, sizeof random);
    hex[2 * TOKEN_BYTES] = '\n';
    int code = write_private(path, hex, 2 * TOKEN_BYTES + 1, false);
    sodium_memzero(random, sizeof random);
    sodium_memzero(hex, sizeof hex);
    if (!code && secret_read(path, ret, &why)) {
        fprintf(stderr, "guidepost: %s: %s\n", path, why);
        code = EXIT_FAILED;
    }
    return code;
}

/* A text in YAML; what JSON calls a string is one there, too. */
static void row(struct buf *b, const char *name, const char *value)
{
    buf_addf(b, "%s: ", name);
    json_add_string(b, value, strlen(value));
    buf_addc(b, '\n');
}

static void registration(const struct config *c, const char *url, const struct secret *as,
                         const struct secret *hs, struct buf *b)
{
    row(b, "id", config_text(c, "matrix.id"));
    row(b, "url", url);
    row(b, "as_token", as->value[0]);
    row(b, "hs_token", hs->value[0]);
    row(b, "sender_localpart", config_text(c, "matrix.user"));
    buf_adds(b, "rate_limited: false\nreceive_ephemeral: false\n"
                "namespaces: {users: [], aliases: [], rooms: []}\n");
}

static int make(const struct config *c, const char *url, const char *path)
{
    struct secret as = {.n = 0}, hs = {.n = 0};
    struct buf b;
    buf_init(&b, 65536);
    int code = token(config_text(c, "matrix.as_token_file"), &as);
    if (!code)
        code = token(config_text(c, "matrix.hs_token_file"), &hs);
    if (!code) {
        registration(c, url, &as, &hs, &b);
        code = write_private(path, b.s, b.len, true);
        sodium_memzero(b.s, b.len);
    }
    buf_release(&b);
    secret_release(&as);
    secret_release(&hs);
    if (!code)
        printf("%s: for the homeserver: name it in app_service_config_files, and restart it\n",
               path);
    return code;
}

static int run_matrix(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"url", required_argument, NULL, 'u'},
                                            {0}};
    const char *config = NULL, *path = "matrix-registration.yaml", *url = NULL;
    char local[300];
    optind = 0;
    for (int opt; (opt = command_option(&command_matrix, argc, argv, ":c:o:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'o': path = optarg; break;
        case 'u': url = optarg; break;
        default: return EXIT_USAGE;
        }
    }
    if (optind != argc - 1 || strcmp(argv[optind], "register") != 0)
        return command_usage(&command_matrix, "say what to do: register");
    struct base base;
    int code = base_open(config, NULL, &base);
    if (code)
        return code;
    snprintf(local, sizeof local, "http://%s", config_text(base.config, "listen"));
    code = sodium_init() < 0 ? EXIT_FAILED : make(base.config, url ? url : local, path);
    base_close(&base);
    return code;
}

const struct command command_matrix = {
    .name = "matrix",
    .synopsis = "register [-c FILE] [-o FILE] [--url URL]",
    .summary = "the registration that a Matrix homeserver needs",
    .help = "Writes the file that makes this program an application "
            "service of a homeserver, and the two tokens\n"
            "that it names, unless they are there already. All of "
            "them may be read by their owner only.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "  -o, --output FILE   the registration (else ./matrix-registration.yaml)\n"
            "      --url URL       where the homeserver reaches "
            "this program (else http:// and `listen`)\n",
    .run = run_matrix,
};
