// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security labels: whoever has another one than a task sees it by capability
 * alone.  Two modules give labels without a policy: AppArmor, each of whose
 * namespaces has an "unconfined" of its own, and SELinux, which until a policy is
 * loaded takes the names of its initial SIDs, and refuses nothing.  The kernel's
 * command line (security=) says which of them there is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "creds.h"
#include "sharing_states.h"
#include "text.h"

#include "kselftest_harness.h"

#define SECURITYFS "/sys/kernel/security"
#define APPARMOR SECURITYFS "/apparmor"
#define LABEL "ctxlab-test"
#define NAMESPACE APPARMOR "/policy/namespaces/" LABEL

/* Who labels here, what is there if it does, and what takes on another label. */
static const struct labeller {
	const char *name;
	const char *sign;
	const char *change;
} labellers[] = {
	{ "AppArmor", APPARMOR, "changeprofile :" LABEL "://unconfined" },
	{ "SELinux", "/sys/fs/selinux", "unlabeled" },
};

static const struct labeller *labeller;

/* Sets @labeller, where there is one. */
static void find_labeller(void)
{
	size_t i;

	mount("none", SECURITYFS, "securityfs", 0, NULL);
	for (i = 0; !labeller && i < ARRAY_SIZE(labellers); i++)
		if (!access(labellers[i].sign, F_OK))
			labeller = &labellers[i];
}

/* Take on the label; 0 or -1. */
static int enter(void)
{
	int fd = open("/proc/self/attr/current", O_WRONLY), ret;

	if (fd < 0)
		return -1;
	ret = write(fd, labeller->change, strlen(labeller->change)) < 0 ? -1 : 0;
	close(fd);
	return ret;
}

static int as_labelled_alice(struct state *state)
{
	return enter() || as_alice(state);
}

static const struct plan plain = { "plain", 0, 0, as_alice };
static const struct plan labelled = { "labelled", 0, 0, as_labelled_alice };

FIXTURE(labels)
{
	struct states states;
	struct state *plain;
	struct state *labelled;
};

FIXTURE_SETUP(labels)
{
	find_labeller();
	if (!labeller)
		SKIP(return, "neither AppArmor nor SELinux labels tasks here");
	ASSERT_EQ(0, states_begin(&self->states));
	ASSERT_TRUE(labeller != &labellers[0] || !mkdir(NAMESPACE, 0755) ||
		    errno == EEXIST);
	self->plain = states_add(&self->states, &plain);
	self->labelled = states_add(&self->states, &labelled);
	ASSERT_NE(NULL, self->plain);
	ASSERT_NE(NULL, self->labelled);
}

FIXTURE_TEARDOWN(labels)
{
	states_end(&self->states);
	rmdir(NAMESPACE);
}

/* When one takes on the label. */
enum when {
	NEVER,
	FIRST,
	BETWEEN_OPEN_AND_READ,
};

/* Reads @path as @uid in a child; 0 or the errno, 255 where it came to neither. */
static int try_file(uid_t uid, enum when when, const char *path)
{
	pid_t child = fork();
	char byte;
	int fd;

	if (child)
		return child < 0 ? 255 : reap(child);
	if ((when == FIRST && enter()) || (uid && become(uid, uid)))
		_exit(255);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		_exit(errno);
	if (when == BETWEEN_OPEN_AND_READ && enter())
		_exit(255);
	_exit(read(fd, &byte, 1) < 0 ? errno : 0);
}

static int try_task(uid_t uid, enum when when, const struct state *state)
{
	char path[64];

	snprintf(path, sizeof(path), CTXLAB "/%d", state->tid);
	return try_file(uid, when, path);
}

/* Without this, none of the tests below would mean anything. */
TEST_F(labels, there_are_two)
{
	char *modules = text_read(SECURITYFS "/lsm");
	char *plain = text_readf("/proc/%d/attr/current", self->plain->tid);
	char *other = text_readf("/proc/%d/attr/current", self->labelled->tid);

	TH_LOG("labelled by %s, of %s", labeller->name, modules ?: "?");
	ASSERT_NE(NULL, plain);
	ASSERT_NE(NULL, other);
	EXPECT_STRNE(plain, other);
	free(other);
	free(plain);
	free(modules);
}

TEST_F(labels, same_label_or_capability)
{
	EXPECT_EQ(0, try_task(ALICE, NEVER, self->plain));
	EXPECT_EQ(EACCES, try_task(ALICE, NEVER, self->labelled));
	EXPECT_EQ(0, try_task(ALICE, FIRST, self->labelled));
	EXPECT_EQ(EACCES, try_task(ALICE, FIRST, self->plain));
	EXPECT_EQ(0, try_task(0, NEVER, self->labelled));
}

TEST_F(labels, label_changes_between_open_and_read)
{
	EXPECT_EQ(EACCES,
		  try_task(ALICE, BETWEEN_OPEN_AND_READ, self->plain));
}

/* Is what AppArmor refuses refused here too? */
TEST_F(labels, as_maps_or_stricter)
{
	const struct state *targets[] = { self->plain, self->labelled };
	enum when when;
	char path[64];
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%d/maps", targets[i]->tid);
		for (when = NEVER; when <= FIRST; when++) {
			if (!try_file(ALICE, when, path))
				continue;
			EXPECT_EQ(EACCES, try_task(ALICE, when, targets[i]));
		}
	}
}

static bool lists(const char *text, pid_t tid)
{
	struct table *table = table_parse(text, NULL);
	bool found = table && table_find(table, "TID", tid) >= 0;

	table_free(table);
	return found;
}

/* Which of the two "tasks" lists: 1 for the plain one, 2 for the labelled. */
static int listed(enum when when, pid_t plain, pid_t labelled)
{
	pid_t child = fork();
	char *text;
	int fd;

	if (child)
		return child < 0 ? 255 : reap(child);
	if ((when == FIRST && enter()) || become(ALICE, ALICE))
		_exit(255);
	fd = open(CTXLAB "/tasks", O_RDONLY);
	if (fd < 0 || (when == BETWEEN_OPEN_AND_READ && enter()))
		_exit(255);
	text = text_read_fd(fd);
	if (!text)
		_exit(255);
	_exit(lists(text, plain) + 2 * lists(text, labelled));
}

/* The opener's label counts as the reader's does. */
TEST_F(labels, opener_and_reader)
{
	EXPECT_EQ(1, listed(NEVER, self->plain->tid, self->labelled->tid));
	EXPECT_EQ(2, listed(FIRST, self->plain->tid, self->labelled->tid));
	EXPECT_EQ(0, listed(BETWEEN_OPEN_AND_READ, self->plain->tid,
			    self->labelled->tid));
}

TEST_HARNESS_MAIN
