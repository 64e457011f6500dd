/* snap_file.c: the bytes of a snapshot, read page by page when first needed, into memory of our own.
 *
 * Why not simply map the file? A mapping is the file: who cuts it short or overwrites it in place (cp, rsync --inplace,
 * a restored backup), or a disk that cannot read it, ends the process with SIGBUS or changes numbers that
 * were checked a moment ago. So a page is copied and checked in one go, under a lock that is taken once per page and
 * process, and never changes afterwards; a copy that fails is a damaged file and nothing worse. All handles of the
 * process that have the same state of a file open share the copy. The list of open files is the one thing in kb/
 * that threads share: handing it down instead would make every caller carry a cache of ours around.
 *
 * Files beyond COPY_MAX are mapped all the same, because copying a few megabytes would be felt when the program starts, and
 * takes memory that the kernel cannot reclaim. There the kernel is asked for pages before they are touched, so that a bad
 * disk is no crash, and whether somebody writes into the file is looked at before every question (snap_file_moved). What is
 * left is the fraction of a millisecond that a question takes; and the file is read-only for everybody (snap_build.c).
 *
 * A start is mostly this file's work, and what it costs is pages that the kernel puts into our tables: each takes longer than
 * reading and checking it, one by one or by the call. So pages in a row are had at once. Of a large file a question needs
 * lists, which lie in a row, and of some hundred passages a few bytes each, strewn over all of it: those are read into the
 * same two pages of memory, checked there, and only the bytes that are wanted are kept (snap_file_copy). */
#include "kb/snap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef COPY_MAX             /* tests map small ones, too */
#define COPY_MAX (16u << 20) /* bytes: some 40,000 passages */
#endif

#define ROOM_FOR 4 /* pages in a row for which memory is asked for at once */
#define SUM      sizeof(uint32_t)
#define SUMS     (SNAP_PAGE / SUM) /* in a page of the table */

