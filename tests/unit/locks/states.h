/* SPDX-License-Identifier: GPL-2.0-only */
/* The states that the exploration of model.h has reached, and who leads to whom. */
#ifndef LOCKS_STATES_H
#define LOCKS_STATES_H

#include <stdbool.h>
#include <stddef.h>

#define MOST_STATES (1U << 21)

void states_open(void);
void states_close(void);

/* How many there are; they are numbered from 1 on. */
unsigned int states_count(void);

/* The number of the state that is these bytes, and whether it is new. */
unsigned int states_find(const void *bytes, size_t n, bool *is_new);

/* In this one all is done. */
void states_end(unsigned int state);
void states_lead(unsigned int from, unsigned int to);

/* Whether some state leads to no end. */
bool states_lost(void);

#endif /* LOCKS_STATES_H */
