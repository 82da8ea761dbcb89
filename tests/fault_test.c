// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation made to fail in turn: through load, mount, lookup, open,
 * read, readdir, the probe's open, attach, read and close, and unload.  Each time
 * the answer is a clean errno or a success, nothing is left half done, and the
 * next try, with all memory there, succeeds.
 *
 * /proc/<tid>/fail-nth makes the n-th allocation of one thread fail, and reads
 * what is left to count: so one try that fails nothing tells how many there are.
 * The walk begins with the last.  A second walk makes all fail from the n-th on,
 * as kvmalloc() does without the first of its two: make-it-fail says what goes
 * for the thread once nothing is left to count.
 *
 * Where the kernel has it, copies from and to user space count and fail as well.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#include "kselftest_harness.h"
#include "module_load.h"
#include "slow_kernel.h"
#include "probe.h"
#include "sharing_states.h"
#include "text.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define FAIL_ALL "/proc/thread-self/make-it-fail"
#define PLACE "/tmp/ctxlab-fault"
#define WALK_MAX 100000
/* Ends what would not end; the harness allows no more than a little above. */
#define WALK_SECONDS (PATIENCE - 40)

/* What the deeds work on. */
static struct {
	int fd;
	int session;
	pid_t other;
	pid_t thread;
	char path[64];
} scene;

static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static void set_fail_nth(int n)
{
	char text[16];
	int fd = open(FAIL_NTH, O_WRONLY);
	int length = snprintf(text, sizeof(text), "%d", n);

	if (fd < 0 || write(fd, text, length) != length)
		_exit(KSFT_FAIL);
	close(fd);
}

/*
 * The files are opened before the deed, as opening allocates; what is left to
 * count when one is read is what the deed did not use up.
 */
static int run_with_fault(int (*deed)(void), int n, bool rest, int *left)
{
	int fd = open(FAIL_NTH, O_RDWR), all = open(FAIL_ALL, O_RDWR), err;
	char text[16];
	ssize_t length = snprintf(text, sizeof(text), "%d", n);

	if (all < 0 || pwrite(all, rest ? "1" : "0", 1, 0) != 1 ||
	    fd < 0 || write(fd, text, length) != length)
		_exit(KSFT_FAIL);
	err = deed();
	/* Counting goes on: the fault may fall on these, and then is over. */
	length = pread(fd, text, sizeof(text) - 1, 0);
	text[length > 0 ? length : 0] = '\0';
	*left = length > 0 ? atoi(text) : 1;
	if ((pwrite(fd, "0", 1, 0) != 1 && pwrite(fd, "0", 1, 0) != 1) ||
	    pwrite(all, "0", 1, 0) != 1)
		_exit(KSFT_FAIL);
	close(fd);
	close(all);
	return err;
}

/* Names that were looked up once are cached: begin with none. */
static void forget_names(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (write(fd, "2", 1) != 1)
		_exit(KSFT_FAIL);
	close(fd);
}

static void nothing(void)
{
}

static void unload_first(void)
{
	if (module_is_loaded() && module_unload())
		_exit(KSFT_FAIL);
}

static int load_module(void)
{
	return result(module_load("automount=0"));
}

/* Without memory to mount it the module stays, and says so in the log. */
static int load_and_mount(void)
{
	return result(module_load(""));
}

static void unload_again(void)
{
	struct stat st;

	/* All of it or nothing. */
	if (module_is_loaded() ? module_unload() : !stat(CTXLAB, &st))
		_exit(KSFT_FAIL);
}

static int unload(void)
{
	return result(umount2(CTXLAB, 0)) ?:
	       result(syscall(SYS_delete_module, "ctxlab", O_NONBLOCK));
}

static int mount_once(void)
{
	return result(mount("none", PLACE, "ctxlab", 0, NULL));
}

static void unmount(void)
{
	umount2(PLACE, MNT_DETACH);
}

static int look_up(void)
{
	struct stat st;

	return result(stat(scene.path, &st));
}

static void name_process(void)
{
	forget_names();
	snprintf(scene.path, sizeof(scene.path), CTXLAB "/%d", scene.other);
}

/* A thread that is not the leader. */
static void name_thread(void)
{
	forget_names();
	snprintf(scene.path, sizeof(scene.path), CTXLAB "/%d", scene.thread);
}

static void name_pair(void)
{
	forget_names();
	snprintf(scene.path, sizeof(scene.path), CTXLAB "/%d,%d", scene.other,
		 getpid());
}

static void name_waits(void)
{
	forget_names();
	snprintf(scene.path, sizeof(scene.path), CTXLAB "/%d-waits", scene.other);
}

static void name_tasks(void)
{
	forget_names();
	snprintf(scene.path, sizeof(scene.path), CTXLAB "/tasks");
}

static int open_and_read(void)
{
	static char buffer[1 << 16];
	int fd = open(scene.path, O_RDONLY), err;
	ssize_t n;

	if (fd < 0)
		return errno;
	do {
		n = read(fd, buffer, sizeof(buffer));
	} while (n > 0);
	err = result(n);
	close(fd);
	return err;
}

