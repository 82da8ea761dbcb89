// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names -> inodes; the mount.
 *
 * procfs gives a module no dynamic lookup, so /proc/ctxlab is a mount of this
 * small file system on a directory that procfs keeps empty for it.  One super
 * block serves one pid namespace, whose reference it holds.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <linux/ctxlab.h>

#include "compat.h"
#include "fs.h"
#include "switch.h"

#define CTXLAB_MAGIC 0x6374786c	/* "ctxl" */

static bool automount = true;
module_param(automount, bool, 0444);
MODULE_PARM_DESC(automount, "mount /proc/ctxlab when the module is loaded (default: yes)");

static struct proc_dir_entry *mount_point;

static int abi_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", CTXLAB_ABI);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(abi);

/* The files that are always there. */
static const struct ctxlab_fixed {
	const char *name;
	umode_t mode;
	const struct file_operations *fops;
} fixed[] = {
	{ "abi", S_IFREG | 0444, &abi_fops },
	{ "switch", S_IFREG | 0600, &ctxlab_switch_fops },
};

static int ctxlab_setattr(ctxlab_idmap *idmap, struct dentry *dentry,
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

static struct inode *new_ctxlab_inode(struct super_block *sb, umode_t mode)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = get_next_ino();
	inode->i_mode = mode;
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
		inode = new_ctxlab_inode(sb, f->mode);
		if (!inode)
			return ERR_PTR(-ENOMEM);
		inode->i_op = &file_iops;
		inode->i_fop = f->fops;
		return d_splice_alias(inode, dentry);
	}
	return ERR_PTR(-ENOENT);
}

static struct dentry *root_lookup(struct inode *dir, struct dentry *dentry,
				  unsigned int flags)
{
	return lookup_fixed(dentry, dir->i_sb);
}

static const struct inode_operations root_iops = {
	.lookup		= root_lookup,
	.setattr	= ctxlab_setattr,
};

static const struct super_operations super_ops = {
	.statfs		= simple_statfs,
	.drop_inode	= generic_delete_inode,
};

static int ctxlab_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct inode *root;

	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = CTXLAB_MAGIC;
	sb->s_op = &super_ops;
	sb->s_time_gran = 1;
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;

	root = new_ctxlab_inode(sb, S_IFDIR | 0555);
	if (!root)
		return -ENOMEM;
	set_nlink(root, 2);
	root->i_op = &root_iops;
	root->i_fop = &simple_dir_operations;
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static int ctxlab_get_tree(struct fs_context *fc)
{
	struct pid_namespace *ns = task_active_pid_ns(current);

	return get_tree_keyed(fc, ctxlab_fill_super, get_pid_ns(ns));
}

/* fc->s_fs_info is still set where no super block has taken it over. */
static void ctxlab_free_fc(struct fs_context *fc)
{
	if (fc->s_fs_info)
		put_pid_ns(fc->s_fs_info);
}

static const struct fs_context_operations context_ops = {
	.free		= ctxlab_free_fc,
	.get_tree	= ctxlab_get_tree,
};

static int ctxlab_init_fs_context(struct fs_context *fc)
{
	fc->ops = &context_ops;
	return 0;
}

static void ctxlab_kill_sb(struct super_block *sb)
{
	struct pid_namespace *ns = sb->s_fs_info;

	kill_anon_super(sb);
	put_pid_ns(ns);
}

static struct file_system_type fs_type = {
	.owner			= THIS_MODULE,
	.name			= "ctxlab",
	.init_fs_context	= ctxlab_init_fs_context,
	.kill_sb		= ctxlab_kill_sb,
};
MODULE_ALIAS_FS("ctxlab");

int __init ctxlab_fs_init(void)
{
	int err;

	mount_point = proc_create_mount_point("ctxlab");
	if (!mount_point)
		return -ENOMEM;

	err = register_filesystem(&fs_type);
	if (err)
		proc_remove(mount_point);
	return err;
}

/*
 * A module cannot mount by itself in the namespace of the first process, so it
 * asks mount(8) to; what is missing then is one command, which the log says.
 */
void __init ctxlab_fs_automount(void)
{
	static char *argv[] = {
		"/bin/mount", "-t", "ctxlab", "ctxlab", "/proc/ctxlab", NULL
	};
	static char *envp[] = {
		"HOME=/", "PATH=/sbin:/bin:/usr/sbin:/usr/bin", NULL
	};
	int err;

	if (!automount)
		return;
	err = call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC);
	if (err)
		pr_notice("could not mount by itself (%d); type: mount -t ctxlab ctxlab /proc/ctxlab\n",
			  err);
}

void ctxlab_fs_exit(void)
{
	unregister_filesystem(&fs_type);
	proc_remove(mount_point);
}
