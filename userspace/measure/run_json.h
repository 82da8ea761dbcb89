/* SPDX-License-Identifier: GPL-2.0-only */
/* A run as JSON: everything that was measured, so that it can be judged again. */
#ifndef MEASURE_RUN_JSON_H
#define MEASURE_RUN_JSON_H

#include <jansson.h>

#include "answers.h"
#include "run.h"

/* Grows with every change that a reader must know of. */
#define RUN_SCHEMA 2

/* The caller owns the result.  @a may be NULL: "answers" is then left out. */
json_t *run_to_json(const struct run *run, const struct answers *a);

/**
 * run_from_json() - the other way round
 * @experiments: those that a run may be of; NULL ends them
 * @error: says what is wrong; to be freed
 *
 * "answers" is not read: it follows from the rest.
 * Return: 0, or -EINVAL with *@error set and nothing in @run to free.
 */
int run_from_json(const json_t *root,
		  const struct experiment *const *experiments, struct run *run,
		  char **error);

/* Reads a file ("-": standard input), likewise; -EIO where it cannot. */
int run_load(const char *path, const struct experiment *const *experiments,
	     struct run *run, char **error);

#endif /* MEASURE_RUN_JSON_H */
