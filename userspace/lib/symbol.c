// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of symbols as people write them.
 *
 * The C++ library knows how; it is looked for while the tool runs, so that nothing
 * depends on it.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "symbol.h"
#include "xalloc.h"

/* The library's function, or NULL; and whether it was looked for. */
static struct {
	bool sought;
	char *(*run)(const char *name, char *buf, size_t *size, int *status);
} demangle;

static void find_demangle(void)
{
	void *library;

	if (demangle.sought)
		return;
	demangle.sought = true;
	library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
	if (library)
		*(void **)&demangle.run = dlsym(library, "__cxa_demangle");
}

static char *as_written(const char *name)
{
	if (strncmp(name, "_Z", 2))
		return NULL;
	find_demangle();
	return demangle.run ? demangle.run(name, NULL, NULL, NULL) : NULL;
}

char *symbol_name(const char *name)
{
	char *text = as_written(name);
	/* What the optimiser made of the function is still that function. */
	char *clone = text ? strstr(text, " [clone ") : NULL;

	if (clone)
		*clone = '\0';
	return text ? text : xstrdup(name);
}
