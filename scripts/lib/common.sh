# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Where things are, and how a script speaks.  Sourced by every script.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # for those who source this
BUILD=$TOP/build
# Users other than root do not have all programs on it.
PATH=$PATH:/usr/sbin:/sbin
export HOME=${HOME:-~}
# What is slow to make and holds for every checkout.
# shellcheck disable=SC2034
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ctxlab

# One line of progress, never on stdout.
say()
{
	echo "${0##*/}: $*" >&2
}

die()
{
	say "$@"
	exit 1
}

# Wrong usage: what was wrong, and where to read more.
usage_error()
{
	say "$*"
	say "try '$0 --help'"
	exit 2
}

# The comment block at the head of a script is its help text.
show_help()
{
	sed -n '3,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0"
}

# need_programs_of GROUP PROGRAM...: GROUP of scripts/setup brings them.
need_programs_of()
{
	local group=$1 program missing=

	shift
	for program; do
		command -v "$program" >/dev/null || missing+=" $program"
	done
	[ -z "$missing" ] ||
		die "not installed:$missing - run 'scripts/setup $group'"
}

need_programs()
{
	need_programs_of base "$@"
}

# locked FILE COMMAND...: one process at a time.  The descriptor of the lock is
# closed for the command, so that nothing that outlives it keeps the lock.
locked()
{
	local file=$1

	shift
	mkdir -p "$(dirname "$file")"
	(
		flock 9
		"$@" 9>&-
	) 9>"$file"
}
