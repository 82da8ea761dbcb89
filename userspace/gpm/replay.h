/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a trace, putting its rings into one order, and holding each step
 * against the rules, with queues as a model that knows no threads.
 */
#ifndef GPM_REPLAY_H
#define GPM_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An event in the order that the model found. */
struct gpm_step {
	int64_t ns;		/* since the first one */
	uint8_t verb;		/* enum trace_verb */
	uint16_t ring;		/* the P; the number of Ps: outside of any */
	uint32_t g;
	uint16_t a, b;
	const char *name;	/* of the G; "" */
	uint32_t local_before;	/* length of the P's queue */
	uint32_t local;		/* and after it */
	uint32_t global_before;
	uint32_t global;
};

struct gpm_trace {
	uint32_t procs;
	uint32_t queue_size;
	uint64_t seed;
	size_t n;		/* steps, up to the first that breaks a rule */
	struct gpm_step *step;
	bool broken;
	char what[160];		/* the rule that was broken, and how */
	int64_t idle_ns;	/* the longest that a P was idle beside work */
	int64_t ready_ns;	/* the longest that a ready G waited */
	uint32_t gs;
};

/*
 * Read and replay @path.  @bound: the longest in ns that either time may be.
 * Return: 0, or -1 with @error set, which is static, and nothing to release.
 */
int gpm_trace_replay(struct gpm_trace *t, const char *path, int64_t bound,
		     const char **error);
void gpm_trace_free(struct gpm_trace *t);

#endif /* GPM_REPLAY_H */
