// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/ctxlab/switch: one open file is one session of the switch probe.
 *
 * Arguments are taken apart here; the probe sees only what is sound.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "switch.h"

/* Every command's structure begins with its size. */
union arg {
	__u32 size;
	struct ctxlab_switch_info info;
	struct ctxlab_switch_none none;
	struct ctxlab_switch_flush flush;
	struct ctxlab_switch_read read;
	struct ctxlab_switch_hist hist;
};

static int do_info(struct file *file, union arg *arg)
{
	struct ctxlab_switch_info *info = &arg->info;

	if (info->__reserved)
		return -EINVAL;
	ctxlab_switch_machine(info);
	info->hist_sub_bits = CTXLAB_HIST_SUB_BITS;
	info->hist_max_bits = CTXLAB_HIST_MAX_BITS;
	info->attached = ctxlab_session_attached(file->private_data);
	return 0;
}

static int do_attach(struct file *file, union arg *arg)
{
	if (arg->none.__reserved)
		return -EINVAL;
	return ctxlab_session_attach(file->private_data, file);
}

static int do_detach(struct file *file, union arg *arg)
{
	if (arg->none.__reserved)
		return -EINVAL;
	return ctxlab_session_detach(file->private_data);
}

static int do_flush(struct file *file, union arg *arg)
{
	if (arg->flush.mode >= CTXLAB_FLUSH_MODES)
		return -EINVAL;
	if (!ctxlab_switch_can_flush(arg->flush.mode))
		return -EOPNOTSUPP;
	ctxlab_session_set_flush(file->private_data, arg->flush.mode);
	return 0;
}

static int do_read(struct file *file, union arg *arg)
{
	if (arg->read.__reserved)
		return -EINVAL;
	ctxlab_session_read(file->private_data, &arg->read);
	return 0;
}

/* Through a buffer: the user's memory may fault for as long as it likes. */
static int do_hist(struct file *file, union arg *arg)
{
	const size_t len = CTXLAB_HIST_BUCKETS * sizeof(u64);
	struct ctxlab_switch_hist *hist = &arg->hist;
	u64 *buckets;
	int err = 0;

	if (hist->__reserved || hist->hist >= CTXLAB_HISTS)
		return -EINVAL;
	if (hist->nr_buckets < CTXLAB_HIST_BUCKETS)
		return -ENOSPC;
	buckets = kmalloc(len, GFP_KERNEL);
	if (!buckets)
		return -ENOMEM;
	ctxlab_session_read_hist(file->private_data,
				 array_index_nospec(hist->hist, CTXLAB_HISTS),
				 buckets);
	if (copy_to_user(u64_to_user_ptr(hist->buckets), buckets, len))
		err = -EFAULT;
	kfree(buckets);
	hist->nr_buckets = CTXLAB_HIST_BUCKETS;
	return err;
}

static int do_reset(struct file *file, union arg *arg)
{
	if (arg->none.__reserved)
		return -EINVAL;
	ctxlab_session_reset(file->private_data);
	return 0;
}

static const struct command {
	unsigned int cmd;
	unsigned int size;
	bool answers;		/* the structure goes back to the user */
	int (*run)(struct file *file, union arg *arg);
} commands[] = {
	{ CTXLAB_SWITCH_INFO, sizeof(struct ctxlab_switch_info), true, do_info },
	{ CTXLAB_SWITCH_ATTACH, sizeof(struct ctxlab_switch_none), false, do_attach },
	{ CTXLAB_SWITCH_DETACH, sizeof(struct ctxlab_switch_none), false, do_detach },
	{ CTXLAB_SWITCH_FLUSH, sizeof(struct ctxlab_switch_flush), false, do_flush },
	{ CTXLAB_SWITCH_READ, sizeof(struct ctxlab_switch_read), true, do_read },
	{ CTXLAB_SWITCH_HIST, sizeof(struct ctxlab_switch_hist), true, do_hist },
	{ CTXLAB_SWITCH_RESET, sizeof(struct ctxlab_switch_none), false, do_reset },
};

/* By type, number and direction: the size is the argument's to say. */
static const struct command *find_command(unsigned int cmd)
{
	const unsigned int size = _IOC_SIZEMASK << _IOC_SIZESHIFT;
	const struct command *c;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++)
		if (!((c->cmd ^ cmd) & ~size))
			return c;
	return NULL;
}

/*
 * The user may change the size between the two times that it is read; only the
 * first counts, and ours replaces the second.
 */
static int get_arg(const struct command *c, union arg *arg, void __user *user)
{
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < c->size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(arg, c->size, user, size);
	arg->size = c->size;
	return err;
}

static long switch_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	const struct command *c = find_command(cmd);
	void __user *user = (void __user *)uarg;
	union arg arg = {};
	int err;

	if (!c)
		return -ENOTTY;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = get_arg(c, &arg, user);
	if (err)
		return err;
	err = c->run(file, &arg);
	if (!err && c->answers && copy_to_user(user, &arg, c->size))
		err = -EFAULT;
	return err;
}

static int switch_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	file->private_data = ctxlab_session_new();
	if (!file->private_data)
		return -ENOMEM;
	return nonseekable_open(inode, file);
}

static int switch_release(struct inode *inode, struct file *file)
{
	ctxlab_session_free(file->private_data);
	return 0;
}

const struct file_operations ctxlab_switch_fops = {
	.owner		= THIS_MODULE,
	.open		= switch_open,
	.release	= switch_release,
	.unlocked_ioctl	= switch_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};
