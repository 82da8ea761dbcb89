#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 'ctxlab deadlock' as it is typed: on programs that hang, on hostile ones, without
# rights, and on what is not there.

# shellcheck disable=SC2317 # functions that help calls
set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
pid=
helpers=()
groups=()
trap 'thaw; kill -KILL $pid "${helpers[@]}" 2>/dev/null; rmdir "${groups[@]}" 2>/dev/null
      rm -rf "$work"' EXIT
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
if "$CTXLAB" deadlock -nro SITE "$pid" | grep -q '\.[ch]:'; then
	like "$out" "*at lock (corpus.h:[0-9]*)
      by lock_in_ring (threads.c:[0-9]*)*" "and the call sites, also of what was inlined"
	try 0 deadlock -Jo IS,STACK "$pid"
	like "$out" '*"stack": "*lock_in_ring (threads.c:*) <- enter (corpus.c:*) <- *' \
		"and all functions on the stack"
fi
try 4 deadlock --exit-code "$pid"
try 0 deadlock -J "$pid"
like "$out" '*"deadlocks": \[*"verdict": "deadlock"*"threads": \[*' "and so in JSON"
try 0 deadlock -nro TID,IS "$pid"
is "$(sort <<<"$out" | awk '$2 == "deadlock" { print $1 }')" \
   "$(tr ' ' '\n' <<<"${truth#* }" | cut -d: -f1 | sort)" "and the members are those"
try 0 deadlock --dot "$pid"
like "$out" "digraph waits {*color=red*->*}" "and as a graph"
try 0 deadlock --stop "$pid"
like "$out" "Found 1 deadlock*" "and with stacks by ptrace"
try 4 deadlock --exit-code "$pid"

play ring-pi 2
found "$pid"
# Without names, the file and where in it.
strip -o "$work/stripped" "$programs"
full=$programs
programs=$work/stripped
play ring 2
programs=$full
found "$pid"
like "$(<"$work/watch")" "*: stripped+0x[0-9a-f]*, held by *" "a lock without a name is told by its file"
if ! grep -q 'no libdw' "$work/watch"; then
	like "$(<"$work/watch")" "* at stripped+0x[0-9a-f]*" "and so is a call site"
fi
play dead-owner 2
found "$pid"
like "$(<"$work/watch")" "*Lock of a thread that has ended: 2 threads wait for it*" "and says so"
play self
found "$pid"
like "$(<"$work/watch")" "*which it holds itself*" "and says so"

play chain 4
try 0 deadlock --exit-code "$pid"
like "$out" "No deadlock found.*3 threads wait, in the end, for thread *" "and tells the chain"

# told PATTERN WHAT ARGUMENT...: within a while the tool says so of these processes.
told()
{
	local pattern=$1 what=$2 i

	shift 2
	for i in {1..40}; do
		out=$(timeout 60 "$CTXLAB" deadlock "$@" 2>&1)
		# shellcheck disable=SC2053 # it is a pattern
		[[ $out == $pattern ]] && break
		sleep 0.1
	done
	like "$out" "$pattern" "$what"
}

# help COMMAND...: runs it beside; its PID is in $helper.
help()
{
	"$@" &
	helper=$!
	helpers+=("$helper")
}

# descriptors PID: how many it has, once it has looked a few times more.
descriptors()
{
	local ran now

	ran=$(awk '{ print $3 }' "/proc/$1/schedstat")
	while now=$(awk '{ print $3 }' "/proc/$1/schedstat"); [ $((now - ran)) -lt 40 ]; do
		sleep 0.05
	done
	find "/proc/$1/fd" -type l | wc -l
}

# A watch goes on for as long as wanted: it takes no more with each look.
help "$CTXLAB" deadlock --watch 0.02 "$pid" >"$work/watch"
until grep -q THREAD "$work/watch"; do sleep 0.05; done
before=$(descriptors "$helper")
after=$(descriptors "$helper")
# Some are open for a moment in each look.
[ "$after" -lt $((before + 8)) ]
ok $? "a watch leaves no descriptors open"
try 0 deadlock "$helper"
[[ $out != *libgpm* ]]
ok $? "Gs are not told of where there are none"
kill "$helper"

# Until the program ends, which is said.
play chain 2
help timeout 60 "$CTXLAB" deadlock --watch 0.02 "$pid" >"$work/watch" 2>"$work/said-at-end"
until grep -q THREAD "$work/watch"; do sleep 0.05; done
kill "$pid"
wait "$helper"
is $? 0 "a watch ends well with its program"
like "$(<"$work/said-at-end")" "ctxlab deadlock: process $pid has ended*" "and says so"
wait "$pid" 2>/dev/null
pid=
# One for which nobody waits is there, and has no threads.
help sh -c 'true & exec sleep 1000'
until ended=$(pgrep -P "$helper") && grep -q '^State:.Z' "/proc/$ended/status"; do sleep 0.05; done
try 1 deadlock "$ended"
is "$err" "ctxlab deadlock: process $ended has ended; its parent has not waited for it" \
	"and so it is of one that its parent has not waited for"
# Who is waited for by one alone: where that stands is shown, too.
play chain 2
try 0 deadlock -nro TID,WAITS,SITE "$pid"
if "$CTXLAB" deadlock -nro SITE "$pid" | grep -q '\.[ch]:'; then
	like "$out" "*signal *lock_only*threads.c:*mutex *lock_only*threads.c:*" \
		"the call site of an owner that waits is shown, too"
fi
try 0 deadlock --dot "$pid"
is "$(grep -c 'label="[0-9]* .*: ' <<<"$out")" 2 "and in the graph both have a name"

play sleepers
try 0 deadlock -Jo ENDS "$pid"
like "$out" '*"ends": 9*' "JSON has the seconds until a timeout"
[[ ! $out =~ \.[0-9]{4} ]]
ok $? "with no more digits than are known"

# One process has a file lock, another one wants it.
: >"$work/locked"
# Taken by a flock(1) that is gone, as in scripts.
hold_lock()
{
	exec 9<"$work/locked"
	flock 9
	exec sleep 1000
}
help hold_lock
holder=$helper
until flock -n "$work/locked" true; [ $? = 1 ]; do sleep 0.05; done
help flock "$work/locked" true
waiter=$helper
told "*flock $holder*" "who waits for a file lock waits for its holder" -nro WAITS,OWNER "$waiter"

kill -STOP "$holder"
told "*1 thread waits, in the end, for thread $holder * is stopped by a signal, while it sleeps*" \
	"a holder that a signal has stopped is said to be so" "$waiter"
try 0 deadlock -J "$waiter"
like "$out" '*"halted": "stopped"*' "and so in JSON"
kill -CONT "$holder"
try 0 deadlock "$waiter"
[[ $out != *stopped* ]]
ok $? "which is not said of it any more"

# freeze FOLDER FILE STATE: the holder goes there, which can be frozen.
freeze()
{
	local group=$1/ctxlab-test-$$

	mkdir "$group" 2>/dev/null || return
	groups+=("$group")
	echo "$holder" >"$group/cgroup.procs" && echo "$3" >"$group/$2"
} 2>/dev/null

thaw()
{
	local group

	for group in "${groups[@]}"; do
		echo 0 >"$group/cgroup.freeze"
		echo THAWED >"$group/freezer.state"
		echo "$holder" >"${group%/*}/cgroup.procs"
	done
} 2>/dev/null

frozen=0
while read -r folder type; do
	case $type in
	cgroup2) freeze "$folder" cgroup.freeze 1 ;;
	*) freeze "$folder" freezer.state FROZEN ;;
	esac || continue
	told "*1 thread waits, in the end, for thread $holder * is frozen with its cgroup, while it *" \
		"a holder frozen by $type is said to be so" "$waiter"
	thaw
	((frozen++))
