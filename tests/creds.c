// SPDX-License-Identifier: GPL-2.0-only
/* Acting as somebody else. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "creds.h"

int become(uid_t uid, gid_t gid)
{
	return setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	       setresuid(uid, uid, uid);
}

int as_alice(struct state *state)
{
	(void)state;
	return become(ALICE, ALICE) || prctl(PR_SET_DUMPABLE, 1);
}

int as_bob(struct state *state)
{
	(void)state;
	return become(BOB, BOB) || prctl(PR_SET_DUMPABLE, 1);
}

int as_undumpable_alice(struct state *state)
{
	(void)state;
	return become(ALICE, ALICE) || prctl(PR_SET_DUMPABLE, 0);
}

/* The real uid is the user's, the rest root's. */
int as_setuid_program(struct state *state)
{
	(void)state;
	return setresuid(ALICE, 0, 0);
}

int copy_setuid(const char *path)
{
	int in = open("/proc/self/exe", O_RDONLY);
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	if (in < 0 || out < 0)
		return -1;
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	close(in);
	close(out);
	return n || chmod(path, 04755);
}

/* Change the sets by @set or clear one bit in all of them. */
static int change_capability(int capability, int set)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	int word = CAP_TO_INDEX(capability);
	unsigned int bit = CAP_TO_MASK(capability);

	if (syscall(SYS_capget, &header, data))
		return -1;
	if (set) {
		data[word].effective |= bit;
	} else {
		data[word].effective &= ~bit;
		data[word].permitted &= ~bit;
		data[word].inheritable &= ~bit;
	}
	return syscall(SYS_capset, &header, data);
}

int become_keeping(uid_t uid, gid_t gid, int capability)
{
	return prctl(PR_SET_KEEPCAPS, 1) || become(uid, gid) ||
	       change_capability(capability, 1);
}

int set_fs_ids(uid_t uid, gid_t gid)
{
	setfsgid(gid);
	setfsuid(uid);
	return (uid_t)setfsuid(-1) == uid && (gid_t)setfsgid(-1) == gid ? 0 : -1;
}

int drop_capability(int capability)
{
	return change_capability(capability, 0);
}

int reap(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *list_directory_fd(int fd)
{
	size_t size = 1 << 16, used = 1, length;
	char *names = malloc(size);
	struct dirent *entry;
	DIR *dir = fdopendir(fd);

	if (!dir || !names) {
		free(names);
		return NULL;
	}
	memcpy(names, " ", 2);
	while ((entry = readdir(dir))) {
		length = strlen(entry->d_name);
		if (used + length + 2 > size) {
			size *= 2;
			names = realloc(names, size);
		}
		used += sprintf(names + used, "%s ", entry->d_name);
	}
	closedir(dir);
	return names;
}

char *list_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : list_directory_fd(fd);
}

union control {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

int send_fd(int socket, int fd)
{
	union control control = {};
	struct iovec iov = { "", 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

int receive_fd(int socket)
{
	union control control = {};
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &message, 0) != 1 ||
	    control.header.cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

int open_as(uid_t uid, const char *path)
{
	int pair[2], fd;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	child = fork();
	if (!child) {
		if (become(uid, uid))
			_exit(1);
		fd = open(path, O_RDONLY);
		_exit(fd < 0 ? errno : !!send_fd(pair[0], fd));
	}
	if (reap(child))
		return -1;
	fd = receive_fd(pair[1]);
	close(pair[0]);
	close(pair[1]);
	return fd;
}
