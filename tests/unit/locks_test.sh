#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The locks under the tools that look for races: silent on each, not on the race
# that is meant.  And that race's load, addition and store, in the machine code.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
folder=$(dirname "$CTXLAB")/../locks
names='mutex fair tas ttas ticket mcs semaphore semaphore-2 rwlock rwlock-mixed atomic cas'

# run_under TOOL... -- NAME: what it printed is in $said
run_under()
{
	local command=()

	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	said=$(timeout 120 "${command[@]}" "$2" 2>&1)
}

# silent TOOL NAME PATTERN COMMAND...
silent()
{
	local tool=$1 name=$2 pattern=$3

	shift 3
	run_under "$@" -- "$name"
	grep -q 'added 1500 found 1500 torn 0' <<<"$said" && ! grep -q "$pattern" <<<"$said"
	ok $? "$tool finds nothing in $name, and nothing is lost"
}

# looked_at TOOL PATTERN COMMAND...
looked_at()
{
	local tool=$1 pattern=$2 name

	shift 2
	for name in $names; do
		silent "$tool" "$name" "$pattern" "$@"
	done
	run_under "$@" -- race
	grep -q "$pattern" <<<"$said"
	ok $? "$tool finds the race that is meant"
}

# What the compiler made of race_plain(): one instruction a line.
code()
{
	objdump -d --no-show-raw-insn "$1" |
		sed -n '/<race_plain>:/,/^$/p' | sed -n 's/^ *[0-9a-f]*:\t//p'
}

load='^(mov +\(%[a-z0-9]+\),%[a-z0-9]+|ldr\tx[0-9]+, \[x[0-9]+\])'
store='^(mov +%[a-z0-9]+,\(%[a-z0-9]+\)|str\tx[0-9]+, \[x[0-9]+\])'
at_once='^(lock|xadd|add[a-z]* .*\(%|inc[a-z]* .*\(%|ldadd)'

said=$(code "$folder/threads")
grep -qE "$load" <<<"$said" && grep -qE "$store" <<<"$said"
ok $? "the race loads and stores in instructions of their own"
! grep -qE "$at_once" <<<"$said"
ok $? "none of its instructions adds to memory"

if [ -x "$folder/threads-tsan" ]; then
	# Its shadow memory wants mappings where they are without ASLR.
	looked_at ThreadSanitizer 'WARNING: ThreadSanitizer: data race' \
		setarch -R "$folder/threads-tsan"
else
	echo "# ThreadSanitizer is not here"
fi
if command -v valgrind >/dev/null && [ -x "$folder/threads-helgrind" ]; then
	looked_at Helgrind 'Possible data race' \
		valgrind --tool=helgrind --fair-sched=yes "$folder/threads-helgrind"
else
	echo "# Helgrind is not here"
fi
tap_done
