/* SPDX-License-Identifier: GPL-2.0-only */
/* A scan told: in words, as a table, as JSON, as a graph. */
#ifndef CTXLAB_DEADLOCK_REPORT_H
#define CTXLAB_DEADLOCK_REPORT_H

#include <stdio.h>

#include "lib/output.h"
#include "scan.h"
#include "sites.h"

extern const struct out_col deadlock_columns[];
extern const char *const deadlock_default_columns;

/* Threads that wait, in the end, for one that can go on. */
struct chain {
	struct thread *end;
	size_t waiters;
};

/**
 * struct report - what is printed of a scan
 * @scan: that was confirmed
 * @stop: stop the members of findings for a moment, for their registers
 * @everything: people see every thread, not only those that wait for another
 * @sites: one a process, opened when needed
 * @chain: those with the most threads first
 * @clocks: thread_asleep()
 */
struct report {
	struct scan *scan;
	bool stop, everything;
	struct sites **sites;
	struct chain *chain;
	size_t chains;
	struct finding *suspect;
	size_t suspects;
	struct cpu_clocks *clocks;
};

struct report *deadlock_report_new(struct scan *s, bool stop, bool everything);
void deadlock_report_free(struct report *r);

/* The answer in words, with the call sites of all that is found. */
void deadlock_words(struct report *r, FILE *out);

/* Deadlocks of threads, and of Gs. */
size_t deadlock_count(const struct scan *s);

/* What could not be seen, on stderr; whether that was all that was asked for. */
bool deadlock_trouble(const struct scan *s);

struct out_table *deadlock_table(struct report *r, const struct out_sel *sel);
json_t *deadlock_json(struct report *r, const struct out_sel *sel);

/* The waits as a graph in the language of graphviz. */
void deadlock_dot(struct report *r, FILE *out);

/* Parts that the forms share; the caller frees a char *. */
const char *verdict_name(enum verdict verdict);
char *wait_object(struct report *r, const struct thread *t);
/* The call site, and all functions of the stack; each NULL where none is known. */
void wait_calls(struct report *r, struct thread *t, char **site, char **calls);
struct sites *process_sites(struct report *r, const struct process *p);
void thread_name(const struct thread *t, char name[64]);
/* The thread that @t waits for, as far as it is one; NULL otherwise. */
struct thread *thread_blocker(const struct thread *t);

/* Fills @r->chain. */
void chains_find(struct report *r);
/* Fills @r->suspect. */
void suspects_find(struct report *r);

#endif /* CTXLAB_DEADLOCK_REPORT_H */
