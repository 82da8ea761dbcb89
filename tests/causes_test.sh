#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the module, 'ctxlab compare' and 'ctxlab switch' say of CR3 is what this
# kernel does on this CPU, and the same.  scripts/test runs it on CPUs with and without
# page-table isolation and PCID, which the kernel itself tells here.

shopt -s extglob
count=0
failed=0

# check DESCRIPTION PATTERN TEXT
check()
{
	count=$((count + 1))
	# shellcheck disable=SC2053 # it is a pattern
	if [[ "${3//$'\n'/ } " == $2 ]]; then
		echo "ok $count $1"
	else
		echo "not ok $count $1: $3"
		failed=1
	fi
}

flag()
{
	grep -m1 '^flags' /proc/cpuinfo | grep -qw "$1" && echo yes || echo no
}

[ "$(uname -m)" = x86_64 ] || {
	echo "1..0 # SKIP no CR3 here"
	exit
}
isolation=$(flag pti)
[[ $(cat /sys/devices/system/cpu/vulnerabilities/meltdown) != *PTI* ]] ||
	isolation=yes
tagged=$(flag pcid)
echo "# page-table isolation: $isolation, PCID: $tagged"

sleep 60 &
pair=$(cat "/proc/ctxlab/$$,$!")
! command -v ctxlab >/dev/null ||
	compare=$(ctxlab compare $$ $! | tr -s '\n ' ' ')
kill $!
check 'the module knows of isolation' "*Pti:*( )$isolation *" "$pair"
check 'and of PCID' "*Pcid:*( )$tagged *" "$pair"

end()
{
	echo "1..$count"
	exit $failed
}

case $tagged in
yes)	write=keep words='*tags the entries of its TLB*' ;;
*)	write=flush words='*does not tag the entries of its TLB*' ;;
esac
check 'what writing CR3 does to the TLB' "*Cr3Write:*( )$write *" "$pair"
# A machine for the module alone has no tool.
command -v ctxlab >/dev/null || end
check "'compare' says the same" "$words" "$compare"
case $isolation in
yes)	words='*Page-table isolation is on*' ;;
*)	words='!(*Page-table isolation*)' ;;
esac
check 'and the same of isolation' "$words" "$compare"
case $isolation$tagged in
yesno)	words="*drops the user's TLB entries at each system call*" ;;
*)	words='!(*at each system call*)' ;;
esac
check 'and what system calls drop' "$words" "$compare"

# An emulated machine may refuse the verdict: of the sentences then none is there.
out=$(ctxlab switch --seconds 2 --pages 0,64 --ring 0 --save /tmp/causes.json)
case $isolation$tagged in
yesyes)	words='written by system calls alone' ;;
yesno)	words='written by system calls, TLB dropped' ;;
*)	words='not written' ;;
esac
check "'switch' says it of threads, or nothing" \
	"@(*same mm: CR3 $words*|*No verdict*)" "$out"
grep -o '"pcid":[a-z]*\|"pti":[a-z]*' /tmp/causes.json | sort | tr '\n' ' ' \
	>/tmp/causes.txt
saved="\"pcid\":$tagged \"pti\":$isolation "
saved=${saved//yes/true}
check 'and saves it' "${saved//:no/:false}*" "$(</tmp/causes.txt)"
end
