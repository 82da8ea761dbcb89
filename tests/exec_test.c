// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that its user starts and that runs as root, from the inside of its
 * execve(2) on: who sees the user sees nothing of it, not even in the moments at
 * which the task has the new mm and still the old credentials, nor by a read
 * that had begun before.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "creds.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

#define SETUID_PROGRAM "/tmp/ctxlab-exec-setuid"
/* What that maps shared, and the reader, too. */
#define SHARED_FILE "/tmp/ctxlab-exec-shared"

#define TRIES 3
/* So many that to look at them all takes longer than an exec. */
#define DESCRIPTORS 250000
#define SOCKETS 100
/* To let go of so much memory is what an exec does with the new mm in place. */
#define MEMORY (96 << 20)

#define IDS 32
#define ID_SIZE 17

/**
 * struct seen - what the reader has seen, in memory that all share
 * @reads: how many reads it has ended, with whatever result
 * @sockets: the most sockets in the target's table
 * @pairs: how often the reader's and the target's maps were compared
 * @shared: how often SHARED_FILE was told to be in both
 * @ids: the mm IDs in the target's rows, each once
 * @count: number of them
 */
struct seen {
	int reads;
	long long sockets;
	int pairs;
	int shared;
	char ids[IDS][ID_SIZE];
	int count;
};

static struct seen *seen;
/* Told over it, the target execs; what it becomes answers over the builder's. */
static int tell[2];

static void *map_shared_file(void)
{
	int fd = open(SHARED_FILE, O_RDONLY);
	void *memory = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

/*
 * "PROGRAM --setuid FD": root's, with sockets and SHARED_FILE, it says so over FD
 * and waits.
 */
static void __attribute__((constructor)) be_setuid_program(int argc, char **argv)
{
	int i;

	if (argc != 3 || strcmp(argv[1], "--setuid"))
		return;
	for (i = 0; i < SOCKETS; i++)
		if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
			_exit(1);
	if (geteuid() || !map_shared_file() || write(atoi(argv[2]), "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int exec_when_told(struct state *state)
{
	char fd[16], byte;

	snprintf(fd, sizeof(fd), "%d", state->ready);
	if (write(state->ready, "", 1) != 1 || read(tell[0], &byte, 1) != 1)
		return 1;
	execl(SETUID_PROGRAM, "setuid", "--setuid", fd, NULL);
	return 1;
}

static int alice_with_descriptors(struct state *state)
{
	int i, null = open("/dev/null", O_RDONLY), count = slow_kernel_scaled(DESCRIPTORS);

	for (i = 0; i < count; i++)
		if (dup(null) < 0)
			return 1;
	return as_alice(state) || exec_when_told(state);
}

static int alice_with_memory(struct state *state)
{
	char *memory = mmap(NULL, MEMORY / slow_kernel_factor(), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	/* Page by page: huge ones would be let go of too fast. */
	madvise(memory, MEMORY / slow_kernel_factor(), MADV_NOHUGEPAGE);
	memset(memory, 1, MEMORY / slow_kernel_factor());
	return as_alice(state) || exec_when_told(state);
}

static const struct plan with_descriptors = {
	"has many descriptors", 0, 0, alice_with_descriptors
};

static const struct plan with_memory = {
	"has much memory", 0, 0, alice_with_memory
};

FIXTURE(exec)
{
	struct states states;
};

static int make_shared_file(void)
{
	int fd = open(SHARED_FILE, O_RDWR | O_CREAT | O_TRUNC, 0644);

	return fd < 0 || fchmod(fd, 0644) || write(fd, "", 1) != 1 || close(fd);
}

FIXTURE_SETUP(exec)
{
	struct rlimit limit = { DESCRIPTORS + 1000, DESCRIPTORS + 1000 };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, copy_setuid(SETUID_PROGRAM));
	ASSERT_EQ(0, make_shared_file());
	ASSERT_EQ(0, pipe(tell));
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, seen);
}

FIXTURE_TEARDOWN(exec)
{
	unlink(SETUID_PROGRAM);
	unlink(SHARED_FILE);
}

static void note_id(const char *id)
{
	int i;

	for (i = 0; i < seen->count; i++)
		if (!strcmp(seen->ids[i], id))
			return;
	if (seen->count < IDS)
		snprintf(seen->ids[seen->count++], ID_SIZE, "%s", id);
}

/* What the target's row in "tasks" says; false where it has none. */
static bool note_row(pid_t target)
{
	char *text = text_read(CTXLAB "/tasks");
	struct table *table = text ? table_parse(text, NULL) : NULL;
	int row = table ? table_find(table, "TID", target) : -1;

	if (row >= 0)
		note_id(table_cell(table, row, "MM"));
	table_free(table);
	free(text);
	return row >= 0;
}

/* By one read(2): what that brings stands, though the next one is refused. */
static bool note_sockets(pid_t target)
{
	char path[64], text[4096];
	const char *kinds, *sockets;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), CTXLAB "/%d", target);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	kinds = text_value(text, "FilesKinds");
	sockets = kinds ? strstr(kinds, "socket ") : NULL;
	if (sockets && atoll(sockets + 7) > seen->sockets)
		seen->sockets = atoll(sockets + 7);
	return sockets;
}

/* What her maps and the target's have in common. */
static bool note_shared(pid_t target)
{
	char *text = text_readf(CTXLAB "/%d,%d", getpid(), target);
	struct table *table = text ? table_parse(text, "CommonMaps") : NULL;
	bool compared = table;

	seen->pairs += compared;
	if (compared && table_find_word(table, "NAME", SHARED_FILE) >= 0)
		seen->shared++;
	table_free(table);
	free(text);
	return compared;
}

/* Alice reads until she is killed, and notes what she sees. */
static pid_t start_reader(pid_t target, bool (*note)(pid_t target))
{
	pid_t child;

	memset(seen, 0, sizeof(*seen));
	child = fork();
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!map_shared_file() || become(ALICE, ALICE))
		_exit(1);
	for (;;) {
		note(target);
		__atomic_add_fetch(&seen->reads, 1, __ATOMIC_RELEASE);
	}
}

