# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The tool run as a test: its output in $out and $err.  The script that takes
# this in has $here, its folder, and $work, one to write in.

: "${here:?}" "${work:?}"

# try STATUS ARGUMENT...: runs the tool; leaves its output in $out and $err.
try()
{
	local want=$1 got

	shift
	"$CTXLAB" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
	is $got "$want" "ctxlab $* exits with $want"
}

# expect NAME ARGUMENT...: the output is that of expected/NAME.
expect()
{
	local name=$1

	shift
	try 0 "$@"
	is "$out" "$(cat "$here/expected/$name")" "and prints expected/$name"
	is "$err" "" "and nothing on stderr"
}
