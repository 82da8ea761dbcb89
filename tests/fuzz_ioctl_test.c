// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_ioctl_test [-s SEED] [-t SECONDS]
 *
 * Calls of the probe's ioctls that know their structures and bend them.  What
 * each should give follows from the rules of the uapi header, re-stated here,
 * and no answer may write past the room that it was given.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "seed_and_time.h"
#include "probe.h"

#define ROOM_PAGES	7
#define SIZE_MAX_TRIED	300
#define BENDS		3
#define GUARD		0xa5

/* Where HIST is told to put its buckets. */
enum place {
	NOWHERE,	/* a null pointer */
	ROOM,		/* where there is room for all of them */
	ITSELF,		/* over the structure, which ends where memory does */
	EDGE,		/* where there is room for all but one */
	KERNEL,		/* where the kernel is */
	PLACES
};

/**
 * struct call - one call of an ioctl
 * @cmd: which
 * @size: bytes of the structure that are there; memory ends behind them
 * @more: than @size is what its first field says
 * @bends: bytes of it that are not zero; those past @size are left out
 * @buckets: for HIST
 * @nr: likewise, how many are said to fit
 * @address: in place of the structure's, where it is not 0
 */
struct call {
	unsigned long cmd;
	unsigned int size;
	int more;
	struct {
		unsigned int at;
		unsigned int to;
	} bends[BENDS];
	enum place buckets;
	unsigned int nr;
	unsigned long address;
};

#define SIZEOF(s)	sizeof(struct ctxlab_switch_##s)
#define CALL(c, s, ...)	{ .cmd = (c), .size = (s), __VA_ARGS__ }

/* Calls that once found something, or were thought of: made before all else. */
static const struct call corpus[] = {
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info)),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info) - 1),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info) - 1, .more = 1),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info) + 8),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info) + 8,
	     .bends = { { SIZEOF(info) + 7, 1 } }),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info),
	     .bends = { { SIZEOF(info) - 1, 0x80 } }),
	CALL(CTXLAB_SWITCH_INFO, 0),
	CALL(CTXLAB_SWITCH_INFO, 3, .more = 100),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info), .more = -1),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info), .more = 1),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info), .more = 4096 - SIZEOF(info)),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info), .more = 4097 - SIZEOF(info)),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info), .more = INT_MAX),
	CALL(CTXLAB_SWITCH_INFO, SIZEOF(info), .address = 1),
	CALL(CTXLAB_SWITCH_DETACH, SIZEOF(none)),
	CALL(CTXLAB_SWITCH_ATTACH, SIZEOF(none), .bends = { { 4, 1 } }),
	CALL(CTXLAB_SWITCH_ATTACH, SIZEOF(none)),
	CALL(CTXLAB_SWITCH_ATTACH, SIZEOF(none)),
	CALL(CTXLAB_SWITCH_FLUSH, SIZEOF(flush),
	     .bends = { { 4, CTXLAB_FLUSH_ALL } }),
	CALL(CTXLAB_SWITCH_FLUSH, SIZEOF(flush),
	     .bends = { { 4, CTXLAB_FLUSH_MODES } }),
	CALL(CTXLAB_SWITCH_FLUSH, SIZEOF(flush), .bends = { { 7, 0x80 } }),
	CALL(CTXLAB_SWITCH_READ, SIZEOF(read)),
	CALL(CTXLAB_SWITCH_READ, SIZEOF(read), .bends = { { 15, 1 } }),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = ROOM,
	     .nr = CTXLAB_HIST_BUCKETS),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = ROOM,
	     .nr = CTXLAB_HIST_BUCKETS - 1),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = ROOM,
	     .nr = UINT_MAX),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = EDGE,
	     .nr = CTXLAB_HIST_BUCKETS),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = ITSELF,
	     .nr = CTXLAB_HIST_BUCKETS),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = KERNEL,
	     .nr = CTXLAB_HIST_BUCKETS),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .nr = CTXLAB_HIST_BUCKETS),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = ROOM,
	     .nr = CTXLAB_HIST_BUCKETS, .bends = { { 4, CTXLAB_HISTS } }),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = ROOM,
	     .nr = CTXLAB_HIST_BUCKETS, .bends = { { 7, 0xff } }),
	CALL(CTXLAB_SWITCH_HIST, SIZEOF(hist), .buckets = ROOM,
	     .nr = CTXLAB_HIST_BUCKETS, .bends = { { 23, 1 } }),
	CALL(CTXLAB_SWITCH_RESET, SIZEOF(none), .bends = { { 7, 1 } }),
	CALL(CTXLAB_SWITCH_RESET, SIZEOF(none)),
	CALL(_IO(CTXLAB_SWITCH_IOC, 7), SIZEOF(read)),
	CALL(_IOWR(CTXLAB_SWITCH_IOC, 0, int), SIZEOF(info)),
	CALL(CTXLAB_SWITCH_DETACH, SIZEOF(none)),
};

