#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab ipc on this kernel: as root and as a user, on two CPUs and on one; what is
# counted twice agrees, and nothing is left behind.  How long anything takes is no
# matter here.

. "$(dirname "$0")/measured.sh"

quick='ctxlab ipc --all --quick --seconds 1 --bytes 1'

$quick >"$work/out" 2>&1
measured $?
ok $? 'it measures'
# Where all is emulated, a way in which other tasks take part may be refused.
sed -n 's/^  - /# refused: /p' "$work/out"
made=$(counted pipe-processes MADE)
calls=$(counted pipe-processes OWN-CALLS)
entries=$(counted pipe-processes ENTRIES)
# More by what the sides take to meet, which the tool counts: more still is refused.
[ -n "$calls" ] && [ "$entries" -ge "$calls" ] &&
	! grep -q 'pipe-processes: .* system calls by its own count' "$work/out"
ok $? 'the kernel counts the calls that the arm does'
[ -n "$made" ] && [ "$calls" = $((2 * made)) ]
ok $? 'a message through a pipe is two calls'
# CPUs that an emulator runs by turns leave each side spinning for a whole turn.
if grep -q 'Note: no spin-processes-2cpu: a round of it took too long' "$work/out"; then
	skip 'both sides spin, and take too long for it'
else
	[ "$(counted spin-processes-2cpu OWN-CALLS)" = 0 ]
	ok $? 'and none where both sides spin'
fi
[ "$(counted unix-processes WAKE-UPS)" -gt $((made / 2)) ]
ok $? 'the kernel counts wake-ups'
nothing_left
ok $? 'nothing is left'

su user -s /bin/bash -c "ulimit -q 0; exec taskset 1 $quick --way mq" >"$work/out" 2>&1
measured $?
ok $? 'as a user, on one CPU, it measures'
grep -q 'Note: no arm of mq: .*RLIMIT_MSGQUEUE is 0' "$work/out"
ok $? 'a limit that is met is named'
grep -q 'Note: no arms on two CPUs' "$work/out"
ok $? 'and that there is one CPU'
nothing_left
ok $? 'nothing is left'

# stopped SIGNAL: in the middle of a run.
stopped()
{
	local pid

	ctxlab ipc --seconds 60 --way sysv >"$work/out" 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		[ -n "$(awk 'NR > 1' /proc/sysvipc/msg)" ] && break
		sleep 0.1
	done
	sleep 1
	kill "-$1" $pid
	wait $pid 2>/dev/null
	nothing_left
}

stopped INT
ok $? 'nor after Ctrl-C'
stopped KILL
ok $? 'nor after SIGKILL'
echo "1..$count"
