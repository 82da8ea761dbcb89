#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 'ctxlab deadlock' on the programs of unit/corpus, which hang and say what is true
# of them: verdict, members and waits as they are, with the module and without.

. "$(dirname "$0")/measured.sh"

export LD_LIBRARY_PATH=.
verdicts='^(deadlock|waits-for-itself|owner-ended|locked-at-fork|parked) '
said=$work/said

# members WHOM...: "VERDICT TID" of all threads that are found, in order.
members()
{
	ctxlab deadlock -nro IS,TID "$@" 2>&1 | tr -s ' ' |
		grep -E "$verdicts" | sort -k 2n
}

# wait_so: whether all members wait as the scene says, in a line for each.
wait_so()
{
	ctxlab deadlock -nro TID,WAITS,TYPE,OWNER,ENDS "${whom[@]}" 2>&1 |
		awk -v said="$work/members" '
		{ waits[$1] = $2; type[$1] = $3; owner[$1] = $4; ends[$1] = $5 }
		END {
			while ((getline line <said) > 0) {
				split(line, is, ":")
				tid = is[1]
				if (is[2] == "")
					continue
				if (waits[tid] != is[2] ||
				    (is[3] != "-" && type[tid] != is[3]) ||
				    (is[4] != "-" && owner[tid] != is[4]) ||
				    (is[5] && (ends[tid] > is[5] || !(ends[tid] + 0))))
					bad = 1
			}
			exit bad
		}'
}

# agrees: whether what is found is what the scene says of itself.
agrees()
{
	members "${whom[@]}" >"$work/out"
	[ "$(<"$work/out")" = "$truth" ] && wait_so
}

# settle: looks until it is so; where nothing is to be found, a few times.
settle()
{
	local tries=0

	until agrees; do
		[ $((tries++)) -lt 60 ] || return
		sleep 0.2
	done
	[ -n "$truth" ] || for _ in 1 2 3; do
		agrees || return
	done
}

# play SCENE N: looks at it both ways.
play()
{
	local pid tids verdict tid process whom

	mkfifo "$said"
	./deadlocks "$1" "$2" >"$said" 2>&1 &
	pid=$!
	read -r _ verdict tids <"$said"
	rm "$said"
	whom=("$pid")
	truth=
	tr ' ' '\n' <<<"$tids" >"$work/members"
	for tid in $tids; do
		tid=${tid%%:*}
		[ "$verdict" = none ] || truth+="$verdict $tid"$'\n'
		# A member may be of a process of its own.
		process=$(awk '$1 == "Tgid:" { print $2 }' "/proc/$tid/status")
		[[ " ${whom[*]} " == *" $process "* ]] || whom+=("$process")
	done
	truth=$(sort -k 2n <<<"${truth%$'\n'}")
	[ -n "$verdict" ] && settle
	ok $? "$1 $2: $verdict"
	CTXLAB_ROOT=/nowhere agrees
	ok $? "$1 $2: likewise without the module"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
}

[[ $(ctxlab deadlock -J $$) == *'"source": "module"'* ]]
ok $? 'threads are read through the module'
while read -r scene n _; do
	play "$scene" "$n" </dev/null
done < <(./deadlocks --scenes)
[ $count -gt 1 ]
ok $? 'the program lists its scenes'
echo "1..$count"
