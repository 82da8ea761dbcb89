// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <unistd.h>

#include "slow_kernel.h"

int slow_kernel_factor(void)
{
	if (access("/sys/kernel/debug/kmemleak", F_OK) &&
	    access("/sys/kernel/debug/kcsan", F_OK))
		return 1;
	return 10;
}

int slow_kernel_scaled(int count)
{
	if (slow_kernel_factor() == 1)
		return count;
	printf("# this kernel looks for bugs: %d in place of %d\n",
	       count / slow_kernel_factor(), count);
	return count / slow_kernel_factor();
}
