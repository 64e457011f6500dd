/* base.c: from a command line's -c and --kb to an index that can be asked. With settings everything
 * comes from them; with --kb alone nothing is read from the machine but the index, so that a
 * measurement is the same everywhere. */
#include "bot/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/command.h"
#include "bot/config.h"
#include "bot/log.h"
#include "bot/must.h"
#include "bot/problem.h"
#include "bot/shipped.h"
#include "bot/smalltalk.h"

/* kb reads synonyms from a file; the shipped ones become one that exists for this process only. */
static int shipped_synonyms_file(void)
{
    size_t len = (size_t)(shipped_synonyms_end - shipped_synonyms);
    int fd = memfd_create("synonyms.yaml", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, shipped_synonyms, len) != (ssize_t)len) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int with_defaults(const char *kb, struct base *b)
{
    b->kb = kb;
    b->synonyms_fd = shipped_synonyms_file();
    if (b->synonyms_fd < 0) {
        fprintf(stderr, "guidepost: synonyms: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    b->made = must_printf("/proc/self/fd/%d", b->synonyms_fd);
    b->src.synonyms = b->made;
    return EXIT_FINE;
}

void base_use_log(const struct config *c)
{
    enum log_level level;
    const char *format = config_text(c, "log.format");
    if (log_level_parse(config_text(c, "log.level"), &level))
        log_set_level(level);
    log_set_format(!strcmp(format, "journal")  ? LOG_FORMAT_JOURNAL
                   : !strcmp(format, "logfmt") ? LOG_FORMAT_LOGFMT
                                               : LOG_FORMAT_AUTO);
}

static int with_settings(const char *path, const char *kb, struct base *b)
{
    struct kb_report report = {0};
    int err = config_read(path, &b->config, &report);
    problem_print(&report, stderr);
    kb_report_release(&report);
    if (err)
        return EXIT_CONFIG;
    if (!*config_file(b->config))
        fprintf(stderr, "guidepost: neither guidepost.yaml nor config/guidepost.yaml is here, so "
                        "every setting is at its "
                        "default; -c FILE names them\n");
    base_use_log(b->config);
    if (!kb)
        b->made = must_printf("%s/index.db", config_text(b->config, "data_dir"));
    b->kb = kb ? kb : b->made;
    b->src.path = config_list(b->config, "content", &b->src.n);
    b->src.synonyms = config_text(b->config, "synonyms");
    b->talk = config_text(b->config, "smalltalk");
    if (!*b->src.synonyms)
        b->src.synonyms = NULL;
    if (!*b->talk)
        b->talk = NULL;
    return EXIT_FINE;
}

int base_open(const char *config_path, const char *kb_path, struct base *ret)
{
    *ret = (struct base){.synonyms_fd = -1};
    int code = kb_path && !config_path ? with_defaults(kb_path, ret)
                                       : with_settings(config_path, kb_path, ret);
    if (code)
        base_close(ret);
    return code;
}

void base_close(struct base *b)
{
    if (b->folder) {
        kb_remove(b->kb);
        rmdir(b->folder);
    }
    free(b->folder);
    if (b->synonyms_fd >= 0)
        close(b->synonyms_fd);
    config_free(b->config);
    free(b->made);
    *b = (struct base){.synonyms_fd = -1};
}

int base_index(const struct base *b, struct kb_report *report)
{
    const char *slash = strrchr(b->kb, '/');
    if (b->config && slash && slash > b->kb) {
        char *folder = must(strndup(b->kb, (size_t)(slash - b->kb)));
        if (mkdir(folder, 0750) && errno != EEXIST) {
            problem_add(report, true, folder, 0, 0, "cannot be created: %s", strerror(errno));
            free(folder);
            return KB_ERR_IO;
        }
        free(folder);
    }
    return kb_index(b->kb, &b->src, report);
}

void base_complain(const char *what, const struct kb_report *report, int err)
{
    problem_print(report, stderr);
    if (report->message)
        fprintf(stderr, "guidepost: %s: %s\n", what, report->message);
    else if (err == KB_ERR_INPUT)
        fprintf(stderr, "guidepost: %s: the index is as it was; mend the errors above\n", what);
    else
        fprintf(stderr, "guidepost: %s: %s\n", what, kb_strerror(err));
}

int base_ensure(const struct base *b)
{
    struct kb *kb = NULL;
    struct kb_report report = {0};
    int err = kb_open(b->kb, &kb), code = EXIT_FINE;
    kb_close(kb);
    if (!err)
        return EXIT_FINE;
    if (!b->config || (err != KB_ERR_ABSENT && err != KB_ERR_OLDER && err != KB_ERR_DAMAGED)) {
        fprintf(stderr, "guidepost: %s: %s\n", b->kb, kb_strerror(err));
        return EXIT_FAILED;
    }
    fprintf(stderr, "guidepost: %s: %s; building it\n", b->kb,
            err == KB_ERR_ABSENT  ? "there is no index yet"
            : err == KB_ERR_OLDER ? "the index is of an older version"
                                  : "the index is damaged");
    err = base_index(b, &report);
    if (err) {
        base_complain(b->kb, &report, err);
        code = EXIT_FAILED;
    } else {
        problem_print(&report, stderr); /* warnings */
    }
    kb_report_release(&report);
    return code;
}

int base_smalltalk(const struct base *b, struct smalltalk **ret)
{
    struct kb_report report = {0};
    int err = smalltalk_read(b->talk, ret, &report);
    problem_print(&report, stderr);
    kb_report_release(&report);
    return err ? EXIT_CONFIG : EXIT_FINE;
}

int base_temporary(struct base *b)
{
    const char *tmp = getenv("TMPDIR");
    struct kb_report report = {0};
    b->folder = must_printf("%s/guidepost-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(b->folder)) {
        fprintf(stderr, "guidepost: %s: %s\n", b->folder, strerror(errno));
        free(b->folder);
        b->folder = NULL;
        return EXIT_FAILED;
    }
    free(b->made);
    b->kb = b->made = must_printf("%s/index.db", b->folder);
    int err = kb_index(b->kb, &b->src, &report);
    if (err)
        base_complain("temporary index", &report, err);
    kb_report_release(&report);
    return err ? EXIT_FAILED : EXIT_FINE;
}
