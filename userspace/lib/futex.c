// SPDX-License-Identifier: GPL-2.0-only
/* The system call behind futex.h. */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "futex.h"

int futex_wait(uint32_t *word, uint32_t value, int seconds)
{
	struct timespec limit = { .tv_sec = seconds };

	return syscall(SYS_futex, word, FUTEX_WAIT, value,
		       seconds ? &limit : NULL, NULL, 0);
}

void futex_wake(uint32_t *word, int n)
{
	syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
}
