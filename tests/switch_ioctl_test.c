// SPDX-License-Identifier: GPL-2.0-only
/* Every ioctl of the switch probe, with arguments right, wrong and hostile. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <linux/capability.h>

#include "kselftest_harness.h"
#include "probe.h"

#define NOBODY 65534

static const struct command {
	const char *name;
	unsigned long cmd;
	__u32 size;
	size_t reserved;	/* its offset; 0: there is none */
	bool answers;
} commands[] = {
	{ "info", CTXLAB_SWITCH_INFO, sizeof(struct ctxlab_switch_info),
	  offsetof(struct ctxlab_switch_info, __reserved), true },
	{ "attach", CTXLAB_SWITCH_ATTACH, sizeof(struct ctxlab_switch_none),
	  offsetof(struct ctxlab_switch_none, __reserved), false },
	{ "detach", CTXLAB_SWITCH_DETACH, sizeof(struct ctxlab_switch_none),
	  offsetof(struct ctxlab_switch_none, __reserved), false },
	{ "flush", CTXLAB_SWITCH_FLUSH, sizeof(struct ctxlab_switch_flush),
	  0, false },
	{ "read", CTXLAB_SWITCH_READ, sizeof(struct ctxlab_switch_read),
	  offsetof(struct ctxlab_switch_read, __reserved), true },
	{ "hist", CTXLAB_SWITCH_HIST, sizeof(struct ctxlab_switch_hist),
	  offsetof(struct ctxlab_switch_hist, __reserved), true },
	{ "reset", CTXLAB_SWITCH_RESET, sizeof(struct ctxlab_switch_none),
	  offsetof(struct ctxlab_switch_none, __reserved), false },
};

/* Two pages, and behind them one that faults. */
FIXTURE(ioctls)
{
	int fd;
	long page;
	char *memory;
	char *edge;
	__u64 buckets[CTXLAB_HIST_BUCKETS];
};

FIXTURE_SETUP(ioctls)
{
	self->page = sysconf(_SC_PAGESIZE);
	self->fd = probe_open();
	ASSERT_LE(0, self->fd);
	self->memory = mmap(NULL, 3 * self->page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->edge = self->memory + 2 * self->page;
	ASSERT_EQ(0, mprotect(self->edge, self->page, PROT_NONE));
}

FIXTURE_TEARDOWN(ioctls)
{
	probe_detach(self->fd);
	munmap(self->memory, 3 * self->page);
	close(self->fd);
}

/* An argument that the command takes, at @at, of @size bytes. */
static void *good(const struct command *c, __u64 *buckets, void *at, __u32 size)
{
	memset(at, 0, size);
	memcpy(at, &size, sizeof(size));
	if (c->cmd == CTXLAB_SWITCH_HIST) {
		struct ctxlab_switch_hist hist = {
			.size = size,
			.buckets = (uintptr_t)buckets,
			.nr_buckets = CTXLAB_HIST_BUCKETS,
		};

		memcpy(at, &hist, sizeof(hist));
	}
	return at;
}

TEST_F(ioctls, right_arguments)
{
	const struct command *c;
	__u32 size;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		void *arg = good(c, self->buckets, self->edge - c->size, c->size);

		EXPECT_EQ(0, probe_ioctl(self->fd, c->cmd, arg))
			TH_LOG("%s", c->name);
		memcpy(&size, arg, sizeof(size));
		EXPECT_EQ(c->size, size) TH_LOG("%s", c->name);
	}
}

TEST_F(ioctls, unaligned_argument)
{
	const struct command *c;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		EXPECT_EQ(0, probe_ioctl(self->fd, c->cmd,
					 good(c, self->buckets, self->memory + 1, c->size)))
			TH_LOG("%s", c->name);
	}
}

TEST_F(ioctls, short_is_einval)
{
	const struct command *c;
	__u32 size;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		for (size = 0; size < c->size; size++) {
			void *arg = good(c, self->buckets, self->memory, c->size);

			memcpy(arg, &size, sizeof(size));
			EXPECT_EQ(EINVAL, probe_ioctl(self->fd, c->cmd, arg))
				TH_LOG("%s size %u", c->name, size);
		}
	}
	EXPECT_EQ(0, probe_is_attached(self->fd));
}

