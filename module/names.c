// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names -> inodes: the one directory of the file system.
 *
 * A few names are always there; the others are pids, looked up when asked for.
 * An inode holds no reference on the task, or the two tasks, that it is about.
 */
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <linux/ctxlab.h>

#include "access.h"
#include "compat.h"
#include "names.h"
#include "switch.h"
#include "target.h"
#include "view.h"
#include "walk.h"

static int abi_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", CTXLAB_ABI);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(abi);

static const char *link_to_pid(struct inode *inode, struct dentry *dentry,
			       struct delayed_call *done, enum pid_type type)
{
	pid_t nr = __task_pid_nr_ns(current, type, inode->i_sb->s_fs_info);
	char *name;

	if (!nr)
		return ERR_PTR(-ENOENT);
	/* Without a dentry this is a path walk under RCU: it may not sleep. */
	name = kasprintf(dentry ? GFP_KERNEL : GFP_ATOMIC, "%d", nr);
	if (!name)
		return ERR_PTR(dentry ? -ENOMEM : -ECHILD);
	set_delayed_call(done, kfree_link, name);
	return name;
}

static const char *self_get_link(struct dentry *dentry, struct inode *inode,
				 struct delayed_call *done)
{
	return link_to_pid(inode, dentry, done, PIDTYPE_TGID);
}

static const char *thread_self_get_link(struct dentry *dentry,
					struct inode *inode,
					struct delayed_call *done)
{
	return link_to_pid(inode, dentry, done, PIDTYPE_PID);
}

static int ctxlab_setattr(struct ctxlab_idmap *idmap, struct dentry *dentry,
			  struct iattr *attr)
{
	if (attr->ia_valid & (ATTR_MODE | ATTR_UID | ATTR_GID))
		return -EPERM;
	/* Times and sizes: checked, but there is nothing to keep them in. */
	return setattr_prepare(idmap, dentry, attr);
}

static const struct inode_operations file_iops = {
	.setattr	= ctxlab_setattr,
};

static const struct inode_operations self_iops = {
	.get_link	= self_get_link,
	.setattr	= ctxlab_setattr,
};

static const struct inode_operations thread_self_iops = {
	.get_link	= thread_self_get_link,
	.setattr	= ctxlab_setattr,
};

/* The names that are always there. */
static const struct ctxlab_fixed {
	const char *name;
	umode_t mode;
	const struct inode_operations *iops;
	const struct file_operations *fops;
} fixed[] = {
	{ "self", S_IFLNK | 0777, &self_iops, NULL },
	{ "thread-self", S_IFLNK | 0777, &thread_self_iops, NULL },
	{ "tasks", S_IFREG | 0444, &file_iops, &ctxlab_tasks_fops },
	{ "switch", S_IFREG | 0600, &file_iops, &ctxlab_switch_fops },
	{ "abi", S_IFREG | 0444, &file_iops, &abi_fops },
};

/* Inode numbers: the root, the fixed names, then a pid's or a pair's own. */
#define ROOT_INO	1
#define FIXED_INO	2
#define PID_INO		0x100
#define WAITS_INO	BIT(62)

static unsigned long ino_of(const struct ctxlab_name *name)
{
	return ((unsigned long)name->nr[1] << 32) + name->nr[0] + PID_INO +
	       (name->waits ? WAITS_INO : 0);
}

static const struct file_operations *fops_of(const struct ctxlab_name *name)
{
	if (name->waits)
		return &ctxlab_waits_fops;
	return name->nr[1] ? &ctxlab_pair_fops : &ctxlab_task_fops;
}

static struct inode *new_ctxlab_inode(struct super_block *sb, umode_t mode,
				      unsigned long ino)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = ino;
	inode->i_mode = mode;
	inode->i_op = &file_iops;
	simple_inode_init_ts(inode);
	return inode;
}

static struct dentry *lookup_fixed(struct dentry *dentry, struct super_block *sb)
{
	const struct ctxlab_fixed *f;
	struct inode *inode;

	for (f = fixed; f < fixed + ARRAY_SIZE(fixed); f++) {
		if (strcmp(dentry->d_name.name, f->name))
			continue;
		inode = new_ctxlab_inode(sb, f->mode, FIXED_INO + (f - fixed));
		if (!inode)
			return ERR_PTR(-ENOMEM);
		inode->i_op = f->iops;
		inode->i_fop = f->fops;
		return d_splice_alias(inode, dentry);
	}
	return ERR_PTR(-ENOENT);
}

static struct dentry *lookup_tasks(struct dentry *dentry,
				   struct super_block *sb,
				   const struct ctxlab_name *name)
{
	struct ctxlab_name_ref *named;
	struct inode *inode;

	named = ctxlab_name_ref_new(name->nr, sb->s_fs_info);
	if (IS_ERR(named))
		return ERR_CAST(named);
	inode = new_ctxlab_inode(sb, S_IFREG | 0444, ino_of(name));
	if (!inode) {
		kfree(named);
		return ERR_PTR(-ENOMEM);
	}
	inode->i_private = named;
	inode->i_fop = fops_of(name);
	return d_splice_alias(inode, dentry);
}

