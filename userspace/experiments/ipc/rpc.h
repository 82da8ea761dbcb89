/* SPDX-License-Identifier: GPL-2.0-only */
/* Remote procedure calls over a socket. */
#ifndef IPC_RPC_H
#define IPC_RPC_H

#include "arena.h"

int rpc_open_unix(struct link *l);
int rpc_open_tcp(struct link *l);

/* The client's side. */
void rpc_send(struct side *s, uint32_t bytes);
void rpc_receive(struct side *s, uint32_t bytes);

/* The server's, with its helper: rpc_begin() starts that, once for each server. */
void rpc_serve(struct side *s, struct pair *p);
int rpc_begin(struct pair *p);

#endif /* IPC_RPC_H */
