// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <unistd.h>

#include "pace.h"

int pace(void)
{
	if (access("/sys/kernel/debug/kmemleak", F_OK) &&
	    access("/sys/kernel/debug/kcsan", F_OK))
		return 1;
	return 10;
}

int paced(int count)
{
	if (pace() == 1)
		return count;
	printf("# this kernel looks for bugs: %d in place of %d\n",
	       count / pace(), count);
	return count / pace();
}
