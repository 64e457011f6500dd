/* snap_file.h: the bytes of a snapshot file in memory, a page at a time: see snap_file.c. */
#ifndef KB_SNAP_FILE_H
#define KB_SNAP_FILE_H

#include <stdatomic.h>

#include "kb/snap.h"

struct snap_file {
    const uint8_t *bytes; /* as long as the file; good where the page is known to be sound */
    size_t size;
    bool mapped;                    /* the file itself, not a copy */
    const struct snap_header *head; /* a copy; to be judged by whoever opened it */
    _Atomic uint64_t *sound;        /* one bit per page */
    struct snap_file_own *own;
};

/* KB_ERR_ABSENT, KB_ERR_IO, KB_ERR_DAMAGED when it is too short for a header, KB_ERR_NOMEM. The same struct for everybody
 * who has this state of the file open; any thread. */
int snap_file_open(const char *path, struct snap_file **ret);
/* The same for an image in memory, which is taken over (free()), also on failure. */
int snap_file_adopt(uint8_t *image, size_t size, struct snap_file **ret);
void snap_file_close(struct snap_file *f);

/* Read the checksums of the table of checksums, once the header was found sound. KB_ERR_DAMAGED, KB_ERR_NOMEM. */
int snap_file_begin(struct snap_file *f);

/* Read and check the pages [page, end) unless they were. False: one is damaged, or the file is shorter by now. */
bool snap_file_pages(struct snap_file *f, uint64_t page, uint64_t end);

/* Read these bytes, which are no part of the table, check the pages that have them, and copy them to `to`: in a large file
 * quicker than to have its pages mapped for little. */
#define SNAP_FILE_SOME 2048u /* bytes at most */
bool snap_file_copy(struct snap_file *f, uint64_t from, size_t len, void *to);

static inline bool snap_file_sound(const struct snap_file *f, uint64_t page)
{
    uint64_t bits = atomic_load_explicit(&f->sound[page / 64], memory_order_acquire);
    return bits >> page % 64 & 1;
}

/* True when the bytes may not be what they were: only of a file that is mapped. */
bool snap_file_moved(const struct snap_file *f);

/* The file as it is on disk now, whatever is in memory: for the writer. First the header, then, when that was found
 * sound, every page. */
int snap_file_look(const char *path, struct snap_header *ret, size_t *ret_size);
bool snap_file_verify(const char *path, const struct snap_header *head);

#endif
