#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 'ctxlab deadlock' as it is typed: on programs that hang, on hostile ones, without
# rights, and on what is not there.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
pid=
trap 'kill $pid 2>/dev/null; rm -rf "$work"' EXIT
. "$here/tool.sh"
programs=$(dirname "$FUZZER")/../deadlocks

# play SCENE [N]: starts it; leaves its PID in $pid and what is true in $truth.
play()
{
	if [ -n "$pid" ]; then
		kill "$pid"
		wait "$pid" 2>/dev/null
	fi
	mkfifo "$work/said"
	"$programs" "$@" >"$work/said" &
	pid=$!
	read -r _ truth <"$work/said"
	rm "$work/said"
}

# found ARGUMENT...: the tool exits with 4, once the last thread has gone to sleep.
found()
{
	timeout 60 "$CTXLAB" deadlock --watch 0.1 --exit-code "$@" >"$work/watch" 2>&1
	is $? 4 "a watch on ${truth%% *} ends with 4"
}

play ring 3
found "$pid"
try 0 deadlock "$pid"
like "$out" "Found 1 deadlock.*Deadlock: 3 threads wait for each other*waits for a mutex (normal)*held by thread*" \
	"and says who waits for whom"
like "$out" "*THREAD*IS*WAITS*deadlock*mutex*mutex+40*" "and has a table with the lock"
if "$CTXLAB" deadlock -nro SITE "$pid" | grep -q threads.c; then
	like "$out" "*at lock_in_ring (threads.c:[0-9]*)*" "and the call sites"
fi
try 4 deadlock --exit-code "$pid"
try 0 deadlock -J "$pid"
like "$out" '*"deadlocks": \[*"verdict": "deadlock"*"threads": \[*' "and so in JSON"
try 0 deadlock -nro TID,IS "$pid"
is "$(sort <<<"$out" | awk '$2 == "deadlock" { print $1 }')" \
   "$(tr ' ' '\n' <<<"${truth#* }" | sort)" "and the members are those"
try 0 deadlock --dot "$pid"
like "$out" "digraph waits {*color=red*->*}" "and as a graph"
try 0 deadlock --stop "$pid"
like "$out" "Found 1 deadlock*" "and with stacks by ptrace"
try 4 deadlock --exit-code "$pid"

play ring-pi 2
found "$pid"
play dead-owner 2
found "$pid"
like "$(<"$work/watch")" "*Lock of a thread that has ended: 2 threads wait for it*" "and says so"
play self
found "$pid"
like "$(<"$work/watch")" "*which it holds itself*" "and says so"

play chain 4
try 0 deadlock --exit-code "$pid"
like "$out" "No deadlock found.*3 threads wait, in the end, for thread *" "and tells the chain"

play names
found "$pid"
try 0 deadlock "$pid"
like "$out" '*\\x1b*' "names are escaped"
[[ $out != *$'\033'* ]]
ok $? "and let no escape sequence through"
try 0 deadlock --dot "$pid"
[[ $out != *$'\033'* ]]
ok $? "nor does the graph"
try 0 deadlock -J "$pid"

for scene in lies lies-on-stacks unreadable; do
	play $scene
	try 0 deadlock --exit-code "$pid"
	like "$out" "No deadlock found.*" "nothing is believed of $scene"
done

play edges
found "$pid"

# looked ARGUMENT...: whatever it finds, it ends by itself, and says what it found.
looked()
{
	timeout 120 "$CTXLAB" deadlock "$@" >"$work/out" 2>&1
	[[ $? == [014] ]] && ! grep -q Sanitizer "$work/out" &&
		grep -Eq '^(Found|No) .*deadlock|process' "$work/out"
}

play reborn
strays=0
for _ in {1..10}; do
	looked --exit-code "$pid" || ((strays++))
	grep -q '^Found' "$work/out" && ((strays++))
done
is $strays 0 "nothing is found of a program that forks and becomes another all the time"

strays=0
for i in {1..5}; do
	play ring 20
	(sleep "0.0$i" && kill -9 "$pid") &
	looked --exit-code "$pid" || ((strays++))
	wait $!
done
is $strays 0 "a program may end while it is looked at"

# As many threads as may be here, 10,000 at most.
for n in 10000 5000 2500 1000; do
	play ring "$n"
	[ -z "$truth" ] || break
done
try 4 deadlock --exit-code -nro IS "$pid"
is "$(grep -c '^deadlock$' <<<"$out")" "$n" "all of $n threads are found"

play storm
for _ in 1 2 3; do
	timeout 120 "$CTXLAB" deadlock --all --exit-code >"$work/out" 2>&1
	[[ $? == [014] ]] && ! grep -q Sanitizer "$work/out"
	ok $? "all processes are looked at while some come and go"
done

if command -v python3 >/dev/null; then
	kill "$pid"
	wait "$pid" 2>/dev/null
	python3 -c 'import subprocess
p = subprocess.Popen(["sh", "-c", "while echo text; do :; done"], stdout=subprocess.PIPE)
p.wait()' &
	pid=$!
	truth=popen
	[ "$(id -u)" != 0 ] || found "$pid"
fi
kill "$pid"
wait "$pid" 2>/dev/null

wrong()
{
	local say=$1

	shift
	try 2 "$@"
	like "$err" "*$say*--help*" "and says '$say'"
}

wrong "a PID is missing" deadlock
wrong "'x' is not a PID" deadlock x
wrong "--all takes no PID" deadlock --all 1
wrong "--watch takes seconds" deadlock --watch x 1
wrong "--watch takes seconds" deadlock --watch 0 1
wrong "no column 'FOO'" deadlock -o FOO 1
try 1 deadlock "$pid"
like "$err" "*$pid: no such process*" "and says so"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$CTXLAB" "$work/ctxlab"
	chmod 755 "$work" "$work/ctxlab"
	play ring 2
	ASAN_OPTIONS=detect_leaks=0 setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$work/ctxlab" deadlock "$pid" >"$work/out" 2>"$work/err"
	is $? 1 "without rights it fails"
	like "$(<"$work/err")" "*$pid (deadlocks): its calls may not be read*ermi*" "and says which"
fi
tap_done