struct snap_file_own {
    struct snap_file file; /* what others see */
    struct snap_header head;
    struct snap_file_own *next; /* in the list, under its lock, like users */
    size_t users;
    struct stat st;
    int fd; /* -1: all is in memory */
    pthread_mutex_t reading;
    bool begun; /* the table's own checksums are known; under `reading` */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct snap_file_own *list;

/* ---- opening and closing ------------------------------------------------------------------------------------- */

static bool read_at(int fd, void *to, size_t len, uint64_t from)
{
    uint8_t *p = to;
    while (len) {
        ssize_t n = pread(fd, p, len, (off_t)from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        from += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

static void release(struct snap_file_own *o)
{
    if (o->fd < 0)
        free((void *)(uintptr_t)o->file.bytes);
    else if (o->file.bytes)
        munmap((void *)(uintptr_t)o->file.bytes, o->file.size);
    if (o->fd >= 0)
        close(o->fd);
    pthread_mutex_destroy(&o->reading);
    free(o->file.sound);
    free(o);
}

/* Takes over `fd`, or `bytes` without one, also on failure. */
static int own_new(int fd, uint8_t *bytes, size_t size, struct snap_file_own **ret)
{
    struct snap_file_own *o = calloc(1, sizeof *o);
    if (!o) {
        free(bytes);
        if (fd >= 0)
            close(fd);
        return KB_ERR_NOMEM;
    }
    *o = (struct snap_file_own){.users = 1, .fd = fd};
    pthread_mutex_init(&o->reading, NULL);
    o->file = (struct snap_file){.bytes = bytes, .size = size, .head = &o->head, .own = o};
    int err = size < sizeof o->head ? KB_ERR_DAMAGED : 0;
    if (!err && bytes)
        memcpy(&o->head, bytes, sizeof o->head);
    else if (!err && !read_at(fd, &o->head, sizeof o->head, 0))
        err = KB_ERR_DAMAGED;
    if (err)
        release(o);
    else
        *ret = o;
    return err;
}

/* The file, or room for all of a copy: pages that are never needed are never given to us. */
static int make_room(struct snap_file_own *o)
{
    bool mapped = o->file.mapped = o->file.size > COPY_MAX;
    void *p = mmap(NULL, o->file.size, mapped ? PROT_READ : PROT_READ | PROT_WRITE,
                   mapped ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, mapped ? o->fd : -1, 0);
    if (p == MAP_FAILED)
        return mapped ? KB_ERR_IO : KB_ERR_NOMEM;
    o->file.bytes = p;
    return 0;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Under the lock of the list. */
static int find_or_make(int fd, const struct stat *st, struct snap_file_own **ret)
{
    for (struct snap_file_own *o = list; o; o = o->next)
        if (same_state(&o->st, st)) {
            close(fd);
            o->users++;
            *ret = o;
            return 0;
        }
    struct snap_file_own *fresh = NULL;
    int err = own_new(fd, NULL, (size_t)st->st_size, &fresh);
    if (!err && (err = make_room(fresh)))
        release(fresh);
    if (err)
        return err;
    fresh->st = *st;
    fresh->next = list;
    *ret = list = fresh;
    return 0;
}

int snap_file_open(const char *path, struct snap_file **ret)
{
    struct snap_file_own *o = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is no snapshot either */
    if (fd < 0)
        return errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return KB_ERR_DAMAGED;
    }
    pthread_mutex_lock(&list_lock);
    int err = find_or_make(fd, &st, &o);
    pthread_mutex_unlock(&list_lock);
    if (!err)
        *ret = &o->file;
    return err;
}

int snap_file_adopt(uint8_t *image, size_t size, struct snap_file **ret)
{
    struct snap_file_own *o = NULL;
    int err = own_new(-1, image, size, &o);
    if (!err)
        *ret = &o->file;
    return err;
}

void snap_file_close(struct snap_file *f)
{
    if (!f)
        return;
    struct snap_file_own *o = f->own;
    pthread_mutex_lock(&list_lock);
    bool last = --o->users == 0;
    for (struct snap_file_own **at = &list; last && *at; at = &(*at)->next)
        if (*at == o) {
            *at = o->next;
            break;
        }
    pthread_mutex_unlock(&list_lock);
    if (last)
        release(o);
}

/* ---- pages ----------------------------------------------------------------------------------------------------- */

/* Have the kernel map these bytes of the file. Fails where touching them would end the process. */
static bool have_mapped(const struct snap_file_own *o, uint64_t from, size_t len)
{
    uint8_t scratch[SNAP_PAGE];
    size_t before = from % SNAP_PAGE;
    uint8_t *p = (uint8_t *)(uintptr_t)o->file.bytes + (from - before);
    if (madvise(p, before + len, MADV_POPULATE_READ) == 0)
        return true;
    if (errno != EINVAL)
        return false;
    for (size_t n; len; from += n, len -= n) { /* before Linux 5.14 */
        n = len < sizeof scratch ? len : sizeof scratch;
        if (!read_at(o->fd, scratch, n, from))
            return false;
    }
    return true;
}

/* Bring bytes of the file to their place in memory. */
static bool have(const struct snap_file_own *o, uint64_t from, size_t len)
{
    uint8_t *p = (uint8_t *)(uintptr_t)o->file.bytes + from;
    if (o->fd < 0)
        return true;
    if (o->file.mapped)
        return have_mapped(o, from, len);
    if (len >= ROOM_FOR * SNAP_PAGE && from % SNAP_PAGE == 0)
        madvise(p, len, MADV_POPULATE_WRITE); /* else page by page, while they are filled */
    return read_at(o->fd, p, len, from);
}

/* Pages whose checksums are in the table; those of the table itself follow. */
static uint64_t table_page(const struct snap_header *h)
{
    return (h->section[SNAP_PAGES].at - sizeof *h) / SNAP_PAGE;
}

static uint64_t page_start(uint64_t page)
{
    return sizeof(struct snap_header) + page * SNAP_PAGE;
}

/* Bytes of n pages. */
static size_t page_length(const struct snap_header *h, uint64_t page, uint64_t n)
{
    uint64_t left = h->section[SNAP_TOP].at - page_start(page);
    return left < n * SNAP_PAGE ? left : n * SNAP_PAGE;
}

int snap_file_begin(struct snap_file *f)
{
    struct snap_file_own *o = f->own;
    uint64_t at = o->head.section[SNAP_TOP].at, len = o->head.section[SNAP_TOP].len;
    int err = 0;
    pthread_mutex_lock(&o->reading);
    if (!o->begun) {
        if (!f->sound)
            f->sound = calloc((table_page(&o->head) + len / SUM) / 64 + 1, sizeof *f->sound);
        if (!f->sound)
            err = KB_ERR_NOMEM;
        else if (!have(o, at, len) || snap_checksum(f->bytes + at, len) != o->head.top_check)
            err = KB_ERR_DAMAGED;
        else
            o->begun = true;
    }
    pthread_mutex_unlock(&o->reading);
    return err;
}

static uint32_t sum_of(const struct snap_file *f, uint64_t page)
{
    const struct snap_header *h = &f->own->head;
    uint64_t table = table_page(h), at = h->section[SNAP_PAGES].at + page * SUM;
    uint32_t sum;
    if (page >= table)
        at = h->section[SNAP_TOP].at + (page - table) * SUM;
    memcpy(&sum, f->bytes + at, SUM);
    return sum;
}

/* Read and check n pages in a row, whose checksums are known. */
static bool take_known(struct snap_file *f, uint64_t page, uint64_t n)
{
    struct snap_file_own *o = f->own;
    if (!have(o, page_start(page), page_length(&o->head, page, n)))
        return false;
    for (; n; n--, page++) {
        const uint8_t *p = f->bytes + page_start(page);
        if (snap_page_sum(p, page_length(&o->head, page, 1)) != sum_of(f, page))
            return false;
        atomic_fetch_or_explicit(&f->sound[page / 64], 1ull << page % 64, memory_order_release);
    }
    return true;
}

/* The pages of the table that have the checksums of these. */
static bool take_table(struct snap_file *f, uint64_t page, uint64_t n)
{
    uint64_t table = table_page(&f->own->head);
    for (uint64_t t = table + page / SUMS; page < table && t <= table + (page + n - 1) / SUMS; t++)
        if (!snap_file_sound(f, t) && !take_known(f, t, 1))
            return false;
    return true;
}

bool snap_file_pages(struct snap_file *f, uint64_t page, uint64_t end)
{
    bool sound = true;
    pthread_mutex_lock(&f->own->reading);
    while (sound && page < end) { /* another thread may have been here meanwhile */
        uint64_t n = 0;
        while (page + n < end && !snap_file_sound(f, page + n))
            n++;
        sound = !n || (take_table(f, page, n) && take_known(f, page, n));
        page += n + 1; /* the one behind them is sound */
    }
    pthread_mutex_unlock(&f->own->reading);
    return sound;
}

bool snap_file_copy(struct snap_file *f, uint64_t from, size_t len, void *to)
{
    const struct snap_header *h = &f->own->head;
    uint8_t some[SNAP_FILE_SOME + 2 * SNAP_PAGE];
    uint64_t page = (from - sizeof *h) / SNAP_PAGE;
    size_t before = (from - sizeof *h) % SNAP_PAGE, n = (before + len - 1) / SNAP_PAGE + 1;
    if (len > SNAP_FILE_SOME)
        return false;
    pthread_mutex_lock(&f->own->reading);
    bool sound = take_table(f, page, n);
    pthread_mutex_unlock(&f->own->reading);
    sound = sound && read_at(f->own->fd, some, page_length(h, page, n), page_start(page));
    for (size_t i = 0; sound && i < n; i++)
        sound =
            snap_page_sum(some + i * SNAP_PAGE, page_length(h, page + i, 1)) == sum_of(f, page + i);
    if (sound)
        memcpy(to, some + before, len);
    return sound;
}

bool snap_file_moved(const struct snap_file *f)
{
    struct stat st;
    return f->mapped && (fstat(f->own->fd, &st) < 0 || !same_state(&st, &f->own->st));
}

/* ---- on disk ------------------------------------------------------------------------------------------------- */

int snap_file_look(const char *path, struct snap_header *ret, size_t *ret_size)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO;
    bool there = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read_at(fd, ret, sizeof *ret, 0);
    close(fd);
    *ret_size = there ? (size_t)st.st_size : 0;
    return there ? 0 : KB_ERR_DAMAGED;
}

/* The table and what is behind it, NULL unless sound. */
static uint8_t *read_table(int fd, const struct snap_header *h)
{
    uint64_t at = h->section[SNAP_PAGES].at, len = h->length - at;
    uint64_t top = h->section[SNAP_TOP].at - at, page = table_page(h);
    uint8_t *table = malloc(len);
    bool sound = table && read_at(fd, table, len, at) &&
                 snap_checksum(table + top, h->section[SNAP_TOP].len) == h->top_check;
    for (uint64_t i = 0; sound && i * SNAP_PAGE < top; i++) {
        uint32_t sum = snap_page_sum(table + i * SNAP_PAGE, page_length(h, page + i, 1));
        sound = memcmp(&sum, table + top + i * SUM, SUM) == 0;
    }
    if (sound)
        return table;
    free(table);
    return NULL;
}

bool snap_file_verify(const char *path, const struct snap_header *head)
{
    uint64_t pages = table_page(head), page = 0;
    uint8_t buf[SNAP_PAGE];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    uint8_t *table = fd >= 0 ? read_table(fd, head) : NULL;
    for (; table && page < pages; page++) {
        if (!read_at(fd, buf, sizeof buf, page_start(page)))
            break;
        uint32_t sum = snap_page_sum(buf, sizeof buf);
        if (memcmp(&sum, table + page * SUM, SUM) != 0)
            break;
    }
    bool sound = table && page == pages;
    free(table);
    if (fd >= 0)
        close(fd);
    return sound;
}
