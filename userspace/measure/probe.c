// SPDX-License-Identifier: GPL-2.0-only
/* Speaks the ioctls of /proc/ctxlab/switch. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ctxlab.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "module.h"
#include "probe.h"

static const unsigned int modes[FLUSHES] = {
	[FLUSH_CONTROL] = CTXLAB_FLUSH_NONE,
	[FLUSH_MM] = CTXLAB_FLUSH_MM,
	[FLUSH_ALL] = CTXLAB_FLUSH_ALL,
};

static int command(int session, unsigned long cmd, void *arg)
{
	return ioctl(session, cmd, arg) < 0 ? -errno : 0;
}

int probe_open(enum flush flush)
{
	struct ctxlab_switch_flush f = {
		.size = sizeof(f), .mode = modes[flush],
	};
	int fd, err;

	fd = module_open("switch", O_RDWR);
	if (fd < 0)
		return fd;
	err = command(fd, CTXLAB_SWITCH_FLUSH, &f);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int probe_attach(int session)
{
	struct ctxlab_switch_none none = { .size = sizeof(none) };

	return command(session, CTXLAB_SWITCH_ATTACH, &none);
}

int probe_detach(int session)
{
	struct ctxlab_switch_none none = { .size = sizeof(none) };

	return command(session, CTXLAB_SWITCH_DETACH, &none);
}

int probe_reset(int session)
{
	struct ctxlab_switch_none none = { .size = sizeof(none) };

	return command(session, CTXLAB_SWITCH_RESET, &none);
}

static int info(int session, struct ctxlab_switch_info *i)
{
	*i = (struct ctxlab_switch_info){ .size = sizeof(*i) };
	return command(session, CTXLAB_SWITCH_INFO, i);
}

bool probe_can(int session, enum flush flush)
{
	struct ctxlab_switch_info i;

	return !info(session, &i) && i.flush_modes & (1u << modes[flush]);
}

double probe_ticks_per_ns(int session)
{
	struct ctxlab_switch_info i;

	return info(session, &i) ? 0 : i.clock_khz / 1e6;
}

int probe_counts(int session, struct probe_counts *c)
{
	struct ctxlab_switch_read r = { .size = sizeof(r) };
	int err = command(session, CTXLAB_SWITCH_READ, &r), i;

	if (err)
		return err;
	*c = (struct probe_counts){
		.same_mm = r.switches[CTXLAB_HIST_SAME_MM],
		.other_mm = r.switches[CTXLAB_HIST_OTHER_MM],
		.lazy_mm = r.switches[CTXLAB_HIST_BORROWED_MM],
		.foreign = r.to_kernel + r.to_other + r.from_elsewhere,
		.flushes = r.flushes,
		.migrations = r.migrations,
	};
	for (i = 0; i < CTXLAB_HISTS; i++)
		c->lost += r.lost[i];
	return 0;
}

static int read_kind(int session, unsigned int kind,
		     __u64 buckets[CTXLAB_HIST_BUCKETS])
{
	struct ctxlab_switch_hist h = {
		.size = sizeof(h), .hist = kind,
		.buckets = (uintptr_t)buckets,
		.nr_buckets = CTXLAB_HIST_BUCKETS,
	};

	return command(session, CTXLAB_SWITCH_HIST, &h);
}

/* Adds the buckets of one kind to @sum. */
static int add_kind(int session, unsigned int kind, uint64_t *sum)
{
	static __u64 buckets[CTXLAB_HIST_BUCKETS];
	int err = read_kind(session, kind, buckets);
	unsigned int i;

	for (i = 0; !err && i < CTXLAB_HIST_BUCKETS; i++)
		sum[i] += buckets[i];
	return err;
}

int probe_histogram(int session, struct histogram *h)
{
	double scale = probe_ticks_per_ns(session);
	uint64_t *sum;
	unsigned int i, kind;
	int err = 0;

	*h = (struct histogram){};
	sum = xcalloc(CTXLAB_HIST_BUCKETS, sizeof(*sum));
	for (kind = 0; kind < CTXLAB_HIST_SWITCHES && !err; kind++)
		err = add_kind(session, kind, sum);
	if (err || scale <= 0) {
		free(sum);
		return err ? err : -EOPNOTSUPP;
	}
	h->from_ns = xcalloc(CTXLAB_HIST_BUCKETS, sizeof(double));
	h->to_ns = xcalloc(CTXLAB_HIST_BUCKETS, sizeof(double));
	h->count = xcalloc(CTXLAB_HIST_BUCKETS, sizeof(uint64_t));
	for (i = 0; i < CTXLAB_HIST_BUCKETS; i++) {
		if (!sum[i])
			continue;
		h->from_ns[h->n] = ctxlab_hist_floor(i) / scale;
		h->to_ns[h->n] = ctxlab_hist_floor(i + 1) / scale;
		h->count[h->n++] = sum[i];
	}
	free(sum);
	return 0;
}

struct probe_past {
	double ticks_per_ns;	/* 0: not asked yet */
	__u64 switches[CTXLAB_HIST_BUCKETS];
	__u64 flush[CTXLAB_HIST_BUCKETS];
};

struct probe_past *probe_past_new(void)
{
	return xcalloc(1, sizeof(struct probe_past));
}

/* The median of what @now has more than @past, in ticks; NaN of nothing. */
static double new_median(const __u64 *now, const __u64 *past)
{
	double all = 0, seen = 0, n, floor, width;
	__u32 i;

	for (i = 0; i < CTXLAB_HIST_BUCKETS; i++)
		all += now[i] - past[i];
	for (i = 0; i < CTXLAB_HIST_BUCKETS && all > 0; i++) {
		n = now[i] - past[i];
		if (n > 0 && seen + n >= all / 2) {
			/* Within a bucket they are taken to lie evenly. */
			floor = ctxlab_hist_floor(i);
			width = ctxlab_hist_floor(i + 1) - floor;
			return floor + width * (all / 2 - seen) / n;
		}
		seen += n;
	}
	return NAN;
}

static int median_of_kind(int session, unsigned int kind, __u64 *past,
			  double scale, double *ns)
{
	static __u64 now[CTXLAB_HIST_BUCKETS];
	int err = read_kind(session, kind, now);

	if (err)
		return err;
	*ns = new_median(now, past) / scale;
	memcpy(past, now, sizeof(now));
	return 0;
}

int probe_medians(int session, bool other_mm, struct probe_past *past,
		  struct sample *s)
{
	double scale = past->ticks_per_ns;
	int err;

	if (!scale) {
		scale = probe_ticks_per_ns(session);
		past->ticks_per_ns = scale;
	}
	if (scale <= 0)
		return 0;
	err = median_of_kind(session,
			     other_mm ? CTXLAB_HIST_OTHER_MM :
					CTXLAB_HIST_SAME_MM,
			     past->switches, scale, &s->own_ns);
	if (!err)
		err = median_of_kind(session, CTXLAB_HIST_FLUSH, past->flush,
				     scale, &s->flush_ns);
	return err;
}
