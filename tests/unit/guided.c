// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer with libFuzzer's guidance.  The first two bytes of an input choose
 * the command and the way to call it, the rest is its file; the changes are
 * those of mutate.c.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guided.h"
#include "mutate.h"
#include "target.h"

#define CHOICE 2	/* bytes in front of the file */

static struct mutant mutant;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setlocale(LC_ALL, "C");
	target_open();
	atexit(target_close);
	return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct target *t;
	const char *wrong;

	if (size < CHOICE)
		return 0;
	t = &targets[data[0] % target_count];
	wrong = target_run(t, data[1] % TARGET_WAYS, (const char *)data + CHOICE,
			   size - CHOICE);
	if (wrong) {
		fprintf(stderr, "%s: %s\n", t->file, wrong);
		abort();
	}
	return 0;
}

/* Half of the new inputs begin again with a good text. */
static void begin(const unsigned char *data, size_t size)
{
	const struct target *t;
	char path[4096];
	FILE *f;

	if (size >= CHOICE && mutant_below(&mutant, 2)) {
		mutant_set(&mutant, (const char *)data + CHOICE, size - CHOICE);
		return;
	}
	t = &targets[size ? data[0] % target_count : 0];
	snprintf(path, sizeof(path), "%s/%s", FIXTURES, t->fixture);
	f = fopen(path, "r");
	if (!f)
		abort();
	mutant.len = fread(mutant.bytes, 1, MUTATE_MAX, f);
	fclose(f);
}

size_t LLVMFuzzerCustomMutator(unsigned char *data, size_t size, size_t max,
			       unsigned int seed)
{
	size_t changes;

	if (max < CHOICE)
		return size;
	mutant_seed(&mutant, seed);
	if (size < CHOICE || !mutant_below(&mutant, 8)) {
		data[0] = mutant_below(&mutant, target_count);
		data[1] = mutant_below(&mutant, TARGET_WAYS);
		size = CHOICE;
	}
	begin(data, size);
	for (changes = mutant_below(&mutant, 4) + 1; changes; changes--)
		(targets[data[0] % target_count].json ?
		 mutate_json : mutate_text)(&mutant);
	if (mutant.len > max - CHOICE)
		mutant.len = max - CHOICE;
	memcpy(data + CHOICE, mutant.bytes, mutant.len);
	return CHOICE + mutant.len;
}
