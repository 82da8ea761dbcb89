/* SPDX-License-Identifier: GPL-2.0-only */
/* The other ends of sockets: unix ones, and TCP within this host. */
#ifndef CTXLAB_DEADLOCK_PEERS_H
#define CTXLAB_DEADLOCK_PEERS_H

#include <stddef.h>

struct process;

/**
 * struct peer - a socket and its other end
 * @inode: of the socket
 * @other: inode of the other end, 0 where that is not on this host or unknown
 * @local: its own address, "10.0.0.2:80"; empty for a unix socket
 * @remote: the other end's
 */
struct peer {
	unsigned long long inode, other;
	char local[64], remote[64];
};

/* The sockets of one network namespace. */
struct peers {
	unsigned long long netns;
	struct peer *row;
	size_t n, room;
};

/* Lists the sockets that @p sees, unless @peers has them already. */
void peers_read(struct peers *peers, const struct process *p);
void peers_free(struct peers *peers);

const struct peer *peers_find(const struct peers *peers,
			      unsigned long long inode);

#endif /* CTXLAB_DEADLOCK_PEERS_H */
