// SPDX-License-Identifier: GPL-2.0-only
/* The answer in words, and the tables of what was shown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "create.h"
#include "lib/paragraph.h"
#include "report/words.h"

static const struct estimate *cost(const struct answers *a, int arm)
{
	return &a->cell[arm][0][Q_WHOLE];
}

static void head(FILE *out, const struct run *run)
{
	fprintf(out, "A child on this %s costs, made, gone and reaped, ",
		*run->machine.emulator ? "emulated machine" : "machine");
	words_intervals(out, run);
	fputs(":\n\n", out);
}

static void costs(FILE *out, const struct answers *a)
{
	words_line(out, "a coroutine", cost(a, WAY_ID_POOL), false,
		   "its stack from a pool; no kernel");
	words_line(out, "  on a fresh stack", cost(a, WAY_ID_FRESH), false,
		   "mmap, a page touched, munmap");
	words_line(out, "a thread", cost(a, WAY_ID_PTHREAD), false,
		   "pthread_create, pthread_join");
	words_line(out, "a process, by vfork", cost(a, WAY_ID_VFORK), false,
		   "mm shared, parent waits");
	words_line(out, "a process, by fork", cost(a, WAY_ID_FORK), false,
		   "mm and file table copied");
	words_line(out, "a program, by posix_spawn", cost(a, WAY_ID_SPAWN),
		   false, "static, does nothing");
	words_line(out, "a program, by fork, exec", cost(a, WAY_ID_EXEC),
		   false, "the same program");
	words_line(out, "a process in namespaces", cost(a, WAY_ID_NEW_ALL),
		   false, "all its own, as a container");
}

static void ratios(FILE *out, const struct answers *a)
{
	const struct estimate *thread = &a->finding[FIND_COROUTINE][0];
	const struct estimate *fork = &a->finding[FIND_FORK][0];
	struct paragraph p = {};

	if (thread->n)
		paragraph_add(&p, "A thread costs as much as %.0f [%.0f, %.0f] coroutines. ",
			      thread->value, thread->low, thread->high);
	if (fork->n)
		paragraph_add(&p, "fork() costs as much as %.1f [%.1f, %.1f] threads.",
			      fork->value, fork->low, fork->high);
	paragraph_print(out, &p);
}

/* The last point of a sweep at which fork() has that quantity, or -1. */
static int largest(const struct run *run, const struct answers *a, int variant,
		   int quantity)
{
	int i;

	for (i = run->settings.points - 1; i > 0; i--)
		if (run->settings.point[i].variant == variant &&
		    a->cell[WAY_ID_FORK][i][quantity].n)
			return i;
	return -1;
}

static void grown(struct paragraph *p, const struct run *run,
		  const struct answers *a, int variant, const char *what)
{
	static const struct {
		int arm;
		const char *name;
	} shown[] = {
		{ WAY_ID_FORK, "fork()" }, { WAY_ID_SPAWN, "posix_spawn()" },
		{ WAY_ID_PTHREAD, "a thread" },
	};
	int point = largest(run, a, variant, Q_WHOLE);
	const char *and = "";
	char ns[REPORT_NS];
	size_t i;

	if (point < 0)
		return;
	paragraph_add(p, "%s", p->text ? " " : "");
	paragraph_add(p, "With %u%s", run->settings.point[point].x, what);
	for (i = 0; i < ARRAY_SIZE(shown); i++) {
		if (!a->cell[shown[i].arm][point][Q_WHOLE].n)
			continue;
		paragraph_add(p, "%s %s costs %s", and, shown[i].name,
			      report_ns(ns, a->cell[shown[i].arm][point][Q_WHOLE].value));
		and = ",";
	}
	paragraph_add(p, ".");
}

static void growth(FILE *out, const struct run *run, const struct answers *a)
{
	struct paragraph p = {};

	grown(&p, run, a, GROWS_MEMORY, " MB of memory in the parent");
	grown(&p, run, a, GROWS_HUGE, " MB of it in huge pages");
	grown(&p, run, a, GROWS_MAPPINGS, " more mappings");
	grown(&p, run, a, GROWS_FILES, " open files");
	paragraph_print(out, &p);
}

