// SPDX-License-Identifier: GPL-2.0-only
/* What procfs writes about tasks, mappings and file locks: text -> structs. */
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "lib/compiler.h"
#include "parse.h"

/* The value of a digit in lower case; 99 where it is none. */
static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/*
 * Reads an unsigned number in @base at *@s and moves *@s past it.  strtoull()
 * would take blanks and signs, and is slow where there are thousands.
 */
static bool number(const char **s, unsigned int base, unsigned long long *value)
{
	unsigned long long n = 0;
	const char *c = *s;

	for (; digit(*c) < base; c++) {
		if (n > (ULLONG_MAX - digit(*c)) / base)
			return false;
		n = n * base + digit(*c);
	}
	if (c == *s)
		return false;
	*value = n;
	*s = c;
	return true;
}

static bool signed_number(const char **s, long *value)
{
	unsigned long long magnitude;
	bool minus = **s == '-';

	*s += minus;
	if (!number(s, 10, &magnitude) || magnitude > LONG_MAX)
		return false;
	*value = minus ? -(long)magnitude : (long)magnitude;
	return true;
}

/* Moves *@s past blanks; false where there is none. */
static bool blanks(const char **s)
{
	size_t n = strspn(*s, " \t");

	*s += n;
	return n;
}

static bool skip(const char **s, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*s, word, len))
		return false;
	*s += len;
	return true;
}

static bool hex_word(const char **s, uint64_t *value)
{
	unsigned long long n;

	if (!blanks(s) || !skip(s, "0x") || !number(s, 16, &n))
		return false;
	*value = n;
	return true;
}

bool parse_call(const char *text, struct call *call)
{
	size_t i;

	*call = (struct call){};
	if (!strncmp(text, "running", 7)) {
		call->state = CALL_RUNNING;
		return true;
	}
	if (!signed_number(&text, &call->nr))
		return false;
	call->state = call->nr < 0 ? CALL_NONE : CALL_BLOCKED;
	for (i = 0; call->nr >= 0 && i < ARRAY_SIZE(call->args); i++)
		if (!hex_word(&text, &call->args[i]))
			return false;
	return hex_word(&text, &call->sp) && hex_word(&text, &call->pc);
}

bool call_equal(const struct call *a, const struct call *b)
{
	return a->state == b->state && a->nr == b->nr && a->sp == b->sp &&
	       a->pc == b->pc && !memcmp(a->args, b->args, sizeof(a->args));
}

bool parse_runs(const char *text, uint64_t *runs)
{
	unsigned long long n = 0;
	int i;

	for (i = 0; i < 3; i++)
		if ((i && !blanks(&text)) || !number(&text, 10, &n))
			return false;
	*runs = n;
	return true;
}

/* Field @n of a stat line that begins with its third. */
static const char *stat_field(const char *s, int n)
{
	for (; n > 3; n--) {
		s = strchr(s, ' ');
		if (!s)
			return "";
		s++;
	}
	return s;
}

#define FORKED_NO_EXEC 0x40	/* PF_FORKNOEXEC, of the ninth field */

bool parse_stat(const char *text, struct stat_line *stat)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long long flags;
	const char *field;
	size_t len;
	long ppid;

	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return false;
	len = close - open - 1;
	if (len >= sizeof(stat->name))
		len = sizeof(stat->name) - 1;
	memcpy(stat->name, open + 1, len);
	stat->name[len] = '\0';
	stat->state = close[2];
	field = stat_field(close + 2, 4);
	if (!signed_number(&field, &ppid) || ppid > INT_MAX)
		return false;
	stat->ppid = ppid;
	field = stat_field(close + 2, 9);
	if (!number(&field, 10, &flags))
		return false;
	stat->execed = !(flags & FORKED_NO_EXEC);
	field = stat_field(close + 2, 22);
	return number(&field, 10, &stat->start);
}

