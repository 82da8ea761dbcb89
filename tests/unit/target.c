// SPDX-License-Identifier: GPL-2.0-only
/* The tool as it is used, on one file with any content at all. */
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "experiments/experiments.h"
#include "lib/compiler.h"
#include "target.h"

enum {
	SHOW,
	SHOW_THREAD,
	COMPARE,
	SHARING,
	SHARING_ALL,
	OLD_MODULE,
	FROM,
	DIFF,
};

const struct target targets[] = {
	{ "712", "plain/712", false, 8, SHOW },
	{ "712", "plain/900", false, 8, SHOW },
	{ "712", "plain/9", false, 4, SHOW },
	{ "714", "plain/714", false, 4, SHOW_THREAD },
	{ "712,719", "plain/712,719", false, 8, COMPARE },
	{ "712,719", "plain/712,900", false, 8, COMPARE },
	{ "tasks", "plain/tasks", false, 8, SHARING },
	{ "tasks", "plain/tasks", false, 4, SHARING_ALL },
	{ "abi", "plain/abi", false, 1, OLD_MODULE },
	/* Its statistics take long. */
	{ "run.json", "run.json", true, 2, FROM },
	{ "run.json", "run.json", true, 1, DIFF },
};

const size_t target_count = ARRAY_SIZE(targets);

const struct target *target_pick(unsigned int number)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < target_count; i++)
		sum += targets[i].weight;
	number %= sum;
	for (i = 0; number >= targets[i].weight; i++)
		number -= targets[i].weight;
	return &targets[i];
}

/* The commands' arguments; PATH stands for the file itself. */
static struct {
	const struct ctxlab_cmd *cmd;
	const char *args[4];
} commands[] = {
	[SHOW] = { &cmd_show, { "712" } },
	[SHOW_THREAD] = { &cmd_show, { "714" } },
	[COMPARE] = { &cmd_compare, { "712", "719" } },
	[SHARING] = { &cmd_sharing, {} },
	[SHARING_ALL] = { &cmd_sharing, { "--all" } },
	[OLD_MODULE] = { &cmd_sharing, {} },
	[FROM] = { NULL, { "--from", "PATH" } },	/* target_open() */
	[DIFF] = { &cmd_diff, { "PATH", FIXTURES "/run.json" } },
};

static const char *const ways[TARGET_WAYS] = { "-n", "--json", "--raw", NULL };
#define WAY_JSON 1

/* mkdtemp() writes into it. */
static char root[32] = "/tmp/ctxlab-fuzz-XXXXXX";
static int out_fd, err_fd;
static char out_bytes[1 << 22];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void put_file(const char *name, const char *bytes, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd))
		die(path);
}

const char *target_open(void)
{
	if (!mkdtemp(root))
		die(root);
	commands[FROM].cmd = cmd_measure(experiments[0], NULL);
	setenv("CTXLAB_ROOT", root, 1);
	/* Not a terminal, and no colours. */
	out_fd = memfd_create("stdout", MFD_CLOEXEC);
	err_fd = memfd_create("stderr", MFD_CLOEXEC);
	if (out_fd < 0 || err_fd < 0)
		die("memfd_create");
	return root;
}

void target_close(void)
{
	char path[128];
	size_t i;

	for (i = 0; i < target_count; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, targets[i].file);
		unlink(path);
	}
	rmdir(root);
}

/* What was written into @fd, which is emptied. */
static size_t take_output(int fd)
{
	ssize_t len = pread(fd, out_bytes, sizeof(out_bytes) - 1, 0);

	if (len < 0 || ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET))
		die("output");
	out_bytes[len] = '\0';
	return len;
}

/* In the C locale only printable ASCII may get through to a terminal. */
static bool is_safe(size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (out_bytes[i] != '\n' &&
		    (out_bytes[i] < ' ' || out_bytes[i] > '~'))
			return false;
	return true;
}

static bool is_json(size_t len)
{
	json_t *value = json_loadb(out_bytes, len, JSON_ALLOW_NUL, NULL);

	json_decref(value);
	return value;
}

/* Calls the command with its output caught; returns its status. */
static int call(const struct target *t, size_t way)
{
	const char *argv[8] = { commands[t->command].cmd->name };
	int saved_out, saved_err, status, argc = 1, i;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, t->file);
	for (i = 0; i < 4 && commands[t->command].args[i]; i++)
		argv[argc++] = strcmp(commands[t->command].args[i], "PATH") ?
			       commands[t->command].args[i] : path;
	if (ways[way])
		argv[argc++] = ways[way];
	fflush(NULL);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	dup2(out_fd, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	optind = 0;
	status = commands[t->command].cmd->run(commands[t->command].cmd, argc,
					       (char **)argv);
	fflush(NULL);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	return status;
}

const char *target_run(const struct target *t, size_t way, const char *bytes,
		       size_t len)
{
	size_t out, err;
	int status;

	put_file("abi", "1\n", 2);
	if (t->command == OLD_MODULE)
		put_file("tasks", "TGID TID NAME\n", 14);
	put_file(t->file, bytes, len);
	status = call(t, way);
	if (status < CTXLAB_OK || status > CTXLAB_REFUSED ||
	    status == CTXLAB_USAGE)
		return "an exit status that is not documented for this";
	out = take_output(out_fd);
	if (way != WAY_JSON && !is_safe(out))
		return "control characters on stdout";
	if (way == WAY_JSON && out && !is_json(out))
		return "JSON that is none";
	err = take_output(err_fd);
	if (!is_safe(err))
		return "control characters on stderr";
	if ((status == CTXLAB_FAILED || status == CTXLAB_NO_MODULE) && !err)
		return "a failure without a word";
	return NULL;
}
