#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the tool says where it does not find the module's files: each reason by its
# name, and with advice that works.

shopt -s extglob
count=0
failed=0

# check DESCRIPTION PATTERN TEXT
check()
{
	count=$((count + 1))
	# shellcheck disable=SC2053 # it is a pattern
	if [[ ${3//$'\n'/ } == $2 ]]; then
		echo "ok $count $1"
	else
		echo "not ok $count $1: $3"
		failed=1
	fi
}

compare=(ctxlab compare 1 1)
# An emulated machine may refuse the verdict; the tables are there all the same.
run=(ctxlab switch --all --seconds 1 --pages 0 --ring 0)
lab=$(mktemp -d)

umount /proc/ctxlab
check 'loaded, not mounted' \
	'*loaded, but /proc/ctxlab is not mounted; as root: mount -t ctxlab none /proc/ctxlab' \
	"$("${compare[@]}" 2>&1)"
check 'a run says so too' '*loaded, but /proc/ctxlab is not mounted;*' \
	"$("${run[@]}" | tr -s '\n ' ' ')"
mount -t ctxlab none "$lab"
check 'mounted elsewhere' '*one and the same task*' \
	"$(CTXLAB_ROOT=$lab "${compare[@]}" 2>&1)"
check 'the probe is found there as well' '*thread+flush *' \
	"$(CTXLAB_ROOT=$lab "${run[@]}")"
check 'a root that is none' '*CTXLAB_ROOT, /nowhere: No such file*' \
	"$(CTXLAB_ROOT=/nowhere "${compare[@]}" 2>&1)"
# shellcheck disable=SC2016 # for the other shell
{
check 'procfs with processes alone' \
	'*loaded, but procfs is mounted with subset=pid*mount -t ctxlab none *' \
	"$(unshare -m bash -c 'mount -t proc -o subset=pid proc /proc; "$@" 2>&1' \
		- "${compare[@]}")"
check 'where its advice helps' '*one and the same task*' \
	"$(CTXLAB_ROOT=$lab unshare -m bash -c \
		'mount -t proc -o subset=pid proc /proc; "$@" 2>&1' \
		- "${compare[@]}")"
check 'no procfs' '*/proc is not mounted; as root: mount -t proc none /proc' \
	"$(unshare -m bash -c 'umount -l /proc; "$@" 2>&1' - "${compare[@]}")"
blind=$(unshare -m bash -c 'umount -l /proc; "$@" 2>&1; echo "status $?"' \
	- "${run[@]}" | tr -s '\n ' ' ')
}
check 'a run without procfs is one' '*thread *process *status [04] ' "$blind"
check 'what was not counted is noted' '*not counted by BPF: /proc/self/ns/pid*' \
	"$blind"
check 'and not told as none' \
	'*Counted:*process +([0-9]) +([0-9]) - - - - *' "$blind"
umount "$lab"
rmdir "$lab"
rmmod ctxlab
check 'not loaded' '*the module is not loaded; as root: modprobe*' \
	"$("${compare[@]}" 2>&1)"
insmod /root/ctxlab.ko
check 'loaded again' '*one and the same task*' "$("${compare[@]}" 2>&1)"
echo "1..$count"
exit $failed
