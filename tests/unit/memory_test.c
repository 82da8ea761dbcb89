// SPDX-License-Identifier: GPL-2.0-only
/* A process's memory, by one call for many pieces, and where there is no such call. */
#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "deadlock/process.h"
#include "tap.h"

#define PAGE 4096

static bool missing;
static int refused;

/* In the place of libc's: as a kernel without CONFIG_CROSS_MEMORY_ATTACH. */
ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long locals,
			 const struct iovec *remote, unsigned long remotes,
			 unsigned long flags)
{
	static ssize_t (*real)(pid_t pid, const struct iovec *local,
			       unsigned long locals, const struct iovec *remote,
			       unsigned long remotes, unsigned long flags);

	if (missing) {
		refused++;
		errno = ENOSYS;
		return -1;
	}
	if (!real)
		real = (typeof(real))dlsym(RTLD_NEXT, "process_vm_readv");
	return real(pid, local, locals, remote, remotes, flags);
}

/* Two pieces, and one between them where there is no memory. */
static void reads_all_that_is_readable(struct process *p, const char *how)
{
	char *hole = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char first[] = "first", last[] = "last", to[3][8] = {};
	struct piece piece[] = {
		{ (uintptr_t)first, to[0], sizeof(first), false },
		{ (uintptr_t)hole, to[1], 4, false },
		{ (uintptr_t)last, to[2], sizeof(last), false },
	};

	munmap(hole, PAGE);
	process_read(p, piece, 3);
	ok(piece[0].ok && piece[2].ok, "%s: what is there is read", how);
	ok(!piece[1].ok && !p->trouble.memory, "%s: what is not is left out", how);
	is(to[0], "first", "the first piece");
	is(to[2], "last", "the last piece");
}

int main(void)
{
	struct process *p;
	int err;

	p = process_open(getpid(), &err);
	if (!ok(p, "the process is opened"))
		return tap_done();
	reads_all_that_is_readable(p, "by one call");
	missing = true;
	reads_all_that_is_readable(p, "without it");
	ok(refused, "the call was tried");
	process_close(p);
	return tap_done();
}
