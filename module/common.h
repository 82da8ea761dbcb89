/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said alike of what two file tables, and two maps, have in common. */
#ifndef CTXLAB_COMMON_H
#define CTXLAB_COMMON_H

/* The most rows that are listed; the rest is counted. */
#define CTXLAB_COMMON_ROWS 64

/* What became of a comparison. */
enum ctxlab_compared {
	/* One object for both, or a side without one. */
	CTXLAB_NOT_COMPARED,
	CTXLAB_COMPARED,
	/* A side got another object, or its own grew too much, meanwhile. */
	CTXLAB_CHANGED,
	/* More than there is memory set aside for. */
	CTXLAB_TOO_MANY,
};

#endif /* CTXLAB_COMMON_H */
