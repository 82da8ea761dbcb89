/* SPDX-License-Identifier: GPL-2.0-only */
/* What the workers do: functions of struct workers_spec. */
#ifndef IPC_WORK_H
#define IPC_WORK_H

#include "arena.h"

int work_begin(struct worker *w);
void work_round(struct worker *w, const struct order *o);

#endif /* IPC_WORK_H */
