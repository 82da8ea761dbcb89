// SPDX-License-Identifier: GPL-2.0-only
/* Running gnuplot, which draws into memory; the file is written from there. */
#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gnuplot.h"
#include "lib/replace.h"
#include "lib/xalloc.h"

/*
 * gnuplot on @script, with the picture going to @picture.  It reads numbers as
 * they are in the C locale, whatever the user's.  NULL, or what went wrong.
 */
static const char *run_gnuplot(int script, int picture)
{
	static char *const argv[] = { "gnuplot", NULL };
	static char *const env_locale = "LC_ALL=C.UTF-8";
	posix_spawn_file_actions_t files;
	size_t n = 0, i;
	char **env;
	int status, err;
	pid_t pid;

	while (environ[n])
		n++;
	env = xcalloc(n + 2, sizeof(*env));
	env[0] = env_locale;
	for (i = 0, n = 1; environ[i]; i++)
		if (strncmp(environ[i], "LC_ALL=", 7))
			env[n++] = environ[i];
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, script, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, picture, STDOUT_FILENO);
	err = posix_spawnp(&pid, argv[0], &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	free(env);
	if (err)
		return err == ENOENT ? "gnuplot is not installed" : strerror(err);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return strerror(errno);
	return status ? "gnuplot failed" : NULL;
}

/* All that @from holds to @to; 0 or a negative errno. */
static int copy_bytes(FILE *from, FILE *to)
{
	char bytes[1 << 14];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), from)))
		if (fwrite(bytes, 1, n, to) != n)
			return -errno;
	return ferror(from) ? -EIO : 0;
}

/*
 * Of SVG all but groups that hold nothing, of which gnuplot opens one or two
 * for each mark on an axis, and lines that hold nothing: half of them.
 */
static int copy_svg(FILE *from, FILE *to)
{
	char *line = NULL, *group = NULL;	/* @group is not written yet */
	bool begins, empty;
	size_t room = 0;
	int err = 0;

	while (!err && getline(&line, &room, from) > 0) {
		if (!strcmp(line, "\n"))
			continue;
		begins = !strncmp(line, "<g ", 3) && strstr(line, ">\n");
		empty = group && !strcmp(line, "</g>\n");
		if (group && !empty && fputs(group, to) == EOF)
			err = -errno;
		if (!begins && !empty && fputs(line, to) == EOF)
			err = -errno;
		free(group);
		group = begins ? xstrdup(line) : NULL;
	}
	free(group);
	free(line);
	return err ? err : ferror(from) ? -EIO : 0;
}

/* What gnuplot has drawn, to @to; 0 or a negative errno. */
static int copy(FILE *from, FILE *to)
{
	int first;

	rewind(from);
	first = getc(from);
	ungetc(first, from);
	return first == '<' ? copy_svg(from, to) : copy_bytes(from, to);
}

FILE *gnuplot_memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!f)
		abort();
	return f;
}

/* gnuplot does not say when a disk is full: the picture is written here. */
static char *write_picture(FILE *picture, const char *path)
{
	struct replace file;
	struct stat st;
	int err;

	if (fstat(fileno(picture), &st) || !st.st_size)
		return xstrdup("gnuplot drew nothing");
	err = replace_begin(&file, path);
	if (err)
		return xstrdup(strerror(-err));
	err = copy(picture, file.file);
	if (err)
		replace_drop(&file);
	else
		err = replace_end(&file);
	return err ? xstrdup(strerror(-err)) : NULL;
}

char *gnuplot_draw(FILE *script, const char *path)
{
	FILE *picture = gnuplot_memory_file("picture");
	const char *problem;
	char *words;

	fflush(script);
	rewind(script);
	problem = run_gnuplot(fileno(script), fileno(picture));
	words = problem ? xstrdup(problem) : write_picture(picture, path);
	fclose(picture);
	return words;
}
