// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel's verifier of BPF programs says. */
#include <stdio.h>
#include <string.h>

#include "verifier.h"

/* The log ends in a line of statistics; the reason is the line before. */
void verifier_log_reason(const char *log, char *reason, size_t size)
{
	const char *end = strstr(log, "\nprocessed "), *line = end;

	if (!end)
		return;
	while (line > log && line[-1] != '\n')
		line--;
	snprintf(reason, size, "%.*s", (int)(end - line), line);
}
