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

static const unsigned int modes[PROBE_MODES] = {
	[PROBE_CONTROL] = CTXLAB_FLUSH_NONE,
	[PROBE_FLUSH_MM] = CTXLAB_FLUSH_MM,
	[PROBE_FLUSH_ALL] = CTXLAB_FLUSH_ALL,
};

static int command(int session, unsigned long cmd, void *arg)
{
	return ioctl(session, cmd, arg) < 0 ? -errno : 0;
}

int probe_open(enum probe_mode mode)
{
	struct ctxlab_switch_flush f = {
		.size = sizeof(f), .mode = modes[mode],
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

bool probe_can(int session, enum probe_mode mode)
{
	struct ctxlab_switch_info i;

	return !info(session, &i) && i.flush_modes & (1u << modes[mode]);
}

double probe_ticks_per_ns(int session)
{
	struct ctxlab_switch_info i;

	return info(session, &i) ? 0 : i.clock_khz / 1e6;
}

int probe_counts(int session, struct counts *c)
{
	struct ctxlab_switch_read r = { .size = sizeof(r) };
	int err = command(session, CTXLAB_SWITCH_READ, &r), i;
	uint64_t all = 0, lost = 0;

	if (err)
		return err;
	for (i = 0; i < CTXLAB_HIST_SWITCHES; i++)
		all += r.switches[i];
	for (i = 0; i < CTXLAB_HISTS; i++)
		lost += r.lost[i];
	counts_set(c, COUNT_PROBE, all);
	counts_set(c, COUNT_PROBE_SAME_MM, r.switches[CTXLAB_HIST_SAME_MM]);
	counts_set(c, COUNT_PROBE_OTHER_MM, r.switches[CTXLAB_HIST_OTHER_MM]);
	counts_set(c, COUNT_PROBE_LAZY_MM,
		   r.switches[CTXLAB_HIST_BORROWED_MM]);
	counts_set(c, COUNT_PROBE_FOREIGN,
		   r.to_kernel + r.to_other + r.from_elsewhere);
	counts_set(c, COUNT_PROBE_FLUSHES, r.flushes);
	counts_set(c, COUNT_PROBE_MIGRATIONS, r.migrations);
	counts_set(c, COUNT_PROBE_LOST, lost);
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

struct probe_last {
	double ticks_per_ns;	/* 0: not asked yet */
	__u64 switches[CTXLAB_HIST_BUCKETS];
	__u64 flush[CTXLAB_HIST_BUCKETS];
};

struct probe_last *probe_last_new(void)
{
	return xcalloc(1, sizeof(struct probe_last));
}

/* The median of what @now has more than @last, in ticks; NaN of nothing. */
static double new_median(const __u64 *now, const __u64 *last)
{
	double all = 0, seen = 0, n, floor, width;
	__u32 i;

	for (i = 0; i < CTXLAB_HIST_BUCKETS; i++)
		all += now[i] - last[i];
	for (i = 0; i < CTXLAB_HIST_BUCKETS && all > 0; i++) {
		n = now[i] - last[i];
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

static int median_of_kind(int session, unsigned int kind, __u64 *last,
			  double scale, double *ns)
{
	static __u64 now[CTXLAB_HIST_BUCKETS];
	int err = read_kind(session, kind, now);

	if (err)
		return err;
	*ns = new_median(now, last) / scale;
	memcpy(last, now, sizeof(now));
	return 0;
}

int probe_medians(int session, bool other_mm, struct probe_last *last,
		  double *switch_ns, double *flush_ns)
{
	double scale = last->ticks_per_ns;
	int err;

	if (!scale) {
		scale = probe_ticks_per_ns(session);
		last->ticks_per_ns = scale;
	}
	if (scale <= 0)
		return 0;
	err = median_of_kind(session,
			     other_mm ? CTXLAB_HIST_OTHER_MM :
					CTXLAB_HIST_SAME_MM,
			     last->switches, scale, switch_ns);
	if (!err)
		err = median_of_kind(session, CTXLAB_HIST_FLUSH, last->flush,
				     scale, flush_ns);
	return err;
}
