// SPDX-License-Identifier: GPL-2.0-only
/*
 * What procfs and ELF files say of a process, as it should be and as it should not:
 * each text is read as it is, then with bytes changed; a program that is mapped is
 * changed as well.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "deadlock/image.h"
#include "deadlock/module_waits.h"
#include "deadlock/parse.h"
#include "deadlock/process.h"
#include "tap.h"

#define CHANGES 20000
#define PROGRAMS 300

static unsigned short state[3] = { 11, 38, 1 };

static size_t below(size_t n)
{
	return nrand48(state) % n;
}

static void calls(void)
{
	struct call c;

	ok(parse_call("running\n", &c) && c.state == CALL_RUNNING, "running");
	ok(parse_call("-1 0x7ffe 0x7f00\n", &c) && c.state == CALL_NONE &&
	   c.sp == 0x7ffe && c.pc == 0x7f00, "in no call");
	ok(parse_call("202 0x1 0x80 0x2 0x0 0xffffffffffffffff 0x6 0x7 0x8\n", &c) &&
	   c.state == CALL_BLOCKED && c.nr == 202 && c.args[1] == 0x80 &&
	   c.args[4] == UINT64_MAX && c.sp == 7 && c.pc == 8, "in a call");
	ok(!parse_call("202 0x1 0x80\n", &c), "half a call is none");
	ok(!parse_call("202 0x1 0x80 0x2 0x0 0x1ffffffffffffffff 0x6 0x7 0x8\n", &c),
	   "nor is one with a number too large");
	ok(!parse_call("", &c), "nor is nothing");
}

static void stats(void)
{
	struct stat_line s;
	uint64_t runs;
	pid_t tid;

	ok(parse_stat("12 (a) b) S 7 12 12 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 99 5 6\n",
		      &s) && !strcmp(s.name, "a) b") && s.state == 'S' &&
	   s.ppid == 7 && s.start == 99, "a name with a parenthesis");
	ok(!parse_stat("12 (a S 7", &s), "a name that does not end");
	ok(!parse_stat("12 (a) S 7 1 1\n", &s), "a stat without start");
	ok(parse_runs("0 2612239 41\n", &runs) && runs == 41, "runs");
	ok(!parse_runs("0 2612239\n", &runs), "no runs");
	ok(parse_ns_tid("Name:\tx\nNSpid:\t712\t9\t3\nNSpgid:\t1\n", &tid) &&
	   tid == 3, "the innermost ID");
	ok(!parse_ns_tid("Name:\tx\nNSpid:\t712\t99999999999\n", &tid),
	   "an ID too large");
}

static void maps(void)
{
	struct map_line m;

	ok(parse_map("55d1-55d3 r-xp 00022000 fe:00 1272515   /a b/libc.so.6\n", &m) &&
	   m.start == 0x55d1 && m.end == 0x55d3 && m.offset == 0x22000 &&
	   m.inode == 1272515 && m.executable && !m.shared &&
	   m.name_len == strlen("/a b/libc.so.6"), "a mapping of a file");
	ok(parse_map("1000-2000 rw-s 00000000 00:00 0\n", &m) && m.shared &&
	   !m.name_len, "an anonymous one");
	ok(!parse_map("2000-1000 rw-s 00000000 00:00 0\n", &m), "one of no length");
	ok(!parse_map("1000-2000 rw 00000000 00:00 0\n", &m), "short rights");
}

static void locks(void)
{
	struct lock_line l;

	ok(parse_lock("7: POSIX  ADVISORY  WRITE 712 fe:01:42 0 EOF\n", &l) &&
	   l.id == 7 && !l.depth && l.kind == FILE_LOCK_POSIX && l.write &&
	   l.pid == 712 && l.inode == 42 && !strcmp(l.range, "0 EOF"), "a lock");
	ok(parse_lock("7: -> FLOCK  ADVISORY  READ  9 fe:01:42 0 EOF\n", &l) &&
	   l.depth && l.kind == FILE_LOCK_FLOCK && !l.write && l.pid == 9,
	   "who waits for it");
	ok(parse_lock("1: OFDLCK ADVISORY  WRITE -1 fe:01:42 0 99\n", &l) &&
	   l.kind == FILE_LOCK_OFD && l.pid == -1, "an open file description's");
	ok(!parse_lock("1: LEASE  ACTIVE    READ  1 fe:01:42 0 EOF\n", &l),
	   "a lease is no lock");
}

#ifdef __x86_64__
#define WAITS_HEAD "Tgid:         7\nWaits:        x86-64\n" \
	"  TID ST VCSW ICSW RUNS NR A0 A1 A2 A3 A4 A5 SP PC RBX RBP R12 R13 R14 R15 NAME\n"
#define WAITS_ROWS \
	"  9 S 5 1 7 202 1 80 2 0 ffffffffffffffff 6 7 8 b1 b2 b3 b4 b5 b6 a  b\n" \
	"  7 R 40 2 43 - - - - - - - - - - - - - - - c\n" \
	"  8 Z 4 2 - - - - - - - - - - - - - - - - Tgid: 1\n" \
	"  10 T 4 2 6 -1 - - - - - - 7 8 1 2 3 4 5 6\x20\n"
#define WAITS_TAIL "Unseen:       0\nWithheld:     0\n"

static void refused(const char *text, const char *why)
{
	size_t n;
	struct waits_row *row = waits_parse(text, &n);

	ok(!row, "%s", why);
	free(row);
}

static void waits(void)
{
	static const char *const text = WAITS_HEAD WAITS_ROWS WAITS_TAIL;
	size_t n;
	struct waits_row *row = waits_parse(text, &n);

	ok(row && n == 4 && row[0].tid == 7 && row[3].tid == 10,
	   "the module's rows, in order");
	ok(row && row[2].call.state == CALL_BLOCKED && row[2].call.nr == 202 &&
	   row[2].call.args[4] == UINT64_MAX && row[2].call.sp == 7 &&
	   row[2].call.pc == 8 && row[2].counts == 13, "one in a call");
	ok(row && row[2].saved.known && row[2].saved.value[0] == 0xb1 &&
	   row[2].saved.value[5] == 0xb6, "with its registers");
	ok(row && row[0].call.state == CALL_RUNNING && !row[0].saved.known,
	   "one that runs");
	ok(row && row[1].state == 'Z' && row[1].call.state == CALL_NONE &&
	   !row[1].call.pc, "one that has ended");
	ok(row && row[3].call.state == CALL_NONE && row[3].call.nr == -1 &&
	   row[3].call.sp == 7, "one that was stopped in no call");
	free(row);
	refused(WAITS_HEAD WAITS_ROWS, "a text that is not whole");
	refused(WAITS_HEAD WAITS_ROWS "Unseen:       1\nWithheld:     0\n",
		"one that leaves out a thread");
	refused(WAITS_HEAD WAITS_ROWS "Unseen:       0\nWithheld:     2\n",
		"one that withholds registers");
	refused(WAITS_HEAD WAITS_ROWS WAITS_ROWS WAITS_TAIL, "one with IDs twice");
	refused(WAITS_HEAD WAITS_TAIL, "one without threads");
	refused("Waits:        arm64\n  TID NAME\n", "another machine's");
	refused("", "none");
}
#else
#define WAITS_HEAD
#define WAITS_ROWS
#define WAITS_TAIL ""

static void waits(void)
{
}
#endif

static void parse_waits(const char *text)
{
	size_t n;

	free(waits_parse(text, &n));
}

static void parse_line(const char *text)
{
	struct call call;
	struct stat_line stat;
	struct map_line map;
	struct lock_line lock;
	uint64_t runs;
	pid_t tid;

	parse_call(text, &call);
	parse_runs(text, &runs);
	parse_stat(text, &stat);
	parse_ns_tid(text, &tid);
	parse_map(text, &map);
	parse_lock(text, &lock);
}

static void changed_texts(void)
{
	static const char *const good[] = {
		"202 0x1 0x80 0x2 0x0 0xffffffffffffffff 0x6 0x7 0x8\n",
		"12 (a) b) S 7 12 12 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 99 5 6\n",
		"0 2612239 41\n",
		"Name:\tx\nNSpid:\t712\t9\t3\nNSpgid:\t1\n",
		"55d1-55d3 r-xp 00022000 fe:00 1272515   /a b/libc.so.6\n",
		"7: -> FLOCK  ADVISORY  READ  9 fe:01:42 0 EOF\n",
		WAITS_HEAD WAITS_ROWS WAITS_TAIL,
	};
	static const char bytes[] = "0123456789afx-:() \t\n\xff>RWSP";
	size_t i, k, len;
	char *text;

	for (i = 0; i < CHANGES; i++) {
		text = strdup(good[below(ARRAY_SIZE(good))]);
		len = below(strlen(text)) + 1;
		if (below(2))
			text = realloc(text, len + 1);
		else
			len = strlen(text);
		text[len] = '\0';
		for (k = below(4); k; k--)
			text[below(len)] = bytes[below(sizeof(bytes) - 1)];
		parse_line(text);
		parse_waits(text);
		free(text);
	}
	ok(true, "%d changed texts are read or refused", CHANGES);
}

/* The first bytes of a file; its length in @len. */
static unsigned char *read_program(const char *path, size_t *len)
{
	unsigned char *bytes = malloc(1 << 20);
	FILE *f = fopen(path, "r");

	*len = f && bytes ? fread(bytes, 1, 1 << 20, f) : 0;
	if (f)
		fclose(f);
	return bytes;
}

