// SPDX-License-Identifier: GPL-2.0-only
/* Counts with the BPF program of bpf/count.bpf.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "counter.h"
#include "lib/xalloc.h"
#include "verifier.h"

#ifdef HAVE_BPF
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "measure/bpf/count.skel.h"

struct counter {
	struct count_bpf *skel;
	pid_t tids[MAX_TASKS];
	unsigned int n;
};

static void bpf_close(struct counter *counter)
{
	count_bpf__destroy(counter->skel);
	free(counter);
}

static bool wants(const enum count *wanted, enum count from, enum count to)
{
	for (; *wanted != COUNT_NONE; wanted++)
		if (*wanted >= from && *wanted <= to)
			return true;
	return false;
}

/* A program at each event costs time: those that nobody asks for stay away. */
static void choose_programs(struct count_bpf *skel, const enum count *wanted)
{
	bpf_program__set_autoload(skel->progs.on_switch,
				  wants(wanted, COUNT_SWITCHES, COUNT_FOREIGN));
	bpf_program__set_autoload(skel->progs.on_wakeup,
				  wants(wanted, COUNT_WAKEUPS, COUNT_WAKEUPS));
	bpf_program__set_autoload(skel->progs.on_entry,
				  wants(wanted, COUNT_ENTRIES, COUNT_FUTEX));
	bpf_program__set_autoload(skel->progs.on_fork,
				  wants(wanted, COUNT_FORKS, COUNT_FORKS));
	bpf_program__set_autoload(skel->progs.on_flush,
				  wants(wanted, COUNT_CR3_KEPT,
					COUNT_REMOTE_IPI));
}

/* What the kernel's verifier said last, or nothing. */
static char verifier_reason[160];

/* libbpf hands on the verifier's log as one of its warnings. */
static int on_message(enum libbpf_print_level level, const char *format,
		      va_list args)
{
	char *message;
	int len = vasprintf(&message, format, args);

	(void)level;
	if (len >= 0) {
		verifier_log_reason(message, verifier_reason,
				    sizeof(verifier_reason));
		free(message);
	}
	return len;
}

static char *refusal(int err)
{
	if (*verifier_reason)
		return xasprintf("BPF: refused by the kernel's verifier: %s",
				 verifier_reason);
	return xasprintf("BPF: %s", strerror(-err));
}

static struct counter *bpf_open(const struct settings *set,
				const enum count *wanted, char **why)
{
	struct counter *counter;
	struct count_bpf *skel;
	struct stat ns;
	int err;

	(void)set;	/* the workers' IDs say it all */
	if (stat("/proc/self/ns/pid", &ns)) {
		*why = xasprintf("BPF: /proc/self/ns/pid, by which it knows the workers: %s",
				 strerror(errno));
		return NULL;
	}
	*verifier_reason = '\0';
	libbpf_set_print(on_message);
	skel = count_bpf__open();
	if (!skel) {
		*why = xasprintf("BPF: %s", strerror(errno));
		return NULL;
	}
	choose_programs(skel, wanted);
	skel->rodata->futex_number = SYS_futex;
	skel->rodata->ns_inum = ns.st_ino;
	err = count_bpf__load(skel);
	if (!err)
		err = count_bpf__attach(skel);
	if (err) {
		*why = refusal(err);
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
	int map = bpf_map__fd(counter->skel->maps.workers), err;
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

/* Only what a program was loaded for is known. */
static void fill(const struct count_bpf *skel, struct counts *c)
{
	const struct count_bpf__bss *bss = skel->bss;

	if (bpf_program__autoload(skel->progs.on_switch)) {
		counts_set(c, COUNT_SWITCHES, bss->same_mm + bss->other_mm);
		counts_set(c, COUNT_SAME_MM, bss->same_mm);
		counts_set(c, COUNT_OTHER_MM, bss->other_mm);
		counts_set(c, COUNT_FOREIGN, bss->foreign);
	}
	if (bpf_program__autoload(skel->progs.on_wakeup))
		counts_set(c, COUNT_WAKEUPS, bss->wakeups);
	if (bpf_program__autoload(skel->progs.on_entry)) {
		counts_set(c, COUNT_ENTRIES, bss->entries);
		counts_set(c, COUNT_FUTEX, bss->futex);
	}
	if (bpf_program__autoload(skel->progs.on_fork))
		counts_set(c, COUNT_FORKS, bss->forks);
	if (!bpf_program__autoload(skel->progs.on_flush))
		return;
	counts_set(c, COUNT_CR3_KEPT, bss->cr3_kept);
	counts_set(c, COUNT_CR3_FLUSHED, bss->tlb[0]);
	counts_set(c, COUNT_REMOTE_SHOOTDOWN, bss->tlb[1]);
	counts_set(c, COUNT_LOCAL_SHOOTDOWN, bss->tlb[2]);
	counts_set(c, COUNT_LOCAL_MM_SHOOTDOWN, bss->tlb[3]);
	counts_set(c, COUNT_REMOTE_IPI, bss->tlb[4]);
}

static int bpf_stop(struct counter *counter, struct counts *c)
{
	int map = bpf_map__fd(counter->skel->maps.workers);
	__u32 key;

	count_bpf__detach(counter->skel);
	while (counter->n) {
		key = counter->tids[--counter->n];
		bpf_map_delete_elem(map, &key);
	}
	fill(counter->skel, c);
	return 0;
}
#else
static struct counter *bpf_open(const struct settings *set,
				const enum count *wanted, char **why)
{
	(void)set;
	(void)wanted;
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
