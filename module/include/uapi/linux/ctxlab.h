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
#define CTXLAB_ABI 3

/*
 * The switch probe: ioctls on an open /proc/ctxlab/switch.
 *
 * One open file is one session.  A thread attaches itself to a session; from
 * then on every switch between two threads of the session is timed: from the
 * moment at which the scheduler, on this CPU, is about to leave the one
 * (run queue locked, interrupts off), to the moment at which the other comes in
 * (interrupts on, still in the kernel).  No system call and no pipe is in that
 * time.  When an attached thread comes in, from wherever, the probe then flushes
 * the TLB in the way that the session asks for, or not at all: the control.
 *
 * Attaching is the thread's own: fork(2) and clone(2) do not pass it on,
 * execve(2) keeps it.  It ends by the thread's own CTXLAB_SWITCH_DETACH and by
 * the thread's exit, and by nothing else: an attached thread keeps the session,
 * and with it the module and the mount, even after the last descriptor was
 * closed.
 *
 * The probe's hooks into the kernel are in place from a session's first attach
 * until its end.  Without them the probe costs a running system nothing; with
 * them a thread that is not attached pays for an empty list a switch.
 *
 * Every argument is a pointer to a structure that begins with its size, which
 * is what counts: the size in a command's number, there for those who trace or
 * check ioctls, is not looked at, so structures can grow: a shorter one than
 * the first version is EINVAL; a longer one than the kernel knows is E2BIG,
 * unless all that the kernel does not know is zero.  What comes back is cut to
 * the size given; "size" then is the size that the kernel knows.
 *
 * Errors of all commands:
 *	ENOTTY		no such command
 *	EPERM		no CAP_SYS_ADMIN over the initial user namespace (open
 *			asks for it as well)
 *	EINVAL		bad size, bad value, a reserved field that is not zero
 *	E2BIG		see above
 *	EFAULT		bad address
 */
#define CTXLAB_SWITCH_IOC 0xC7

/* The numbers hold directions and sizes of structures that stand below. */
#define CTXLAB_SWITCH_INFO	_IOWR(CTXLAB_SWITCH_IOC, 0, struct ctxlab_switch_info)
#define CTXLAB_SWITCH_ATTACH	_IOW(CTXLAB_SWITCH_IOC, 1, struct ctxlab_switch_none)
#define CTXLAB_SWITCH_DETACH	_IOW(CTXLAB_SWITCH_IOC, 2, struct ctxlab_switch_none)
#define CTXLAB_SWITCH_FLUSH	_IOW(CTXLAB_SWITCH_IOC, 3, struct ctxlab_switch_flush)
#define CTXLAB_SWITCH_READ	_IOWR(CTXLAB_SWITCH_IOC, 4, struct ctxlab_switch_read)
#define CTXLAB_SWITCH_HIST	_IOWR(CTXLAB_SWITCH_IOC, 5, struct ctxlab_switch_hist)
#define CTXLAB_SWITCH_RESET	_IOW(CTXLAB_SWITCH_IOC, 6, struct ctxlab_switch_none)

/* What is done to this CPU's TLB whenever an attached thread comes in. */
enum ctxlab_flush {
	/* Nothing: the control.  What a new session begins with. */
	CTXLAB_FLUSH_NONE = 0,
	/*
	 * The entries of the thread's address space, as a CR3 write on a CPU
	 * without PCID drops them: all but the global ones (the kernel's), with
	 * page-table isolation both the kernel's and the user's half.
	 */
	CTXLAB_FLUSH_MM = 1,
	/* All entries of all address spaces, global ones included. */
	CTXLAB_FLUSH_ALL = 2,

	CTXLAB_FLUSH_MODES = 3,
};

/* What a histogram is of. */
enum ctxlab_hist {
	/* Time of the switch, by how the two threads' address spaces relate: */
	CTXLAB_HIST_SAME_MM = 0,	/* both run on the same one */
	CTXLAB_HIST_OTHER_MM = 1,	/* each has its own */
	CTXLAB_HIST_BORROWED_MM = 2,	/* one has none (left): it borrows */

	CTXLAB_HIST_SWITCHES = 3,	/* the number of those above */

	/*
	 * Time of the flush, or with CTXLAB_FLUSH_NONE of an empty interval
	 * (the control); not part of the switch's time.  Flushed each time
	 * that a thread comes in; timed on the first after its attach and on
	 * every CTXLAB_HIST_FLUSH_EVERY-th from there on, whatever the mode
	 * and RESET do meanwhile.
	 */
	CTXLAB_HIST_FLUSH = 3,

	CTXLAB_HISTS = 4,
};

#define CTXLAB_HIST_FLUSH_EVERY 8

/*
 * Log-linear buckets: below 2^SUB_BITS one a cycle, from there on 2^SUB_BITS a
 * power of two, up to 2^MAX_BITS: no bucket is wider than 1/64 of its floor.
 * Bucket i holds the values from ctxlab_hist_floor(i) to
 * ctxlab_hist_floor(i + 1) - 1.
 */
#define CTXLAB_HIST_SUB_BITS	6
#define CTXLAB_HIST_MAX_BITS	32
#define CTXLAB_HIST_BUCKETS \
	((CTXLAB_HIST_MAX_BITS - CTXLAB_HIST_SUB_BITS + 1) << CTXLAB_HIST_SUB_BITS)

static inline __u64 ctxlab_hist_floor(__u32 i)
{
	const __u64 sub = 1 << CTXLAB_HIST_SUB_BITS;

	return i < sub ? i : (i % sub + sub) << (i / sub - 1);
}