/* A caller newer than the module: fine as long as it asks for nothing new. */
TEST_F(ioctls, long_and_zero_is_right)
{
	const struct command *c;
	__u32 size;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		void *arg = good(c, self->buckets, self->memory, self->page);

		EXPECT_EQ(0, probe_ioctl(self->fd, c->cmd, arg))
			TH_LOG("%s", c->name);
		memcpy(&size, arg, sizeof(size));
		EXPECT_EQ(c->answers ? c->size : self->page, size)
			TH_LOG("%s", c->name);
	}
}

TEST_F(ioctls, long_and_not_zero_is_e2big)
{
	const struct command *c;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		char *arg = good(c, self->buckets, self->memory, self->page);

		arg[c->size] = 1;
		EXPECT_EQ(E2BIG, probe_ioctl(self->fd, c->cmd, arg))
			TH_LOG("%s, first byte", c->name);
		good(c, self->buckets, arg, self->page);
		arg[self->page - 1] = 1;
		EXPECT_EQ(E2BIG, probe_ioctl(self->fd, c->cmd, arg))
			TH_LOG("%s, last byte", c->name);
	}
	EXPECT_EQ(0, probe_is_attached(self->fd));
}

TEST_F(ioctls, hostile_sizes)
{
	const __u32 sizes[] = { self->page + 1, INT32_MAX, UINT32_MAX - 7,
				UINT32_MAX };
	const struct command *c;
	size_t i;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *arg = good(c, self->buckets, self->memory, c->size);

			memcpy(arg, &sizes[i], sizeof(sizes[i]));
			EXPECT_EQ(E2BIG, probe_ioctl(self->fd, c->cmd, arg))
				TH_LOG("%s size %u", c->name, sizes[i]);
		}
	}
}

TEST_F(ioctls, bad_addresses)
{
	const struct command *c;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		const uintptr_t bad[] = {
			0, 1, (uintptr_t)self->edge,
			UINTPTR_MAX, UINTPTR_MAX - 3,
			0xffff888000000000, 0xffffffff81000000,
			0x8000000000000000, 0x00007fffffffffff,
		};
		size_t i;

		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			EXPECT_EQ(EFAULT, probe_ioctl(self->fd, c->cmd,
						      (void *)bad[i]))
				TH_LOG("%s at %lx", c->name, bad[i]);
		}
	}
}

/* The structure begins in good memory and runs into bad. */
TEST_F(ioctls, over_the_edge)
{
	const struct command *c;
	__u32 in;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		for (in = sizeof(in); in < c->size; in += sizeof(in)) {
			memset(self->edge - in, 0, in);
			memcpy(self->edge - in, &c->size, sizeof(c->size));
			EXPECT_EQ(EFAULT, probe_ioctl(self->fd, c->cmd,
						      self->edge - in))
				TH_LOG("%s, %u bytes", c->name, in);
		}
	}
	EXPECT_EQ(0, probe_is_attached(self->fd));
}

/* What is read from a page that cannot be written to, is not answered. */
TEST_F(ioctls, read_only_memory)
{
	const struct command *c;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		void *arg = good(c, self->buckets, self->memory, c->size);

		ASSERT_EQ(0, mprotect(self->memory, self->page, PROT_READ));
		EXPECT_EQ(c->answers ? EFAULT : 0,
			  probe_ioctl(self->fd, c->cmd, arg))
			TH_LOG("%s", c->name);
		ASSERT_EQ(0, mprotect(self->memory, self->page,
				      PROT_READ | PROT_WRITE));
	}
}