static struct dentry *root_lookup(struct inode *dir, struct dentry *dentry,
				  unsigned int flags)
{
	struct ctxlab_name name;

	if (ctxlab_parse_name(dentry->d_name.name, &name))
		return lookup_tasks(dentry, dir->i_sb, &name);
	return lookup_fixed(dentry, dir->i_sb);
}

static const struct inode_operations root_iops = {
	.lookup		= root_lookup,
	.setattr	= ctxlab_setattr,
};

/* Positions in the directory: the two dots, the fixed names, then by pid. */
#define FIXED_POS	2
#define PID_POS		(FIXED_POS + ARRAY_SIZE(fixed))

static bool emit_fixed(struct dir_context *ctx)
{
	for (; ctx->pos < PID_POS; ctx->pos++) {
		const struct ctxlab_fixed *f = &fixed[ctx->pos - FIXED_POS];

		if (!dir_emit(ctx, f->name, strlen(f->name),
			      FIXED_INO + (f - fixed), fs_umode_to_dtype(f->mode)))
			return false;
	}
	return true;
}

static bool emit_pid(struct dir_context *ctx, pid_t nr)
{
	const struct ctxlab_name pid = { .nr = { nr } };
	char name[12];
	int len = snprintf(name, sizeof(name), "%d", nr);

	ctx->pos = PID_POS + nr;
	return dir_emit(ctx, name, len, ino_of(&pid), DT_REG);
}

/* Emit the processes among the next batch of tasks. */
static bool emit_processes(struct dir_context *ctx,
			   const struct ctxlab_task *batch, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (batch[i].tid == batch[i].tgid &&
		    !emit_pid(ctx, batch[i].tid))
			return false;
	return true;
}

static int root_open(struct inode *inode, struct file *file)
{
	struct ctxlab_reader *who = kmalloc(sizeof(*who), GFP_KERNEL_ACCOUNT);

	if (!who)
		return -ENOMEM;
	*who = ctxlab_opener(file);
	file->private_data = who;
	return 0;
}

static int root_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static int root_iterate(struct file *file, struct dir_context *ctx)
{
	struct ctxlab_reader who = *(struct ctxlab_reader *)file->private_data;
	struct ctxlab_task *batch;
	pid_t next;
	int n;

	who.exec_waits = CTXLAB_EXEC_WAITS;
	if (!dir_emit_dots(file, ctx) || !emit_fixed(ctx))
		return 0;
	if (ctx->pos > PID_POS + PID_MAX_LIMIT)
		return 0;
	batch = kmalloc_array(CTXLAB_BATCH, sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	next = max_t(pid_t, ctx->pos - PID_POS, 1);
	do {
		n = ctxlab_walk_all(&who, &next, batch);
	} while (n > 0 && emit_processes(ctx, batch, n));
	kfree(batch);
	if (!n)
		ctx->pos = PID_POS + PID_MAX_LIMIT + 1;
	return min(n, 0);
}

static const struct file_operations root_fops = {
	.owner		= THIS_MODULE,
	.open		= root_open,
	.release	= root_release,
	.llseek		= generic_file_llseek,
	.read		= generic_read_dir,
	.iterate_shared	= root_iterate,
};

/* Fixed names always do. */
static bool still_meant(const struct dentry *dentry, const struct inode *inode)
{
	const struct ctxlab_name_ref *named = inode->i_private;

	return !named || ctxlab_name_valid(named, dentry->d_sb->s_fs_info);
}

/*
 * A name must not outlive its task: the next of that number is another's.  A
 * path walk under RCU may come while the inode is on its way out; RCU keeps
 * that, what it is about, and the pid namespace.
 */
static int ctxlab_d_revalidate(CTXLAB_REVALIDATE)
{
	const struct inode *inode = d_inode_rcu(dentry);

	return inode ? still_meant(dentry, inode) : -ECHILD;
}

/*
 * Nothing tells us when a task ends: at least do not cache what has ended, nor
 * pairs, of which there are as many as numbers squared.
 */
static int ctxlab_d_delete(const struct dentry *dentry)
{
	const struct inode *inode = d_inode(dentry);
	const struct ctxlab_name_ref *named = inode->i_private;

	return (named && named->nr[1]) || !still_meant(dentry, inode);
}

const struct dentry_operations ctxlab_dentry_ops = {
	.d_revalidate	= ctxlab_d_revalidate,
	.d_delete	= ctxlab_d_delete,
};

/* No inode is cached once nobody uses it. */
static int ctxlab_drop_inode(struct inode *inode)
{
	return 1;
}

static void ctxlab_evict_inode(struct inode *inode)
{
	struct ctxlab_name_ref *named = inode->i_private;

	clear_inode(inode);
	if (named)
		kfree_rcu(named, rcu);
}

const struct super_operations ctxlab_super_ops = {
	.statfs		= simple_statfs,
	.drop_inode	= ctxlab_drop_inode,
	.evict_inode	= ctxlab_evict_inode,
};

struct inode *ctxlab_new_root(struct super_block *sb)
{
	struct inode *root;

	root = new_ctxlab_inode(sb, S_IFDIR | 0555, ROOT_INO);
	if (!root)
		return NULL;
	set_nlink(root, 2);
	root->i_op = &root_iops;
	root->i_fop = &root_fops;
	return root;
}
