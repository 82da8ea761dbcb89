// SPDX-License-Identifier: GPL-2.0-only
/* Counts with the BPF program of bpf/count.bpf.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "counter.h"
#include "lib/xalloc.h"

#ifdef HAVE_BPF
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "measure/bpf/count.skel.h"

struct counter {
	struct count_bpf *skel;
	pid_t tids[RING_MAX];
	unsigned int n;
	bool attached;
};

static void bpf_close(struct counter *counter)
{
	count_bpf__destroy(counter->skel);
	free(counter);
}

static struct counter *bpf_open(unsigned int cpu, char **why)
{
	struct counter *counter;
	struct count_bpf *skel;
	struct stat ns;
	int err;

	(void)cpu;	/* the members' IDs say it all */
	if (stat("/proc/self/ns/pid", &ns)) {
		*why = xasprintf("BPF: /proc/self/ns/pid, by which it knows the workers: %s",
				 strerror(errno));
		return NULL;
	}
	libbpf_set_print(NULL);
	skel = count_bpf__open();
	if (!skel) {
		*why = xasprintf("BPF: %s", strerror(errno));
		return NULL;
	}
	skel->rodata->ns_inum = ns.st_ino;
	err = count_bpf__load(skel);
	if (!err)
		err = count_bpf__attach(skel);
	if (err) {
		*why = xasprintf("BPF: %s", strerror(-err));
		count_bpf__destroy(skel);
		return NULL;
	}
	count_bpf__detach(skel);
	counter = xcalloc(1, sizeof(*counter));
	counter->skel = skel;
	return counter;
}

/* Attached only while it counts: a program at each switch costs time. */
static int bpf_start(struct counter *counter, const pid_t *tids,
		     unsigned int n)
{
	int map = bpf_map__fd(counter->skel->maps.members), err;
	__u32 key, value = 1;

	memset(counter->skel->bss, 0, sizeof(*counter->skel->bss));
	for (counter->n = 0; counter->n < n; counter->n++) {
		key = tids[counter->n];
		counter->tids[counter->n] = key;
		err = bpf_map_update_elem(map, &key, &value, BPF_ANY);
		if (err)
			return err;
	}
	return count_bpf__attach(counter->skel);
}

static int bpf_stop(struct counter *counter, struct counts *c)
{
	const struct count_bpf__bss *bss = counter->skel->bss;
	int map = bpf_map__fd(counter->skel->maps.members), i, j;
	__u32 key;

	count_bpf__detach(counter->skel);
	while (counter->n) {
		key = counter->tids[--counter->n];
		bpf_map_delete_elem(map, &key);
	}
	c->kernel = true;
	c->knows_mm = true;
	c->same_mm = bss->same_mm;
	c->other_mm = bss->other_mm;
	c->foreign = bss->foreign;
	for (i = 0; i < TLB_REASONS; i++)
		for (j = 0; j < TLB_SIZES; j++)
			c->tlb[i][j] = bss->tlb[i][j];
	return 0;
}
#else
static struct counter *bpf_open(unsigned int cpu, char **why)
{
	(void)cpu;
	*why = xstrdup("BPF: this ctxlab was built without it");
	return NULL;
}

#define bpf_start NULL
#define bpf_stop NULL
#define bpf_close NULL
#endif

const struct counter_ops counter_bpf = {
	.name = "bpf",
	.open = bpf_open,
	.start = bpf_start,
	.stop = bpf_stop,
	.close = bpf_close,
};
