// SPDX-License-Identifier: GPL-2.0-only
/* What the structs of run.h need. */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "experiment.h"
#include "lib/xalloc.h"
#include "run.h"

/* The clock's interrupt takes some of a round, too. */
#define WAITED_SHARE 0.05

unsigned int run_repeats(const struct run *run)
{
	return run->blocks ? run->block[run->blocks - 1].repeat + 1 : 0;
}

double run_speed_range(const struct run *run)
{
	double least = INFINITY, most = -1;
	unsigned int b;

	for (b = 0; b < run->blocks; b++) {
		if (run->block[b].speed_ns <= 0)
			continue;
		least = fmin(least, run->block[b].speed_ns);
		most = fmax(most, run->block[b].speed_ns);
	}
	return most > 0 ? most / least - 1 : -1;
}

int run_arms(const struct run *run)
{
	int n = 0;

	while (run->experiment->arms[n].name)
		n++;
	return n;
}

int run_quantities(const struct run *run)
{
	int n = 0;

	while (run->experiment->quantities[n].key)
		n++;
	return n;
}

int run_settings(const struct run *run)
{
	int n = 0;

	while (run->experiment->settings[n].key)
		n++;
	return n;
}

int run_findings(const struct run *run)
{
	int n = 0;

	while (run->experiment->findings[n].key)
		n++;
	return n;
}

int run_variants(const struct run *run)
{
	int n = 0;

	while (run->experiment->axis.variants[n])
		n++;
	return n ? n : 1;
}

int run_find_arm(const struct run *run, const char *name)
{
	int i;

	for (i = 0; i < run_arms(run); i++)
		if (!strcmp(run->experiment->arms[i].name, name))
			return i;
	return -1;
}

int run_find_variant(const struct run *run, const char *name)
{
	const struct axis *axis = &run->experiment->axis;
	int i;

	for (i = 0; axis->variants[i]; i++)
		if (!strcmp(axis->variants[i], name))
			return i;
	return -1;
}

int run_find_setting(const struct run *run, const char *key)
{
	int i;

	for (i = 0; i < run_settings(run); i++)
		if (!strcmp(run->experiment->settings[i].key, key))
			return i;
	return -1;
}

int run_find_finding(const struct run *run, const char *key)
{
	int i;

	for (i = 0; i < run_findings(run); i++)
		if (!strcmp(run->experiment->findings[i].key, key))
			return i;
	return -1;
}

int run_find_quantity(const struct run *run, const char *key)
{
	int i;

	for (i = 0; i < run_quantities(run); i++)
		if (!strcmp(run->experiment->quantities[i].key, key))
			return i;
	return -1;
}

int run_base(const struct run *run, int arm, int quantity)
{
	const struct arm *a = &run->experiment->arms[arm];
	const char *base = a->against;

	if (quantity && a->parts_against)
		base = a->parts_against;
	return base && *base ? run_find_arm(run, base) : -1;
}

const char *run_arm_name(const struct run *run, int arm)
{
	return run->experiment->arms[arm].name;
}

const char *run_variant_name(const struct run *run, int variant)
{
	const char *name = NULL;

	if (variant >= 0)
		name = run->experiment->axis.variants[variant];
	return name ? name : "";
}

bool run_in_variant(const struct run *run, unsigned int point, int variant)
{
	int of = run->settings.point[point].variant;

	return of == variant || (of == NO_VARIANT && !run->experiment->axis.apart);
}

bool run_has_variant(const struct run *run, int variant)
{
	const struct settings *s = &run->settings;
	unsigned int p;

	for (p = 0; p < s->points; p++)
		if (s->point[p].variant == variant)
			return true;
	return false;
}

bool run_add_point(struct settings *s, const struct point *point)
{
	unsigned int p;

	for (p = 0; p < s->points; p++)
		if ((s->point[p].variant == point->variant ||
		     s->point[p].variant == NO_VARIANT) &&
		    s->point[p].x >= point->x)
			return false;
	if (s->points == MAX_POINTS)
		return false;
	s->point[s->points++] = *point;
	return true;
}

static bool add_x(struct run *run, unsigned int x)
{
	struct settings *s = &run->settings;
	int v;

	if (s->points && s->point[0].x == x)
		return true;
	for (v = 0; v < run_variants(run); v++)
		if (!run_add_point(s, &(struct point){ x, v, 1 }))
			return false;
	return true;
}

