# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The Test Anything Protocol for scripts.

tap_run=0
tap_failed=0

# ok STATUS DESCRIPTION
ok()
{
	tap_run=$((tap_run + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_run - $2"
	else
		echo "not ok $tap_run - $2"
		tap_failed=1
	fi
}

# is GOT WANT DESCRIPTION
is()
{
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || diff <(echo "$2") <(echo "$1") | sed 's/^/# /'
}

# like GOT PATTERN DESCRIPTION: a pattern as of case.
like()
{
	# shellcheck disable=SC2053 # it is a pattern
	[[ $1 == $2 ]]
	ok $? "$3"
	# shellcheck disable=SC2053
	[[ $1 == $2 ]] || printf '# got: %s\n' "${1//$'\n'/$'\n'# }"
}

tap_done()
{
	echo "1..$tap_run"
	exit $tap_failed
}
