// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctxlab - what processes and threads are made of, seen from inside the kernel.
 *
 * This file only orders init and exit.
 */
#include <linux/module.h>

#include "fs.h"
#include "identity.h"
#include "switch.h"

static int __init ctxlab_init(void)
{
	int err;

	ctxlab_identity_init();
	ctxlab_switch_init();

	err = ctxlab_fs_init();
	if (err)
		return err;

	ctxlab_fs_automount();
	return 0;
}

static void __exit ctxlab_exit(void)
{
	ctxlab_fs_exit();
	ctxlab_switch_exit();
}

module_init(ctxlab_init);
module_exit(ctxlab_exit);

MODULE_DESCRIPTION("What processes and threads share, and what a switch costs");
MODULE_AUTHOR("The ctxlab developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