TEST_F(ioctls, reserved_must_be_zero)
{
	const struct command *c;
	size_t byte;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		for (byte = 0; c->reserved && byte < 4; byte++) {
			char *arg = good(c, self->buckets, self->memory, c->size);

			arg[c->reserved + byte] = 1;
			EXPECT_EQ(EINVAL, probe_ioctl(self->fd, c->cmd, arg))
				TH_LOG("%s byte %zu", c->name, byte);
		}
	}
	EXPECT_EQ(0, probe_is_attached(self->fd));
}

TEST_F(ioctls, unknown_commands_are_enotty)
{
	const unsigned long bad[] = {
		0, UINT32_MAX,
		_IO(CTXLAB_SWITCH_IOC, ARRAY_SIZE(commands)),
		_IO(CTXLAB_SWITCH_IOC, 255),
		_IO(CTXLAB_SWITCH_IOC, 0),
		_IOWR(CTXLAB_SWITCH_IOC + 1, 0, struct ctxlab_switch_info),
		_IOWR(CTXLAB_SWITCH_IOC - 1, 0, struct ctxlab_switch_info),
		_IOR(CTXLAB_SWITCH_IOC, 0, struct ctxlab_switch_info),
		_IOWR(CTXLAB_SWITCH_IOC, 1, struct ctxlab_switch_none),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(ENOTTY, probe_ioctl(self->fd, bad[i], self->memory))
			TH_LOG("%lx", bad[i]);
	}
}

/* A program that was built with a longer structure has another number. */
TEST_F(ioctls, size_in_number_may_grow)
{
	struct {
		struct ctxlab_switch_info info;
		__u64 later;
	} arg = { .info = { .size = sizeof(arg) } };

	EXPECT_EQ(0, probe_ioctl(self->fd,
				 _IOC(_IOC_READ | _IOC_WRITE, CTXLAB_SWITCH_IOC,
				      0, sizeof(arg)), &arg));
	EXPECT_EQ(sizeof(arg.info), arg.info.size);
	EXPECT_EQ(CTXLAB_CLOCK_CYCLES, arg.info.clock);
}

TEST_F(ioctls, flush_modes)
{
	const __u32 bad[] = { CTXLAB_FLUSH_MODES, 31, 32, 64, INT32_MAX,
			      UINT32_MAX };
	struct ctxlab_switch_info info;
	struct ctxlab_switch_read read;
	__u32 mode;
	size_t i;

	ASSERT_EQ(0, probe_info(self->fd, &info));
	EXPECT_EQ(0, info.flush_modes >> CTXLAB_FLUSH_MODES);
	EXPECT_EQ(1, info.flush_modes & 1);
	for (mode = 0; mode < CTXLAB_FLUSH_MODES; mode++) {
		bool can = info.flush_modes >> mode & 1;

		EXPECT_EQ(can ? 0 : EOPNOTSUPP, probe_flush(self->fd, mode));
		if (!can)
			continue;
		ASSERT_EQ(0, probe_read(self->fd, &read));
		EXPECT_EQ(mode, read.flush);
	}
	ASSERT_EQ(0, probe_flush(self->fd, CTXLAB_FLUSH_NONE));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(EINVAL, probe_flush(self->fd, bad[i]))
			TH_LOG("mode %u", bad[i]);
	}
	ASSERT_EQ(0, probe_read(self->fd, &read));
	EXPECT_EQ(CTXLAB_FLUSH_NONE, read.flush);
}

