/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two sides of a round share: the links, the order, and their records. */
#ifndef IPC_ARENA_H
#define IPC_ARENA_H

#include "measure/workers.h"
#include "ring.h"

/* The longest message. */
#define MESSAGE_MOST (1U << 20)

/* What a frame of a remote procedure call begins with. */
struct frame {
	uint32_t length;
	uint32_t id;
};

/* Round trips of a round that are timed, at most. */
#define TIMES 512

/* Ways to carry a message, in the order of the table. */
enum mechanism {
	MECH_COROUTINE,
	MECH_SPIN,
	MECH_SPIN_FUTEX,
	MECH_FUTEX,
	MECH_EVENTFD,
	MECH_PIPE,
	MECH_UNIX,
	MECH_DGRAM,
	MECH_SEQPACKET,
	MECH_TCP,
	MECH_MQ,
	MECH_SYSV,
	MECH_SIGNAL,
	MECH_RPC_UNIX,
	MECH_RPC_TCP,
	MECHS
};

/*
 * Directions of a link: what side 0 sends goes by the first one.  A side that is
 * alone receives what it has sent.
 */
enum { FORTH, BACK, DIRECTIONS };

/**
 * struct link - what carries messages both ways; made by the controller
 * @out: of each direction, the descriptor to write to; -1: none.  The workers have
 *	the controller's file table
 * @in: the one to read from
 * @queue: of System V, by direction; -1: none
 * @epoll: the server's
 * @most: the longest message
 */
struct link {
	int out[DIRECTIONS];
	int in[DIRECTIONS];
	int queue[DIRECTIONS];
	int epoll;
	unsigned int most;
};

enum { SIDE_FIRST, SIDE_SECOND, SIDE_HELPER, SIDES };

/* What a round is to do, written by the controller before it. */
enum pattern { PATTERN_TRIPS, PATTERN_STREAM, PATTERN_ALONE };

struct arena;
struct pair;
struct side;

/**
 * struct way - how messages are carried
 * @name: "pipe", as arms and notes have it
 * @open: make the link; 0 or a negative errno; NULL: shared memory is enough
 * @send: one message of so many bytes, the next of its direction
 * @receive: likewise; checks it
 * @close: what closing its descriptors does not do; NULL: nothing
 * @serve: in place of the second side's receiving and sending
 * @fast: a trip takes no longer than reading the clock a few times
 * @single: one at a time only, of one byte
 * @wait: how to wait for shared memory, where that is used
 * @wake: how to wake who waits so
 */
struct way {
	const char *name;
	int (*open)(struct link *l);
	void (*close)(struct link *l);
	void (*send)(struct side *s, uint32_t bytes);
	void (*receive)(struct side *s, uint32_t bytes);
	void (*serve)(struct side *s, struct pair *p);
	bool fast;
	bool single;
	void (*wait)(struct side *s, struct ring_word *w, uint32_t seen);
	void (*wake)(struct side *s, struct ring_word *w);
};

/**
 * struct side - one of those that a message goes between, and its record
 *
 * Where the kernel switches the page tables and cannot keep what the TLB holds, a side
 * has to walk them again for each page that it touches: all that it needs for a
 * message is in one, the message itself too where it is short.
 *
 * @arena: all of it
 * @way: the round's, and @link: made for it; copies
 * @out: the direction it sends by
 * @in: the direction it receives by
 * @sent: messages sent by this side in the round
 * @received: likewise
 * @entries: system calls made for messages
 * @copied: bytes that those took from this side or gave to it
 * @wrong: messages whose number or contents were not what they had to be
 * @error: the first negative errno of a call
 * @cpu: 1 more than the number of the CPU that it began or last waited on
 * @start_ns: when it sent the first message that is timed
 * @use: what the kernel knows of its thread
 * @pid: of its process, @tid: of its thread, @uid: its user
 * @trip_ns: @times of those that were timed
 */
struct side {
	struct arena *arena;
	struct way way;
	struct link link;
	unsigned int out, in;
	uint32_t sent, received;
	uint64_t entries, copied;
	uint64_t start_ns;
	struct worker_use use;
	uint32_t wrong;
	int error;
	pid_t pid, tid;
	uid_t uid;
	uint32_t times;
	/* The other side reads it: a cache line of its own. */
	__aligned(128) uint32_t cpu;
	__aligned(128) uint32_t trip_ns[TIMES];	/* UINT32_MAX: that or more */
	uint8_t buffer[sizeof(struct frame) + MESSAGE_MOST] __aligned(128);
} __aligned(4096);

/* Where the two sides are, and what they are to each other. */
enum place {
	PLACE_ALONE,		/* one task is both */
	PLACE_THREADS,		/* on one CPU */
	PLACE_PROCESSES,
	PLACE_THREADS_2,	/* on two */
	PLACE_PROCESSES_2,
	PLACE_PROCESSES_SMT,	/* on two that share a core */
	PLACES
};

/**
 * struct pair - the workers of one place, and the thread that serves calls
 * @arena: what they share with all
 * @round: futex: counted up by the server where the helper is to begin
 * @done: futex: the helper has ended that round
 * @helper: thread ID of it; 0: there is none
 */
struct pair {
	struct arena *arena;
	uint32_t round;
	uint32_t done;
	pid_t helper;
} __aligned(128);

struct arena {
	const struct way *way;
	enum mechanism mech;
	enum pattern pattern;
	uint32_t bytes;
	uint32_t messages;	/* of each direction that is used */
	uint32_t untimed;	/* the first of them: both sides get going */
	uint32_t every;		/* one trip of so many is timed */
	struct ring ring[DIRECTIONS];
	uint8_t room[DIRECTIONS][RING_BYTES] __aligned(4096);
	struct side side[SIDES];
	struct link link[MECHS];
	struct pair pair[PLACES];
};

extern const struct way ipc_ways[MECHS];

/* Writes the next message of that direction to @buf. */
void message_fill(struct side *s, uint8_t *buf, uint32_t bytes);
/* Checks that @buf is the next message of the direction that comes in. */
void message_check(struct side *s, const uint8_t *buf, uint32_t bytes);

/* Notes the first error of a call; one that a signal interrupted is no error. */
void side_failed(struct side *s, int err);

/* What a side does of a round. */
void side_first(struct side *s);
void side_second(struct side *s);

/* How both sides wait where they are coroutines of one thread. */
void coroutines_wait(struct side *s, struct ring_word *w, uint32_t seen);

#endif /* IPC_ARENA_H */
