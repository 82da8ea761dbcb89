// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a reader sees once the question is not "this process or not": sharers
 * whom it may not see, permissions that change between open and read, and
 * descriptors that one opens and another reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "creds.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

#define STACK_SIZE (64 << 10)

/*
 * Two tasks over one mm, one file table, one fs and one set of handlers: Bob's,
 * and Alice's that made it.  With @thread they are also one process.
 */
static int become_bob_and_wait(void *arg)
{
	struct state *state = arg;

	/* The raw calls change this one thread, and clear its death signal. */
	if (syscall(SYS_setresgid, BOB, BOB, BOB) ||
	    syscall(SYS_setresuid, BOB, BOB, BOB) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(1);
	__atomic_store_n(&state->told[0], (pid_t)syscall(SYS_gettid),
			 __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static int share_with_bob(struct state *state, unsigned long flags)
{
	static char stack[STACK_SIZE];

	__atomic_store_n(&state->told[0], 0, __ATOMIC_RELEASE);
	if (clone(become_bob_and_wait, stack + STACK_SIZE,
		  CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND | flags,
		  state) < 0)
		return 1;
	while (!__atomic_load_n(&state->told[0], __ATOMIC_ACQUIRE))
		usleep(1000);
	/* Changing ids cleared the flag of the mm for both. */
	if (syscall(SYS_setresgid, ALICE, ALICE, ALICE) ||
	    syscall(SYS_setresuid, ALICE, ALICE, ALICE))
		return 1;
	return prctl(PR_SET_DUMPABLE, 1);
}

static int share_as_process(struct state *state)
{
	return share_with_bob(state, SIGCHLD);
}

static int share_as_thread(struct state *state)
{
	return share_with_bob(state, CLONE_THREAD);
}

static const struct plan sharer = { "shares", 0, 0, share_as_process };
static const struct plan threaded = { "two uids", 0, 0, share_as_thread };
static const struct plan alice = { "alice", 0, 0, as_alice };
static const struct plan bob = { "bob", 0, 0, as_bob };

FIXTURE(sight)
{
	struct states states;
};

FIXTURE_SETUP(sight)
{
	ASSERT_EQ(0, states_begin(&self->states));
}

FIXTURE_TEARDOWN(sight)
{
	/* Bob's task: Alice's end may not signal it, as its death signal would. */
	if (self->states.told[0])
		kill(self->states.told[0], SIGKILL);
	states_end(&self->states);
}

/*
 * What a reader with these ids gets of /proc/ctxlab/<pid> and, where @waits is
 * set, of <pid>-waits; of itself for 0.
 */
static char *read_file_as(uid_t uid, pid_t pid, bool waits)
{
	int pair[2];
	char *text;
	pid_t child;

	if (pipe(pair))
		return NULL;
	child = fork();
	if (!child) {
		if (become(uid, uid))
			_exit(1);
		text = text_readf(CTXLAB "/%d%s", pid ?: getpid(),
				  waits ? "-waits" : "");
		if (!text || write(pair[1], text, strlen(text)) < 0)
			_exit(1);
		_exit(0);
	}
	close(pair[1]);
	text = text_read_fd(pair[0]);
	close(pair[0]);
	if (reap(child)) {
		free(text);
		return NULL;
	}
	return text;
}

static char *read_as(uid_t uid, pid_t pid)
{
	return read_file_as(uid, pid, false);
}

/*
 * Whether a line or table that holds task IDs has this one. Other numbers may
 * be the same by chance: a start at 340.55 s says nothing of task 340.
 */
static bool names_tid(const char *text, pid_t tid)
{
	static const char *const ids[] = { "Tgid", "PPid" };
	static const char *const tables[] = { "Threads", "Own", "Elsewhere",
					      "Waits" };
	static const char *const columns[] = { "TID", "TGID" };
	struct table *table;
	bool named = false;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		named |= text_number(text, ids[i]) == tid;
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		table = table_parse(text, tables[i]);
		for (j = 0; table && j < ARRAY_SIZE(columns); j++)
			named |= table_find(table, columns[j], tid) >= 0;
		table_free(table);
	}
	return named;
}

TEST_F(sight, hidden_sharer_is_counted)
{
	static const char *const keys[] = { "Mm", "Files", "Fs", "Sighand" };
	struct state *state = states_add(&self->states, &sharer);
	char *text;
	pid_t other;
	size_t i;

	ASSERT_NE(NULL, state);
	other = state->told[0];

	text = read_as(ALICE, state->tid);
	ASSERT_NE(NULL, text);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		EXPECT_NE(NULL, strstr(text_value(text, keys[i]) ?: "",
				       "users 2 = 1 here + 0 elsewhere + 1 unseen"))
			TH_LOG("%s: %s", keys[i], text_value(text, keys[i]));
	}
	EXPECT_EQ(0, text_number(text, "Elsewhere"));
	EXPECT_FALSE(names_tid(text, other)) TH_LOG("%s", text);
	free(text);

	text = read_as(0, state->tid);
	ASSERT_NE(NULL, text);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		EXPECT_NE(NULL, strstr(text_value(text, keys[i]) ?: "",
				       "users 2 = 1 here + 1 elsewhere + 0 unseen"))
			TH_LOG("%s: %s", keys[i], text_value(text, keys[i]));
	}
	EXPECT_EQ(1, text_number(text, "Elsewhere"));
	EXPECT_TRUE(names_tid(text, other));
	free(text);
}

