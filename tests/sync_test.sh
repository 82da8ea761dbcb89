#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab sync on this kernel: as root on two CPUs and as a user on one; under each
# lock nothing is lost, futex calls are the kernel's count of them, a time limit
# ends a round, and nothing is left behind.  How long anything takes, and whether
# anybody fought for a lock, is no matter here.

. "$(dirname "$0")/measured.sh"

quick='ctxlab sync --all --quick --seconds 1'

# lost WHAT: arms in which additions were lost, of all that count them, or of races.
lost()
{
	awk -v races="$1" '
		NR > 1 && $3 != "-" && ($1 ~ /^race/) == (races == "races") {
			n++
			if ($3 > 0)
				print $1
		}
		END { if (n < 2) print "none at all" }' "$work/raw"
}

# The arms whose futex calls were counted twice, and not to the same number: the
# kernel also counts those by which workers begin and end together.
counted_otherwise()
{
	awk '
		/^ARM .*OWN-FUTEX/ {
			for (i = 1; i <= NF; i++)
				of[$i] = i
			next
		}
		!NF { delete of }
		of["FUTEX"] && $of["OWN-FUTEX"] ~ /^[0-9]+$/ {
			n++
			if ($of["FUTEX"] < $of["OWN-FUTEX"] ||
			    $of["FUTEX"] > $of["OWN-FUTEX"] + 20)
				print
		}
		END { if (n < 5) print "only " n " arms" }' "$work/out"
}

$quick --threads 2 --limit 100 --save "$work/run.json" >"$work/out" 2>&1
measured $?
ok $? 'it measures'
sed -n 's/^  - /# refused: /p' "$work/out"
ctxlab sync --from "$work/run.json" --raw -o ARM,THREADS,LOST_PERCENT \
	>"$work/raw" 2>/dev/null
echo "# lost additions: $(lost races | sort -u | tr '\n' ' ')"
[ -z "$(lost locks)" ]
ok $? 'under a lock, and by atomic instructions, nothing is lost'
[ -z "$(counted_otherwise)" ]
ok $? 'the kernel counts the futex calls that the locks do'
nothing_left
ok $? 'nobody is left'

$quick --threads 4 --limit 2 >"$work/out" 2>&1
measured $?
ok $? 'it measures four threads'
grep -q 'Note: the time limit of 2 ms ended rounds early: ' "$work/out"
ok $? 'and tells which rounds a time limit has ended'

su user -s /bin/bash -c "exec taskset 1 $quick --threads 1" >"$work/out" 2>&1
measured $?
ok $? 'as a user, on one CPU, it measures'
nothing_left
ok $? 'nobody is left'

# stopped SIGNAL: in the middle of a run.
stopped()
{
	local pid

	ctxlab sync --threads 2 --seconds 60 >"$work/out" 2>&1 &
	pid=$!
	sleep 3
	kill "-$1" $pid
	wait $pid 2>/dev/null
	nothing_left
}

stopped INT
ok $? 'nor after Ctrl-C'
stopped KILL
ok $? 'nor after SIGKILL'
echo "1..$count"
