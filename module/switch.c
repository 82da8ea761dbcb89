// SPDX-License-Identifier: GPL-2.0-only
/*
 * The switch probe.
 *
 * A task attaches itself.  From then on the scheduler calls sched_out() when
 * the task is left and sched_in() when it comes in, through a preempt notifier
 * on the task's own list.  That list is changed by the task itself alone, with
 * preemption off; anybody else reads it only while the task does not run.
 *
 * Who holds whom: an attachment holds its session's open file, which holds the
 * session, the module and the mount.  It goes when its task detaches or exits,
 * never because of a descriptor, so no descriptor's end leaves a notifier
 * behind, and the file's release finds no attachment left.
 *
 * Each attachment counts by itself, as no two CPUs ever run one task; readers
 * add up.  Nothing here takes a lock, sleeps or allocates in the scheduler.
 */
#include <linux/cache.h>
#include <linux/file.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/tracepoint.h>

#include "switch.h"

#if defined(CONFIG_X86_64)
#include "tlb_x86.h"
#elif defined(CONFIG_ARM64)
#include "tlb_arm64.h"
#else
#error "ctxlab runs on x86-64 and arm64 only"
#endif

#ifndef CONFIG_PREEMPT_NOTIFIERS
#error "ctxlab needs a kernel with CONFIG_PREEMPT_NOTIFIERS (which CONFIG_KVM selects)"
#endif

/* Everything that is counted, by one attachment or by those that are gone. */
struct tally {
	struct ctxlab_counts counts;
	u64 hist[CTXLAB_HISTS][CTXLAB_HIST_BUCKETS];
};

struct ctxlab_session {
	struct mutex lock;		/* of all but flush */
	bool hooked;			/* has hooks_get() done */
	struct list_head attachments;
	unsigned int nr_attachments;
	/*
	 * What the tasks counted that are not attached any more, less what had
	 * been counted at the last reset: reset takes away and touches no
	 * counter that a task is using.  With what the attachments count it
	 * adds up, modulo 2^64.
	 */
	struct tally gone;
	enum ctxlab_flush flush;	/* written at any time, read in sched_in() */
};

struct attachment {
	struct preempt_notifier notifier;
	struct ctxlab_session *session;
	struct file *file;
	struct list_head node;		/* in session->attachments */
	struct callback_head work;	/* to end in the exiting task */
	int cpu;			/* where the task ran last */
	struct tally tally;		/* written by the task alone */
};

/*
 * The clock at the moment at which this CPU left an attached task for another
 * of its session, whose attachment is "to".  As "to" is attached, its sched_in()
 * follows on this CPU at once, with no other switch between, and takes the mark
 * away: none is ever left over for a later switch to be taken for this one.
 */
struct mark {
	struct attachment *to;
	enum ctxlab_hist kind;
	u64 clock;
};

static DEFINE_PER_CPU(struct mark, mark);

static struct preempt_ops notifier_ops;

/*
 * The attachment of @task, or NULL.  @task is current, or a task that does not
 * run and cannot begin to (its run queue is locked).
 */
static struct attachment *attachment_of(struct task_struct *task)
{
	struct preempt_notifier *n;

	hlist_for_each_entry(n, &task->preempt_notifiers, link)
		if (n->ops == &notifier_ops)
			return container_of(n, struct attachment, notifier);
	return NULL;
}

/* By the one writer that a counter has; readers see the old or the new. */
static void add(u64 *counter, u64 n)
{
	WRITE_ONCE(*counter, *counter + n);
}

static unsigned int bucket_of(u64 value)
{
	unsigned int shift;

	if (value < 1 << CTXLAB_HIST_SUB_BITS)
		return value;
	shift = ilog2(value) - CTXLAB_HIST_SUB_BITS;
	return (shift << CTXLAB_HIST_SUB_BITS) + (value >> shift);
}

/*
 * A time below zero is, without sign, beyond the histogram.  Inline, so that who
 * calls it in the scheduler is a leaf and has no registers to save.
 */
static __always_inline void record(struct tally *t, enum ctxlab_hist hist,
				   u64 value)
{
	if (value >> CTXLAB_HIST_MAX_BITS) {
		add(&t->counts.lost[hist], 1);
		return;
	}
	add(&t->counts.cycles[hist], value);
	add(&t->hist[hist][bucket_of(value)], 1);
}

static enum ctxlab_hist relation(struct task_struct *a, struct task_struct *b)
{
	if (!a->mm || !b->mm)
		return CTXLAB_HIST_BORROWED_MM;
	return a->mm == b->mm ? CTXLAB_HIST_SAME_MM : CTXLAB_HIST_OTHER_MM;
}

/*
 * current is about to be left for @next.  The run queue is locked, interrupts
 * are off.
 */
