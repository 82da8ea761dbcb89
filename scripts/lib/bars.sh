# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Bars: what was to be reached, and what was, in one line each.

row()
{
	printf '%-48s %-26s %-18s %s\n' "$@"
}

# judge WHAT REACHED BAR CONDITION: the condition is awk's.
judge()
{
	local is=MISSED

	if awk "BEGIN { exit !($4) }"; then is=reached; fi
	row "$1" "$2" "$3" "$is"
}

# The median of the numbers on stdin.
median()
{
	sort -g | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'
}

# The least of the numbers in a file.
least()
{
	sort -g "$1" | head -n 1
}

# What a tenth of the numbers on stdin are below: what disturbs only adds to times.
tenth()
{
	sort -g | awk '{ x[NR] = $1 } END { print x[int(NR / 10) + 1] }'
}

# ratio A B
ratio()
{
	awk "BEGIN { printf \"%.3f\", $1 / $2 }"
}
