#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab switch measuring for real: not how long anything takes, but that it
# counts what it does, says what it cannot do, and leaves nobody behind.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run=$work/run.json

# measure ARGUMENT...: a short run; a busy machine may refuse the verdict.
measure()
{
	"$CTXLAB" switch --all --seconds 1 --ring 4 "$@" --save "$run" \
		>"$work/out" 2>"$work/err" </dev/null
	status=$?
	[ $status = 0 ] || [ $status = 4 ]
	ok $? "ctxlab switch $* measures"
	[ $status = 0 ] || [ $status = 4 ] || sed 's/^/# /' "$work/err"
}

# counted: the arms' names, switches made, and those that getrusage counted.
counted()
{
	awk '/^Counted:/ { on = 1; getline; next } on && NF { print $1, $2, $3 }' \
		"$work/out"
}

for mechanism in yield futex pipe; do
	measure --mechanism $mechanism --pages 0,16
	"$CTXLAB" switch --from "$run" -n -r -o ARM,PAGES,ROUNDS >"$work/rounds"
	awk '$3 < 10 { bad = 1 } { seen[$1 "@" $2] = 1 }
		END { exit bad || !seen["thread@0"] || !seen["process@0"] ||
		      !seen["thread@16"] || !seen["process@16"] ||
		      !seen["thread-again@0"] }' "$work/rounds"
	ok $? "with rounds of threads and processes, without and with pages"
	# Without real-time tasks, others get in between: on a busy machine more.
	tolerance=0.005
	grep -q 'under SCHED_FIFO' "$work/out" || tolerance=0.2
	"$CTXLAB" switch --from "$run" -n -r -o ARM,PAGES,SWITCHES >"$work/rounds"
	awk -v t=$tolerance '
		{ made[$1 "@" $2] = $3 }
		END {
			n = split("thread-again@0 process@0 process@16", arm)
			for (i = 1; i <= n; i++) {
				base = made[arm[i] ~ /16$/ ? "thread@16" : "thread@0"]
				d = made[arm[i]] - base
				if (!base || (d < 0 ? -d : d) > t * base)
					exit 1
			}
		}' "$work/rounds"
	ok $? "rounds of arms compared with each other are equally long"
	counted >"$work/counted"
	awk -v t=$tolerance '$1 !~ /^(coroutine|swapcontext)/ {
			n++
			d = $3 - $2
			if ($2 < 2500 || (d < 0 ? -d : d) > t * $2 + 2)
				bad = 1
		} END { exit bad || n < 3 }' "$work/counted"
	ok $? "getrusage counts the hand-overs that were made"
	[ "$tap_failed" = 0 ] || sed 's/^/# /' "$work/counted"
	awk '$1 ~ /^coroutine/ && $3 * 1000 > $2 { exit 1 }' "$work/counted"
	ok $? "and none for coroutines"
done
measure --mechanism perf-pipe
like "$(cat "$work/out")" '*mechanism perf-pipe*' "by perf's layout"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	install -m 755 "$CTXLAB" "$work/ctxlab"
	chmod 755 "$work"
	setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
		"$work/ctxlab" switch --seconds 1 --pages 0 >"$work/out" 2>&1
	status=$?
	[ $status = 0 ] || [ $status = 4 ]
	ok $? "without privileges it measures"
	like "$(cat "$work/out")" '*Note: SCHED_FIFO is not permitted*' \
		"and says what it falls back to"
	like "$(cat "$work/out")" '*Note: *module*' "and what the module is for"
	(
		# shellcheck disable=SC3045 # it is bash
		# A user who has no other task.
		ulimit -u 1 && exec setpriv --reuid 64321 --regid 65534 \
			--clear-groups --bounding-set -all "$work/ctxlab" sync --quick
	) >"$work/out" 2>&1
	is $? 1 "where it may have no more tasks it does not"
	like "$(cat "$work/out")" '*cannot measure: *; see RLIMIT_NPROC, *' \
		"and names the limits"
else
	echo "ok $((++tap_run)) - # SKIP not root"
fi

# Without /proc much is not known; none of it becomes 0.
if unshare -Urm true 2>/dev/null; then
	rm -f "$run"
	# Not its status: a sanitizer's search for leaks needs /proc itself.
	unshare -Urm sh -c 'mount -t tmpfs none /proc && exec "$@"' - \
		"$CTXLAB" switch --all --seconds 1 --pages 0 --save "$run" \
		>"$work/out" 2>"$work/err" </dev/null
	grep -q '"interrupted":false' "$run"
	ok $? "without /proc it measures"
	like "$(tr '\n' ' ' <"$work/out")" '*/proc is not mounted*' "and says so"
	! grep -qE 'events (show|count)|(^| )0 switches' "$work/out"
	ok $? "and counts nothing that it cannot see"
	grep -q '"load":null' "$run"
	ok $? "nor tells a load"
else
	echo "ok $((++tap_run)) - # SKIP no user namespaces"
fi

# living PID...: whether one of them is there and no zombie.
living()
{
	local pid state

	for pid; do
		read -r _ _ state _ 2>/dev/null <"/proc/$pid/stat" || continue
		[ "$state" = Z ] || return 0
	done
	return 1
}

# ended SIGNAL STATUS: a run gets the signal while its members switch.
ended()
{
	local pid children=() tries=0 persona

	env --default-signal=INT "$CTXLAB" switch --seconds 60 --pages 0 \
		>/dev/null 2>&1 &
	pid=$!
	# The crews of two and more processes each have been made by then.
	while [ ${#children[@]} -lt 4 ] && [ $((tries++)) -lt 300 ]; do
		sleep 0.1
		{ read -ra children <"/proc/$pid/task/$pid/children"; } 2>/dev/null
	done
	[ ${#children[@]} -ge 4 ]
	ok $? "the members are there before SIG$1"
	persona=$(<"/proc/${children[0]}/personality")
	# Containers may forbid it: then it is done without.
	((0x$persona & 0x40000)) || ! setarch -R true 2>/dev/null
	ok $? "with an address space that chance has no part in"
	kill -s "$1" $pid
	wait $pid 2>/dev/null
	is $? "$2" "after SIG$1 the status is $2"
	tries=0
	while living "${children[@]}" && [ $((tries++)) -lt 50 ]; do
		sleep 0.1
	done
	! living "${children[@]}"
	ok $? "and nobody is left behind"
}

# What was ignored stays ignored, as under nohup(1).
(
	trap '' HUP INT TERM
	exec "$CTXLAB" switch --seconds 2 --pages 0 --save "$work/ignored.json" \
		>/dev/null 2>&1
) &
pid=$!
for ((tries = 0; tries < 100; tries++)); do
	sleep 0.02
	kill -HUP $pid && kill -INT $pid && kill -TERM $pid
done 2>/dev/null
wait $pid
status=$?
[ $status = 0 ] || [ $status = 4 ]
ok $? "signals that were ignored end no run"
grep -q '"interrupted":false' "$work/ignored.json"
ok $? "nor cut it short"

ended INT 130
ended TERM 143
ended KILL 137
tap_done