TEST_F(ioctls, hist_arguments)
{
	const size_t len = sizeof(self->buckets);
	struct ctxlab_switch_hist arg, right = {
		.size = sizeof(right),
		.buckets = (uintptr_t)self->buckets,
		.nr_buckets = CTXLAB_HIST_BUCKETS,
	};

#define EXPECT_HIST(err, ...) do {					\
	arg = right;							\
	__VA_ARGS__;							\
	EXPECT_EQ(err, probe_ioctl(self->fd, CTXLAB_SWITCH_HIST, &arg))	\
		TH_LOG(#__VA_ARGS__);					\
} while (0)

	EXPECT_HIST(0, arg.hist = CTXLAB_HISTS - 1);
	EXPECT_HIST(EINVAL, arg.hist = CTXLAB_HISTS);
	EXPECT_HIST(EINVAL, arg.hist = UINT32_MAX);
	EXPECT_HIST(ENOSPC, arg.nr_buckets = 0);
	EXPECT_HIST(ENOSPC, arg.nr_buckets--);
	EXPECT_HIST(0, arg.nr_buckets = UINT32_MAX);
	EXPECT_EQ(CTXLAB_HIST_BUCKETS, arg.nr_buckets);
	EXPECT_HIST(EFAULT, arg.buckets = 0);
	EXPECT_HIST(EFAULT, arg.buckets = UINT64_MAX);
	EXPECT_HIST(EFAULT, arg.buckets = 0xffff888000000000);
	EXPECT_HIST(EFAULT, arg.buckets = (uintptr_t)self->edge - len / 2);
}

/* It fills the room that it asks for and not a byte more. */
TEST_F(ioctls, hist_writes_its_buckets_only)
{
	struct ctxlab_switch_hist arg = {
		.size = sizeof(arg),
		.nr_buckets = CTXLAB_HIST_BUCKETS,
	};
	size_t room = CTXLAB_HIST_BUCKETS * sizeof(__u64), i;
	char *memory = mmap(NULL, 16 * self->page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 0xa5, 16 * self->page);
	arg.buckets = (uintptr_t)memory + self->page;
	ASSERT_EQ(0, probe_ioctl(self->fd, CTXLAB_SWITCH_HIST, &arg));
	for (i = 0; i < room; i++)
		ASSERT_EQ(0, memory[self->page + i]);
	EXPECT_EQ((char)0xa5, memory[self->page - 1]);
	EXPECT_EQ((char)0xa5, memory[self->page + room]);
}

TEST_F(ioctls, info)
{
	struct ctxlab_switch_info info;

	ASSERT_EQ(0, probe_info(self->fd, &info));
	EXPECT_EQ(CTXLAB_CLOCK_CYCLES, info.clock);
	EXPECT_EQ(CTXLAB_HIST_SUB_BITS, info.hist_sub_bits);
	EXPECT_EQ(CTXLAB_HIST_MAX_BITS, info.hist_max_bits);
	EXPECT_EQ(0, info.attached);
	EXPECT_EQ(0, info.__reserved);
}

/* /proc/cpuinfo lists the features as the kernel uses them. */
TEST_F(ioctls, info_agrees_with_cpuinfo)
{
	const struct {
		const char *flag;
		__u32 bit;
	} features[] = {
		{ " pcid ", CTXLAB_CPU_PCID },
		{ " invpcid ", CTXLAB_CPU_INVPCID },
		{ " pti ", CTXLAB_CPU_PTI },
	};
	FILE *file = fopen("/proc/cpuinfo", "r");
	struct ctxlab_switch_info info;
	char *line = NULL;
	size_t size, i;

#ifndef __x86_64__
	SKIP(return, "not an x86 processor");
#endif
	ASSERT_NE(NULL, file);
	ASSERT_EQ(0, probe_info(self->fd, &info));
	while (getline(&line, &size, file) > 0 && strncmp(line, "flags", 5))
		;
	fclose(file);
	ASSERT_EQ(0, strncmp(line, "flags", 5));
	line[strcspn(line, "\n")] = ' ';
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		EXPECT_EQ(!!strstr(line, features[i].flag),
			  !!(info.cpu & features[i].bit))
			TH_LOG("%s", features[i].flag);
	}
	free(line);
}

/* The clock's rate, against the clock of the kernel. */
static __u64 monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* The task may lose its CPU between any two of these readings. */
TEST_F(ioctls, clock_rate)
{
	struct ctxlab_switch_info info;
	__u64 ns[4], ticks[2];
	double took;

	ASSERT_EQ(0, probe_info(self->fd, &info));
	if (!info.clock_khz)
		SKIP(return, "the kernel does not know the clock's rate");
	ns[0] = monotonic_ns();
	ticks[0] = probe_clock();
	ns[1] = monotonic_ns();
	usleep(300 * 1000);
	ns[2] = monotonic_ns();
	ticks[1] = probe_clock();
	ns[3] = monotonic_ns();
	took = (ticks[1] - ticks[0]) * 1e6 / info.clock_khz;
	EXPECT_LT((ns[2] - ns[1]) * 0.9, took);
	EXPECT_GT((ns[3] - ns[0]) * 1.1, took);
}

