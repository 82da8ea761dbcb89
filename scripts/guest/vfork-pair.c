// SPDX-License-Identifier: GPL-2.0-only
/*
 * A parent and the child of its vfork(2), held in the moment before the child
 * would exec: it runs on the parent's memory, and the parent waits for it.
 */
#include <unistd.h>

int main(void)
{
	pid_t child = vfork();

	if (child == 0) {
		sleep(600);
		_exit(0);
	}
	return child < 0;
}
