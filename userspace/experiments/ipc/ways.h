/* SPDX-License-Identifier: GPL-2.0-only */
/* Links: made and closed by the controller. */
#ifndef IPC_WAYS_H
#define IPC_WAYS_H

#include "arena.h"

/* 0 or a negative errno, and then there is nothing to close. */
int link_open(struct link *l, const struct way *way);
void link_close(struct link *l, const struct way *way);

#endif /* IPC_WAYS_H */