/* What no model was found for, or where that fails. */
static void no_model(FILE *out, const struct estimate *error)
{
	struct paragraph p = {};

	if (!error->n)
		return;
	paragraph_add(&p,
		      "What fork() costs here is no sum of so much for each mapping, page and file: ");
	paragraph_add(&p,
		      "at one of the %zu parents that it was not fitted to it is wrong by %.0f %%.",
		      error->n, error->value);
	paragraph_print(out, &p);
}

static void model(FILE *out, const struct run *run, const struct answers *a)
{
	static const char *const of[] = {
		"", " for each mapping", " for each page present",
		" for each open file",
	};
	const struct estimate *error = &a->finding[FIND_ERROR][0];
	const long *value = run->settings.value;
	struct paragraph p = {};
	size_t i;

	if (!a->finding[FIND_FIXED][0].n) {
		no_model(out, error);
		return;
	}
	paragraph_add(&p, "fork() on this host costs");
	for (i = 0; i < ARRAY_SIZE(of); i++) {
		paragraph_add(&p, "%s", i ? " +" : "");
		words_estimate(&p, &a->finding[FIND_FIXED + i][0]);
		paragraph_add(&p, "%s", of[i]);
	}
	paragraph_add(&p, ", beyond the %ld mappings, %ld pages and %ld files",
		      value[SET_MAPPINGS], value[SET_PAGES], value[SET_FILES]);
	paragraph_add(&p, " of this program itself,");
	paragraph_add(&p, " up to %d mappings.", MODEL_MAPPINGS);
	if (error->n)
		paragraph_add(&p,
			      " At %zu parents that it was not fitted to it is wrong by at most %.1f %%.",
			      error->n, error->value);
	paragraph_print(out, &p);
}

static void later(FILE *out, const struct run *run, const struct answers *a)
{
	int point = largest(run, a, GROWS_MEMORY, Q_LATER);
	const struct estimate *ns, *faults;
	struct paragraph p = {};

	if (point < 0)
		return;
	ns = &a->cell[WAY_ID_FORK][point][Q_LATER];
	faults = &a->cell[WAY_ID_FORK][point][Q_FAULTS];
	paragraph_add(&p,
		      "Later, while the child of fork() lives, each page that the parent writes costs it");
	words_estimate(&p, ns);
	paragraph_add(&p, " and %.2f page faults", faults->value);
	ns = &a->cell[WAY_ID_PTHREAD][point][Q_LATER];
	faults = &a->cell[WAY_ID_PTHREAD][point][Q_FAULTS];
	if (ns->n) {
		paragraph_add(&p, "; beside a thread");
		words_estimate(&p, ns);
		paragraph_add(&p, " and %.2f", faults->value);
	}
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

static void one_memory(struct paragraph *p, const struct run *run, int arm,
		       const char *name)
{
	static const struct {
		int fact;
		const char *what;
	} parts[] = {
		{ FACT_KERNEL_STACK, "kernel stack" },
		{ FACT_PAGE_TABLES, "page tables" },
		{ FACT_STACK, "user stack touched" },
		{ FACT_MEMORY, "private memory in all" },
	};
	const char *and = ":";
	size_t i;
	long kb;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		kb = run_fact(run, arm, parts[i].fact);
		if (kb <= 0)
			continue;
		if (*and == ':')
			paragraph_add(p, "%s%s", p->text ? " " : "", name);
		paragraph_add(p, "%s %ld kB %s", and, kb, parts[i].what);
		and = ",";
	}
	if (*and == ',')
		paragraph_add(p, ".");
}

static void memory(FILE *out, const struct run *run)
{
	struct paragraph p = {};

	one_memory(&p, run, WAY_ID_POOL, "Memory of each, a coroutine");
	one_memory(&p, run, WAY_ID_PTHREAD, "A thread");
	one_memory(&p, run, WAY_ID_FORK, "A process by fork()");
	paragraph_print(out, &p);
}

/* The steps from a process to a thread. */
static const int steps[] = {
	WAY_ID_FORK, WAY_ID_VM, WAY_ID_VM_FILES, WAY_ID_VM_FILES_FS,
	WAY_ID_VM_FILES_FS_SIG, WAY_ID_PTHREAD,
};

