/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * ctxlab - what /proc/ctxlab and its users share.
 *
 * The text formats are described in module/ABI.
 */
#ifndef _UAPI_LINUX_CTXLAB_H
#define _UAPI_LINUX_CTXLAB_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The version of the text formats; what /proc/ctxlab/abi says. */
#define CTXLAB_ABI 1

#endif /* _UAPI_LINUX_CTXLAB_H */