TEST_F(sight, hidden_thread_is_counted)
{
	struct state *state = states_add(&self->states, &threaded);
	struct table *table;
	char *text;
	pid_t other;

	ASSERT_NE(NULL, state);
	other = state->told[0];

	text = read_as(ALICE, state->tid);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(2, text_number(text, "Threads"));
	EXPECT_NE(NULL, strstr(text_value(text, "Threads") ?: "", "1 unseen"));
	table = table_parse(text, "Threads");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(1, table->rows);
	EXPECT_FALSE(names_tid(text, other)) TH_LOG("%s", text);
	table_free(table);
	free(text);

	text = read_as(0, state->tid);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(NULL, strstr(text_value(text, "Threads") ?: "", "unseen"));
	EXPECT_TRUE(names_tid(text, other));
	free(text);
}

static int open_pid_as(uid_t uid, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), CTXLAB "/%d", pid);
	return open_as(uid, path);
}

/* 0 or the errno with which @uid reads from @fd. */
static int read_errno_as(uid_t uid, int fd)
{
	pid_t child = fork();
	char byte;

	if (!child) {
		if (become(uid, uid))
			_exit(255);
		_exit(pread(fd, &byte, 1, 0) == 1 ? 0 : errno ?: 254);
	}
	return reap(child);
}

TEST_F(sight, opener_and_reader_must_both_be_allowed)
{
	struct state *state = states_add(&self->states, &alice);
	int by_root, by_alice;

	ASSERT_NE(NULL, state);
	by_root = open_pid_as(0, state->tid);
	by_alice = open_pid_as(ALICE, state->tid);
	ASSERT_LE(0, by_root);
	ASSERT_LE(0, by_alice);
	EXPECT_EQ(-1, open_pid_as(BOB, state->tid));

	EXPECT_EQ(0, read_errno_as(0, by_root));
	EXPECT_EQ(0, read_errno_as(ALICE, by_root));
	EXPECT_EQ(0, read_errno_as(0, by_alice));
	EXPECT_EQ(0, read_errno_as(ALICE, by_alice));
	EXPECT_EQ(EACCES, read_errno_as(BOB, by_root));
	EXPECT_EQ(EACCES, read_errno_as(BOB, by_alice));
	close(by_root);
	close(by_alice);
}

/*
 * The target, once told over a pipe, becomes what the opener may not see; its
 * answer comes over the pipe of the builder.
 */
static int change_pipe[2];

static int change_when_told(struct state *state, int (*change)(void))
{
	char byte;

	if (become(ALICE, ALICE) || prctl(PR_SET_DUMPABLE, 1) ||
	    write(state->ready, "", 1) != 1 ||
	    read(change_pipe[0], &byte, 1) != 1)
		return 1;
	return change();
}

static int lose_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 0);
}

static int alice_then_undumpable(struct state *state)
{
	return change_when_told(state, lose_dumpable);
}

static int alice_then_bob(struct state *state)
{
	char byte;

	if (setresgid(ALICE, ALICE, ALICE) || setresuid(ALICE, ALICE, 0) ||
	    prctl(PR_SET_DUMPABLE, 1) || write(state->ready, "", 1) != 1 ||
	    read(change_pipe[0], &byte, 1) != 1)
		return 1;
	return setresuid(0, 0, 0) || become(BOB, BOB) ||
	       prctl(PR_SET_DUMPABLE, 1);
}

static bool tell_to_change(struct states *states)
{
	char byte;

	return write(change_pipe[1], "", 1) == 1 &&
	       read(states->ready[0], &byte, 1) == 1;
}

static const struct plan turns_undumpable = {
	"turns undumpable", 0, 0, alice_then_undumpable
};

/* @plan's task is Alice's, and then changes into what she may not see. */
static void check_change(struct __test_metadata *_metadata,
			 struct states *states, const struct plan *plan)
{
	struct state *state;
	int by_alice, by_root;

