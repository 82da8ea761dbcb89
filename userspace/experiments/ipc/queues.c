// SPDX-License-Identifier: GPL-2.0-only
/* POSIX and System V message queues, and queued signals. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "queues.h"

/* Messages that a POSIX queue holds, where its limit allows that. */
#define QUEUED 10

/* A number of the kernel's, or another one where it cannot be read. */
static unsigned int limit_of(const char *path, unsigned int otherwise)
{
	unsigned int n = otherwise;
	FILE *f = fopen(path, "re");

	if (!f)
		return otherwise;
	if (fscanf(f, "%u", &n) != 1)
		n = otherwise;
	fclose(f);
	return n;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Opened, it needs no name any more. */
static int open_nameless(const struct mq_attr *attr)
{
	char name[40];
	mqd_t fd;

	snprintf(name, sizeof(name), "/ctxlab-%d", getpid());
	keeper_name(name);
	fd = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, attr);
	if (fd >= 0)
		mq_unlink(name);
	keeper_name("");
	return fd < 0 ? -errno : fd;
}

int queues_open_mq(struct link *l)
{
	struct mq_attr attr = {};
	int d;

	l->most = least(MESSAGE_MOST,
			limit_of("/proc/sys/fs/mqueue/msgsize_max", 8192));
	attr.mq_msgsize = l->most;
	attr.mq_maxmsg = least(QUEUED,
			       limit_of("/proc/sys/fs/mqueue/msg_max", QUEUED));
	for (d = 0; d < DIRECTIONS; d++) {
		l->in[d] = open_nameless(&attr);
		if (l->in[d] < 0)
			return l->in[d];
	}
	return 0;
}

void queues_send_mq(struct side *s, uint32_t bytes)
{
	int err;

	message_fill(s, s->buffer, bytes);
	do {
		s->entries++;
		err = mq_send(s->link.in[s->out], (char *)s->buffer, bytes, 0);
		if (err)
			side_failed(s, -errno);
	} while (err && !s->error);
	s->copied += bytes;
}

void queues_receive_mq(struct side *s, uint32_t bytes)
{
	ssize_t n;

	do {
		s->entries++;
		n = mq_receive(s->link.in[s->in], (char *)s->buffer,
			       s->link.most, NULL);
		if (n < 0)
			side_failed(s, -errno);
	} while (n < 0 && !s->error);
	s->copied += bytes;
	s->wrong += n != (ssize_t)bytes;
	message_check(s, s->buffer, bytes);
}

/*
 * The key of a queue says which process has made it, so that a later run finds what
 * one left behind that was killed together with its keeper.
 */
#define KEY	  0x63000000
#define KEY_PIDS  0x3fffff

static key_t key_of(pid_t pid, int direction)
{
	return KEY | (pid & KEY_PIDS) << 1 | direction;
}

/* A run that has not used a queue for so long is none. */
#define UNUSED_SECONDS 60

/*
 * Whether tasks of another PID namespace may use it: its maker's number means
 * somebody else here, or nobody.  Who sent and received last has no number here then.
 */
static bool is_foreign(const struct msqid_ds *queue)
{
	if (queue->msg_stime || queue->msg_rtime)
		return !queue->msg_lspid && !queue->msg_lrpid;
	return time(NULL) - queue->msg_ctime < UNUSED_SECONDS;
}

static bool is_left(const struct msqid_ds *queue)
{
	key_t key = queue->msg_perm.__key;
	pid_t pid = key >> 1 & KEY_PIDS;

	return key_of(pid, key & 1) == key &&
	       queue->msg_perm.cuid == geteuid() && !is_foreign(queue) &&
	       kill(pid, 0) && errno == ESRCH;
}

