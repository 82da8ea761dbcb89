// SPDX-License-Identifier: GPL-2.0-only
/*
 * The switch probe.
 *
 * Why not BPF: a BPF program can time a switch, but not flush the TLB, which is
 * what this is for; and a program on sched_switch runs at every switch of the
 * machine and costs 0.6 us and more, as much as the switch itself.  A notifier
 * runs for the tasks that asked for it alone.
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
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/file.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/tracepoint.h>

#include "compat.h"
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

/* Times of one kind, and their sum. */
struct switch_times {
	u64 cycles;
	u64 lost;
	u64 hist[CTXLAB_HIST_BUCKETS];
};

/*
 * Everything that is counted, by one attachment or by those that are gone.  How
 * many switches there were follows from the times.
 */
struct switch_tally {
	u64 to_kernel;
	u64 to_other;
	u64 from_elsewhere;
	u64 flushes;
	u64 migrations;
	struct switch_times times[CTXLAB_HISTS];
};

struct ctxlab_session {
	struct mutex lock;		/* of all that is below */
	bool hooked;			/* has hooks_get() done */
	struct list_head attachments;
	unsigned int nr_attachments;
	/*
	 * What the tasks counted that are not attached any more, less what had
	 * been counted at the last reset: reset takes away and touches no
	 * counter that a task is using.  With what the attachments count it
	 * adds up, modulo 2^64.
	 */
	struct switch_tally gone;
	enum ctxlab_flush flush;	/* each attachment has it too */
};

/*
 * Set by the outgoing task of a session for the incoming one (this), consumed by
 * the latter's sched_in(): as that is attached, it follows on that CPU at once, with
 * no other switch between, so no mark is left over for a later switch.
 */
struct switch_mark {
	struct switch_times *times;		/* of that kind of switch; NULL: no mark */
	u64 clock;			/* when it was left */
};

struct switch_attachment {
	struct preempt_notifier notifier;
	struct ctxlab_session *session;
	struct file *file;
	struct list_head node;		/* in session->attachments */
	struct callback_head work;	/* to end in the exiting task */
	/* As the session's: written under its lock, read in sched_in(). */
	enum ctxlab_flush flush;
	int cpu;			/* where the task ran last */
	unsigned int untimed;		/* arrivals up to the next timed flush */
	struct switch_mark mark;		/* written by who switches to the task */
	struct switch_tally tally;		/* written by the task alone */
};

static struct preempt_ops notifier_ops;

/*
 * The attachment of @task, or NULL.  @task is current, or a task that does not
 * run and cannot begin to (its run queue is locked).
 */
static struct switch_attachment *attachment_of(struct task_struct *task)
{
	struct preempt_notifier *n;

	hlist_for_each_entry(n, &task->preempt_notifiers, link)
		if (n->ops == &notifier_ops)
			return container_of(n, struct switch_attachment, notifier);
	return NULL;
}

/* By the one writer that a counter has. */
static void add(u64 *counter, u64 n)
{
	/*
	 * It is an aligned word, so readers see the old or the new.  Without
	 * WRITE_ONCE(), which x86 would load and store for, it is one
	 * instruction there.
	 */
	data_race(*counter += n);
}

/*
 * A time below zero is, without sign, beyond the histogram.  Inline, so that who
 * calls it in the scheduler is a leaf and has no registers to save.
 */
static __always_inline void record(struct switch_times *t, u64 value)
{
	/* Buckets below 2^SUB_BITS are as wide as those of the power above. */
	unsigned long top = __fls(value | BIT(CTXLAB_HIST_SUB_BITS));
	unsigned long shift = top - CTXLAB_HIST_SUB_BITS;

	if (unlikely(top >= CTXLAB_HIST_MAX_BITS)) {
		add(&t->lost, 1);
		return;
	}
	add(&t->cycles, value);
	add(&t->hist[(shift << CTXLAB_HIST_SUB_BITS) + (value >> shift)], 1);
}

static enum ctxlab_hist relation(struct task_struct *a, struct task_struct *b)
{
	if (likely(a->mm && a->mm == b->mm))
		return CTXLAB_HIST_SAME_MM;
	return a->mm && b->mm ? CTXLAB_HIST_OTHER_MM : CTXLAB_HIST_BORROWED_MM;
}

/*
 * current is about to be left for @next.  The run queue is locked, interrupts
 * are off.  Not to be traced, as sched_in(): what a tracer takes would be timed.
 */
