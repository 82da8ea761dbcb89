#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: module/features.sh COMPILER FLAG...
#
# Prints a HAVE_ macro for each feature of a kernel that a small program which
# uses it compiles for.  Distributions backport, so version numbers do not tell;
# compat.h is where the macros are used.

set -u
compiler=("$@")
errors=$(mktemp) || exit 1
trap 'rm -f "$errors"' EXIT

# compiles HEADER PARAMETERS STATEMENT: a function of these with that body.
compiles()
{
	local function="void ctxlab_feature($2)"

	"${compiler[@]}" -DMODULE -DKBUILD_MODNAME='"ctxlab"' \
		-DKBUILD_BASENAME='"features"' -DKBUILD_MODFILE='"ctxlab"' \
		-Wno-error -Werror=implicit-function-declaration \
		-Werror=incompatible-pointer-types \
		-fsyntax-only -x c - 2>"$errors" <<-END
	#include <linux/module.h>
	#include <$1>
	$function;
	$function
	{
		$3;
	}
	END
}

# feature NAME HEADER PARAMETERS STATEMENT
feature()
{
	compiles "$2" "$3" "$4" || return 0
	echo "#define HAVE_$1 1"
}

# Where even nothing compiles, no feature could be told from its absence.
compiles linux/sched.h void '' || { cat "$errors" >&2; exit 1; }

feature MNT_IDMAP linux/fs.h \
	'struct inode_operations *ops, int (*setattr)(struct mnt_idmap *, struct dentry *, struct iattr *)' \
	'ops->setattr = setattr'
feature SIMPLE_INODE_INIT_TS linux/fs.h \
	'struct inode *inode' 'simple_inode_init_ts(inode)'
feature D_REVALIDATE_NAME linux/dcache.h \
	'struct dentry_operations *ops, int (*revalidate)(struct inode *, const struct qstr *, struct dentry *, unsigned int)' \
	'ops->d_revalidate = revalidate'
feature DEFAULT_D_OP linux/dcache.h \
	'struct super_block *sb, const struct dentry_operations *ops' \
	'set_default_d_op(sb, ops)'
feature HEX_H linux/hex.h 'char *text' 'hex_byte_pack(text, 0)'
feature EXEC_STATE linux/sched/exec_state.h \
	'struct task_struct *task' 'task->exec_state->dumpable = TASK_DUMPABLE_OWNER'
feature USER_DUMPABLE linux/sched.h \
	'struct task_struct *task' 'task->user_dumpable = 1'
feature LSM_PROP linux/security.h \
	'struct lsm_prop *prop' 'security_current_getlsmprop_subj(prop)'
feature FGET_TASK_NEXT linux/file.h \
	'struct task_struct *task, unsigned int *fd' 'fget_task_next(task, fd)'
feature FILE_USER_PATH linux/fs.h \
	'const struct file *file' 'file_user_path(file)'
feature NEXT_FDGET linux/fdtable.h \
	'struct task_struct *task, unsigned int *fd' \
	'task_lookup_next_fdget_rcu(task, fd)'
feature MM_COUNTER_SUM linux/mm.h \
	'struct mm_struct *mm' 'get_mm_counter_sum(mm, 0)'
feature EXIT_GROUP_DEAD trace/events/sched.h \
	'void (*probe)(void *, struct task_struct *, bool)' \
	'check_trace_callback_type_sched_process_exit(probe)'
feature TASK_IS_RUNNABLE linux/sched.h \
	'struct task_struct *task' 'task_is_runnable(task)'
feature ON_CPU linux/sched.h \
	'struct task_struct *task' 'task->on_cpu = 0'