/* Removes queues of this user whose makers are gone. */
static void sweep(void)
{
	struct msqid_ds queue;
	struct msginfo info;
	int most = msgctl(0, MSG_INFO, (struct msqid_ds *)&info), i, id;

	for (i = 0; i <= most; i++) {
		id = msgctl(i, MSG_STAT, &queue);
		if (id >= 0 && is_left(&queue))
			msgctl(id, IPC_RMID, NULL);
	}
}

/* A key that somebody else has is no reason to do without. */
static int make_queue(int direction)
{
	int id = msgget(key_of(getpid(), direction),
			IPC_CREAT | IPC_EXCL | 0600);

	return id < 0 && errno == EEXIST ? msgget(IPC_PRIVATE, 0600) : id;
}

int queues_open_sysv(struct link *l)
{
	int d;

	sweep();

	l->most = least(MESSAGE_MOST,
			limit_of("/proc/sys/kernel/msgmax", 8192));
	for (d = 0; d < DIRECTIONS; d++) {
		l->queue[d] = make_queue(d);
		if (l->queue[d] < 0)
			return -errno;
		keeper_queue(d, l->queue[d]);
	}
	return 0;
}

void queues_close_sysv(struct link *l)
{
	int d;

	for (d = 0; d < DIRECTIONS; d++) {
		if (l->queue[d] >= 0)
			msgctl(l->queue[d], IPC_RMID, NULL);
		l->queue[d] = -1;
		keeper_queue(d, -1);
	}
}

/* What msgsnd(2) takes: a type, and the message behind it. */
struct typed {
	long type;
	uint8_t message[];
};

void queues_send_sysv(struct side *s, uint32_t bytes)
{
	struct typed *t = (struct typed *)s->buffer;
	int err;

	t->type = 1;
	message_fill(s, t->message, bytes);
	do {
		s->entries++;
		err = msgsnd(s->link.queue[s->out], t, bytes, 0);
		if (err)
			side_failed(s, -errno);
	} while (err && !s->error);
	s->copied += bytes;
}

void queues_receive_sysv(struct side *s, uint32_t bytes)
{
	struct typed *t = (struct typed *)s->buffer;
	ssize_t n;

	do {
		s->entries++;
		n = msgrcv(s->link.queue[s->in], t, bytes, 0, 0);
		if (n < 0)
			side_failed(s, -errno);
	} while (n < 0 && !s->error);
	s->copied += bytes;
	s->wrong += n != (ssize_t)bytes;
	message_check(s, t->message, bytes);
}

static int signal_number(void)
{
	return SIGRTMIN + 1;
}

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, signal_number());
}

void signals_block(void)
{
	sigset_t set;

	signal_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Whom the direction goes to: the other side, or the same where it is alone. */
static const struct side *receiver(const struct side *s)
{
	return &s->arena->side[s->in == s->out ? SIDE_FIRST : s->in == FORTH ?
			       SIDE_FIRST : SIDE_SECOND];
}

/* A real-time signal is queued, and brings a number: the message. */
void signals_send(struct side *s, uint32_t bytes)
{
	const struct side *to = receiver(s);
	siginfo_t info = { .si_code = SI_QUEUE };
	uint8_t byte;
	long err;

	message_fill(s, &byte, 1);
	(void)bytes;
	info.si_value.sival_int = byte;
	info.si_pid = s->pid;
	info.si_uid = s->uid;
	s->entries++;
	err = syscall(SYS_rt_tgsigqueueinfo, to->pid, to->tid, signal_number(),
		      &info);
	if (err)
		side_failed(s, -errno);
	s->copied += sizeof(info.si_value);
}

void signals_receive(struct side *s, uint32_t bytes)
{
	siginfo_t info = {};
	sigset_t set;
	uint8_t byte;
	int got;

	(void)bytes;
	signal_set(&set);
	do {
		s->entries++;
		got = sigwaitinfo(&set, &info);
		if (got < 0)
			side_failed(s, -errno);
	} while (got < 0 && !s->error);
	s->copied += sizeof(info.si_value);
	byte = info.si_value.sival_int;
	message_check(s, &byte, 1);
}
