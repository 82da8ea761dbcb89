#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab ipc: a saved run shown again, reasons for no verdict, and short runs on
# this machine, within limits, of which nothing is left behind however they end.

set -u
# Without the queues of others on this host, where root allows it.
if [ -z "${IPC_NAMESPACE-}" ] && unshare --ipc true 2>/dev/null; then
	IPC_NAMESPACE=1 exec unshare --ipc bash "$0"
fi
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/tool.sh"
run=$here/fixtures/ipc.json

# changed PERL: the run, changed, in $work/run.json.
changed()
{
	perl -pe "$1" "$run" >"$work/run.json"
	! cmp -s "$run" "$work/run.json"
	ok $? "the run is changed by $1"
}

# count ARM KEY N: sets what was counted of that arm.
count()
{
	changed 's/"arm":"'"$1"'","run":\{(?:(?!"arm":).)*?"'"$2"'":\K\d+/'"$3/"
}

expect ipc ipc --all --from "$run"

count pipe-processes calls 99999
try 4 ipc --from "$work/run.json"
like "$out" '*pipe-processes: 99999 system calls by its own count for * not 2 each*' \
	"another number of calls than a message needs"
like "$out" '*pipe-processes: [0-9]* system calls by its own count, * by the kernel'\''s*' \
	"and than the kernel has counted"
[[ $out != *"Two processes that take turns"* ]]
ok $? "and no answer"
count pipe-processes rusage 99999
try 4 ipc --from "$work/run.json"
like "$out" '*pipe-processes: 99999 switches by getrusage, * in the kernel'\''s events*' \
	"two counts of switches that differ"
count pipe-processes wakeups 5
try 4 ipc --from "$work/run.json"
like "$out" '*pipe-processes: * waits by getrusage, but 5 wake-ups by the other side*' \
	"fewer wake-ups than waits"
count futex-processes calls 0
try 4 ipc --from "$work/run.json"
[[ $out != *"every way enters the kernel"* ]]
ok $? "nothing is said of all ways where one was not seen to enter the kernel"

# costs ARM NS: what each round of one byte of that arm cost.
costs()
{
	# shellcheck disable=SC2016 # it is perl's
	changed 's/"arm":"'"$1"'","point":0,"ns":\[\K[^\]]*/$& =~ s|[0-9.e+-]+|'"$2"'|gr/e'
}

# flat: what the tool has printed, on one line.
flat()
{
	tr '\n' ' ' <"$work/out"
}

# What is said of a difference is what it was; see expected/ipc for one that there is.
costs rpc-unix-processes 5870
try 0 ipc --from "$work/run.json"
like "$(flat)" '*The call is not shown to cost more time or less: *' \
	"a call as dear as the bare stream is not said to add anything"
[[ $(flat) != *"hand-over to a thread make"* ]]
ok $? "by nothing"
costs rpc-unix-processes 3000
try 0 ipc --from "$work/run.json"
like "$(flat)" '*make a difference of -* and 2.7 calls.*' "nor is one that is cheaper"
costs pipe-threads 500
try 0 ipc --from "$work/run.json"
[[ $(flat) != *"the switch add"* && $(flat) != *"are 865 ns of it"* ]]
ok $? "the calls are no part of what took less time"
changed 's/"arm":"coroutine","run":\{.*?\K"calls":0,//'
try 0 ipc --from "$work/run.json"
like "$(flat)" '*Between coroutines a message takes 77 ns.*' \
	"calls that were not counted are not said to be none"

if command -v gnuplot >/dev/null; then
	try 0 ipc --from "$run" --plot "$work/ipc.svg"
	[ "$(grep -c '>4096<' "$work/ipc.svg")" = 2 ] &&
		[ "$(grep -c '>16384<' "$work/ipc.svg")" = 1 ]
	ok $? "a narrow axis has fewer numbers"
else
	echo "# no gnuplot"
fi

try 0 diff "$run" "$run"
for wrong in 0 0,4 1048577 4,x; do
	try 2 ipc --bytes $wrong
	like "$err" "*'$wrong' is no list of bytes (1 to 1048576); see*" \
		"with the sizes that there are"
done
try 2 ipc --bytes 64,4
like "$err" '*does not rise*' "or what is wrong with them"
try 2 ipc --way telepathy
like "$err" "*no way 'telepathy': there are all, spin, *, rpc-tcp; see*" \
	"the ways that there are"

# left: workers and keepers that a run of this test has left.
left()
{
	local pid

	for pid in $(pgrep -x ctxlab-worker) $(pgrep -x ctxlab-keeper); do
		! grep -qzxF "IPC_TEST=$work" "/proc/$pid/environ" 2>/dev/null ||
			echo "$pid"
	done
}

# gone: waits until there are none, nor any queue of System V that was not there.
gone()
{
	local i

	for ((i = 0; i < 100; i++)); do
		[ -n "$(left)" ] || break
		sleep 0.1
	done
	[ -z "$(left)" ] && [ "$(queues)" = "$before" ]
}

queues()
{
	awk 'NR > 1 { print $2 }' /proc/sysvipc/msg
}

