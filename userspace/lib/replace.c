// SPDX-License-Identifier: GPL-2.0-only
/* Files that are complete or not there: see replace.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"
#include "xalloc.h"

/* The permissions that a new file gets; @old is what stands there, or NULL. */
static mode_t mode_of(const struct stat *old)
{
	mode_t mask;

	if (old)
		return old->st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int open_beside(struct replace *r, mode_t mode)
{
	int fd, err;

	r->beside = xasprintf("%s.XXXXXX", r->path);
	fd = mkostemp(r->beside, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		free(r->beside);
		r->beside = NULL;
		return err;
	}
	/* Where a file system has no permissions there are none to set. */
	if (fchmod(fd, mode))
		errno = 0;
	return fd;
}

int replace_begin(struct replace *r, const char *path)
{
	char *target = realpath(path, NULL);
	struct stat st;
	bool there;
	int fd;

	*r = (struct replace){ .path = target ? target : xstrdup(path) };
	there = !stat(r->path, &st);
	if (there && S_ISDIR(st.st_mode))
		fd = -EISDIR;
	else if (there && !S_ISREG(st.st_mode))
		fd = open(path, O_WRONLY | O_CLOEXEC);
	else if (there && access(r->path, W_OK))
		fd = -errno;
	else
		fd = open_beside(r, mode_of(there ? &st : NULL));
	if (fd == -1)
		fd = -errno;
	if (fd < 0) {
		free(r->path);
		return fd;
	}
	r->file = fdopen(fd, "w");
	if (!r->file)
		abort();
	return 0;
}

int replace_end(struct replace *r)
{
	int err = 0;

	if (fflush(r->file) || ferror(r->file))
		err = errno ? -errno : -EIO;
	/* Some file systems find room for it only now. */
	if (!err && r->beside && fsync(fileno(r->file)))
		err = -errno;
	if (!err && r->beside && rename(r->beside, r->path))
		err = -errno;
	if (!err) {
		free(r->beside);
		r->beside = NULL;
	}
	replace_drop(r);
	return err;
}

void replace_drop(struct replace *r)
{
	fclose(r->file);
	if (r->beside)
		unlink(r->beside);
	free(r->beside);
	free(r->path);
	*r = (struct replace){};
}

int replace_check(const char *path)
{
	struct replace r;
	int err = replace_begin(&r, path);

	if (!err)
		replace_drop(&r);
	return err;
}