static notrace void sched_out(struct preempt_notifier *notifier,
			      struct task_struct *next)
{
	struct switch_attachment *from =
		container_of(notifier, struct switch_attachment, notifier);
	struct switch_attachment *to = attachment_of(next);

	if (unlikely(!to || to->session != from->session)) {
		/* It may be in the midst of changing others of its flags. */
		add(data_race(next->flags) & PF_KTHREAD ? &from->tally.to_kernel :
							  &from->tally.to_other, 1);
		return;
	}
	to->mark.times = &to->tally.times[relation(current, next)];
	to->mark.clock = ctxlab_clock();
}

/* Account for the switch whose incoming side ran first at @in. */
static __always_inline void account_in(struct switch_attachment *a, int cpu, u64 in)
{
	struct switch_times *times = a->mark.times;

	if (likely(times)) {
		a->mark.times = NULL;
		record(times, in - a->mark.clock);
	} else {
		add(&a->tally.from_elsewhere, 1);
	}
	if (unlikely(cpu != a->cpu)) {
		a->cpu = cpu;
		add(&a->tally.migrations, 1);
	}
}

/*
 * With the flush, or an empty interval (the control) that is timed like one.
 * Out of line: keeps the stack protector and register saves off the common path.
 */
static noinline notrace void flush_and_account_in(struct switch_attachment *a, int cpu, u64 in)
{
	enum ctxlab_flush mode = READ_ONCE(a->flush);

	if (mode == CTXLAB_FLUSH_MM)
		ctxlab_flush_mm();
	else if (mode == CTXLAB_FLUSH_ALL)
		ctxlab_flush_all();
	if (!a->untimed) {
		record(&a->tally.times[CTXLAB_HIST_FLUSH], ctxlab_clock() - in);
		a->untimed = CTXLAB_HIST_FLUSH_EVERY;
	}
	if (mode != CTXLAB_FLUSH_NONE)
		add(&a->tally.flushes, 1);
	account_in(a, cpu, in);
}

/*
 * current has come in on @cpu.  Interrupts are on, preemption is off.
 *
 * A third reading of the clock would add a third to the probe's cost: one flush of
 * several is timed.
 */
static notrace void sched_in(struct preempt_notifier *notifier, int cpu)
{
	u64 in = ctxlab_clock();
	struct switch_attachment *a =
		container_of(notifier, struct switch_attachment, notifier);

	if (likely(--a->untimed && READ_ONCE(a->flush) == CTXLAB_FLUSH_NONE))
		account_in(a, cpu, in);
	else
		flush_and_account_in(a, cpu, in);
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

static void on_exit(CTXLAB_EXIT_PROBE);

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
#define TALLY_LEN (sizeof(struct switch_tally) / sizeof(u64))

static u64 *tally_array(struct switch_tally *t)
{
	return (u64 *)t;
}

/*
 * The second half of an attachment's end, its notifier being gone.  The file is
 * put last: it may be what holds the module.  Its release does not run before
 * this task is on its way back to user space or has exited, so not under us.
 */
static void attachment_end(struct switch_attachment *a)
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

static void unhook_current(struct switch_attachment *a)
{
	preempt_disable();
	preempt_notifier_unregister(&a->notifier);
	preempt_enable();
}

static void attachment_end_work(struct callback_head *work)
{
	struct switch_attachment *a = container_of(work, struct switch_attachment, work);

	unhook_current(a);
	attachment_end(a);
}

/*
 * current exits.  Kernels differ in whether it still has its mm here: the
 * attachment ends in a task work, which runs in exit_task_work(), after
 * exit_mm() in all of them, so the switches of a task without its mm are counted
 * in all of them.  It may sleep there, as it may not here, and always runs: no
 * kernel calls this after exit_task_work().
 */
static void on_exit(CTXLAB_EXIT_PROBE)
{
	struct switch_attachment *a = attachment_of(current);

	if (a)
		WARN_ON_ONCE(task_work_add(current, &a->work, TWA_NONE));
}

static struct switch_attachment *attachment_new(struct ctxlab_session *s,
						struct file *file)
{
	struct switch_attachment *a = kvzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);

	if (!a)
		return NULL;
	preempt_notifier_init(&a->notifier, &notifier_ops);
	init_task_work(&a->work, attachment_end_work);
	a->session = s;
	a->untimed = 1;
	a->file = get_file(file);
	return a;
}

