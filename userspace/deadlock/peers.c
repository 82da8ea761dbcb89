// SPDX-License-Identifier: GPL-2.0-only
/* The other ends of sockets: unix ones, and TCP within this host. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "peers.h"
#include "process.h"

static struct peer *add(struct peers *peers, unsigned long long inode)
{
	if (peers->n == peers->room) {
		peers->room = peers->room ? 2 * peers->room : 64;
		peers->row = xrealloc(peers->row, peers->room,
				      sizeof(*peers->row));
	}
	peers->row[peers->n] = (struct peer){ .inode = inode };
	return &peers->row[peers->n++];
}

/*
 * An address as /proc/net has it: words in the order of this host's bytes.  IPv4 is
 * written alike at both ends, though a server of both versions has it mapped.
 */
static bool address_text(const char *hex, char text[64])
{
	uint32_t words[4] = { 0, 0, htonl(0xffff), 0 };
	char name[INET6_ADDRSTRLEN], word[9] = "";
	size_t len = strcspn(hex, ":"), i;
	unsigned int port;
	bool four;

	if ((len != 8 && len != 32) || sscanf(hex + len, ":%4x", &port) != 1)
		return false;
	for (i = 0; i < len / 8; i++) {
		memcpy(word, hex + 8 * i, 8);
		words[4 - len / 8 + i] = strtoul(word, NULL, 16);
	}
	four = IN6_IS_ADDR_V4MAPPED(words);
	if (!inet_ntop(four ? AF_INET : AF_INET6, four ? words + 3 : words, name,
		       sizeof(name)))
		return false;
	snprintf(text, 64, four ? "%s:%u" : "[%s]:%u", name, port);
	return true;
}

static void read_tcp(struct peers *peers, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char local[48], remote[48], line[512];
	unsigned long long inode;
	struct peer *p;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*d: %47s %47s %*x %*s %*s %*s %*d %*d %llu",
			   local, remote, &inode) != 3 || !inode)
			continue;
		p = add(peers, inode);
		if (!address_text(local, p->local) ||
		    !address_text(remote, p->remote))
			peers->n--;
	}
	fclose(f);
}

static int by_addresses(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;
	int local = strcmp(x->local, y->local);

	return local ? local : strcmp(x->remote, y->remote);
}

/* The other end of a connection within the host has the addresses exchanged. */
static void join_tcp(struct peers *peers)
{
	struct peer key = {}, *other;
	size_t i;

	if (peers->n)
		qsort(peers->row, peers->n, sizeof(*peers->row), by_addresses);
	for (i = 0; i < peers->n; i++) {
		memcpy(key.local, peers->row[i].remote, sizeof(key.local));
		memcpy(key.remote, peers->row[i].local, sizeof(key.remote));
		other = bsearch(&key, peers->row, peers->n,
				sizeof(*peers->row), by_addresses);
		if (other)
			peers->row[i].other = other->inode;
	}
}

static void take_unix(struct peers *peers, const struct nlmsghdr *head)
{
	const struct unix_diag_msg *msg = NLMSG_DATA(head);
	const struct rtattr *attr = (const void *)(msg + 1);
	int left = head->nlmsg_len - NLMSG_LENGTH(sizeof(*msg));
	struct peer *p;
	uint32_t other;

	if (left < 0)
		return;
	p = add(peers, msg->udiag_ino);
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (attr->rta_type == UNIX_DIAG_PEER &&
		    RTA_PAYLOAD(attr) >= sizeof(other)) {
			memcpy(&other, RTA_DATA(attr), sizeof(other));
			p->other = other;
		}
}

/* One message of several answers; false at the end of all. */
static bool take_answers(struct peers *peers, const void *buf, ssize_t len)
{
	const struct nlmsghdr *head = buf;
	unsigned int left = len;

	for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
		if (head->nlmsg_type == NLMSG_DONE ||
		    head->nlmsg_type == NLMSG_ERROR)
			return false;
		if (head->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			take_unix(peers, head);
	}
	return len > 0;
}

/* The unix sockets of this process's own network namespace. */
static void read_unix(struct peers *peers)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} ask = {
		.head = { sizeof(ask), SOCK_DIAG_BY_FAMILY,
			  NLM_F_REQUEST | NLM_F_DUMP, 1, 0 },
		.req = { .sdiag_family = AF_UNIX, .udiag_states = -1,
			 .udiag_show = UDIAG_SHOW_PEER },
	};
	static char buf[32768] __attribute__((aligned(8)));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	ssize_t n;

	if (fd < 0)
		return;
	if (send(fd, &ask, sizeof(ask), 0) == sizeof(ask))
		do {
			n = recv(fd, buf, sizeof(buf), 0);
		} while (n > 0 && take_answers(peers, buf, n));
	close(fd);
}

static int by_inode(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

void peers_read(struct peers *peers, const struct process *p)
{
	struct stat own, its;

	if (fstatat(p->dir, "ns/net", &its, 0) || peers->netns == its.st_ino)
		return;
	peers_free(peers);
	peers->netns = its.st_ino;
	read_tcp(peers, p->dir, "net/tcp");
	read_tcp(peers, p->dir, "net/tcp6");
	join_tcp(peers);
	if (!stat("/proc/self/ns/net", &own) && own.st_ino == its.st_ino)
		read_unix(peers);
	if (peers->n)
		qsort(peers->row, peers->n, sizeof(*peers->row), by_inode);
}

void peers_free(struct peers *peers)
{
	free(peers->row);
	*peers = (struct peers){};
}

const struct peer *peers_find(const struct peers *peers,
			      unsigned long long inode)
{
	struct peer key = { .inode = inode };

	return peers->n ? bsearch(&key, peers->row, peers->n,
				  sizeof(*peers->row), by_inode) : NULL;
}
