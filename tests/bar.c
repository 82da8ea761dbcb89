// SPDX-License-Identifier: GPL-2.0-only
/* What the programs that measure have in common. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bar.h"
#include "text.h"

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double quantile(double *values, int count, double part)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[(int)(part * (count - 1) + 0.5)];
}

static bool counts;
static int missed;

void bars_begin(int argc, char **argv)
{
	counts = argc > 1 && !strcmp(argv[1], "instructions");
}

bool clock_counts(void)
{
	return counts;
}

const char *clock_unit(void)
{
	return counts ? "thousand" : "us";
}

void print_bar(const char *what, double value, double limit, bool at_least)
{
	bool reached = at_least ? value >= limit : value <= limit;

	if (!counts) {
		printf("%-58s %8.2f\n", what, value);
		return;
	}
	missed += !reached;
	printf("%-11s %-58s %8.2f (at %s %g)\n",
	       reached ? "reached" : "NOT REACHED", what, value,
	       at_least ? "least" : "most", limit);
}

int bars_missed(void)
{
	return missed;
}

void print_machine(void)
{
	char *info = text_read("/proc/cpuinfo"), *model;
	struct utsname name;

	uname(&name);
	model = info ? strstr(info, "model name") : NULL;
	model = model ? strchr(model, ':') + 2 : NULL;
	printf("Linux %s, %ld CPUs, %.*s\n\n", name.release,
	       sysconf(_SC_NPROCESSORS_ONLN),
	       model ? (int)strcspn(model, "\n") : 0, model ?: "");
	free(info);
}