done < <(awk '$3 == "cgroup2" || ($3 == "cgroup" && $4 ~ /freezer/) { print $2, $3 }' /proc/mounts)
((frozen)) || echo "# no cgroup can be made here: nothing was frozen"

# How long it has not run: never more than since it was seen to wait.
before=$(date +%s%N)
help flock "$work/locked" true
told "*flock $holder*" "another one waits" -nro WAITS,OWNER "$helper"
sleep 1
try 0 deadlock -nro TID,ASLEEP "$helper"
after=$(date +%s%N)
if [ -e /proc/self/sched ]; then
	awk -v tid="$helper" -v most=$(((after - before) / 1000000)) '
		$1 == tid && 1000 * $2 <= most && 1000 * $2 >= 300 { found = 1 }
		END { exit !found }' <<<"$out"
	ok $? "it has slept for a while, and no longer than it is there"
fi

# An owner in another pid namespace is not known by its ID there.
if unshare -fp --mount-proc true 2>/dev/null; then
	cat >"$work/inside" <<'EOF'
flock "$work/locked" true &
for i in {1..100}; do
	"$CTXLAB" deadlock -nro WAITS,OWNER $! | grep '^flock' && break
	sleep 0.1
done
"$CTXLAB" deadlock $!
kill $!
exec 8<"$work/inside"
flock 8
flock "$work/inside" true 8<&- &
for i in {1..100}; do
	"$CTXLAB" deadlock -nro WAITS,OWNER $! | grep "^flock *$$" && break
	sleep 0.1
