// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/<pid>, <tid> and <a>,<b>: every field, and what is refused. */
#include "proc/model.h"
#include "sample.h"
#include "tap.h"

static struct process *parse(const char *name)
{
	static struct process p;
	struct text_error err = {};
	size_t len;
	char *buf = read_fixture(name, &len);

	if (!ok(!process_parse(&p, buf, len, &err), "%s is taken", name)) {
		printf("Bail out! line %u: %s\n", err.line, err.what);
		exit(1);
	}
	return &p;
}

static void user_process(void)
{
	struct process *p = parse("plain/712");
	const struct thread *th = &p->thread[3];

	is(p->name, "nginx", "name");
	is_number(p->tgid, 712, "tgid");
	is_number(p->ppid, 705, "ppid");
	is(p->uid, "33", "uid");
	is(p->start, "12.34", "start");
	is(p->res[RES_MM].id, "5d0c8a71e2f3b946", "ID of the mm");
	is_number(p->res[RES_MM].users, 5, "users of the mm");
	ok(p->res[RES_MM].reconciled && p->res[RES_MM].exact, "it adds up");
	is_number(p->res[RES_FILES].here, 4, "threads with the file table");
	is_number(p->res[RES_FILES].elsewhere, 1, "tasks elsewhere with it");
	is_number(p->res[RES_FILES].unseen, 1, "users of it unseen");
	ok(!p->res[RES_IO].id, "no io_context");
	ok(p->res[RES_CRED].id && !p->res[RES_CRED].counted,
	   "credentials are not counted");
	is(p->mm_rss, "12588", "resident memory, without its unit");
	is(p->mm_cpus, "0-1", "CPUs");
	is(p->mm_cpus_how, "superset", "precision of the CPUs");
	is(p->files_kinds,
	   "file 3 dir 0 chr 1 blk 0 pipe 0 socket 5 link 0 anon 3", "kinds");
	is(p->files_duplicates, "2", "descriptors that are duplicates");
	is_number(p->deviating[RES_FILES], 1, "one thread deviates");
	is_number(p->nnamespaces, 8, "namespaces");
	is(p->namespace[0].name, "mnt", "the first namespace");
	is(p->kstack_size, "16", "size of a kernel stack");
	is_number(p->nthread, 5, "threads");
	is(th->res[RES_MM], "=", "a thread with the process's mm");
	is(th->res[RES_FILES], "77777777aaaaaaaa", "and its own file table");
	is(th->res[RES_IO], NULL, "and no io_context");
	is(th->stack, "7ffd3aa9e000", "joined with its own stack");
	is(th->policy, "OTHER", "and policy");
	is(th->sp, NULL, "but no stack pointer");
	is(p->thread[4].name, "pool\040\n\\ x", "a name is unescaped");
	is_number(p->nsharer, 1, "one task elsewhere");
	is_number(p->sharer[0].tgid, 719, "which it is");
	is(p->sharer[0].res[RES_FILES], "=", "it has the file table");
	is(p->sharer[0].name, "cache manager", "its name has a blank");
	is(p->walk, "steady", "the walk was steady");
	process_free(p);
}

static void kernel_thread(void)
{
	struct process *p = parse("plain/9");

	is(p->kind, "kthread", "kind");
	is(p->res[RES_MM].id, NULL, "no mm");
	is(p->mm_borrowed, "5d0c8a71e2f3b946", "a borrowed one");
	is(p->mm_rss, NULL, "no resident memory");
	is_number(p->nsharer, 59, "other kernel threads elsewhere");
	is(p->thread[0].res[RES_MM], NULL, "no mm in its row");
	is(p->thread[0].stack, NULL, "no user stack");
	process_free(p);
}

static void zombie(void)
{
	struct process *p = parse("plain/800");

	is(p->state, "Z", "state");
	is(p->res[RES_FILES].id, NULL, "no file table");
	is(p->namespace[0].id, NULL, "no namespace");
	is(p->thread[0].kstack, NULL, "no kernel stack");
	is(p->thread[0].res[RES_SIGHAND], "=", "signal handlers stay");
	process_free(p);
}