	ASSERT_EQ(0, pipe(change_pipe));
	state = states_add(states, plan);
	ASSERT_NE(NULL, state);
	by_alice = open_pid_as(ALICE, state->tid);
	by_root = open_pid_as(0, state->tid);
	ASSERT_LE(0, by_alice);
	ASSERT_LE(0, by_root);
	EXPECT_EQ(0, read_errno_as(ALICE, by_alice));
	ASSERT_TRUE(tell_to_change(states));
	EXPECT_EQ(EACCES, read_errno_as(ALICE, by_alice));
	EXPECT_EQ(-1, open_pid_as(ALICE, state->tid));
	/* Root reads on, but not through what Alice opened. */
	EXPECT_EQ(EACCES, read_errno_as(0, by_alice));
	EXPECT_EQ(0, read_errno_as(0, by_root));
	close(by_alice);
	close(by_root);
}

TEST_F(sight, target_changes_between_open_and_read)
{
	check_change(_metadata, &self->states, &turns_undumpable);
}

static const struct plan turns_bob = { "turns bob", 0, 0, alice_then_bob };

TEST_F(sight, target_becomes_another_user)
{
	struct state *state;
	int by_root;

	ASSERT_EQ(0, pipe(change_pipe));
	state = states_add(&self->states, &turns_bob);
	ASSERT_NE(NULL, state);
	by_root = open_pid_as(0, state->tid);
	ASSERT_LE(0, by_root);
	/* A saved uid of root keeps Alice out, as it does of maps. */
	EXPECT_EQ(EACCES, read_errno_as(ALICE, by_root));
	ASSERT_TRUE(tell_to_change(&self->states));
	EXPECT_EQ(EACCES, read_errno_as(ALICE, by_root));
	EXPECT_EQ(0, read_errno_as(BOB, by_root));
	close(by_root);
}

/*
 * "PROGRAM --setuid" is the setuid program: as soon as it is root, it says so
 * over the descriptor that the builder gave the task, and waits.
 */
#define SETUID_PROGRAM "/tmp/ctxlab-setuid"

static void __attribute__((constructor)) be_setuid_program(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], "--setuid"))
		return;
	if (geteuid() || write(atoi(argv[2]), "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int exec_setuid_program(void)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", change_pipe[1]);
	execl(SETUID_PROGRAM, "setuid", "--setuid", fd, NULL);
	return 1;
}

static int alice_then_setuid(struct state *state)
{
	/* It answers in the place of the task that execs it. */
	change_pipe[1] = state->ready;
	return change_when_told(state, exec_setuid_program);
}

static const struct plan execs_setuid = {
	"execs a setuid program", 0, 0, alice_then_setuid
};

/* What was hers a moment ago is now a program that is root. */
TEST_F(sight, target_execs_setuid_program)
{
	ASSERT_EQ(0, copy_setuid(SETUID_PROGRAM));
	check_change(_metadata, &self->states, &execs_setuid);
	unlink(SETUID_PROGRAM);
}

/* The reader opens, then gives up what let it. */
TEST_F(sight, reader_changes_between_open_and_read)
{
	struct state *hers = states_add(&self->states, &alice);
	struct state *his = states_add(&self->states, &bob);
	char path[64], byte;
	pid_t child;
	int a, b;

	ASSERT_NE(NULL, hers);
	ASSERT_NE(NULL, his);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		snprintf(path, sizeof(path), CTXLAB "/%d", hers->tid);
		a = open(path, O_RDONLY);
		snprintf(path, sizeof(path), CTXLAB "/%d,%d", hers->tid,
			 his->tid);
		b = open(path, O_RDONLY);
		if (pread(a, &byte, 1, 0) != 1 || pread(b, &byte, 1, 0) != 1)
			_exit(1);
		if (become(ALICE, ALICE))
			_exit(2);
		if (pread(a, &byte, 1, 0) != 1)
			_exit(3);
		/* Of a pair she may see one only. */
		if (pread(b, &byte, 1, 0) != -1 || errno != EACCES)
			_exit(4);
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
}

static bool shows(const char *text, pid_t tid)
{
	struct table *table = table_parse(text, NULL);
	bool found = table && table_find(table, "TID", tid) >= 0;

	table_free(table);
	return found;
}

/* "tasks" shows what both may see, whoever of them is the stronger. */
TEST_F(sight, tasks_by_another_hand)
{
	struct state *hers = states_add(&self->states, &alice);
	struct state *his = states_add(&self->states, &bob);
	int by_alice, by_root;
	pid_t child;
	char *text;

	ASSERT_NE(NULL, hers);
	ASSERT_NE(NULL, his);
	by_alice = open_as(ALICE, CTXLAB "/tasks");
	by_root = open_as(0, CTXLAB "/tasks");
	ASSERT_LE(0, by_alice);
	ASSERT_LE(0, by_root);

	text = text_read_fd(by_alice);
	ASSERT_NE(NULL, text);
	EXPECT_TRUE(shows(text, hers->tid));
	EXPECT_FALSE(shows(text, his->tid));
	EXPECT_FALSE(shows(text, 1));
	free(text);

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (become(BOB, BOB))
			_exit(1);
		text = text_read_fd(by_root);
		if (!text)
			_exit(2);
		_exit(shows(text, his->tid) && !shows(text, hers->tid) &&
		      !shows(text, 1) ? 0 : 3);
	}
	EXPECT_EQ(0, reap(child));
	close(by_alice);
	close(by_root);
}

