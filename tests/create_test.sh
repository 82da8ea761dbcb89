#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab create against the module and against kcmp(2): both show that each child
# shares what its flags claim; as root and as a user; within limits; and nobody is
# left behind.  How long anything takes is no matter here.

. "$(dirname "$0")/measured.sh"

# create OPTION...: a short run
create()
{
	ctxlab create --all --quick --seconds 1 --size 1 "$@" >"$work/out" 2>&1
	measured $?
}

# facts FILE KEY: "ARM":KEY:VALUE, a line each, of all keys that begin with KEY.
facts()
{
	sed 's/.*"facts":{//' "$1" | grep -o '"[a-z_+-]*":{[^}]*}' |
		awk -v key="\"$2" -F '[{,}]' '{
			for (i = 2; i <= NF; i++)
				if (index($i, key) == 1)
					print $1 $i
		}'
}

has_setting()
{
	grep -q "\"$2\":\"\\?$3" "$1"
}

# stopped SIGNAL SECONDS: in the middle of a run.
stopped()
{
	local pid

	ctxlab create --seconds 60 --size 1 >"$work/out" 2>&1 &
	pid=$!
	sleep "$2"
	kill "-$1" $pid
	wait $pid 2>/dev/null
	nothing_left
}

create --save "$work/module.json"
ok $? 'with the module it measures'
has_setting "$work/module.json" sharing_by module
ok $? 'and asks the module what is shared'
! grep -q 'by its flags\|its parent .* but they' "$work/out"
ok $? 'which is what the flags claim, and what the deeds show'
[ "$(facts "$work/module.json" shares_mm | wc -l)" -ge 31 ]
ok $? 'of every way, the namespaces among them'
[ "$(facts "$work/module.json" notices_ | wc -l)" -ge 144 ]
ok $? 'with every deed of processes, threads, and what lies between'
grep -q '[0-9] kB kernel stack' "$work/out"
ok $? 'and how large a kernel stack is'

# A kernel that looks for bugs takes minutes for each run, and has shown enough.
if [ -e /sys/kernel/debug/kmemleak ]; then
	echo "1..$count"
	exit
fi

create --no-module --save "$work/kcmp.json"
ok $? 'without the module it measures'
has_setting "$work/kcmp.json" sharing_by kcmp
ok $? 'and asks kcmp(2)'
for key in shares_ notices_; do
	facts "$work/module.json" $key | sort >"$work/a"
	facts "$work/kcmp.json" $key | sort >"$work/b"
	[ -s "$work/a" ] && cmp -s "$work/a" "$work/b"
	ok $? "both say the same of $key"
done
ctxlab create --from "$work/module.json" >"$work/again"
grep -q 'read from the module' "$work/again"
ok $? 'a saved run says the same again'

awk '$1 == "fork" && $2 == $3 && $2 > 0 { fork = 1 }
	$1 == "coroutine" && $2 > 0 && $3 == 0 { coroutine = 1 }
	END { exit !(fork && coroutine) }' "$work/out"
ok $? 'the kernel counts a task for each fork, none for coroutines'

quick='ctxlab create --quick --seconds 1 --size 1'
su user -s /bin/bash -c "$quick --save $work/user.json" >"$work/out" 2>&1
measured $?
ok $? 'as a user it measures'
grep -q 'Note: no new-net: Operation not permitted' "$work/out"
ok $? 'and says which namespaces it may not make'
su user -s /bin/bash -c "ulimit -u 2; exec $quick" >"$work/out" 2>&1
grep -q 'RLIMIT_NPROC is 2' "$work/out"
ok $? 'a limit that is met is named'
nothing_left
ok $? 'and nobody is left'

stopped INT 8
ok $? 'after Ctrl-C in the middle nobody is left'
stopped KILL 2
ok $? 'after SIGKILL at the start nobody is left'
stopped KILL 8
ok $? 'nor in the middle'
echo "1..$count"
