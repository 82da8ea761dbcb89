/* SPDX-License-Identifier: GPL-2.0-only */
/* Acting as somebody else. */
#ifndef CTXLAB_TEST_CREDS_H
#define CTXLAB_TEST_CREDS_H

#include <sys/types.h>

#define ALICE 7001
#define BOB 7002

/* Take on all uids and gids, and no groups; 0 or -1 with errno. */
int become(uid_t uid, gid_t gid);

/*
 * What a built task may become (see struct plan): a user's process; one of the
 * same user that may not be dumped; a setuid program that the user runs.
 */
struct state;
int as_alice(struct state *state);
int as_bob(struct state *state);
int as_undumpable_alice(struct state *state);
int as_setuid_program(struct state *state);

/* Make @path a copy of the running program that is root's, and setuid. */
int copy_setuid(const char *path);

/* The same, but keep one capability in effect. */
int become_keeping(uid_t uid, gid_t gid, int capability);

/* Only the ids that file access goes by. */
int set_fs_ids(uid_t uid, gid_t gid);

/* Give up one capability for good. */
int drop_capability(int capability);

/* The exit status of a child; -1 where it did not exit by itself. */
int reap(pid_t child);

/* A directory's names, each between blanks, in a string for free(). */
char *list_directory(const char *path);
char *list_directory_fd(int fd);

/* Pass a descriptor over a socket. */
int send_fd(int socket, int fd);
int receive_fd(int socket);

/* The descriptor of @path that a process with these ids has opened; or -1. */
int open_as(uid_t uid, const char *path);

#endif /* CTXLAB_TEST_CREDS_H */