char *run_add_list(struct run *run, const char *list)
{
	const struct axis *axis = &run->experiment->axis;
	const char *p = list;
	unsigned long x;
	char *end;

	do {
		x = strtoul(p, &end, 10);
		if (end == p || *p < '0' || *p > '9' ||
		    (*end && *end != ',') || x < axis->least ||
		    x > axis->most)
			return xasprintf("'%s' is no list of %s (%u to %u)",
					 list, axis->key, axis->least,
					 axis->most);
		if (!add_x(run, x))
			return xasprintf("'%s' does not rise, or has more than %d numbers",
					 list,
					 (MAX_POINTS - 1) / run_variants(run));
		p = end + 1;
	} while (*end);
	return NULL;
}

bool run_has(const struct run *run, int arm, unsigned int point)
{
	const struct settings *s = &run->settings;

	if (!s->arm[arm])
		return false;
	return !point || (run->experiment->arms[arm].sweep &&
			  s->point[point].x <= s->most_x[arm]);
}

const struct pooled *run_pooled(const struct run *run, int quantity)
{
	const struct pooled *p = run->experiment->pooled;

	while (p && p->quantity && p->quantity != quantity)
		p++;
	return p && p->quantity ? p : NULL;
}

int run_facts(const struct run *run)
{
	const struct fact *facts = run->experiment->facts;
	int n = 0;

	while (facts && facts[n].key)
		n++;
	return n;
}

void run_set_fact(struct run *run, int arm, int fact, long value)
{
	run->fact[arm][fact].known = true;
	run->fact[arm][fact].value = value;
}

long run_fact(const struct run *run, int arm, int fact)
{
	return run->fact[arm][fact].known ? run->fact[arm][fact].value : -1;
}

void run_drop(struct run *run, int arm, const char *why)
{
	unsigned int p;

	run->settings.arm[arm] = false;
	for (p = 0; p < MAX_POINTS; p++)
		series_free(&run->series[arm][p]);
	run_note(run, "no %s: %s", run_arm_name(run, arm), why);
}

bool sample_disturbed(const struct sample *s)
{
	uint32_t gap = s->counted > s->expected ? s->counted - s->expected :
						  s->expected - s->counted;

	if (s->moved || s->waited_ns > WAITED_SHARE * s->span_ns)
		return true;
	/* Half a per cent, and one where that is less than one. */
	return s->expected && gap > 1 && gap * 200ULL > s->expected;
}

struct pool *series_pool(struct series *s, unsigned int block)
{
	unsigned int n = block + 1;

	if (n > s->pools) {
		s->pool = xrealloc(s->pool, n, sizeof(*s->pool));
		memset(s->pool + s->pools, 0,
		       (n - s->pools) * sizeof(*s->pool));
		s->pools = n;
	}
	return &s->pool[block];
}

void series_free(struct series *s)
{
	free(s->sample);
	free(s->pool);
	*s = (struct series){};
}

bool series_has(const struct series *s, int quantity)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!isnan(s->sample[i].value[quantity]))
			return true;
	return false;
}

void run_note(struct run *run, const char *fmt, ...)
{
	va_list ap;

	if (run->notes == MAX_NOTES)
		return;
	va_start(ap, fmt);
	run->note[run->notes++] = xvasprintf(fmt, ap);
	va_end(ap);
}

void histogram_free(struct histogram *h)
{
	free(h->from_ns);
	free(h->to_ns);
	free(h->count);
	*h = (struct histogram){};
}

void strip_add(struct strip *strip, uint32_t who, uint32_t times)
{
	size_t n = strip->n;

	if (n && strip->stretch[n - 1].who == who) {
		strip->stretch[n - 1].times += times;
		return;
	}
	/* Room is a power of two. */
	if (!(n & (n - 1)))
		strip->stretch = xrealloc(strip->stretch, n ? 2 * n : 1,
					  sizeof(*strip->stretch));
	strip->stretch[strip->n++] = (struct stretch){ who, times };
}

uint64_t strip_length(const struct strip *strip)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < strip->n; i++)
		sum += strip->stretch[i].times;
	return sum;
}

void strip_free(struct strip *strip)
{
	free(strip->stretch);
	*strip = (struct strip){};
}

void run_free(struct run *run)
{
	unsigned int i, p;

	for (i = 0; i < MAX_ARMS; i++) {
		for (p = 0; p < MAX_POINTS; p++)
			series_free(&run->series[i][p]);
		histogram_free(&run->histogram[i]);
		strip_free(&run->strip[i]);
	}
	for (i = 0; i < run->notes; i++)
		free(run->note[i]);
	free(run->counter);
	free(run->trouble);
	machine_free(&run->machine);
	*run = (struct run){};
}
