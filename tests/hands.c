// SPDX-License-Identifier: GPL-2.0-only
/* Acting as somebody else. */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hands.h"

int become(uid_t uid, gid_t gid)
{
	return setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	       setresuid(uid, uid, uid);
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
