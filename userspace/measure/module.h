/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the files of the module are, and why they are not. */
#ifndef MEASURE_MODULE_H
#define MEASURE_MODULE_H

/* /proc/ctxlab, or what the environment variable CTXLAB_ROOT names. */
const char *module_root(void);

/* Open a file of the module's; @flags as for open(2).  Negative errno: failed. */
int module_open(const char *name, int flags);

/**
 * struct module_problem - why a file of the module's cannot be opened
 * @what: the reason, a clause
 * @advice: what to do about it as root; "" where nothing is known to help
 *
 * Both are to be freed.
 */
struct module_problem {
	char *what;
	char *advice;
};

/* Finds the reason after module_open() has failed with @err. */
struct module_problem module_problem(int err);

#endif /* MEASURE_MODULE_H */
