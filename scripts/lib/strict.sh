# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds in which a warning is an error.

# What the compilers and sparse say.  Debian's kernels are not always built with
# the very compiler that builds modules; the kernel warns of it by rote.
warnings()
{
	grep -E '(^|[ :])(warning|error|WARNING|ERROR):' "$1" |
		grep -v 'warning: the compiler differs'
}

# strict_module RELEASE HEADERS [ARGUMENT...]: with W=1 and sparse, from scratch,
# and these arguments to make; for the kernel that is selected.
strict_module()
{
	local release=$1 headers=$2 dir=$BUILD/strict/$1 log=$BUILD/log/strict-$1
	local sparse=2

	shift 2
	# The spinlocks of this kernel say nothing to sparse of what they do.
	[[ $release != 6.1.*-rt-* ]] || sparse=0
	mkdir -p "$BUILD/log"
	rm -rf "$dir"
	if ! ${KERNEL_IN[@]+"${KERNEL_IN[@]}"} make --no-print-directory \
	     -C "$TOP" module "KVER=$release" "KDIR=$headers" \
	     "MODULE_DIR=$dir" W=1 C=$sparse "$@" >"$log" 2>&1; then
		cat "$log"
		return 1
	fi
	! warnings "$log"
}

strict_tool()
{
	local dir=$BUILD/strict/userspace log=$BUILD/log/strict-tool

	mkdir -p "$BUILD/log"
	if ! make --no-print-directory -C "$TOP/userspace" "O=$dir" \
	     CFLAGS='-O2 -g -Werror' >"$log" 2>&1; then
		cat "$log"
		return 1
	fi
	! warnings "$log"
}