/* The clock that times are in. */
#define CTXLAB_CLOCK_CYCLES	1	/* x86: the TSC; arm64: the system counter */

/* What this CPU and kernel do: bits. */
#define CTXLAB_CPU_PCID		0x1	/* TLB entries are tagged (PCID, ASID) */
#define CTXLAB_CPU_INVPCID	0x2	/* and can be flushed by their tag */
#define CTXLAB_CPU_PTI		0x4	/* page-table isolation is on */
#define CTXLAB_CPU_PV_MMU	0x8	/* the hypervisor writes CR3: no flush */

/**
 * struct ctxlab_switch_info - CTXLAB_SWITCH_INFO: what the probe can do here
 * @size:	in: sizeof(struct ctxlab_switch_info); out: the kernel's
 * @flush_modes: out: bit m set: CTXLAB_SWITCH_FLUSH allows mode m
 * @cpu:	out: CTXLAB_CPU_* bits
 * @clock:	out: CTXLAB_CLOCK_*, the unit of every time
 * @clock_khz:	out: ticks of that clock in a millisecond; 0: unknown
 * @hist_sub_bits: out: CTXLAB_HIST_SUB_BITS of this module
 * @hist_max_bits: out: CTXLAB_HIST_MAX_BITS of this module
 * @attached:	out: 1 where the calling thread is attached to this session
 */
struct ctxlab_switch_info {
	__u32 size;
	__u32 flush_modes;
	__u32 cpu;
	__u32 clock;
	__u64 clock_khz;
	__u32 hist_sub_bits;
	__u32 hist_max_bits;
	__u32 attached;
	__u32 __reserved;
};

/**
 * struct ctxlab_switch_none - argument of ATTACH, DETACH and RESET
 * @size:	in: sizeof(struct ctxlab_switch_none)
 *
 * CTXLAB_SWITCH_ATTACH attaches the calling thread.
 *	EBUSY		it is attached already, to this session or another
 *	ENOMEM
 *	EOPNOTSUPP	the kernel was built without tracepoints
 * CTXLAB_SWITCH_DETACH ends that.  What it counted stays in the session.
 *	ENOENT		it is not attached to this session
 * CTXLAB_SWITCH_RESET sets everything that READ and HIST tell back to zero,
 * except @attached and @flush.  What is counted while it runs may fall on
 * either side.
 */
struct ctxlab_switch_none {
	__u32 size;
	__u32 __reserved;
};

/**
 * struct ctxlab_switch_flush - CTXLAB_SWITCH_FLUSH: choose the flush
 * @size:	in: sizeof(struct ctxlab_switch_flush)
 * @mode:	in: enum ctxlab_flush
 *
 * For every attached thread, from the next time on that it comes in.
 *	EOPNOTSUPP	not here: see @flush_modes of struct ctxlab_switch_info
 */
struct ctxlab_switch_flush {
	__u32 size;
	__u32 mode;
};

/**
 * struct ctxlab_switch_read - CTXLAB_SWITCH_READ: the session's counters
 * @size:	in: sizeof(struct ctxlab_switch_read); out: the kernel's
 * @attached:	out: threads attached now
 * @flush:	out: enum ctxlab_flush in force
 * @switches:	out: switches from one attached thread right to another, by
 *		enum ctxlab_hist
 * @cycles:	out: sum of the times in the histograms, by enum ctxlab_hist
 * @to_kernel:	out: switches away to a kernel thread (the idle one too)
 * @to_other:	out: switches away to a thread that is not of this session
 * @from_elsewhere: out: times that an attached thread came in from one that is
 *		not of this session, or from a kernel thread
 * @flushes:	out: flushes made; no tracepoint shows them
 * @migrations:	out: times that an attached thread came in on another CPU than
 *		the last time
 * @lost:	out: times that the histogram could not hold, by enum ctxlab_hist:
 *		2^CTXLAB_HIST_MAX_BITS and longer, or below zero (the clock was
 *		set back)
 *
 * A histogram's buckets and its @lost add up to its @switches.  All @switches and
 * @from_elsewhere are the times that attached threads came in; one in
 * CTXLAB_HIST_FLUSH_EVERY of them is in CTXLAB_HIST_FLUSH, up to one more for
 * each attach, and after a RESET one less.  A switch that is in @switches is not
 * in @to_kernel, @to_other or @from_elsewhere.  All this is exact where no
 * attached thread, the caller included, is switched meanwhile.
 */
struct ctxlab_switch_read {
	__u32 size;
	__u32 attached;
	__u32 flush;
	__u32 __reserved;
	__u64 switches[CTXLAB_HIST_SWITCHES];
	__u64 cycles[CTXLAB_HISTS];
	__u64 to_kernel;
	__u64 to_other;
	__u64 from_elsewhere;
	__u64 flushes;
	__u64 migrations;
	__u64 lost[CTXLAB_HISTS];
};

/**
 * struct ctxlab_switch_hist - CTXLAB_SWITCH_HIST: one histogram
 * @size:	in: sizeof(struct ctxlab_switch_hist); out: the kernel's
 * @hist:	in: enum ctxlab_hist
 * @buckets:	in: user address of @nr_buckets counters (__u64)
 * @nr_buckets:	in: room for that many, at least CTXLAB_HIST_BUCKETS;
 *		out: that many were written
 *	ENOSPC		@nr_buckets is too small
 */
struct ctxlab_switch_hist {
	__u32 size;
	__u32 hist;
	__u64 buckets;
	__u32 nr_buckets;
	__u32 __reserved;
};

#endif /* _UAPI_LINUX_CTXLAB_H */