# short OPTION...: a run that ends with a verdict or without.
short()
{
	"$CTXLAB" ipc --quick --seconds 1 --bytes 1 "$@" >"$work/out" 2>"$work/err"
	status=$?
	out=$(cat "$work/out")
	[ $status = 0 ] || [ $status = 4 ]
}

export IPC_TEST=$work
before=$(queues)
short --json
ok $? "a short run ends with a verdict or without: $status"
like "$out" '*"ctxlab": *"ipc"*"copied_bytes"*' "and is saved"
gone
ok $? "and leaves nobody and no queue behind"
[[ $out != *"by its own count, "* ]]
ok $? "two counts of one thing agree"

# One CPU, and limits under which some ways cannot be had.
cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
(
	# shellcheck disable=SC3045 # it is bash
	ulimit -q 0 && exec taskset -c "$cpu" "$CTXLAB" ipc --all --quick \
		--seconds 1 --bytes 1 --way mq
) >"$work/out" 2>"$work/err"
status=$?
out=$(cat "$work/out")
[ $status = 0 ] || [ $status = 4 ]
ok $? "it runs on one CPU, too: $status"
like "$out" '*Note: no arms on two CPUs, spinning among them: only one may be used*' \
	"and says what is left out"
[ "$(id -u)" = 0 ] ||
	like "$out" '*Note: no arm of mq: *RLIMIT_MSGQUEUE is 0 bytes*' \
		"and which limit leaves out another way"
[[ $out != *-2cpu* ]]
ok $? "no arm is on another CPU"

# at_work: a run has its workers, and their queues are there.
at_work()
{
	[ "$(pgrep -cx ctxlab-worker)" -ge 2 ] && [ -n "$(left)" ] &&
		[ "$(queues)" != "$before" ]
}

# SIGINT is ignored in what runs in the background here.
for signal in TERM KILL; do
	"$CTXLAB" ipc --seconds 30 --way sysv >/dev/null 2>&1 &
	tool=$!
	for ((i = 0; i < 300; i++)); do
		at_work && break
		sleep 0.1
	done
	at_work
	ok $? "there are workers and queues"
	kill -$signal $tool
	wait $tool 2>/dev/null
	gone
	ok $? "after SIG$signal none is left"
done

# used: queues that are not those before have had messages.
used()
{
	awk -v before="$before" 'BEGIN { split(before, b); for (i in b) old[b[i]] }
		NR > 1 && !($2 in old) && $12 { n++ } END { exit n < 2 }' \
		/proc/sysvipc/msg
}

# wait_used: until they have.
wait_used()
{
	local i

	for ((i = 0; i < 300; i++)); do
		! used || return 0
		sleep 0.1
	done
	return 1
}

# Both the tool and the keeper are killed: the next run removes what they left.
"$CTXLAB" ipc --seconds 30 --way sysv >/dev/null 2>&1 &
tool=$!
wait_used
ok $? "a run uses its queues"
kill -KILL "$(pgrep -x -P $tool ctxlab-keeper)" $tool
wait $tool 2>/dev/null
for ((i = 0; i < 100; i++)); do
	[ -n "$(left)" ] || break
	sleep 0.1
done
[ "$(queues)" != "$before" ]
ok $? "a queue stays where the keeper is killed as well"
short --way sysv
gone
ok $? "and the next run removes it"

# Likewise, but the run lives on, in a PID namespace where its number is one that
# nobody has here.
if unshare -pf --mount-proc true 2>/dev/null; then
	# shellcheck disable=SC2016 # another shell's
	unshare -pf --kill-child --mount-proc sh -c '
		echo $(($(cat /proc/sys/kernel/pid_max) - 1000)) \
			>/proc/sys/kernel/ns_last_pid
		"$0" ipc --quick --seconds 3 --bytes 1 --way sysv
		exit $?' "$CTXLAB" >"$work/there" 2>&1 &
	tool=$!
	wait_used
	ok $? "a run of another PID namespace uses its queues"
	short --way sysv
	wait $tool
	status=$?
	[ $status = 0 ] || [ $status = 4 ]
	ok $? "and keeps them while one comes and goes here: $status"
	gone
	ok $? "and leaves none behind"
else
	echo "# no PID namespaces"
fi

# In an IPC namespace of its own, and where that has no room.
if unshare -i true 2>/dev/null; then
	ours()
	{
		# shellcheck disable=SC2016 # another shell's
		unshare -i sh -c '
			[ -z "$1" ] || echo "$1" >/proc/sys/kernel/msgmni
			"$0" ipc --quick --seconds 1 --bytes 1 --way sysv --json
			sed 1d /proc/sysvipc/msg >"$2"' "$CTXLAB" "$1" "$work/queues" \
			>"$work/out" 2>"$work/err"
		out=$(cat "$work/out")
	}
	ours ""
	like "$out" '*"arm": *"sysv-processes"*' "it measures in a namespace of its own"
	[ ! -s "$work/queues" ]
	ok $? "and leaves nothing there"
	ours 1
	like "$out" '*"no arm of sysv: *kernel.msgmni queues are there"*' \
		"where there is room for one queue it goes without"
	[ ! -s "$work/queues" ]
	ok $? "and leaves nothing there either"
else
	echo "# no IPC namespaces"
fi
tap_done
