/* snap_room.c: a megabyte at once.
 *
 * Memory comes from the kernel page by page, each at its first touch, and a question touches hundreds of them in no order:
 * in a fresh process that takes longer than ranking. One huge page comes in the time of some twenty small ones. Where the
 * kernel gives none, the small ones at least come by one call. */
#include "kb/snap_room.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20) /* of x86-64 and, mostly, ARM; elsewhere nothing is lost */

static size_t whole_pages(size_t size)
{
    return (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

void *snap_room_new(size_t size)
{
    size_t len = whole_pages(size);
    uint8_t *p =
        mmap(NULL, len + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t before = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
    if (before)
        munmap(p, before);
    munmap(p + before + len, HUGE_PAGE - before);
    /* Both may fail: then memory comes as it always does. */
    madvise(p + before, len, MADV_HUGEPAGE);
    madvise(p + before, size, MADV_POPULATE_WRITE);
    return p + before;
}

void snap_room_free(void *room, size_t size)
{
    if (room)
        munmap(room, whole_pages(size));
}
