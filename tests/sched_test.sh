#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab sched on this kernel: coroutines over pipes and sockets enter it four times
# for an echo, as the kernel counts it; and the scheduler's decisions keep the rules,
# by the descriptors, timers and threads of this kernel.

set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0

# ok STATUS DESCRIPTION
ok()
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count $2"
	else
		echo "not ok $count $2"
		sed 's/^/# /' "$work/out" | tail -n 20
	fi
}

for load in overflow 61st steal netpoll hand-over deadlock; do
	ctxlab sched --trace "$load" --check >"$work/out" 2>&1
	ok $? "$load keeps the rules"
done

# The columns of the table of counts of an arm.
counted()
{
	awk -v arm="$1" -v column="$2" '
		/^ARM .*ENTRIES/ {
			for (i = 1; i <= NF; i++)
				of[$i] = i
		}
		of[column] && $1 == arm { print $of[column] }' "$work/out"
}

# A kernel that looks for bugs takes minutes for each run; one has shown enough.
measured=(pipe tcp)
[ ! -e /sys/kernel/debug/kmemleak ] || measured=(pipe)
for load in "${measured[@]}"; do
	ctxlab sched --all --quick --seconds 1 --tasks 2 --load "$load" \
		>"$work/out" 2>&1
	status=$?
	# An emulated machine may refuse the verdict.
	[ $status = 0 ] || [ $status = 4 ]
	ok $? "$load is measured: $status"
	made=$(counted "$load-coroutine" MADE)
	entries=$(counted "$load-coroutine" ENTRIES)
	[ $((4 * made)) -gt 0 ] && [ "$entries" -ge $((4 * made)) ] &&
		[ "$entries" -le $((4 * made + made / 20)) ]
	ok $? "$entries system calls for $made echoes"
done
echo "1..$count"
