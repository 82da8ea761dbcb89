/* SPDX-License-Identifier: GPL-2.0-only */
/* Links of descriptors, and how whole messages go through them. */
#ifndef IPC_ENDS_H
#define IPC_ENDS_H

#include <fcntl.h>
#include <stddef.h>

#include "arena.h"

/* Make a link: 0 or a negative errno; what was opened is in it either way. */
int ends_pipe(struct link *l);
int ends_eventfd(struct link *l);
int ends_unix(struct link *l);
int ends_dgram(struct link *l);
int ends_seqpacket(struct link *l);
int ends_tcp(struct link *l);

/* Two connected sockets: 0 or a negative errno. */
int ends_pair(int fd[2], int type);
int ends_loopback(int fd[2]);

/* All of it, in as many calls as it takes. */
void send_all(struct side *s, int fd, const void *buf, size_t n);
void receive_all(struct side *s, int fd, void *buf, size_t n);

/* One message. */
void ends_send(struct side *s, uint32_t bytes);
void ends_receive(struct side *s, uint32_t bytes);

#endif /* IPC_ENDS_H */
