/* lock.h: one server per data_dir. Two would write one journal and index, and each would answer what the other has
 * accepted. The lock is the kernel's: it ends with the process, however that ends. */
#ifndef BOT_LOCK_H
#define BOT_LOCK_H

/* Take the lock of `dir`, which exists, and keep it until lock_release(). The descriptor, or a negative errno: -EBUSY
 * with the other process in *ret_pid (0 when it is not known). */
int lock_take(const char *dir, long *ret_pid);
void lock_release(int fd); /* negative is fine */

/* Who has it: a process, 0 when nobody has; -1: somebody whose number is not known. */
long lock_owner(const char *dir);

#endif