static unsigned int seed;
static long failures;

/* The session, and what is known of it. */
static int session;
static unsigned int flush_modes;
static bool attached;

/* Its end is the structure's; a page follows that nobody may touch. */
static unsigned char *room;
static unsigned char *room_end;
static long page;

static unsigned int pick(unsigned int below)
{
	return rand_r(&seed) % below;
}

static int make_room(void)
{
	page = sysconf(_SC_PAGESIZE);
	room = mmap(NULL, (ROOM_PAGES + 1) * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return -1;
	room_end = room + ROOM_PAGES * page;
	return mprotect(room_end, page, PROT_NONE);
}

/* The size of the command's structure; 0: there is no such command. */
/* The size in a command's number is not looked at. */
#define MEANING(cmd) ((cmd) & ~((unsigned long)_IOC_SIZEMASK << _IOC_SIZESHIFT))

static bool means(const struct call *c, unsigned long cmd)
{
	return MEANING(c->cmd) == MEANING(cmd);
}

static unsigned int size_of(unsigned long cmd)
{
	switch (MEANING(cmd)) {
	case MEANING(CTXLAB_SWITCH_INFO):
		return SIZEOF(info);
	case MEANING(CTXLAB_SWITCH_ATTACH):
	case MEANING(CTXLAB_SWITCH_DETACH):
	case MEANING(CTXLAB_SWITCH_RESET):
		return SIZEOF(none);
	case MEANING(CTXLAB_SWITCH_FLUSH):
		return SIZEOF(flush);
	case MEANING(CTXLAB_SWITCH_READ):
		return SIZEOF(read);
	case MEANING(CTXLAB_SWITCH_HIST):
		return SIZEOF(hist);
	}
	return 0;
}

static unsigned char *address_of(enum place place, unsigned char *arg)
{
	if (place == ROOM)
		return room;
	if (place == ITSELF)
		return arg;
	if (place == EDGE)
		return room_end - (CTXLAB_HIST_BUCKETS - 1) * sizeof(__u64);
	/* The upper half of all addresses is. */
	return place == KERNEL ? (void *)(LONG_MIN >> 15) : NULL;
}

/* The size is bent by @more; and a bent address may be any, of this test's too. */
static bool may_bend(const struct call *c, unsigned int at)
{
	const unsigned int buckets = offsetof(struct ctxlab_switch_hist, buckets);

	if (means(c, CTXLAB_SWITCH_HIST) && at >= buckets &&
	    at < buckets + sizeof(__u64))
		return false;
	return at >= sizeof(__u32) && at < c->size;
}

/* Writes the structure to where it ends with the room; returns its start. */
static unsigned char *lay_out(const struct call *c)
{
	unsigned char *arg = room_end - c->size;
	struct ctxlab_switch_hist hist = {
		.buckets = (unsigned long)address_of(c->buckets, arg),
		.nr_buckets = c->nr,
	};
	__u32 told = c->size + c->more;
	int i;

	memset(room, GUARD, ROOM_PAGES * page);
	memset(arg, 0, c->size);
	if (means(c, CTXLAB_SWITCH_HIST) && c->size >= sizeof(hist))
		memcpy(arg, &hist, sizeof(hist));
	if (c->size >= sizeof(told))
		memcpy(arg, &told, sizeof(told));
	for (i = 0; i < BENDS; i++)
		if (may_bend(c, c->bends[i].at))
			arg[c->bends[i].at] = c->bends[i].to;
	return arg;
}

/* The rules for sizes: 0, or the error.  @arg is what was laid out. */
static int size_error(const struct call *c, const unsigned char *arg)
{
	__u32 size = size_of(c->cmd), told = c->size + c->more, i;

	if (c->address || c->size < sizeof(told))
		return -EFAULT;
	if (told < size)
		return -EINVAL;
	if (told > page)
		return -E2BIG;
	for (i = size; i < told && i < c->size; i++)
		if (arg[i])
			return -E2BIG;
	return told > c->size ? -EFAULT : 0;
}

static int hist_error(const unsigned char *arg)
{
	struct ctxlab_switch_hist hist;

	memcpy(&hist, arg, sizeof(hist));
	if (hist.__reserved || hist.hist >= CTXLAB_HISTS)
		return -EINVAL;
	if (hist.nr_buckets < CTXLAB_HIST_BUCKETS)
		return -ENOSPC;
	return hist.buckets == (unsigned long)room ? 0 : -EFAULT;
}

static int flush_error(const unsigned char *arg)
{
	struct ctxlab_switch_flush flush;

	memcpy(&flush, arg, sizeof(flush));
	if (flush.mode >= CTXLAB_FLUSH_MODES)
		return -EINVAL;
	return flush_modes & 1U << flush.mode ? 0 : -EOPNOTSUPP;
}

static bool reserved(const unsigned char *arg, size_t at)
{
	__u32 value;

	memcpy(&value, arg + at, sizeof(value));
	return value;
}

/* What the rules make of a call whose structure has the right size. */
static int command_error(unsigned long cmd, const unsigned char *arg)
{
	switch (MEANING(cmd)) {
	case MEANING(CTXLAB_SWITCH_HIST):
		return hist_error(arg);
	case MEANING(CTXLAB_SWITCH_FLUSH):
		return flush_error(arg);
	case MEANING(CTXLAB_SWITCH_INFO):
		return reserved(arg, offsetof(struct ctxlab_switch_info,
					      __reserved)) ? -EINVAL : 0;
	case MEANING(CTXLAB_SWITCH_READ):
		return reserved(arg, offsetof(struct ctxlab_switch_read,
					      __reserved)) ? -EINVAL : 0;
	}
	if (reserved(arg, offsetof(struct ctxlab_switch_none, __reserved)))
		return -EINVAL;
	if (MEANING(cmd) == MEANING(CTXLAB_SWITCH_ATTACH))
		return attached ? -EBUSY : 0;
	return MEANING(cmd) == MEANING(CTXLAB_SWITCH_DETACH) && !attached ?
	       -ENOENT : 0;
}

static int expected(const struct call *c, const unsigned char *arg)
{
	int err;

	if (!size_of(c->cmd))
		return -ENOTTY;
	err = size_error(c, arg);
	return err ? err : command_error(c->cmd, arg);
}

/* As a row of the corpus. */
static void complain(const struct call *c, const char *what)
{
	static const char *const places[] = {
		"NOWHERE", "ROOM", "ITSELF", "EDGE", "KERNEL"
	};

	/* The first few tell enough. */
	if (failures++ >= 10)
		return;
	ksft_print_msg("CALL(0x%lx, %u, .more = %d, .buckets = %s, .nr = %u,\n",
		       c->cmd, c->size, c->more, places[c->buckets], c->nr);
	ksft_print_msg("    .bends = { { %u, %u }, { %u, %u }, { %u, %u } }, .address = %lu) %s\n",
		       c->bends[0].at, c->bends[0].to, c->bends[1].at,
		       c->bends[1].to, c->bends[2].at, c->bends[2].to,
		       c->address, what);
}

/*
 * Before the structure nothing is the kernel's but the buckets, and behind what
 * the kernel knows of it nothing is.
 */
static bool room_is_kept(const struct call *c, const unsigned char *arg,
			 const unsigned char *before, int err)
{
	const unsigned char *from = room;
	unsigned int size = size_of(c->cmd);
	const unsigned char *at;

	if (means(c, CTXLAB_SWITCH_HIST) && (!err || err == -EFAULT)) {
		/* Those that end where memory does are written in part. */
		if (err)
			return true;
		from = room + CTXLAB_HIST_BUCKETS * sizeof(__u64);
	}
	for (at = from; at < arg; at++)
		if (*at != GUARD)
			return false;
	if (err)
		size = 0;
	return size >= c->size || !memcmp(arg + size, before + size,
					  c->size - size);
}

static void make_call(const struct call *c)
{
	unsigned char *arg = lay_out(c);
	unsigned char before[SIZE_MAX_TRIED];
	int want = expected(c, arg), err;
	char what[64];

	memcpy(before, arg, c->size);
	err = ioctl(session, c->cmd, c->address ? (void *)c->address : arg) ?
	      -errno : 0;
	if (err != want) {
		snprintf(what, sizeof(what), "%d and not %d", err, want);
		complain(c, what);
	}
	if (!room_is_kept(c, arg, before, err))
		complain(c, "wrote where it may not");
	if (!err && means(c, CTXLAB_SWITCH_ATTACH))
		attached = true;
	if (!err && means(c, CTXLAB_SWITCH_DETACH))
		attached = false;
}

static unsigned long random_command(void)
{
	static const unsigned long commands[] = {
		CTXLAB_SWITCH_INFO, CTXLAB_SWITCH_ATTACH, CTXLAB_SWITCH_DETACH,
		CTXLAB_SWITCH_FLUSH, CTXLAB_SWITCH_READ, CTXLAB_SWITCH_HIST,
		CTXLAB_SWITCH_RESET, _IO(CTXLAB_SWITCH_IOC, 7),
	};
	unsigned long cmd = commands[pick(ARRAY_SIZE(commands))];

	/* The type stays: others are for the kernel as a whole. */
	if (!pick(16))
		cmd ^= 1UL << (pick(2) ? pick(8) : 16 + pick(16));
	return cmd;
}

static unsigned int random_size(unsigned int right)
{
	if (pick(4))
		return right;
	return pick(2) ? right - 4 + pick(16) : pick(SIZE_MAX_TRIED);
}

static void random_call(struct call *c)
{
	int i;

	*c = (struct call){ .cmd = random_command() };
	c->size = random_size(size_of(c->cmd) ? size_of(c->cmd) : 16);
	if (!pick(8))
		c->more = pick(32) - 16;
	if (!pick(32))
		c->more = rand_r(&seed);
	for (i = pick(BENDS + 1); i > 0 && c->size && pick(2); i--) {
		c->bends[i - 1].at = pick(c->size);
		c->bends[i - 1].to = pick(4) ? pick(4) : pick(256);
	}
	c->buckets = pick(3) ? ROOM : pick(PLACES);
	c->nr = pick(3) ? CTXLAB_HIST_BUCKETS : rand_r(&seed);
	if (!pick(32))
		c->address = 1 + pick(64);
}

static long fuzz(time_t end)
{
	struct call call;
	long tries = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(corpus); i++)
		make_call(&corpus[i]);
	while (time(NULL) < end) {
		random_call(&call);
		make_call(&call);
		tries++;
	}
	return tries;
}

static bool still_works(void)
{
	if (attached && probe_detach(session))
		return false;
	return !probe_reset(session) && !probe_attach(session) &&
	       !probe_detach(session) && !probe_nr_attached(session);
}

int main(int argc, char **argv)
{
	struct seed_and_time how = { .seed = 20261121, .seconds = 10 };
	struct ctxlab_switch_info info;
	long tries;

	seed_and_time_parse(argc, argv, &how);
	seed = how.seed;
	ksft_print_header();
	ksft_set_plan(2);
	ksft_print_msg("seed %u, %d seconds\n", how.seed, how.seconds);
	session = probe_open();
	if (session < 0 || make_room() || probe_info(session, &info))
		ksft_exit_fail_msg("cannot set up: %m\n");
	flush_modes = info.flush_modes;

	tries = fuzz(time(NULL) + how.seconds);
	ksft_test_result(tries > 100 && !failures, "ioctls (%ld tries)\n",
			 tries);
	ksft_test_result(still_works(), "the session works after all this\n");
	close(session);
	ksft_finished();
}
