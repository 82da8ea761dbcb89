#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab sched on this kernel: coroutines over pipes and sockets enter it four times
# for an echo, as the kernel counts it; and the scheduler's decisions keep the rules,
# by the descriptors, timers and threads of this kernel.

. "$(dirname "$0")/measured.sh"

for load in overflow 61st steal netpoll hand-over deadlock; do
	ctxlab sched --trace "$load" --check >"$work/out" 2>&1
	ok $? "$load keeps the rules"
done

# With a fifth of a CPU every M is stopped at any place, with whatever lock it has.
bear_quota()
{
	local group=/sys/fs/cgroup/sched_test

	echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
	if ! mkdir "$group" || ! echo 20000 100000 >"$group/cpu.max"; then
		skip 'no control group with a quota'
		rmdir "$group"
		return
	fi 2>/dev/null
	(echo "$BASHPID" >"$group/cgroup.procs"
	 exec "$(dirname "$0")/gpm_stress_test") >"$work/out" 2>&1
	ok $? 'the scheduler bears being throttled'
	cp "$group/cpu.stat" "$work/out"
	grep -q '^nr_throttled [1-9]' "$work/out"
	ok $? 'which it was'
	rmdir "$group"
}

bear_quota

for load in pipe tcp; do
	ctxlab sched --all --quick --seconds 1 --tasks 2 --load "$load" \
		>"$work/out" 2>&1
	status=$?
	measured $status
	ok $? "$load is measured: $status"
	made=$(counted "$load-coroutine" MADE)
	entries=$(counted "$load-coroutine" ENTRIES)
	[ $((4 * made)) -gt 0 ] && [ "$entries" -ge $((4 * made)) ] &&
		[ "$entries" -le $((4 * made + made / 20)) ]
	ok $? "$entries system calls for $made echoes"
done
echo "1..$count"