TEST_F(sight, directory_by_another_hand)
{
	struct state *hers = states_add(&self->states, &alice);
	struct state *his = states_add(&self->states, &bob);
	char *names, name[16];
	int fd;

	ASSERT_NE(NULL, hers);
	ASSERT_NE(NULL, his);
	fd = open_as(ALICE, CTXLAB);
	ASSERT_LE(0, fd);
	names = list_directory_fd(fd);
	ASSERT_NE(NULL, names);
	snprintf(name, sizeof(name), " %d ", hers->tid);
	EXPECT_NE(NULL, strstr(names, name));
	snprintf(name, sizeof(name), " %d ", his->tid);
	EXPECT_EQ(NULL, strstr(names, name));
	EXPECT_EQ(NULL, strstr(names, " 1 "));
	free(names);
}

/* The parent's pid is told as procfs tells it; nothing else of another's process. */
TEST_F(sight, parent_as_procfs)
{
	struct state *hers = states_add(&self->states, &alice);
	char *text, *status;

	ASSERT_NE(NULL, hers);
	text = read_as(ALICE, hers->tid);
	status = text_readf("/proc/%d/status", hers->tid);
	ASSERT_NE(NULL, text);
	ASSERT_NE(NULL, status);
	EXPECT_EQ(text_number(status, "PPid"), text_number(text, "PPid"));
	free(text);
	free(status);
}

/* What of the first row stands under "SP" and "TLS": are both told? */
static bool tells_registers(const char *text)
{
	struct table *own = table_parse(text, "Own");
	bool told = own && strcmp(table_cell(own, 0, "SP") ?: "-", "-") &&
		    strcmp(table_cell(own, 0, "TLS") ?: "-", "-");

	table_free(own);
	return told;
}

/* Does the first row have a system call? */
static bool tells_call(const char *text)
{
	struct table *table = table_parse(text, "Waits");
	bool told = table && strcmp(table_cell(table, 0, "NR") ?: "-", "-") &&
		    strcmp(table_cell(table, 0, "SP") ?: "-", "-");

	table_free(table);
	return told;
}

/* Threads that are not shown are counted, and so are those without their call. */
TEST_F(sight, waits)
{
	struct state *both = states_add(&self->states, &threaded);
	pid_t other = both ? both->told[0] : 0;
	struct table *table;
	char *text;

	ASSERT_NE(NULL, both);
	usleep(50000);
	text = read_file_as(ALICE, both->tid, true);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(1, text_number(text, "Unseen"));
	EXPECT_EQ(1, text_number(text, "Withheld"));
	EXPECT_FALSE(tells_call(text)) TH_LOG("%s", text);
	EXPECT_FALSE(names_tid(text, other)) TH_LOG("%s", text);
	free(text);

	text = read_file_as(0, both->tid, true);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(0, text_number(text, "Unseen"));
	EXPECT_EQ(0, text_number(text, "Withheld"));
	EXPECT_TRUE(tells_call(text)) TH_LOG("%s", text);
	table = table_parse(text, "Waits");
	ASSERT_NE(NULL, table);
	EXPECT_LE(0, table_find(table, "TID", other));
	table_free(table);
	free(text);

	text = read_file_as(ALICE, 0, true);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(0, text_number(text, "Unseen"));
	EXPECT_EQ(0, text_number(text, "Withheld"));
	free(text);
}

/* One's own process, or the capability: the same uid is not enough. */
TEST_F(sight, registers)
{
	struct state *hers = states_add(&self->states, &alice);
	char *by_alice, *by_root, *own;

	ASSERT_NE(NULL, hers);
	by_alice = read_as(ALICE, hers->tid);
	by_root = read_as(0, hers->tid);
	own = read_as(ALICE, 0);
	ASSERT_NE(NULL, by_alice);
	ASSERT_NE(NULL, by_root);
	ASSERT_NE(NULL, own);
	EXPECT_FALSE(tells_registers(by_alice));
	EXPECT_TRUE(tells_registers(by_root));
	EXPECT_TRUE(tells_registers(own));
	free(by_alice);
	free(by_root);
	free(own);
}

TEST_HARNESS_MAIN
