#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Is the judge of the tests to be trusted?  Prints TAP.

set -u
# The last command of a pipe counts in this shell.
shopt -s lastpipe
here=$(dirname "$0")
count=0
bad=0

# judged NAME TOTAL EXPECTED-TESTS: what stdin's TAP must come to.
judged()
{
	local name=$1 total=$2 expected=$3 got

	count=$((count + 1))
	got=$(awk -v expected="$expected" -f "$here/tap.awk" | tail -n 1)
	if [ "$got" = "total $total" ]; then
		echo "ok $count $name"
	else
		echo "# wanted '$total', got '$got'"
		echo "not ok $count $name"
		bad=1
	fi
}

# one NAME TOTAL STATUS LINE...: one test that prints LINEs and exits.
one()
{
	local name=$1 total=$2 status=$3

	shift 3
	{
		echo '@@ begin t'
		printf '%s\n' "$@"
		echo "@@ end t $status 1"
	} | judged "$name" "$total" t
}

one 'all well' '2 0 0' 0 'TAP version 13' 1..2 'ok 1 a' 'ok 2 b'
one 'plan at the end' '1 0 0' 0 'ok 1 a' 1..1
one 'a failure' '1 1 0' 1 1..2 'ok 1 a' 'not ok 2 b'
one 'a failure whose status is 0' '0 1 0' 0 1..1 'not ok 1 b'
one 'a skipped result' '1 0 1' 0 1..2 'ok 1 a' 'ok 2 b # SKIP no such thing'
one 'all skipped' '0 0 1' 4 '1..0 # SKIP nothing to do'
one 'a plan of nothing' '0 1 0' 0 1..0
one 'no plan' '1 1 0' 0 'ok 1 a'
one 'silence' '0 1 0' 0
one 'too few results' '1 1 0' 0 1..2 'ok 1 a'
one 'too many results' '2 1 0' 0 1..1 'ok 1 a' 'ok 2 b'
one 'results out of order' '2 2 0' 0 1..2 'ok 2 a' 'ok 1 b'
one 'bad status though all is ok' '1 1 0' 139 1..1 'ok 1 a'
one 'bail out' '1 1 0' 0 1..3 'ok 1 a' 'Bail out! no memory'
one 'an indented result is none' '1 0 0' 0 1..1 '  not ok 1 inner' 'ok 1 a'

printf '%s\n' '@@ begin a' 1..1 'ok 1 x' '@@ end a 0 1' |
	judged 'a test that did not run' '1 1 0' 'a b'
printf '%s\n' '@@ begin a' 1..1 'ok 1 x' '@@ begin b' 1..1 'ok 1 x' \
	'@@ end b 0 1' | judged 'a test that never ended' '2 1 0' 'a b'
printf '%s\n' '@@ begin a' 1..1 'ok 1 x' |
	judged 'a machine that died' '1 1 0' 'a'
judged 'nothing at all' '0 0 0' '' </dev/null

echo "1..$count"
exit $bad