/* Those of the thread's own faults, and those that C libraries keep for themselves. */
#define BIT(signal) (1ULL << ((signal) - 1))
#define NOT_SENT (BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGBUS) | BIT(SIGFPE) | \
		  BIT(SIGSEGV) | BIT(32) | BIT(33) | BIT(34))

bool parse_catches(const char *text)
{
	unsigned long long caught;

	text = strstr(text, "\nSigCgt:\t");
	if (!text)
		return false;
	text += strlen("\nSigCgt:\t");
	return number(&text, 16, &caught) && caught & ~NOT_SENT;
}

bool parse_ns_tid(const char *text, pid_t *tid)
{
	unsigned long long n;

	text = strstr(text, "\nNSpid:");
	if (!text)
		return false;
	text += strlen("\nNSpid:");
	*tid = 0;
	while (blanks(&text) && number(&text, 10, &n)) {
		if (!n || n > INT_MAX)
			return false;
		*tid = n;
	}
	return *tid && *text == '\n';
}

bool parse_map(const char *line, struct map_line *map)
{
	unsigned long long start, end, offset, device;
	const char *perms;

	if (!number(&line, 16, &start) || !skip(&line, "-") ||
	    !number(&line, 16, &end) || end <= start || !blanks(&line))
		return false;
	perms = line;
	if (strcspn(line, " ") != 4)
		return false;
	line += 4;
	if (!blanks(&line) || !number(&line, 16, &offset) || !blanks(&line) ||
	    !number(&line, 16, &device) || !skip(&line, ":") ||
	    !number(&line, 16, &device) || !blanks(&line) ||
	    !number(&line, 10, &map->inode))
		return false;
	blanks(&line);
	map->start = start;
	map->end = end;
	map->offset = offset;
	map->executable = perms[2] == 'x';
	map->shared = perms[3] == 's';
	map->name = line;
	map->name_len = strcspn(line, "\n");
	return true;
}

static bool lock_kind(const char **s, enum file_lock_kind *kind)
{
	static const char *const names[] = {
		[FILE_LOCK_FLOCK] = "FLOCK ",
		[FILE_LOCK_POSIX] = "POSIX ",
		[FILE_LOCK_OFD] = "OFDLCK ",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (skip(s, names[i])) {
			*kind = i;
			return true;
		}
	return false;
}

/* Moves *@s past a word and the blanks after it. */
static bool skip_word(const char **s)
{
	size_t n = strcspn(*s, " \t\n");

	*s += n;
	return n && blanks(s);
}

static bool lock_file(const char **s, struct lock_line *lock)
{
	unsigned long long major, minor;

	if (!number(s, 16, &major) || !skip(s, ":") || !number(s, 16, &minor) ||
	    !skip(s, ":") || !number(s, 10, &lock->inode))
		return false;
	lock->device = major << 32 | (minor & UINT32_MAX);
	return blanks(s);
}

bool parse_lock(const char *line, struct lock_line *lock)
{
	const char *arrow;
	size_t len;
	long pid;

	if (!number(&line, 10, &lock->id) || !skip(&line, ":"))
		return false;
	arrow = line;
	blanks(&line);
	/* "-> " stands the further to the right the longer the queue. */
	lock->depth = 0;
	if (!strncmp(line, "->", 2)) {
		lock->depth = line - arrow;
		line += 2;
		blanks(&line);
	}
	if (!lock_kind(&line, &lock->kind))
		return false;
	blanks(&line);
	if (!skip_word(&line))
		return false;
	lock->write = !strncmp(line, "WRITE", 5);
	if (!skip_word(&line) || !signed_number(&line, &pid) ||
	    pid < -1 || pid > INT_MAX || !blanks(&line) || !lock_file(&line, lock))
		return false;
	lock->pid = pid;
	len = strcspn(line, "\n");
	if (!len || len >= sizeof(lock->range))
		return false;
	memcpy(lock->range, line, len);
	lock->range[len] = '\0';
	return true;
}
