#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Which entries of the TLB the probe's flushes drop, by tests/module/stale.c.

found()
{
	cat "/sys/module/stale/parameters/$1"
}

count=0

# expect NAME WANT DESCRIPTION
expect()
{
	local got

	count=$((count + 1))
	got=$(found "$1")
	if [ "$got" = "$2" ]; then
		echo "ok $count $3"
	else
		echo "not ok $count $3: $got"
	fi
}

if [ "$(uname -m)" != x86_64 ]; then
	echo '1..0 # SKIP the flush of this architecture has no such test'
	exit 0
fi
echo 1..5
insmod ./stale.ko || exit 1
expect nothing kept 'an entry outlives its mapping where nothing is flushed'
expect mm dropped 'the flush of an address space drops its entries'
if [ "$(found cr3_global)" = dropped ]; then
	echo 'ok 3 # SKIP this CPU keeps no global entry when CR3 is written'
	count=3
else
	expect mm_global kept 'and keeps the global ones'
fi
expect all dropped 'the full flush drops them'
expect all_global dropped 'and the global ones as well'
rmmod stale