static void sched_out(struct preempt_notifier *notifier, struct task_struct *next)
{
	struct attachment *from = container_of(notifier, struct attachment,
					       notifier);
	struct ctxlab_counts *counts = &from->tally.counts;
	struct attachment *to = attachment_of(next);
	struct mark *m = this_cpu_ptr(&mark);

	if (!to || to->session != from->session) {
		/* It may be in the midst of changing others of its flags. */
		add(data_race(next->flags) & PF_KTHREAD ? &counts->to_kernel :
							  &counts->to_other, 1);
		return;
	}
	m->to = to;
	m->kind = relation(current, next);
	m->clock = ctxlab_clock();
}

/* What has come in counts: at @in, with the flush or the nothing until @done. */
static __always_inline void came_in(struct attachment *a, int cpu, u64 in,
				    u64 done, bool flushed)
{
	struct mark *m = this_cpu_ptr(&mark);
	struct tally *t = &a->tally;

	if (m->to == a) {
		m->to = NULL;
		add(&t->counts.switches[m->kind], 1);
		record(t, m->kind, in - m->clock);
	} else {
		add(&t->counts.from_elsewhere, 1);
	}
	record(t, CTXLAB_HIST_FLUSH, done - in);
	if (flushed)
		add(&t->counts.flushes, 1);
	if (cpu != a->cpu) {
		a->cpu = cpu;
		add(&t->counts.migrations, 1);
	}
}

/*
 * Apart, so that what it takes in registers and on the stack, and the guard
 * around that, is not paid for where nothing is flushed.
 */
static noinline void come_in_flushing(struct attachment *a, int cpu, u64 in,
				      enum ctxlab_flush mode)
{
	if (mode == CTXLAB_FLUSH_MM)
		ctxlab_flush_mm();
	else
		ctxlab_flush_all();
	came_in(a, cpu, in, ctxlab_clock(), true);
}

/* current has come in on @cpu.  Interrupts are on, preemption is off. */
static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	u64 in = ctxlab_clock();
	struct attachment *a = container_of(notifier, struct attachment,
					    notifier);
	enum ctxlab_flush mode = READ_ONCE(a->session->flush);

	if (mode == CTXLAB_FLUSH_NONE)
		came_in(a, cpu, in, ctxlab_clock(), false);
	else
		come_in_flushing(a, cpu, in, mode);
}

static struct preempt_ops notifier_ops __ro_after_init = {
	.sched_in	= sched_in,
	.sched_out	= sched_out,
};

/*
 * The hooks into the kernel: the scheduler's notifiers, and the exit of tasks.
 * A session brings them in with its first attachment and keeps them until it is
 * closed, as each change patches the kernel's code and may wait for RCU.
 */
static DEFINE_MUTEX(hooks_lock);
static unsigned int hooks_users;
static struct tracepoint *exit_tracepoint;

static void on_exit(void *unused, struct task_struct *task);

static int hooks_get(void)
{
	int err = 0;

	mutex_lock(&hooks_lock);
	if (!hooks_users) {
		err = exit_tracepoint ?
			tracepoint_probe_register(exit_tracepoint, on_exit, NULL) :
			-EOPNOTSUPP;
		if (!err)
			preempt_notifier_inc();
	}
	if (!err)
		hooks_users++;
	mutex_unlock(&hooks_lock);
	return err;
}

/*
 * on_exit() may still be running on other CPUs afterwards, for tasks that have
 * no attachment: ctxlab_switch_exit() waits for those.
 */
static void hooks_put(void)
{
	mutex_lock(&hooks_lock);
	if (!--hooks_users) {
		preempt_notifier_dec();
		tracepoint_probe_unregister(exit_tracepoint, on_exit, NULL);
	}
	mutex_unlock(&hooks_lock);
}

/* All counters are u64, so that a tally is an array of them. */
#define TALLY_LEN (sizeof(struct tally) / sizeof(u64))

static u64 *tally_array(struct tally *t)
{
	return (u64 *)t;
}

/*
 * The second half of an attachment's end, its notifier being gone.  The file is
 * put last: it may be what holds the module.  Its release does not run before
 * this task is on its way back to user space or has exited, so not under us.
 */
static void attachment_end(struct attachment *a)
{
	struct ctxlab_session *s = a->session;
	struct file *file = a->file;
	size_t i;

	mutex_lock(&s->lock);
	list_del(&a->node);
	s->nr_attachments--;
	for (i = 0; i < TALLY_LEN; i++)
		tally_array(&s->gone)[i] += tally_array(&a->tally)[i];
	mutex_unlock(&s->lock);

	kvfree(a);
	fput(file);
}

static void attachment_end_work(struct callback_head *work)
{
	attachment_end(container_of(work, struct attachment, work));
}

static void unhook_current(struct attachment *a)
{
	preempt_disable();
	preempt_notifier_unregister(&a->notifier);
	preempt_enable();
}

/*
 * @task, which is current, exits.  Preemption is off here, so what may sleep is
 * left to a task work, which always runs: this point lies before
 * exit_task_work().
 */
static void on_exit(void *unused, struct task_struct *task)
{
	struct attachment *a = attachment_of(current);

	if (!a)
		return;
	unhook_current(a);
	WARN_ON_ONCE(task_work_add(current, &a->work, TWA_NONE));
}