done
"$CTXLAB" deadlock $!
kill $!
: >"$work/pipes"
"$programs" pipes >"$work/pipes" &
until read -r _ _ first _ <"$work/pipes"; do sleep 0.1; done
"$CTXLAB" deadlock "${first%%:*}"
kill $!
EOF
	out=$(export CTXLAB programs work; timeout 120 unshare -fp --mount-proc bash "$work/inside" 2>&1)
	like "$out" "*flock unseen*No deadlock found*may be in another pid namespace*" \
		"the owner of a lock that is outside is not named, and said to be unseen"
	like "$out" "*flock 1*No deadlock found*description: who took it has ended*" \
		"but of one whose taker has ended, who has the description"
	like "$out" "*No deadlock found*No deadlock found*not seen here may have*" \
		"nor is a deadlock found of pipes that may have an end outside"

	help unshare -fp --mount-proc "$programs" flocks >"$work/flocks"
	sleep 0.2
	inside=$(pgrep -P "$helper" | head -n 1)
	truth=flocks
	if [ -n "$inside" ] && [ "$(id -u)" = 0 ]; then
		for child in $(pgrep -P "$inside"); do
			inside=$child
		done
		found "$inside"
	fi
fi

# A FIFO: whoever has its other end.
mkfifo "$work/fifo"
hold_fifo()
{
	exec 9>"$work/fifo"
	exec sleep 1000
}
read_fifo()
{
	exec cat "$work/fifo"
}
help read_fifo
reader=$helper
told "*fifo-open*" "who opens a FIFO is seen to wait" -nro WAITS,FOR "$reader"
like "$out" "fifo-open $work/fifo*" "for its path"
help hold_fifo
told "*fifo-read*" "who reads from it, too" -nro WAITS,OWNER "$reader"
like "$out" "*fifo-read $helper*" "and who has the other end"
play traced
told "*1 thread waits, in the end, for thread * is stopped by a tracer, while *" \
	"a holder that a tracer has stopped is said to be so" $(pgrep -P "$pid")

# All wait for each other but one, which waits for a signal.
play idle 3
try 0 deadlock "$pid"
[[ $out == *"with 4 threads"* && $out != *Suspected* ]]
ok $? "who waits for something outside is not suspected, nor are the others"

play names
found "$pid"
try 0 deadlock "$pid"
like "$out" '*\\x1b*' "names are escaped"
if "$CTXLAB" deadlock -nro SITE "$pid" | grep -q hostile.c && ldconfig -p | grep -q 'libstdc++\.so\.6'; then
	like "$out" '*at lock_under_a_name(actor\*) (hostile.c:*' "those of C++ are as people write them"
fi
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
# In words once, for which the files of all programs are read.
for form in "" -nroIS -nroIS; do
	# shellcheck disable=SC2086 # none, or an option
	timeout 120 "$CTXLAB" deadlock --all --exit-code $form >"$work/out" 2>&1
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

	# Its locks are semaphores, of which nobody knows who has them.
	kill "$pid"
	wait "$pid" 2>/dev/null
	python3 -c 'import threading
lock = threading.Lock()
for i in range(2):
    threading.Thread(target=lambda: lock.acquire() and lock.acquire()).start()' &
	pid=$!
	told "*No deadlock*Suspected, not certain: all 3 threads of process $pid (python3) wait, *" \
		"locks of Python, which all threads wait for, are suspected" "$pid"
	like "$out" "*waits for a semaphore*waits for a semaphore*" "and the waits told"
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
	like "$(<"$work/out")" "Whether there is a deadlock cannot be told.*" "says that it does not know"
	like "$(<"$work/err")" "*$pid (deadlocks): its calls may not be read*ermi*" "and says which"

	# A program of that user's own; but root's may have ends of its pipes.
	cp "$programs" "$work/deadlocks"
	: >"$work/pipes"
	help setpriv --reuid=65534 --regid=65534 --clear-groups "$work/deadlocks" pipes >"$work/pipes"
	until read -r _ _ first _ <"$work/pipes"; do sleep 0.1; done
	ASAN_OPTIONS=detect_leaks=0 setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$work/ctxlab" deadlock --exit-code "${first%%:*}" >"$work/out" 2>&1
	is $? 0 "of pipes that another user's process may hold no deadlock is found"
	like "$(<"$work/out")" "No deadlock found.*descriptors of * may not be read. A pipe may have an end*" \
		"and why is said"
fi
tap_done
