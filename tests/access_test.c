// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may see whom: as /proc/<pid>/maps, or stricter.
 *
 * A subject (some uid, perhaps with a capability or in a user namespace of its
 * own) tries to read an object (some process).  /proc/<pid>/maps, opened and
 * read by the same subject in the same breath, is the oracle.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "creds.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

/* More objects, by what the builder makes them do. */

/* As a program that changed its group only. */
static int as_alice_other_group(struct state *state)
{
	(void)state;
	return become(ALICE, BOB) || prctl(PR_SET_DUMPABLE, 1);
}

/* A user's own namespace, in which the user is root. */
static int as_alice_in_userns(struct state *state)
{
	(void)state;
	return become(ALICE, ALICE) || prctl(PR_SET_DUMPABLE, 1) ||
	       unshare(CLONE_NEWUSER);
}

static const struct plan objects[] = {
	{ "root", 0, 0, NULL },
	{ "alice", 0, 0, as_alice },
	{ "bob", 0, 0, as_bob },
	{ "undumpable alice", 0, 0, as_undumpable_alice },
	{ "setuid program", 0, 0, as_setuid_program },
	{ "alice, other group", 0, 0, as_alice_other_group },
	{ "alice in a user namespace", 0, 0, as_alice_in_userns },
	{ "root in a user namespace", 0, CLONE_NEWUSER, NULL },
};

FIXTURE(access)
{
	struct states states;
};

FIXTURE_SETUP(access)
{
	size_t i;

	ASSERT_EQ(0, states_begin(&self->states));
	for (i = 0; i < ARRAY_SIZE(objects); i++)
		ASSERT_NE(NULL, states_add(&self->states, &objects[i]))
			TH_LOG("%s", objects[i].name);
	ASSERT_NE(NULL, states_note(&self->states, 2, "kthreadd"));
}

FIXTURE_TEARDOWN(access)
{
	states_end(&self->states);
}

/* Subjects: what the reader becomes before it tries. */
static int subject_root(void)
{
	return 0;
}

/* From Linux 7 on procfs lets in who may profile, too: see the last test. */
static int drop_sight(void)
{
	return drop_capability(CAP_SYS_PTRACE) ||
	       drop_capability(CAP_PERFMON) || drop_capability(CAP_SYS_ADMIN);
}

static int subject_root_without_ptrace(void)
{
	return drop_sight();
}

static int subject_alice(void)
{
	return become(ALICE, ALICE);
}

static int subject_alice_with_ptrace(void)
{
	return become_keeping(ALICE, ALICE, CAP_SYS_PTRACE);
}

static int subject_bob(void)
{
	return become(BOB, BOB);
}

/* fs credentials count, not the others. */
static int subject_alice_by_fsuid(void)
{
	return drop_sight() || set_fs_ids(ALICE, ALICE);
}

static int subject_alice_in_userns(void)
{
	return become(ALICE, ALICE) || unshare(CLONE_NEWUSER);
}

static int subject_root_in_userns(void)
{
	return unshare(CLONE_NEWUSER);
}

static const struct subject {
	const char *name;
	int (*become)(void);
} subjects[] = {
	{ "root", subject_root },
	{ "root without CAP_SYS_PTRACE", subject_root_without_ptrace },
	{ "alice", subject_alice },
	{ "alice with CAP_SYS_PTRACE", subject_alice_with_ptrace },
	{ "bob", subject_bob },
	{ "root with alice's fs ids", subject_alice_by_fsuid },
	{ "alice in a user namespace", subject_alice_in_userns },
	{ "root in a user namespace", subject_root_in_userns },
};

static int try_path(const char *format, pid_t a, pid_t b)
{
	char path[64];

	snprintf(path, sizeof(path), format, a, b);
	return text_errno(path);
}

/* A kernel thread has no maps; its namespaces are behind the same check. */
static int ask_procfs(pid_t pid)
{
	char path[64], target[64];

	if (pid != 2)
		return try_path("/proc/%d/maps", pid, 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return readlink(path, target, sizeof(target)) < 0 ? errno : 0;
}

static bool in_tasks(pid_t pid)
{
	char *text = text_read(CTXLAB "/tasks");
	struct table *table = text ? table_parse(text, NULL) : NULL;
	bool found = table && table_find(table, "TID", pid) >= 0;

	table_free(table);
	free(text);
	return found;
}

static bool in_directory(pid_t pid)
{
	char *names = list_directory(CTXLAB), name[16];
	bool found;

	snprintf(name, sizeof(name), " %d ", pid);
	found = names && strstr(names, name);
	free(names);
	return found;
}

/* Is what both have mapped told where maps shows mappings, and only there? */
static bool pair_as_maps(pid_t pid, pid_t self)
{
	char *text = text_readf(CTXLAB "/%d,%d", pid, self);
	char *maps = text_readf("/proc/%d/maps", pid);
	bool told = text && text_value(text, "SharedMaps");
	bool shown = maps && *maps;

	free(maps);
	free(text);
	return told == shown;
}

/* As @subject, hold everything against maps; the number of differences. */
static int try_objects(const struct subject *subject, const struct states *s)
{
	int i, there, here, pair, waits, wrong = 0;
	pid_t pid, self = getpid();

	if (subject->become()) {
		printf("# %s: %s\n", subject->name, strerror(errno));
		return -1;
	}
	/* The maker is the reader's parent; it is an object, too. */
	for (i = 0; i < s->count; i++) {
		pid = s->list[i].tid;
		there = ask_procfs(pid);
		here = try_path(CTXLAB "/%d", pid, 0);
		pair = try_path(CTXLAB "/%d,%d", pid, self);
		waits = try_path(CTXLAB "/%d-waits", pid, 0);
		if (here != there || pair != there || waits != there ||
		    !pair_as_maps(pid, self) ||
		    in_tasks(pid) != !there || in_directory(pid) != !there) {
			printf("# %s, %s: maps %s; process %s, pair %s, waits %s, ",
			       subject->name, s->list[i].plan.name,
			       strerror(there), strerror(here), strerror(pair),
			       strerror(waits));
			printf("%s in tasks, %s listed\n",
			       in_tasks(pid) ? "" : "not",
			       in_directory(pid) ? "" : "not");
			wrong++;
		}
	}
	return wrong;
}

TEST_F(access, as_maps)
{
	size_t i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(subjects); i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(try_objects(&subjects[i], &self->states));
		EXPECT_EQ(0, reap(pid)) TH_LOG("%s", subjects[i].name);
	}
}

/* The oracle itself lets some in and keeps others out. */
TEST_F(access, oracle_decides)
{
	int i, allowed = 0, refused = 0;
	struct states *s = &self->states;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		if (subject_alice())
			_exit(255);
		for (i = 0; i < s->count; i++) {
			if (ask_procfs(s->list[i].tid))
				refused++;
			else
				allowed++;
		}
		_exit(allowed * 16 + refused);
	}
	/* Of ten, herself, and the one in a user namespace that she owns. */
	EXPECT_EQ(2 * 16 + 8, reap(pid));
}

/* Stricter than procfs on kernels on which CAP_PERFMON opens maps. */
TEST_F(access, perfmon_is_not_enough)
{
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(drop_capability(CAP_SYS_PTRACE) ? 255 :
		      try_path(CTXLAB "/%d", self->states.list[0].tid, 0));
	EXPECT_EQ(EACCES, reap(pid));
}

TEST_HARNESS_MAIN
