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

typedef char *demangle_fn(const char *name, char *buf, size_t *size, int *status);

static demangle_fn *find_demangle(void)
{
	static demangle_fn *found;
	static bool sought;
	void *library;

	if (!sought) {
		sought = true;
		library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
		if (library)
			found = (demangle_fn *)dlsym(library, "__cxa_demangle");
	}
	return found;
}

char *symbol_name(const char *name)
{
	demangle_fn *demangle = strncmp(name, "_Z", 2) ? NULL : find_demangle();
	char *text = demangle ? demangle(name, NULL, NULL, NULL) : NULL;
	/* What the optimiser made of the function is still that function. */
	char *clone = text ? strstr(text, " [clone ") : NULL;

	if (clone)
		*clone = '\0';
	return text ? text : xstrdup(name);
}
