# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the scripts share that run the tool's measurements: TAP with what the tool
# said where a test failed, in "$work/out"; its counts; and who was left behind.

set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Users write there too.
chmod 777 "$work"
count=0

# ok STATUS DESCRIPTION
ok()
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count $2"
	else
		echo "not ok $count $2"
		sed 's/^/# /' "$work/out" | tail -n 20
	fi
}

# skip REASON
skip()
{
	count=$((count + 1))
	echo "ok $count # SKIP $1"
}

# measured STATUS: an emulated machine may refuse the verdict.
measured()
{
	[ "$1" = 0 ] || [ "$1" = 4 ]
}

# counted ARM COLUMN: from the table of counts.
counted()
{
	awk -v arm="$1" -v column="$2" '
		/^ARM / {
			delete of
			for (i = 1; i <= NF; i++)
				of[$i] = i
		}
		of["MADE"] && of[column] && $1 == arm {
			print $of[column]
			exit
		}' "$work/out"
}

# Processes and message queues that ctxlab has made.
left()
{
	grep -l '^ctxlab\|^nothing' /proc/[0-9]*/comm 2>/dev/null
	awk 'NR > 1' /proc/sysvipc/msg 2>/dev/null
}

# Waits until nothing is left; whoever was killed needs a moment to go.
nothing_left()
{
	for _ in $(seq 100); do
		[ -z "$(left)" ] && return 0
		sleep 0.2
	done
	left >>"$work/out"
	return 1
}
