// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deeds that no file here takes: write, create, remove, rename, chmod, ...
 *
 * The oracle is procfs, asked in the same breath: a deed on /proc/ctxlab/<pid>
 * gets the errno of the same deed on /proc/<pid>/status, one on /proc/ctxlab
 * that of /proc.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "kselftest_harness.h"
#include "slow_kernel.h"
#include "text.h"

#define NOBODY 65534

/*
 * Deeds: each gives 0 or an errno.  @file is for what is done to a file, @fd is
 * the same, open for reading; @entry is for what is done to a name in @dir.
 */
struct place {
	const char *dir;
	const char *entry;
	char file[64];
	int fd;
};

static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static int opened(int fd)
{
	int err = result(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int open_flags(const struct place *p, int flags)
{
	return opened(open(p->file, flags, 0600));
}

static int in_dir(const struct place *p, char *path, const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s", p->dir, name);
}

static int open_write(const struct place *p)
{
	return open_flags(p, O_WRONLY);
}

static int open_read_write(const struct place *p)
{
	return open_flags(p, O_RDWR);
}

static int open_truncating(const struct place *p)
{
	return open_flags(p, O_RDONLY | O_TRUNC);
}

static int open_creating(const struct place *p)
{
	return open_flags(p, O_RDONLY | O_CREAT);
}

static int open_creating_anew(const struct place *p)
{
	return open_flags(p, O_RDONLY | O_CREAT | O_EXCL);
}

static int open_direct(const struct place *p)
{
	return open_flags(p, O_RDONLY | O_DIRECT);
}

static int open_directory(const struct place *p)
{
	return open_flags(p, O_RDONLY | O_DIRECTORY);
}

static int open_nofollow(const struct place *p)
{
	return open_flags(p, O_RDONLY | O_NOFOLLOW);
}

static int write_opened(const struct place *p)
{
	int fd = open(p->file, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, "0", 1) < 0)
		err = errno;
	close(fd);
	return err;
}

static int write_readonly(const struct place *p)
{
	return result(write(p->fd, "0", 1));
}

static int create_new(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return opened(open(path, O_RDWR | O_CREAT, 0600));
}

static int tmpfile_in_dir(const struct place *p)
{
	return opened(open(p->dir, O_TMPFILE | O_RDWR, 0600));
}

static int dir_for_writing(const struct place *p)
{
	return opened(open(p->dir, O_WRONLY));
}

static int mkdir_new(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return result(mkdir(path, 0700));
}

static int mkdir_existing(const struct place *p)
{
	return result(mkdir(p->entry, 0700));
}

static int mkdir_pid(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "1");
	return result(mkdir(path, 0700));
}

static int rmdir_file(const struct place *p)
{
	return result(rmdir(p->entry));
}

static int rmdir_new(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return result(rmdir(path));
}

static int unlink_file(const struct place *p)
{
	return result(unlink(p->entry));
}

static int unlink_new(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return result(unlink(path));
}

static int unlink_dir(const struct place *p)
{
	return result(unlink(p->dir));
}

static int rename_to_new(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return result(rename(p->entry, path));
}

static int rename_outside(const struct place *p)
{
	return result(rename(p->entry, "/tmp/ctxlab-renamed"));
}

static int rename_dir(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return result(rename(p->dir, path));
}

static int link_to_new(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return result(link(p->entry, path));
}

static int symlink_new(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return result(symlink("/", path));
}

static int symlink_over(const struct place *p)
{
	return result(symlink("/", p->entry));
}

static int mknod_new(const struct place *p)
{
	char path[PATH_MAX];

	in_dir(p, path, "new");
	return result(mknod(path, S_IFIFO | 0600, 0));
}

static int chmod_file(const struct place *p)
{
	return result(chmod(p->file, 0666));
}

static int fchmod_file(const struct place *p)
{
	return result(fchmod(p->fd, 0));
}

static int truncate_file(const struct place *p)
{
	return result(truncate(p->file, 0));
}

static int ftruncate_file(const struct place *p)
{
	return result(ftruncate(p->fd, 0));
}

static int set_attribute(const struct place *p)
{
	return result(setxattr(p->file, "user.x", "x", 1, 0));
}

static int get_attribute(const struct place *p)
{
	char value[8];

	return result(getxattr(p->file, "user.x", value, sizeof(value)));
}

static int list_attributes(const struct place *p)
{
	char value[256];

	return result(listxattr(p->file, value, sizeof(value)));
}

static int run_file(const struct place *p)
{
	char *const argv[] = { (char *)p->file, NULL };

	return result(execv(p->file, argv));
}

static int map_file(const struct place *p)
{
	void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, p->fd, 0);

	if (map == MAP_FAILED)
		return errno;
	munmap(map, 4096);
	return 0;
}

static int control_file(const struct place *p)
{
	return result(ioctl(p->fd, 0xdeadbeef, 0));
}

static int allocate_file(const struct place *p)
{
	return result(fallocate(p->fd, 0, 0, 1));
}

static int sync_file(const struct place *p)
{
	return result(fsync(p->fd));
}

static int list_file(const struct place *p)
{
	char buf[1024];

	return result(getdents64(p->fd, buf, sizeof(buf)));
}

static int read_dir(const struct place *p)
{
	int fd = open(p->dir, O_RDONLY);
	char c;
	int err;

	err = result(read(fd, &c, 1));
	close(fd);
	return err;
}

