#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab sync: a saved run shown again, reasons for no verdict, and short runs on
# this machine, of which nothing is left behind however they end.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/tool.sh"
run=$here/fixtures/sync.json

# changed PERL: the run, changed, in $work/run.json.
changed()
{
	perl -pe "$1" "$run" >"$work/run.json"
	! cmp -s "$run" "$work/run.json"
	ok $? "the run is changed by $1"
}

# Numbers of a quantity are all set to one value.
all()
{
	echo "s/\"$1\":\\[\\K[^\\]]*/\$& =~ s|[0-9.e+-]+|$2|gr/ge"
}

expect sync sync --all --from "$run"
try 0 sync --from "$run"
[[ $(grep -c '' <<<"$out") -le 45 && $out != *"longest"* ]]
ok $? "the short answer has one table of locks"

changed "$(all handoffs_per_1000 0.5)"
try 4 sync --from "$work/run.json"
like "$out" 'No verdict*no lock was fought for*' "no contention, no verdict"
[[ $out != *"taking a lock"* && $out != *"One thread alone"* ]]
ok $? "and no cost"
changed 's/"cpus":2/"cpus":1/g; '"$(all handoffs_per_1000 0.5)"
try 0 sync --all --from "$work/run.json"
like "$out" '*mutex *not fought for: 0.50 hand-offs*' \
	"on one CPU what was not fought for is marked so"
[[ $out != *"What to take here"* ]]
ok $? "and nothing is advised"
try 0 sync --from "$work/run.json"
like "$out" '*-: 2 threads did not fight for the lock, fewer than 1 hand-off in 1000*' \
	"and the table says why it has no figures"
[[ $out != *"2 CPUs"* && $out != *"two CPUs"* ]]
ok $? "nor a column of another CPU"
# shellcheck disable=SC2016 # it is perl's
changed 's/"cpus":2/"cpus":1/g; '"$(all handoffs_per_1000 0.5)"';
	s/"arm":"pthread-pi",(?:(?!"arm":).)*?"handoffs_per_1000":\[\K[^\]]*/$& =~ s|0[.]5|900|gr/ge'
try 0 sync --from "$work/run.json"
[[ $out != *"What to take here"* ]]
ok $? "nor is the only lock that was fought for"

# shellcheck disable=SC2016 # it is perl's
changed 's/("arm":"fair","run":\{[^}]*"futex":)\d+/${1}99/'
try 4 sync --from "$work/run.json"
like "$out" '*fair: 99 futex calls by its own count, * by the kernel'\''s*' \
	"two counts of the same calls that differ"
changed "$(all section_ns 61)"
try 4 sync --from "$work/run.json"
like "$out" '*threads: sections of 10us took 61 ns*' \
	"sections of another length than they are said to have"
[[ $out != *"taking a lock"* ]]
ok $? "and no cost"
changed "$(all lost_percent 0.1)"
try 0 sync --from "$work/run.json"
[[ $out != *"Nothing was lost"* ]]
ok $? "what was lost is not denied"

# Of three CPUs there would have to be six threads.
changed 's/"cpus":2/"cpus":3/g'
try 0 sync --from "$work/run.json"
like "$out" '*free  2 threads
*mutex *ns *ns
*' "what was not measured has no column"
[[ $out != *"p99.9 wait"$'\n'*atomic* ]]
ok $? "nor has its wait"

# One thread has no section: no curve begins there.
try 0 sync --all --from "$run"
[[ $out = *"by threads (100ns):"* && $out != *"by threads (100ns):"*$'\n      1 '* ]]
ok $? "no sweep begins with what was measured in another way"

# What several may have at once is no lock that one hands to the next.
try 0 sync --all --from "$run"
like "$out" '*several may have it at once:*semaphore-2 *rwlock-read *rwlock-mixed *' \
	"what several may have has a table of its own"
like "$out" "*4 threads: rwlock-read takes so many times as long as mutex: *" \
	"and is compared with what one may have"
changed "$(all cpu_ns 1)"
try 0 sync --all --from "$work/run.json"
[[ $out != *"times as long as"* ]]
ok $? "but not where no two had it at once"

# pooled N: what is pooled at the fourth point, of each of six blocks: N waits of 512 ns,
# and five of 1 ms.  All other points have none.
pooled()
{
	local pools

	pools=$(printf ',[[72,%d],[160,5]]' "$1" "$1" "$1" "$1" "$1" "$1")
	# shellcheck disable=SC2016 # it is perl's
	echo 's/,"pools":\[[][0-9,]*\]//g; s/"point":3,/$&"pools":['"${pools#,}"'],/g'
}

