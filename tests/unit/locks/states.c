// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "states.h"

#define TABLE (MOST_STATES * 2)

/* Two different hashes of a state; equal ones are taken for the same state. */
struct key {
	uint64_t a, b;
};

static void add_to_key(struct key *k, uint64_t value)
{
	k->a = (k->a ^ value) * 0x9fb21c651e98df25ULL;
	k->a ^= k->a >> 32;
	k->b = (k->b + value) * 0x9e3779b97f4a7c15ULL;
	k->b ^= k->b >> 29;
}

static struct key key_of(const char *bytes, size_t n)
{
	struct key k = { 0xcbf29ce484222325ULL, 0x2545f4914f6cdd1dULL };
	uint64_t value;
	size_t i;

	for (i = 0; i < n; i += sizeof(value)) {
		value = 0;
		memcpy(&value, bytes + i,
		       n - i < sizeof(value) ? n - i : sizeof(value));
		add_to_key(&k, value);
	}
	return k;
}

static struct key *table;
static unsigned int *number;
static unsigned int states;
static struct edge { unsigned int from, to; } *edge;
static size_t edges, edges_room;
static bool *ends;

unsigned int states_count(void)
{
	return states;
}

unsigned int states_find(const void *bytes, size_t n, bool *is_new)
{
	struct key k = key_of(bytes, n);
	size_t i = k.a % TABLE;

	while (number[i] && (table[i].a != k.a || table[i].b != k.b))
		i = (i + 1) % TABLE;
	*is_new = !number[i];
	if (*is_new) {
		table[i] = k;
		number[i] = ++states;
	}
	return number[i];
}

void states_end(unsigned int state)
{
	ends[state] = true;
}

void states_lead(unsigned int from, unsigned int to)
{
	if (edges == edges_room) {
		edges_room = edges_room ? 2 * edges_room : 4096;
		edge = realloc(edge, edges_room * sizeof(*edge));
	}
	edge[edges++] = (struct edge){ from, to };
}

bool states_lost(void)
{
	bool more = true;
	unsigned int i;
	size_t e;

	while (more) {
		more = false;
		for (e = edges; e-- > 0;) {
			if (ends[edge[e].to] && !ends[edge[e].from]) {
				ends[edge[e].from] = true;
				more = true;
			}
		}
	}
	for (i = 1; i <= states; i++)
		if (!ends[i])
			return true;
	return false;
}

void states_open(void)
{
	states = 0;
	edges = 0;
	table = calloc(TABLE, sizeof(*table));
	number = calloc(TABLE, sizeof(*number));
	ends = calloc(MOST_STATES + 1, sizeof(*ends));
}

void states_close(void)
{
	free(table);
	free(number);
	free(ends);
}