static int seek_before(const struct place *p)
{
	return result(lseek(p->fd, -1, SEEK_SET));
}

static int seek_to_end(const struct place *p)
{
	return result(lseek(p->fd, 0, SEEK_END));
}

static int seek_oddly(const struct place *p)
{
	return result(lseek(p->fd, 0, 99));
}

static int seek_forward(const struct place *p)
{
	return result(lseek(p->fd, 7, SEEK_SET));
}

static int read_before(const struct place *p)
{
	char c;

	return result(pread(p->fd, &c, 1, -1));
}

static int read_to_nowhere(const struct place *p)
{
	void *nowhere = mmap(NULL, 4096, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = result(pread(p->fd, nowhere, 64, 0));

	munmap(nowhere, 4096);
	return err;
}

static int read_nothing(const struct place *p)
{
	char c;

	return result(pread(p->fd, &c, 0, 0));
}

static int send_file(const struct place *p)
{
	int out = memfd_create("copy", 0);
	int err = result(sendfile(out, p->fd, NULL, 4096));

	close(out);
	return err;
}

static int splice_file(const struct place *p)
{
	int pipes[2], err;

	if (pipe(pipes))
		return errno;
	err = result(splice(p->fd, NULL, pipes[1], NULL, 64, 0));
	close(pipes[0]);
	close(pipes[1]);
	return err;
}

static int poll_file(const struct place *p)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents == POLLIN ?
		0 : EAGAIN;
}

static int enter_file(const struct place *p)
{
	return result(chdir(p->file));
}

#define DEED(name) { #name, name }

static const struct deed {
	const char *name;
	int (*run)(const struct place *place);
} deeds[] = {
	DEED(open_write), DEED(open_read_write), DEED(open_truncating),
	DEED(open_creating), DEED(open_creating_anew), DEED(open_direct),
	DEED(open_directory), DEED(open_nofollow), DEED(write_opened),
	DEED(write_readonly), DEED(create_new), DEED(tmpfile_in_dir),
	DEED(dir_for_writing), DEED(mkdir_new), DEED(mkdir_existing),
	DEED(mkdir_pid), DEED(rmdir_file), DEED(rmdir_new), DEED(unlink_file),
	DEED(unlink_new), DEED(unlink_dir), DEED(rename_to_new),
	DEED(rename_outside), DEED(rename_dir), DEED(link_to_new),
	DEED(symlink_new), DEED(symlink_over), DEED(mknod_new),
	DEED(chmod_file), DEED(fchmod_file), DEED(truncate_file),
	DEED(ftruncate_file), DEED(set_attribute), DEED(get_attribute),
	DEED(list_attributes), DEED(run_file), DEED(map_file),
	DEED(control_file), DEED(allocate_file), DEED(sync_file),
	DEED(list_file), DEED(read_dir), DEED(seek_before), DEED(seek_to_end),
	DEED(seek_oddly), DEED(seek_forward), DEED(read_before),
	DEED(read_to_nowhere), DEED(read_nothing), DEED(send_file),
	DEED(splice_file), DEED(poll_file), DEED(enter_file),
};

FIXTURE(deeds)
{
	struct place here;
	struct place there;
};

FIXTURE_VARIANT(deeds)
{
	uid_t uid;
};

FIXTURE_VARIANT_ADD(deeds, by_root)
{
	.uid = 0,
};

FIXTURE_VARIANT_ADD(deeds, by_nobody)
{
	.uid = NOBODY,
};

FIXTURE_SETUP(deeds)
{
	self->here.dir = CTXLAB;
	self->here.entry = CTXLAB "/tasks";
	self->there.dir = "/proc";
	self->there.entry = "/proc/version";
	ASSERT_EQ(0, setresgid(variant->uid, variant->uid, variant->uid));
	ASSERT_EQ(0, setresuid(variant->uid, variant->uid, variant->uid));
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	snprintf(self->here.file, sizeof(self->here.file), CTXLAB "/%d",
		 getpid());
	snprintf(self->there.file, sizeof(self->there.file), "/proc/%d/status",
		 getpid());
	self->here.fd = open(self->here.file, O_RDONLY);
	ASSERT_LE(0, self->here.fd);
	self->there.fd = open(self->there.file, O_RDONLY);
	ASSERT_LE(0, self->there.fd);
}

FIXTURE_TEARDOWN(deeds)
{
	close(self->here.fd);
	close(self->there.fd);
}

TEST_F(deeds, as_procfs)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		int there = deeds[i].run(&self->there);
		int here = deeds[i].run(&self->here);

		EXPECT_EQ(there, here)
			TH_LOG("%s: %s here, %s in procfs", deeds[i].name,
			       strerror(here), strerror(there));
	}
}

/* Whatever was tried: it is still there, and still says the same. */
TEST_F(deeds, leave_no_trace)
{
	struct stat before, after;
	size_t i;

	ASSERT_EQ(0, stat(self->here.file, &before));
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		deeds[i].run(&self->here);
	ASSERT_EQ(0, stat(self->here.file, &after));
	EXPECT_EQ(before.st_mode, after.st_mode);
	EXPECT_EQ(before.st_uid, after.st_uid);
	EXPECT_NE(0, access(CTXLAB "/new", F_OK));
	EXPECT_EQ(0, text_errno(self->here.file));
}

TEST_HARNESS_MAIN