# wait_of ARM: its p99.9 there, the upper end of that, and of how many waits.
wait_of()
{
	"$CTXLAB" sync --from "$work/run.json" -n -r \
		-o "ARM,THREADS,SECTION,WAIT_P999_NS,WAIT_P999_NS_HIGH,WAITS" |
		awk -v arm="$1" '$1 == arm && $2 == 4 && $3 == "100ns" { print $4, $5, $6 }'
}

changed "$(pooled 4000)"
try 0 sync --from "$work/run.json"
like "$out" '*p99.9 wait: of 24030 to 24030 waits a lock, in all rounds;*' \
	"how many waits there were is told"
read -r value high n <<<"$(wait_of fair)"
awk "BEGIN { exit !($value >= 1e6 && $high >= $value && $n == 24030) }"
ok $? "30 of them are beyond p99.9: $value to $high of $n"
changed "$(pooled 1600)"
read -r value high n <<<"$(wait_of fair)"
[[ $value = - && $n = 9630* ]]
ok $? "of fewer than 10,000 there is no p99.9, but their number: $value $n"
changed "$(pooled 40000)"
read -r value high n <<<"$(wait_of fair)"
awk "BEGIN { exit !($value < 600) }"
ok $? "30 of 240,030 are not in it: $value"

# Who had the lock, in order.
try 0 sync --from "$run" --json
echo "$out" >"$work/again.json"
# strips FILE: all of a file's, without blanks.
strips()
{
	tr -d ' \n' <"$1" | grep -oE '"strips":[^{}]*(\{[^{}]*\},?)*\]'
}
cmp -s <(strips "$run") <(strips "$work/again.json") &&
	strips "$run" | grep -q '"stretches":\[\['
ok $? "strips are written as they were read"
changed 's/"stretches":\[\[\d+/"stretches":[[64/'
try 1 sync --from "$work/run.json"
# shellcheck disable=SC2016 # it is perl's
changed 's/"stretches":\[\[(\d+),\d+/"stretches":[[$1,0/'
try 1 sync --from "$work/run.json"
if command -v gnuplot >/dev/null; then
	try 0 sync --from "$run" --plot "$work/sync.svg"
	grep -q 'length of the section' "$work/sync.svg" &&
		grep -q 'who had the lock' "$work/sync.svg"
	ok $? "the picture has costs over sections, and who had the lock"
	[ "$(grep -c '>2<' "$work/sync.svg")" = 2 ] && ! grep -q '>1<' "$work/sync.svg"
	ok $? "and axes that begin where their curves do"
else
	echo "# no gnuplot"
fi

try 0 diff "$run" "$run"
for wrong in 0 0,2 65; do
	try 2 sync --threads $wrong
	like "$err" "*'$wrong' is no list of threads (1 to 64); see*" \
		"with the numbers that there are"
done
try 2 sync --threads 4,2
for wrong in 0 10001 x; do
	try 2 sync --limit $wrong
	like "$err" "*--limit: '$wrong' is not 1 to 10000 ms; see*" \
		"no round ends before it begins"
done

# workers: those that a run of this test has left.
workers()
{
	local pid

	for pid in $(pgrep -x ctxlab-worker); do
		! grep -qzxF "SYNC_TEST=$work" "/proc/$pid/environ" 2>/dev/null ||
			echo "$pid"
	done
}

# gone: waits until there are none.
gone()
{
	local i

	for ((i = 0; i < 100; i++)); do
		[ -n "$(workers)" ] || return 0
		sleep 0.1
	done
	return 1
}

export SYNC_TEST=$work
"$CTXLAB" sync --quick --seconds 1 --threads 2 --json >"$work/json" 2>"$work/err"
status=$?
[ $status = 0 ] || [ $status = 4 ]
ok $? "a short run ends with a verdict or without: $status"
grep -q '"lost_percent"' "$work/json" && grep -q '"ctxlab": *"sync"' "$work/json"
ok $? "and is saved"
gone
ok $? "and leaves no worker behind"

# SIGINT is ignored in what runs in the background here.
for signal in TERM KILL; do
	"$CTXLAB" sync --quick --seconds 30 --threads 2 >/dev/null 2>&1 &
	tool=$!
	for ((i = 0; i < 100; i++)); do
		[ -z "$(workers)" ] || break
		sleep 0.1
	done
	[ -n "$(workers)" ]
	ok $? "workers run"
	kill -$signal $tool
	wait $tool 2>/dev/null
	gone
	ok $? "after SIG$signal none is left"
done
tap_done