static void deed_rows(FILE *out, const struct run *run)
{
	static const char *const heading[] = {
		"fork", "VM", "+FILES", "+FS", "+SIGHAND", "thread",
	};
	size_t i;
	long is;
	int d;

	fprintf(out, "  %-19s", "a child");
	for (i = 0; i < ARRAY_SIZE(heading); i++)
		fprintf(out, " %-9s", heading[i]);
	fputs("\n", out);
	for (d = 0; d < DEEDS; d++) {
		fprintf(out, "  %-19s", deeds[d].brief);
		for (i = 0; i < ARRAY_SIZE(steps); i++) {
			is = run_fact(run, steps[i], FACT_DEEDS + d);
			fprintf(out, " %-9s", is < 0 ? "?" : is ? "yes" : "-");
		}
		fputs("\n", out);
	}
	fputs("\n", out);
}

/* How many deeds were done, and are what the sharing that was shown says. */
static void count_deeds(const struct run *run, unsigned int *done,
			unsigned int *agree)
{
	long noticed, shared;
	int arm, d;

	*done = 0;
	*agree = 0;
	for (arm = 0; arm < WAYS; arm++)
		for (d = 0; d < DEEDS; d++) {
			noticed = run_fact(run, arm, FACT_DEEDS + d);
			shared = run_fact(run, arm,
					  FACT_SHARES + deeds[d].share);
			*done += noticed >= 0;
			*agree += noticed >= 0 && noticed == shared;
		}
}

/* The arms of which at least the file table was looked at. */
static unsigned int count_proven(const struct run *run)
{
	unsigned int n = 0;
	int arm;

	for (arm = 0; arm < WAYS; arm++)
		n += run_fact(run, arm, FACT_SHARES + SHARE_FILES) >= 0;
	return n;
}

static void proof(FILE *out, const struct run *run)
{
	static const char *const by[] = {
		[FROM_MODULE] = "the module",
		[FROM_KCMP] = "kcmp(2) and procfs, without the module,",
	};
	long source = run->settings.value[SET_SOURCE];
	unsigned int done, agree;
	struct paragraph p = {};

	count_deeds(run, &done, &agree);
	if (source == FROM_NOWHERE) {
		paragraph_add(&p,
			      "What they share could not be read: neither the module nor kcmp(2) is to be had.");
	} else {
		paragraph_add(&p,
			      "What children of %u ways share with their parent was read from %s while they lived",
			      count_proven(run), by[source]);
		paragraph_add(&p, ": %u of %u deeds like these were noticed just where it says so.",
			      agree, done);
	}
	paragraph_print(out, &p);
}

static void independent(FILE *out, const struct run *run)
{
	if (run_fact(run, WAY_ID_FORK, FACT_DEEDS) < 0)
		return;
	fputs("What the parent notices, each tried here: by fork(), by clone3() with VM and one\n"
	      "more flag at a time, and by a thread. A crash or an exit noticed is its own end.\n\n",
	      out);
	deed_rows(out, run);
	proof(out, run);
}

static bool busy(const struct run *run, int arm, int fact, double *cpus)
{
	long cpu = run_fact(run, arm, fact), wall = run_fact(run, arm, fact + 1);

	if (cpu < 0 || wall <= 0)
		return false;
	*cpus = (double)cpu / wall;
	return true;
}

static void parallel(FILE *out, const struct run *run)
{
	long n = run->settings.value[SET_CPUS];
	struct paragraph p = {};
	double cpus;

	if (!busy(run, WAY_ID_PTHREAD, FACT_ALONE_CPU_US, &cpus))
		return;
	paragraph_add(&p, "CPUs kept busy: one thread %.2f", cpus);
	if (busy(run, WAY_ID_PTHREAD, FACT_CPU_US, &cpus))
		paragraph_add(&p, ", %ld threads %.2f", n, cpus);
	if (busy(run, WAY_ID_FORK, FACT_CPU_US, &cpus))
		paragraph_add(&p, ", %ld processes %.2f", n, cpus);
	if (busy(run, WAY_ID_POOL, FACT_CPU_US, &cpus))
		paragraph_add(&p, ", %ld coroutines in one thread %.2f", n,
			      cpus);
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

void create_say(FILE *out, const struct run *run, const struct answers *a)
{
	if (!a->reasons) {
		head(out, run);
		costs(out, a);
		fputs("\n", out);
		ratios(out, a);
		growth(out, run, a);
		model(out, run, a);
		later(out, run, a);
	}
	memory(out, run);
	parallel(out, run);
	independent(out, run);
}
