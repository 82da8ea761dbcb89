/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Message queues, and signals.  A queue outlives its users: a keeper, a child in a
 * session of its own, removes those that are there when the controller has died.
 */
#ifndef IPC_QUEUES_H
#define IPC_QUEUES_H

#include "arena.h"

int queues_open_mq(struct link *l);
void queues_send_mq(struct side *s, uint32_t bytes);
void queues_receive_mq(struct side *s, uint32_t bytes);

int queues_open_sysv(struct link *l);
void queues_close_sysv(struct link *l);
void queues_send_sysv(struct side *s, uint32_t bytes);
void queues_receive_sysv(struct side *s, uint32_t bytes);

void signals_send(struct side *s, uint32_t bytes);
void signals_receive(struct side *s, uint32_t bytes);
/* Keeps the signal pending until it is waited for. */
void signals_block(void);

/* Starts the keeper: 0 or a negative errno.  Ends it, and what it keeps. */
int keeper_start(void);
void keeper_end(void);
/* Tells the keeper of a queue before it is made, and that it is gone. */
void keeper_name(const char *name);
void keeper_queue(unsigned int slot, int id);

#endif /* IPC_QUEUES_H */