/* Into the session's list, which then knows what the task counts. */
static int enlist(struct ctxlab_session *s, struct switch_attachment *a)
{
	int err = 0;

	mutex_lock(&s->lock);
	if (!s->hooked)
		err = hooks_get();
	if (!err) {
		s->hooked = true;
		a->flush = s->flush;
		list_add(&a->node, &s->attachments);
		s->nr_attachments++;
	}
	mutex_unlock(&s->lock);
	return err;
}

int ctxlab_session_attach(struct ctxlab_session *s, struct file *file)
{
	struct switch_attachment *a;
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
	struct switch_attachment *a = attachment_of(current);

	return a && a->session == s;
}

int ctxlab_session_detach(struct ctxlab_session *s)
{
	struct switch_attachment *a = attachment_of(current);

	if (!a || a->session != s)
		return -ENOENT;
	unhook_current(a);
	attachment_end(a);
	return 0;
}

void ctxlab_session_set_flush(struct ctxlab_session *s, enum ctxlab_flush flush)
{
	struct switch_attachment *a;

	mutex_lock(&s->lock);
	s->flush = flush;
	list_for_each_entry(a, &s->attachments, node) {
		WRITE_ONCE(a->flush, flush);
		cond_resched();
	}
	mutex_unlock(&s->lock);
}

/* The sum of the @len counters that begin at @first. */
static u64 sum(const u64 *first, size_t len)
{
	u64 sum = 0;

	while (len--)
		sum += READ_ONCE(*first++);
	return sum;
}

static void add_times(struct ctxlab_switch_read *read, unsigned int hist,
		      const struct switch_times *t)
{
	u64 lost = READ_ONCE(t->lost);

	read->cycles[hist] += READ_ONCE(t->cycles);
	read->lost[hist] += lost;
	if (hist < CTXLAB_HIST_SWITCHES)
		read->switches[hist] += lost + sum(t->hist, CTXLAB_HIST_BUCKETS);
}

static void add_tally(struct ctxlab_switch_read *read, const struct switch_tally *t)
{
	unsigned int i;

	read->to_kernel += READ_ONCE(t->to_kernel);
	read->to_other += READ_ONCE(t->to_other);
	read->from_elsewhere += READ_ONCE(t->from_elsewhere);
	read->flushes += READ_ONCE(t->flushes);
	read->migrations += READ_ONCE(t->migrations);
	for (i = 0; i < CTXLAB_HISTS; i++)
		add_times(read, i, &t->times[i]);
}

/*
 * The attachments are gone through once, giving way after each: there may be
 * thousands, of thousands of counters each.  The session's lock keeps the list
 * meanwhile, as who holds a mutex may be scheduled.
 */
void ctxlab_session_read(struct ctxlab_session *s,
			 struct ctxlab_switch_read *read)
{
	struct ctxlab_switch_read sums = { .size = read->size };
	struct switch_attachment *a;

	mutex_lock(&s->lock);
	sums.attached = s->nr_attachments;
	sums.flush = s->flush;
	add_tally(&sums, &s->gone);
	list_for_each_entry(a, &s->attachments, node) {
		add_tally(&sums, &a->tally);
		cond_resched();
	}
	mutex_unlock(&s->lock);
	*read = sums;
}

void ctxlab_session_read_hist(struct ctxlab_session *s, enum ctxlab_hist hist,
			      u64 buckets[CTXLAB_HIST_BUCKETS])
{
	struct switch_attachment *a;
	size_t i;

	mutex_lock(&s->lock);
	memcpy(buckets, s->gone.times[hist].hist, sizeof(s->gone.times[hist].hist));
	list_for_each_entry(a, &s->attachments, node) {
		for (i = 0; i < CTXLAB_HIST_BUCKETS; i++)
			buckets[i] += READ_ONCE(a->tally.times[hist].hist[i]);
		cond_resched();
	}
	mutex_unlock(&s->lock);
}

/* gone = 0 - what the attachments count: the sums are zero then. */
void ctxlab_session_reset(struct ctxlab_session *s)
{
	u64 *gone = tally_array(&s->gone);
	struct switch_attachment *a;
	size_t i;

	mutex_lock(&s->lock);
	memset(gone, 0, sizeof(s->gone));
	list_for_each_entry(a, &s->attachments, node) {
		for (i = 0; i < TALLY_LEN; i++)
			gone[i] -= READ_ONCE(tally_array(&a->tally)[i]);
		cond_resched();
	}
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