/* What is being read is read to its end, and once more. */
static void await_read(void)
{
	int reads = __atomic_load_n(&seen->reads, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&seen->reads, __ATOMIC_ACQUIRE) < reads + 2)
		usleep(1000);
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * Alice reads, the target execs, and is the setuid program when this is back and
 * she has come to an end of what she was reading.  The target, or NULL.
 */
static struct state *exec_under_reader(struct states *states,
				       const struct plan *plan,
				       bool (*note)(pid_t target))
{
	struct state *state;
	pid_t reader;
	char byte;

	if (states_begin(states))
		return NULL;
	state = states_add(states, plan);
	if (!state)
		return NULL;
	reader = start_reader(state->tid, note);
	await_read();
	if (write(tell[1], "", 1) != 1 || read(states->ready[0], &byte, 1) != 1)
		return NULL;
	await_read();
	end_process(reader);
	return state;
}

TEST_F(exec, descriptors)
{
	struct state *state;
	int try;

	for (try = 0; try < TRIES; try++) {
		state = exec_under_reader(&self->states, &with_descriptors,
					  note_sockets);
		ASSERT_NE(NULL, state);
		EXPECT_EQ(0, seen->sockets)
			TH_LOG("%lld sockets", seen->sockets);
		/* Root sees them, so that there was something to be seen. */
		memset(seen, 0, sizeof(*seen));
		EXPECT_TRUE(note_sockets(state->tid));
		EXPECT_EQ(SOCKETS, seen->sockets);
		states_end(&self->states);
	}
}

static bool has_seen(const char *id)
{
	int i;

	for (i = 0; i < seen->count; i++)
		if (!strcmp(seen->ids[i], id))
			return true;
	return false;
}

/* The mm ID of the target as root sees it; to be freed. */
static char *mm_id(pid_t tid)
{
	char *text = text_readf(CTXLAB "/%d", tid);
	const char *mm = text ? text_value(text, "Mm") : NULL;
	char *id = mm ? strndup(mm, ID_SIZE - 1) : NULL;

	free(text);
	return id;
}

TEST_F(exec, rows)
{
	struct state *state;
	int try;
	char *new;

	for (try = 0; try < TRIES; try++) {
		state = exec_under_reader(&self->states, &with_memory, note_row);
		ASSERT_NE(NULL, state);
		new = mm_id(state->tid);
		ASSERT_NE(NULL, new);
		/* The old program's at least. */
		EXPECT_LT(0, seen->count);
		EXPECT_FALSE(has_seen(new))
			TH_LOG("%s, the setuid program's", new);
		free(new);
		states_end(&self->states);
	}
}

TEST_F(exec, maps)
{
	struct state *state;
	void *memory;
	int try;

	for (try = 0; try < TRIES; try++) {
		state = exec_under_reader(&self->states, &with_memory,
					  note_shared);
		ASSERT_NE(NULL, state);
		/* The old program's were compared. */
		EXPECT_LT(0, seen->pairs);
		EXPECT_EQ(0, seen->shared);
		/* Root sees it, so that there was something to be seen. */
		memset(seen, 0, sizeof(*seen));
		memory = map_shared_file();
		ASSERT_NE(NULL, memory);
		EXPECT_TRUE(note_shared(state->tid));
		EXPECT_EQ(1, seen->shared);
		/* The next target is forked from here. */
		munmap(memory, 1);
		states_end(&self->states);
	}
}

/* Each is listed at each read, though it does nothing but exec. */
static void exec_on(void)
{
	execl("/proc/self/exe", "exec-on", "--exec-on", NULL);
	_exit(1);
}

static void __attribute__((constructor)) exec_if_asked(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--exec-on")) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exec_on();
	}
}

static bool is_listed(pid_t pid)
{
	char *text = text_read(CTXLAB "/tasks");
	struct table *table = text ? table_parse(text, NULL) : NULL;
	bool listed = table && table_find(table, "TID", pid) >= 0;

	table_free(table);
	free(text);
	return listed;
}

/*
 * A read waits some ticks for an execve(2), which may take longer where all is
 * slow: what is missed once is looked for again.
 */
TEST_F(exec, is_not_missed)
{
	int i, found = 0, reads = slow_kernel_scaled(200);
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		exec_on();
	for (i = 0; i < reads; i++)
		found += is_listed(child) || is_listed(child);
	EXPECT_EQ(reads, found);
	end_process(child);
}

TEST_HARNESS_MAIN