static int list(void)
{
	static char buffer[1 << 15];
	int fd = open(CTXLAB, O_RDONLY | O_DIRECTORY), err;
	ssize_t n;

	if (fd < 0)
		return errno;
	do {
		n = getdents64(fd, buffer, sizeof(buffer));
	} while (n > 0);
	err = result(n);
	close(fd);
	return err;
}

static int follow_self(void)
{
	char target[16];

	return result(readlink(CTXLAB "/self", target, sizeof(target)));
}

static int open_probe(void)
{
	int fd = probe_open();

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void open_session(void)
{
	scene.session = probe_open();
	if (scene.session < 0)
		_exit(KSFT_FAIL);
}

static int attach(void)
{
	return probe_attach(scene.session);
}

/* Attached or not, and nothing between. */
static void close_session(void)
{
	int attached = probe_is_attached(scene.session);
	int err = probe_detach(scene.session);

	if (err != (attached ? 0 : ENOENT) ||
	    probe_nr_attached(scene.session))
		_exit(KSFT_FAIL);
	close(scene.session);
}

/* A tracepoint's list of users is made anew where not the last one goes. */
static void watch_exits(bool yes)
{
	int fd = open("/sys/kernel/tracing/events/sched/sched_process_exit/enable",
		      O_WRONLY);

	if (fd < 0 || write(fd, yes ? "1" : "0", 1) != 1)
		_exit(KSFT_FAIL);
	close(fd);
}

/* With its hooks in the kernel, which its end takes out. */
static void use_session(void)
{
	watch_exits(true);
	open_session();
	if (attach() || probe_detach(scene.session))
		_exit(KSFT_FAIL);
}

static int close_used(void)
{
	return result(close(scene.session));
}

/* The hooks work again, whatever was left of the last ones. */
static void use_another(void)
{
	use_session();
	close(scene.session);
	watch_exits(false);
}

static int read_probe(void)
{
	static __u64 buckets[CTXLAB_HIST_BUCKETS];
	struct ctxlab_switch_info info;
	struct ctxlab_switch_read read;

	return probe_info(scene.session, &info) ?:
	       probe_read(scene.session, &read) ?:
	       probe_hist(scene.session, CTXLAB_HIST_FLUSH, buckets);
}

FIXTURE(fault)
{
	struct states states;
};

/**
 * struct _fixture_variant_fault - a deed under faults
 * @before: sets the scene for one try, with all memory there
 * @deed: 0 or an errno
 * @after: looks at what it left, and clears it away
 * @allocates: it must meet at least so many allocations
 */
FIXTURE_VARIANT(fault)
{
	void (*before)(void);
	int (*deed)(void);
	void (*after)(void);
	int allocates;
};

FIXTURE_VARIANT_ADD(fault, load)
{
	unload_first, load_module, unload_again, 1,
};

FIXTURE_VARIANT_ADD(fault, load_and_mount)
{
	unload_first, load_and_mount, unload_again, 2,
};

FIXTURE_VARIANT_ADD(fault, unload)
{
	module_put_back, unload, module_put_back, 2,
};

FIXTURE_VARIANT_ADD(fault, mount)
{
	nothing, mount_once, unmount, 3,
};

FIXTURE_VARIANT_ADD(fault, lookup_process)
{
	name_process, look_up, nothing, 2,
};

FIXTURE_VARIANT_ADD(fault, lookup_pair)
{
	name_pair, look_up, nothing, 2,
};

FIXTURE_VARIANT_ADD(fault, self)
{
	forget_names, follow_self, nothing, 2,
};

FIXTURE_VARIANT_ADD(fault, read_process)
{
	name_process, open_and_read, nothing, 5,
};

FIXTURE_VARIANT_ADD(fault, read_thread)
{
	name_thread, open_and_read, nothing, 5,
};

FIXTURE_VARIANT_ADD(fault, read_pair)
{
	name_pair, open_and_read, nothing, 5,
};

FIXTURE_VARIANT_ADD(fault, read_waits)
{
	name_waits, open_and_read, nothing, 5,
};

FIXTURE_VARIANT_ADD(fault, read_tasks)
{
	name_tasks, open_and_read, nothing, 4,
};

FIXTURE_VARIANT_ADD(fault, list)
{
	forget_names, list, nothing, 2,
};

FIXTURE_VARIANT_ADD(fault, probe_open)
{
	forget_names, open_probe, nothing, 3,
};

FIXTURE_VARIANT_ADD(fault, probe_attach)
{
	open_session, attach, close_session, 1,
};

FIXTURE_VARIANT_ADD(fault, probe_close)
{
	use_session, close_used, use_another, 1,
};

FIXTURE_VARIANT_ADD(fault, probe_read)
{
	open_session, read_probe, close_session, 0,
};

/* An attribute of a kind of fault; a kernel may lack some kinds. */
static void set_attribute(const char *kind, const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", kind, name);
	fd = open(path, O_WRONLY);
	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		_exit(KSFT_FAIL);
	close(fd);
}

static const char *const kinds[] = {
	"failslab", "fail_page_alloc", "fail_usercopy", "fail_futex",
	"fail_io_timeout", "fail_make_request", "fail_function",
};

static void set_all(const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		set_attribute(kinds[i], name, value);
}

/* The addresses of a function of the kernel, as text; false if unknown. */
static bool find_function(const char *name, char *start, char *end)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[512], symbol[256];
	bool found = false;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%16s %*c %255s", end, symbol) != 2)
			continue;
		/* They are in order: where the next one begins, it ends. */
		if (found && strcmp(start, end))
			break;
		if (!strcmp(symbol, name)) {
			memcpy(start, end, 17);
			found = true;
		}
	}
	if (file)
		fclose(file);
	return found;
}