TEST_F(ioctls, new_session_is_empty)
{
	struct ctxlab_switch_read zero = { .size = sizeof(zero) }, read;
	int hist;

	ASSERT_EQ(0, probe_read(self->fd, &read));
	EXPECT_EQ(0, memcmp(&zero, &read, sizeof(read)));
	for (hist = 0; hist < CTXLAB_HISTS; hist++) {
		EXPECT_EQ(0, probe_hist_sum(self->fd, hist))
			TH_LOG("histogram %d", hist);
	}
}

TEST_F(ioctls, file_deeds)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLIN };
	struct stat st;
	char c = 0;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->page, PROT_READ, MAP_SHARED,
				   self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
}

/* A descriptor without access to the file's content does nothing. */
TEST_F(ioctls, o_path_descriptor)
{
	int fd = open(PROBE, O_PATH | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(EBADF, probe_attach(fd));
	close(fd);
}

static int in_child(int (*deed)(int fd), int fd)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(deed(fd));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int open_it(int fd)
{
	fd = probe_open();
	return fd < 0 ? errno : 0;
}

static int open_as_nobody(int fd)
{
	return setresuid(NOBODY, NOBODY, NOBODY) ? -1 : open_it(fd);
}

/* Every command on an inherited descriptor: the one errno that all give. */
static int every_command(int fd)
{
	const struct command *c;
	char arg[4096] = {};
	int err, first = -1;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		memcpy(arg, &c->size, sizeof(c->size));
		err = probe_ioctl(fd, c->cmd, arg);
		if (first >= 0 && err != first)
			return 255;
		first = err;
	}
	return first;
}

static int commands_as_nobody(int fd)
{
	return setresuid(NOBODY, NOBODY, NOBODY) ? -1 : every_command(fd);
}

/* Root in name alone: all capabilities but one. */
static int drop_sys_admin(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return errno;
	data[0].effective &= ~(1 << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1 << CAP_SYS_ADMIN);
	return syscall(SYS_capset, &header, data) ? errno : 0;
}

static int open_without_capability(int fd)
{
	return drop_sys_admin() ? -1 : open_it(fd);
}

static int commands_without_capability(int fd)
{
	return drop_sys_admin() ? -1 : every_command(fd);
}

/* All capabilities, but over a user namespace of one's own. */
static int open_as_container_root(int fd)
{
	return unshare(CLONE_NEWUSER) ? -1 : open_it(fd);
}

static int commands_as_container_root(int fd)
{
	return unshare(CLONE_NEWUSER) ? -1 : every_command(fd);
}

TEST_F(ioctls, who_may_open)
{
	EXPECT_EQ(0, in_child(open_it, -1));
	EXPECT_EQ(EACCES, in_child(open_as_nobody, -1));
	EXPECT_EQ(EPERM, in_child(open_without_capability, -1));
}

TEST_F(ioctls, who_may_use_a_descriptor_passed_on)
{
	EXPECT_EQ(EPERM, in_child(commands_as_nobody, self->fd));
	EXPECT_EQ(EPERM, in_child(commands_without_capability, self->fd));
	EXPECT_EQ(0, probe_nr_attached(self->fd));
}

TEST_F(ioctls, a_containers_root_may_not)
{
	int err = in_child(open_as_container_root, -1);

	if (err == 255)
		SKIP(return, "no user namespaces here");
	EXPECT_TRUE(err == EACCES || err == EPERM) TH_LOG("%d", err);
	EXPECT_EQ(EPERM, in_child(commands_as_container_root, self->fd));
}

TEST_HARNESS_MAIN
