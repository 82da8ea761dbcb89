// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file system and its mount.
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
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>

#include "compat.h"
#include "fs.h"
#include "names.h"

#define CTXLAB_MAGIC 0x6374786c	/* "ctxl" */

static bool automount = true;
module_param(automount, bool, 0444);
MODULE_PARM_DESC(automount,
		 "run mount(8) at load for /proc/ctxlab, which then has to be unmounted before an unload (default: yes)");

static struct proc_dir_entry *mount_point;

static int ctxlab_fill_super(struct super_block *sb, struct fs_context *fc)
{
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = CTXLAB_MAGIC;
	sb->s_op = &ctxlab_super_ops;
	set_default_d_op(sb, &ctxlab_dentry_ops);
	sb->s_time_gran = 1;
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;

	/* Puts the inode, or takes NULL, where it fails. */
	sb->s_root = d_make_root(ctxlab_new_root(sb));
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
 * That a plain insmod(8) is all it takes is policy, and in the kernel: automount=0
 * leaves it to user space.  A module cannot mount by itself in the namespace of
 * the first process, so it asks mount(8) to, whom insmod(8) waits for until it is
 * killed; what is missing then is one command, which the log says.
 */
void __init ctxlab_fs_automount(void)
{
	static const char *const argv[] = {
		"/bin/mount", "-t", "ctxlab", "none", "/proc/ctxlab", NULL
	};
	static const char *const envp[] = {
		"HOME=/", "PATH=/sbin:/bin:/usr/sbin:/usr/bin", NULL
	};
	int err;

	if (!automount)
		return;
	/* It takes them without const, and writes to neither. */
	err = call_usermodehelper(argv[0], (char **)argv, (char **)envp,
				  UMH_WAIT_PROC | UMH_KILLABLE);
	if (err)
		pr_notice("could not mount by itself (%d); type: mount -t ctxlab none /proc/ctxlab\n",
			  err);
}

void ctxlab_fs_exit(void)
{
	unregister_filesystem(&fs_type);
	proc_remove(mount_point);
}