/* Maps @bytes as a C library and has this process looked at. */
static bool look_at(const char *path, const unsigned char *bytes, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0700), err;
	struct process *p;
	void *map;

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		return false;
	map = mmap(NULL, len, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	p = process_open(getpid(), &err);
	if (p)
		images_find(p);
	process_close(p);
	image_cache_drop();
	if (map != MAP_FAILED)
		munmap(map, len);
	close(fd);
	return p && map != MAP_FAILED;
}

static void changed_programs(void)
{
	char folder[] = "/tmp/ctxlab-parse-XXXXXX", path[64];
	unsigned char *good, *bytes;
	size_t len, i, k, at;
	bool all = true;

	if (!mkdtemp(folder))
		exit(1);
	snprintf(path, sizeof(path), "%s/libc.so.6", folder);
	good = read_program(CORPUS, &len);
	bytes = malloc(len);
	for (i = 0; all && i < PROGRAMS; i++) {
		memcpy(bytes, good, len);
		/* The headers, at both ends, are what is read first. */
		for (k = below(16); i && k; k--) {
			at = below(2) ? below(1024) : len - 1 - below(4096);
			bytes[at] = below(2) ? 0xff : below(256);
		}
		all = look_at(path, bytes, i % 3 ? len : len - below(len - 1));
	}
	ok(all && len > 4096, "%d changed programs are read or refused", PROGRAMS);
	free(bytes);
	free(good);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	calls();
	stats();
	maps();
	locks();
	waits();
	changed_texts();
	changed_programs();
	return tap_done();
}
