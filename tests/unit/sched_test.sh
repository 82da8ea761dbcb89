#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab sched: short runs on this machine, a saved one shown again, reasons for no
# verdict, limits, traces; nobody is left behind.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/tool.sh"
run=$here/fixtures/sched.json

# changed PERL: the run, changed, in $work/run.json.
changed()
{
	perl -pe "$1" "$run" >"$work/run.json"
	! cmp -s "$run" "$work/run.json"
	ok $? "the run is changed by $1"
}

expect sched sched --all --from "$run"

changed 's/"arm":"pipe-coroutine","run":\{(?:(?!"arm":).)*?"entries":\K\d+/99999/'
try 4 sched --from "$work/run.json"
like "$out" '*pipe-coroutine: 99999 system calls for * not 4 to 4.05 each*' \
	"more system calls than an echo needs"
changed 's/"arm":"yield-thread","run":\{(?:(?!"arm":).)*?"entries":\K\d+/0/'
try 4 sched --from "$work/run.json"
like "$out" '*yield-thread: 0 system calls for * not 1 to 1.05 each*' \
	"a thread that does not yield"
[[ $out != *"Letting the next one run"* ]]
ok $? "and no answer"

changed 's/mutex-coroutine/yield-traced-coroutine/g'
try 0 sched --from "$work/run.json"
like "$out" '*Each of its 3 events adds * where it is traced.*' "an event's cost"

try 0 diff "$run" "$run"
try 2 sched --tasks 3
like "$err" '*3 tasks are no pairs*' "an odd number is refused"
try 2 sched --load knit
try 2 sched --check
like "$err" "*'--check' goes with --trace*" "an option of the other use"
try 2 sched --trace "$work/nowhere"
like "$err" '*neither a load nor a file*' "a trace that is not there"
try 2 sched --trace steal --seconds 3
try 2 sched --tasks 0
like "$err" '*no list of tasks (2 to *' "no tasks at all are refused"
try 2 sched --trace steal --bound 3
like "$err" '*--bound goes with --check*' "a bound of nothing that is checked"
try 2 sched --trace steal --json --plot "$work/picture.svg"
try 1 sched --trace steal --save "$work/none/trace"
like "$err" "*$work/none/trace: No such file*" "the file that cannot be written is named"
try 0 sched --trace overflow --check
like "$out" '*break no rule*' "a trace that keeps the rules"
try 0 sched --trace 61st --save "$work/trace"
first=$out
try 0 sched --trace "$work/trace"
is "$out" "$first" "a saved trace shows the same"
try 2 sched --trace "$work/trace" --seed 2
like "$err" '*go with a load*' "a trace is there as it is"
try 1 sched --trace "$run"
try 0 sched --trace overflow
like "$out" '*256>128 full: 128 and *0>129 *128 129 to global*' \
	"lengths of queues before and after an event"
try 0 sched --trace overflow --json
is "$(grep -c '"ph": "X"' <<<"$out")" "$(grep -o '"G[0-9]*[^"]*"' <<<"$out" |
	sort -u | grep -c '^"G[0-9]* [a-z]*"$')" "each of these Gs has one time on a P"
try 2 sched --trace steal --plot "$work/picture.pdf"
if command -v gnuplot >/dev/null; then
	try 0 sched --trace steal --plot "$work/picture.svg"
	for word in P0 P2 global stolen 'stolen runnext' steps; do
		grep -q ">$word<" "$work/picture.svg"
		ok $? "its picture has '$word'"
	done
	try 1 sched --trace steal --plot /nonexistent/picture.svg
fi

# left: workers that a run of this test has left.
left()
{
	local pid

	for pid in $(pgrep -x ctxlab-worker); do
		! grep -qzxF "SCHED_TEST=$work" "/proc/$pid/environ" 2>/dev/null ||
			echo "$pid"
	done
}

gone()
{
	local i

	for ((i = 0; i < 100; i++)); do
		[ -n "$(left)" ] || return 0
		sleep 0.1
	done
	return 1
}

# short OPTION...: a run that ends with a verdict or without.
short()
{
	"$CTXLAB" sched --quick --seconds 1 --tasks 2 "$@" \
		>"$work/out" 2>"$work/err"
	status=$?
	out=$(cat "$work/out")
	[ $status = 0 ] || [ $status = 4 ]
}

export SCHED_TEST=$work
short --json
ok $? "a short run ends with a verdict or without: $status"
like "$out" '*"ctxlab": *"sched"*"late_p99"*' "and is saved"
# The sanitizers, under which this tool is built, make one for each stack that ends.
! grep -F ' each"' "$work/out" | grep -qv create-coroutine
ok $? "every arm makes the system calls that it claims"
gone
ok $? "and leaves nobody behind"

# One CPU, and no right to more threads or descriptors than a few.
cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
(exec taskset -c "$cpu" "$CTXLAB" sched --all --quick --seconds 1 --tasks 2 \
	--load wake) >"$work/out" 2>"$work/err"
status=$?
out=$(cat "$work/out")
[ $status = 0 ] || [ $status = 4 ]
ok $? "it runs on one CPU, too: $status"
like "$out" '*Note: no arms on two CPUs: only one may be used*' \
	"and says what is left out"
[[ $out != *-2cpu* ]]
ok $? "no arm is on another CPU"
(
	ulimit -n 64 && exec "$CTXLAB" sched --all --quick --seconds 1 \
		--tasks 200 --load tcp
) >"$work/out" 2>"$work/err"
status=$?
out=$(cat "$work/out")
[ $status = 0 ] || [ $status = 4 ]
ok $? "it runs with few descriptors: $status"
like "$out" '*Note: tcp-coroutine: less than 200 tasks: Too many open files*' \
	"and says how far it has come"

for signal in TERM KILL; do
	"$CTXLAB" sched --seconds 30 >/dev/null 2>&1 &
	tool=$!
	for ((i = 0; i < 100; i++)); do
		[ "$(left | wc -l)" -lt 2 ] || break
		sleep 0.1
	done
	[ -n "$(left)" ]
	ok $? "there are workers"
	kill -$signal $tool
	wait $tool 2>/dev/null
	gone
	ok $? "after SIG$signal none is left"
done
tap_done
