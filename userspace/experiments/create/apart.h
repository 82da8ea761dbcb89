/* SPDX-License-Identifier: GPL-2.0-only */
/* A process of its own for what may end the process that does it. */
#ifndef CREATE_APART_H
#define CREATE_APART_H

#include <sys/types.h>

/*
 * Fork a process that runs @fn(@arg) and exits with 0, or with @fn's result
 * negated; it dies with the caller, and starts with the signals' default
 * dispositions.  Return its pid or a negative errno.
 */
pid_t run_apart(int (*fn)(void *arg), void *arg);

/* Reap it: the negative errno that @fn returned, or 0; -ECHILD: it was killed. */
int wait_apart(pid_t pid);

#endif /* CREATE_APART_H */
