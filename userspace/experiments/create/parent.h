/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a process that makes children: what fork() has to copy.  It is
 * brought about in a process made for it, which ends with it.
 */
#ifndef CREATE_PARENT_H
#define CREATE_PARENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Descriptors that the parent opens for itself, at most. */
#define PARENT_MORE_FILES 64

/**
 * struct parent_state - what a parent has beyond what the tool brings along
 * @megabytes: private memory, every page of it written
 * @huge: all of that in huge pages, else none: small ones then, that lie together
 * @mappings: of one page each, which is written, none next to another
 * @files: open descriptors, the tool's own included; 0: as they are
 */
struct parent_state {
	unsigned int megabytes;
	bool huge;
	unsigned int mappings;
	unsigned int files;
};

/* The private memory of parent_state.megabytes. */
struct parent_memory {
	char *base;
	size_t size;
};

/* What fork() finds, as /proc/self has it. */
struct parent_counts {
	unsigned int mappings;
	unsigned int pages;	/* private, present, 4 KiB each */
	unsigned int huge_pages;
	unsigned int files;
};

/*
 * Bring the calling process into that state.  Raises its soft limit of open
 * files.  Return 0 or a negative errno, and in *@what what was tried.
 */
int parent_enter(const struct parent_state *s, struct parent_memory *memory,
		 const char **what);

/* Bytes of memory, the kernel's included, that a state takes at most. */
uint64_t parent_needs(const struct parent_state *s);

/*
 * Bytes that are free to take, of the machine and of the cgroup; UINT64_MAX
 * where neither can be read.
 */
uint64_t parent_available(void);

/* Count the calling process: 0 or a negative errno (no /proc). */
int parent_count(struct parent_counts *c);

#endif /* CREATE_PARENT_H */