/* Its leader has exited, its name is hostile, it changed during the read. */
static void odd_process(void)
{
	struct process *p = parse("plain/900");

	is(p->name, "a\033[31m b\t\\x1b\xe2\x80\xae", "a hostile name");
	is(p->res[RES_MM].id, "4444444444444444", "mm of a live thread");
	ok(p->res[RES_MM].reconciled && !p->res[RES_MM].exact,
	   "holders that do not add up");
	ok(p->res[RES_IO].counted && !p->res[RES_IO].reconciled,
	   "a counter without holders");
	is(p->files_duplicates, NULL, "version 1 counts no duplicates");
	is(p->mm_cpus, NULL, "no list of CPUs");
	is(p->mm_cpus_how, "unknown", "where they are not known");
	is_number(p->threads, 4, "threads");
	is_number(p->threads_unseen, 1, "of which unseen");
	is_number(p->nthread, 3, "rows");
	is(p->thread[1].name, " lead blank", "a name with a blank in front");
	is(p->thread[2].name, "", "an empty name");
	is(p->thread[2].stack, NULL, "a thread that 'Own:' does not have");
	is(p->thread[1].sp, "7f00007fe000", "a stack pointer");
	is(p->walk, "changed came 1 gone 0", "what changed");
	process_free(p);
}

static void lone_thread(void)
{
	struct process *p = parse("plain/714");

	is_number(p->tid, 714, "tid");
	is_number(p->tgid, 712, "its process");
	is_number(p->nthread, 1, "one row");
	is(p->thread[0].res[RES_FILES], "77777777aaaaaaaa", "its file table");
	is(p->thread[0].size, "8192", "its stack's size");
	is_number(p->res[RES_FILES].users, 1, "users of its file table");
	ok(!p->res[RES_FILES].reconciled, "holders are not told");
	process_free(p);
}

static void two_tasks(void)
{
	struct text_error err = {};
	struct pair p;
	size_t len;
	char *buf = read_fixture("plain/712,719", &len);

	if (!ok(!pair_parse(&p, buf, len, &err), "a pair is taken"))
		return;
	is_number(p.a.tid, 712, "A");
	is(p.b.name, "cache manager", "name of B");
	is(p.relation, "shared-files", "relation");
	is_number(p.nrow, 17, "rows");
	is(p.row[0].is, "separate", "mm");
	is(p.row[5].is, "neither", "io");
	is(p.row[5].a, NULL, "none is NULL");
	is(p.must, "other-mm", "what a switch must do");
	is(p.cr3_write, "keep", "how CR3 is written");
	is(p.pcid, "yes", "PCID");
	is(p.pti, "no", "isolation");
	ok(!p.files_compared, "version 1 says nothing of open files");
	pair_free(&p);
}

static void two_tables(void)
{
	struct text_error err = {};
	struct pair p;
	size_t len;
	char *buf = read_fixture("plain/712,714", &len);

	if (!ok(!pair_parse(&p, buf, len, &err), "a pair of tables is taken"))
		return;
	ok(p.files_compared, "their open files are compared");
	is_number(p.common, 3, "in common");
	is_number(p.files_a.open, 6, "of A's");
	is_number(p.files_a.duplicates, 1, "with a duplicate");
	is_number(p.files_b.open, 4, "of B's");
	is_number(p.files_b.duplicates, 0, "without one");
	is_number(p.ncommon_file, 3, "listed");
	is_number(p.common_file[2].fd_a, 4, "A's descriptor");
	is_number(p.common_file[2].fd_b, 7, "B's descriptor");
	is(p.common_file[2].kind, "socket", "kind");
	is(p.common_file[2].id, "2123456789abcdef", "ID");
	pair_free(&p);
}

static void two_maps(void)
{
	struct text_error err = {};
	struct pair p;
	size_t len;
	char *buf = read_fixture("plain/712,900", &len);

	if (!ok(!pair_parse(&p, buf, len, &err), "a pair of maps is taken"))
		return;
	ok(p.maps_compared, "their maps are compared");
	is_number(p.objects, 9, "objects in common");
	is_number(p.objects_kb, 147320, "kB of them");
	is_number(p.maps_a.maps, 11, "in A's mappings");
	is_number(p.maps_a.kb, 147740, "A's kB");
	is_number(p.maps_b.maps, 10, "in B's");
	is_number(p.maps_b.kb, 147336, "B's kB");
	is_number(p.private_files, 12, "files mapped privately");
	is_number(p.ncommon_map, 7, "listed");
	is(p.common_map[2].kind, "sysv", "kind");
	is(p.common_map[2].id, "3123456789abcdef", "ID");
	is_number(p.common_map[2].kb, 512, "kB in both");
	is_number(p.common_map[2].a.maps, 2, "A's mappings");
	is_number(p.common_map[2].a.kb, 1024, "A's kB");
	is_number(p.common_map[2].b.maps, 1, "B's mappings");
	is_number(p.common_map[2].b.kb, 512, "B's kB");
	is(p.common_map[1].name, "/memfd:a name\nwith \\ \033[31m (deleted)",
	   "a name, unescaped");
	ok(p.files_compared, "open files as well");
	pair_free(&p);
}