static struct attachment *attachment_new(struct ctxlab_session *s,
					 struct file *file)
{
	struct attachment *a = kvzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);

	if (!a)
		return NULL;
	preempt_notifier_init(&a->notifier, &notifier_ops);
	init_task_work(&a->work, attachment_end_work);
	a->session = s;
	a->file = get_file(file);
	return a;
}

/* Into the session's list, which then knows what the task counts. */
static int enlist(struct ctxlab_session *s, struct attachment *a)
{
	int err = 0;

	mutex_lock(&s->lock);
	if (!s->hooked)
		err = hooks_get();
	if (!err) {
		s->hooked = true;
		list_add(&a->node, &s->attachments);
		s->nr_attachments++;
	}
	mutex_unlock(&s->lock);
	return err;
}

int ctxlab_session_attach(struct ctxlab_session *s, struct file *file)
{
	struct attachment *a;
	int err;

	if (attachment_of(current))
		return -EBUSY;
	a = attachment_new(s, file);
	if (!a)
		return -ENOMEM;
	err = enlist(s, a);
	if (err) {
		fput(file);
		kvfree(a);
		return err;
	}

	preempt_disable();
	a->cpu = smp_processor_id();
	preempt_notifier_register(&a->notifier);
	preempt_enable();
	return 0;
}

bool ctxlab_session_attached(struct ctxlab_session *s)
{
	struct attachment *a = attachment_of(current);

	return a && a->session == s;
}

int ctxlab_session_detach(struct ctxlab_session *s)
{
	struct attachment *a = attachment_of(current);

	if (!a || a->session != s)
		return -ENOENT;
	unhook_current(a);
	attachment_end(a);
	return 0;
}

void ctxlab_session_set_flush(struct ctxlab_session *s, enum ctxlab_flush flush)
{
	WRITE_ONCE(s->flush, flush);
}

enum ctxlab_flush ctxlab_session_flush(struct ctxlab_session *s)
{
	return READ_ONCE(s->flush);
}

/*
 * sum[] = the @len counters from @first on, added over the session.
 * Called with s->lock held.
 */
static void sum_up(struct ctxlab_session *s, size_t first, size_t len, u64 *sum)
{
	struct attachment *a;
	size_t i;

	memcpy(sum, tally_array(&s->gone) + first, len * sizeof(*sum));
	list_for_each_entry(a, &s->attachments, node)
		for (i = 0; i < len; i++)
			sum[i] += READ_ONCE(tally_array(&a->tally)[first + i]);
}

unsigned int ctxlab_session_read(struct ctxlab_session *s,
				 struct ctxlab_counts *sum)
{
	unsigned int n;

	mutex_lock(&s->lock);
	sum_up(s, 0, sizeof(*sum) / sizeof(u64), (u64 *)sum);
	n = s->nr_attachments;
	mutex_unlock(&s->lock);
	return n;
}

void ctxlab_session_read_hist(struct ctxlab_session *s, enum ctxlab_hist hist,
			      u64 buckets[CTXLAB_HIST_BUCKETS])
{
	mutex_lock(&s->lock);
	sum_up(s, &s->gone.hist[hist][0] - tally_array(&s->gone),
	       CTXLAB_HIST_BUCKETS, buckets);
	mutex_unlock(&s->lock);
}

/* gone = 0 - what the attachments count: the sums are zero then. */
void ctxlab_session_reset(struct ctxlab_session *s)
{
	u64 *gone = tally_array(&s->gone);
	struct attachment *a;
	size_t i;

	mutex_lock(&s->lock);
	memset(gone, 0, sizeof(s->gone));
	list_for_each_entry(a, &s->attachments, node)
		for (i = 0; i < TALLY_LEN; i++)
			gone[i] -= READ_ONCE(tally_array(&a->tally)[i]);
	mutex_unlock(&s->lock);
}

struct ctxlab_session *ctxlab_session_new(void)
{
	struct ctxlab_session *s = kvzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	mutex_init(&s->lock);
	INIT_LIST_HEAD(&s->attachments);
	return s;
}

void ctxlab_session_free(struct ctxlab_session *s)
{
	if (s->hooked)
		hooks_put();
	kvfree(s);
}

void ctxlab_switch_machine(struct ctxlab_switch_info *info)
{
	info->flush_modes = ctxlab_flush_modes();
	info->cpu = ctxlab_cpu();
	info->clock = CTXLAB_CLOCK_CYCLES;
	info->clock_khz = ctxlab_clock_khz();
}

bool ctxlab_switch_can_flush(u32 mode)
{
	return ctxlab_flush_modes() & BIT(mode);
}

static void __init find_exit_tracepoint(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		exit_tracepoint = tp;
}

void __init ctxlab_switch_init(void)
{
	for_each_kernel_tracepoint(find_exit_tracepoint, NULL);
}

/* Every session kept the module: all are closed, and the hooks are gone. */
void ctxlab_switch_exit(void)
{
	tracepoint_synchronize_unregister();
}
