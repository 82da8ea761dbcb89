#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tool against folders that look like /proc/ctxlab: what it prints, says and
# exits with.  The outputs that are expected are in expected/.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/tool.sh"

# As expect; but who is not root is told that there may be more.
expect_of_all()
{
	local name=$1 want

	shift
	want=$(cat "$here/expected/$name")
	[ "$(id -u)" = 0 ] ||
		want+=$'\nTasks that you may not see are left out; root sees all.'
	try 0 "$@"
	is "$out" "$want" "and prints expected/$name"
	is "$err" "" "and nothing on stderr"
}

export CTXLAB_ROOT=$here/fixtures/plain
expect show show 712
expect show-thread show 714
mkdir "$work/placed"
cp "$CTXLAB_ROOT"/* "$work/placed"
sed -i 's/7ffd3b29f000/7ffd3baa0000/' "$work/placed/712"
CTXLAB_ROOT=$work/placed try 0 show 712
like "$out" '*stack pointers of 2 threads lie in a mapping with*' \
	"a mapping that holds several stacks is no stack"
expect show-kthread show 9
expect show-zombie show 800
expect show-odd show 900
expect show-raw show -r -o +TGID,SP,POLICY 712 900
expect show-json show -J 712
expect show-json-columns show --json -o TID,NAME,MM 900 714
expect compare compare 712 719
expect compare-threads compare 712 714
expect compare-separate compare 712 900
expect compare-separate-json compare -J 712 900
expect compare-lazy compare 712 9
expect compare-json compare -J 712 719
expect compare-raw compare -nro RESOURCE,IS 712 719
expect_of_all sharing sharing
expect_of_all sharing-all sharing --all
expect sharing-json sharing -aJ
expect sharing-raw sharing -r -o TYPE,ID,PID,THREADS,NAME

# Bare, in a terminal: what can be done here.
overview()
{
	out=$(CTXLAB_ROOT=$1 script -qec "$CTXLAB" /dev/null </dev/null | tr -d '\r')
	status=$?
	is "$status" 0 "bare in a terminal, $2: done"
	like "$out" "*Module: $3*What can be run now:*$4*--help*" "and says '$3'"
}
overview "$here/fixtures/plain" 'with the module' 'loaded, and' 'ctxlab sharing'
overview "$work/none" 'without it' '*' 'ctxlab switch'
unlike_sharing=$(grep -c 'ctxlab sharing' <<<"$out")
is "$unlike_sharing" 0 'which then offers nothing that needs the module'

# Each wrong command line is told, with the way to help.
wrong()
{
	local say=$1

	shift
	try 2 "$@"
	is "$out" "" "and prints nothing"
	like "$err" "*$say*--help*" "and says '$say'"
}

wrong "Usage:"
wrong "no command 'shwo'" shwo
wrong "no option '-x'" -x
wrong "a PID is missing" show
wrong "'abc' is not a PID" show abc
wrong "'0' is not a PID" show 0
wrong "'01' is not a PID" show 01
wrong "'1x' is not a PID" show 712 1x
wrong "'99999999999' is not a PID" show 99999999999
wrong "'' is not a PID" show ''
wrong "no option '-1'" show -1
wrong "no option '-z'" show -z 712
wrong "no option '--frob'" show --frob 712
wrong "'--json=x' takes no argument" show --json=x 712
wrong "'-o' needs an argument" show 712 -o
wrong "no column 'FOO'" show -o TID,FOO 712
wrong "no column ''" show -o TID, 712
wrong "no column" show -o $'\033[2J' 712
wrong "two PIDs" compare 712
wrong "two PIDs" compare 1 2 3
wrong "'-' is not a PID" compare 712 -
wrong "no operand '712'" sharing 712
wrong "--json and --raw are two forms" show -J -r 712
wrong "--json and --noheadings are two forms" switch -n --json
wrong "--json is the whole run" switch --json -o ARM
wrong "no command 'shwo'" help shwo
wrong "too many columns" show \
	-o "$(printf 'TID%.0s,' {1..144})TID" 712

# Help is what most would type for it.
try 0 --help
usage=$out
try 0 help
is "$out" "$usage" "'help' is '--help'"
try 0 show --help
usage=$out
try 0 help show
is "$out" "$usage" "'help show' is 'show --help'"

# What cannot be read is told; the rest is shown.
try 1 show 712 4711
like "$err" "*4711: no such process*" "and says which is not there"
like "$out" "712 nginx*" "and shows the one that is"
try 1 compare 712 4711
is "$err" "ctxlab compare: 4711: no such process or thread" "and says which of the two"

mkdir "$work/root"
cp "$here"/fixtures/plain/* "$work/root"
export CTXLAB_ROOT=$work/root
head -c 700 "$here/fixtures/plain/712" >"$work/root/712"
try 1 show 712
like "$err" "*/712, line *cut short*" "and says that and where the text ends"
printf 'TGID TID MM NAME\n1 1 ? init\n' >"$work/root/tasks"
try 1 sharing
like "$err" "*/tasks, line 2: MM: '?' is not an ID*" "and says what is wrong"
printf 'TGID TID MM RSS NAME\n1 1 %016d 8 a\n2 2 %016d 8 b\n' 1 2 \
	>"$work/root/tasks"
try 0 sharing
like "$out" "No two processes*2 processes with 2 threads, 0 kernel threads*16K*" \
	"and says that nothing is shared"
try 0 sharing -J
like "$out" '*"sharing": \[]*"rss_kib": 16*' "and so in JSON"
printf '\033]0;title\a\n' >"$work/root/712,719"
try 1 compare 712 719
like "$err" '*\\x1b*' "and escapes what it quotes"
[[ $err != *$'\033'* ]]
ok $? "and lets no escape sequence through"

# Without the module, or with another one.
echo 0 >"$work/root/abi"
try 3 sharing
like "$err" "*has version 0*needs 1*" "and says that the module is too old"
echo 7 >"$work/root/abi"
try 0 compare 712 714
echo what >"$work/root/abi"
try 3 show 712
rm "$work/root/abi"
try 3 show 712
like "$err" "*cannot be read in CTXLAB_ROOT, $work/root: No such*" "and says that it is not there"
unset CTXLAB_ROOT
if [ ! -e /proc/ctxlab ]; then
	try 3 show 1
	like "$err" "*not loaded*modprobe ctxlab*make load*" \
		"and says how to load the module"
	try 3 sharing
	try 3 compare 1 1
fi

try 0 --help
like "$out" "Usage: ctxlab COMMAND*sharing*" "and prints the commands"
try 0 --version
like "$out" "ctxlab [0-9]*" "and prints the version"
try 0 show -h
like "$out" "Usage: ctxlab show*--noheadings*Columns:*SIGHAND*" \
	"and prints options and columns"

export CTXLAB_ROOT=$here/fixtures/plain
"$CTXLAB" show 712 >/dev/full 2>"$work/err"
is $? 1 "a full disk is a failure"
like "$(cat "$work/err")" "*cannot write*" "and said"
tap_done