/* One change to what is in common that makes it senseless. */
static void senseless_pair(const char *name, const char *from, const char *to)
{
	struct text_error err = {};
	struct pair p;
	size_t len;
	char *text = read_fixture(name, &len);
	char *at = strstr(text, from), *changed;
	int ret;

	if (!at || asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to,
			    at + strlen(from)) < 0)
		exit(1);
	free(text);
	ret = pair_parse(&p, changed, strlen(changed), &err);
	ok(ret, "\"%s\" is refused: line %u: %s", to, err.line,
	   ret ? err.what : "");
	if (!ret)
		pair_free(&p);
}

/* Every cut of a good text is refused, or (in its last line) still good. */
static void cut_short(const char *name, int (*parse_cut)(char *buf, size_t len))
{
	size_t len, cut, taken = 0;
	char *whole = read_fixture(name, &len);

	for (cut = 0; cut < len; cut++)
		taken += !parse_cut(sample(whole, cut), cut);
	is_number(taken, 0, name);
	free(whole);
}

static int cut_process(char *buf, size_t len)
{
	struct text_error err;
	struct process p;
	int ret = process_parse(&p, buf, len, &err);

	if (!ret)
		process_free(&p);
	return ret;
}

static int cut_pair(char *buf, size_t len)
{
	struct text_error err;
	struct pair p;
	int ret = pair_parse(&p, buf, len, &err);

	if (!ret)
		pair_free(&p);
	return ret;
}

/* One change to a good text that makes it senseless. */
static void senseless(const char *name, const char *from, const char *to,
		      const char *what)
{
	struct text_error err = {};
	struct process p;
	size_t len;
	char *text = read_fixture(name, &len), *at = strstr(text, from), *changed;
	int ret;

	if (!at || asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to,
			    at + strlen(from)) < 0)
		exit(1);
	free(text);
	ret = process_parse(&p, changed, strlen(changed), &err);
	ok(ret, "%s is refused: line %u: %s", what, err.line,
	   ret ? err.what : "");
	if (!ret)
		process_free(&p);
}

int main(void)
{
	user_process();
	kernel_thread();
	zombie();
	odd_process();
	lone_thread();
	two_tasks();
	two_tables();
	two_maps();
	senseless_pair("plain/712,714", "common 3", "common -3");
	senseless_pair("plain/712,714", "duplicates 0", "duplicates");
	senseless_pair("plain/712,714", "a 6", "b 6");
	senseless_pair("plain/712,714", "CommonFiles:", "CommonFile:");
	senseless_pair("plain/712,714", " 4       7", " 4       x");
	senseless_pair("plain/712,900", "common 9", "common nine");
	senseless_pair("plain/712,900", "a 11 kB", "a 11 MB");
	senseless_pair("plain/712,900", "b 10", "a 10");
	senseless_pair("plain/712,900", " private 12", "");
	senseless_pair("plain/712,900", "CommonMaps:", "CommonMap:");
	senseless_pair("plain/712,900", " KBB ", " KBX ");
	senseless_pair("plain/712,900", " 147740 b", " -1 b");
	senseless_pair("plain/712,900", " 146440 ", " 146k ");
	cut_short("plain/712", cut_process);
	cut_short("plain/714", cut_process);
	cut_short("plain/712,719", cut_pair);
	senseless("plain/712", "users 5 =", "users many =",
		  "a counter that is a word");
	senseless("plain/712", "users 5 = 5 here", "users 5 = 5 there",
		  "holders of another kind");
	senseless("plain/712", "5d0c8a71e2f3b946", "0xffff888100",
		  "an address for an ID");
	senseless("plain/712", "Tgid:         712", "Tgid:         -712",
		  "a negative Tgid");
	senseless("plain/712", "Tgid:", "Tgida:",
		  "a text without Tgid");
	senseless("plain/712", "\n  712     R", "\n  -       R",
		  "a row without TID");
	senseless("plain/712", "Threads:      5", "Threads:      five",
		  "a count of threads in words");
	senseless("plain/712", "files 1 fs", "files fs",
		  "a resource without its number");
	senseless("plain/900", "(1 unseen)", "(one unseen)",
		  "a count of unseen in words");
	senseless("plain/714", "Tid:          714", "Tid:          x",
		  "a Tid that is a letter");
	return tap_done();
}
