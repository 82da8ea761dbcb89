/* SPDX-License-Identifier: GPL-2.0-only */
/* Acting as somebody else. */
#ifndef CTXLAB_TEST_HANDS_H
#define CTXLAB_TEST_HANDS_H

#include <sys/types.h>

#define ALICE 7001
#define BOB 7002

/* Take on all uids and gids, and no groups; 0 or -1 with errno. */
int become(uid_t uid, gid_t gid);

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

#endif /* CTXLAB_TEST_HANDS_H */