/*
 * Of a load only what is called by the module's init counts: what comes before
 * is the kernel's own, and what it does without memory its own affair.
 */
static void allow_faults(bool in_init)
{
	char start[20] = "0x", end[20] = "0x";

	/* A stack in the log for each would look like a bug's. */
	set_all("verbose", "0");
	/* By default only allocations that may not wait are made to fail. */
	set_attribute("failslab", "ignore-gfp-wait", "N");
	set_attribute("fail_page_alloc", "ignore-gfp-wait", "N");
	/* For threads that make it fail: always. */
	set_all("task-filter", "Y");
	set_all("times", "-1");
	set_attribute("failslab", "probability", "100");
	set_attribute("fail_page_alloc", "probability", "100");
	set_all("require-start", "0x0");
	set_all("require-end", "0xffffffffffffffff");
	if (!in_init || !find_function("do_one_initcall", start + 2, end + 2))
		return;
	set_all("require-start", start);
	set_all("require-end", end);
}

/* Named here, so that the deed does not ask for the kernel's release. */
static void name_module(void)
{
	struct utsname name;
	char path[512];

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/ctxlab.ko",
		 name.release);
	setenv("CTXLAB_KO", path, 0);
}

FIXTURE_SETUP(fault)
{
	static const struct plan plan = { "another", 0, 0, NULL };
	static const struct plan thread = {
		"thread", CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, NULL
	};
	struct state *state;

	if (access(FAIL_NTH, F_OK))
		SKIP(return, "the kernel was built without fault injection");
	name_module();
	allow_faults(variant->deed == load_module ||
		     variant->deed == load_and_mount);
	mkdir(PLACE, 0755);
	module_put_back();
	ASSERT_EQ(0, text_errno(CTXLAB "/1"));
	ASSERT_EQ(0, states_begin(&self->states));
	state = states_add(&self->states, &plan);
	ASSERT_NE(NULL, state);
	scene.other = state->tid;
	state = states_add(&self->states, &thread);
	ASSERT_NE(NULL, state);
	scene.thread = state->tid;
}

FIXTURE_TEARDOWN(fault)
{
	set_fail_nth(0);
	states_end(&self->states);
	umount2(PLACE, MNT_DETACH);
	rmdir(PLACE);
	module_put_back();
}

/* How many allocations the deed meets when none of them fails. */
static int count_allocations(const struct _fixture_variant_fault *variant)
{
	int left, err;

	variant->before();
	err = run_with_fault(variant->deed, WALK_MAX, false, &left);
	variant->after();
	return err ? -err : WALK_MAX - left;
}

static void walk(struct __test_metadata *_metadata,
		 const struct _fixture_variant_fault *variant, bool rest)
{
	int all, n, err, left, tries = 0, clean = 0, survived = 0;
	time_t end = time(NULL) + WALK_SECONDS;

	/* Once unwatched: what is allocated once for good is no concern. */
	count_allocations(variant);
	all = count_allocations(variant);
	EXPECT_LE(variant->allocates, all);
	for (n = all; n > 0 && time(NULL) < end; n--) {
		tries++;
		variant->before();
		err = run_with_fault(variant->deed, n, rest, &left);
		if (!left && err)
			clean++;
		else if (!left)
			survived++;
		EXPECT_TRUE(!err || (!left && (err == ENOMEM || err == EFAULT)))
			TH_LOG("allocation %d: %s", n, strerror(err));
		variant->after();
		if (!err)
			continue;
		/* With memory, it works again. */
		variant->before();
		err = variant->deed();
		EXPECT_EQ(0, err)
			TH_LOG("after allocation %d: %s", n, strerror(err));
		variant->after();
	}
	printf("# of %d allocations %d tried: %d refused, %d done without\n", all,
	       tries, clean, survived);
	/* All of them, and at least one where there are any. */
	EXPECT_EQ(all, tries);
	EXPECT_LE(!!variant->allocates, clean + survived);
}

TEST_F(fault, each_in_turn)
{
	walk(_metadata, variant, false);
}

TEST_F(fault, all_from_each_on)
{
	walk(_metadata, variant, true);
}

TEST_HARNESS_MAIN
