#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What lasts of the tool's work, files and pictures, on a full disk, with a reader
# that leaves, with helpers that fail; and numbers and names for programs, which
# are the same in every locale.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/tool.sh"
run=$here/fixtures/run.json

try 0 switch --from "$run" --save "$work/whole.json"
whole=$(cat "$work/whole.json")

"$CTXLAB" switch --from "$run" --save "$work/left.json" 2>"$work/err" |
	true
is "$(cat "$work/left.json")" "$whole" "a run is saved although its reader has left"
"$CTXLAB" switch --from "$run" --save "$work/closed.json" >&- 2>"$work/err"
is $? 1 "standard output that is closed is an error"
is "$(cat "$work/closed.json")" "$whole" "and no part of a saved file"
"$CTXLAB" switch --from "$run" --json >/dev/full 2>"$work/err"
is $? 1 "a full disk is an error"
mkdir "$work/folder"
try 1 switch --from "$run" --save "$work/folder"
like "$err" '*cannot write *folder: Is a directory*' "no folder is written to"
(ulimit -f 0 && exec "$CTXLAB" switch --from "$run" --save "$work/folder/long.json") \
	>/dev/null 2>&1
is $? 1 "a file longer than RLIMIT_FSIZE is an error"
is "$(ls "$work/folder")" "" "and no part of it is left"
try 1 switch --from "$work/folder"
like "$err" '*folder: Is a directory*' "nor is a folder read"
ln -s whole.json "$work/link.json"
chmod 640 "$work/whole.json"
try 0 switch --from "$run" --save "$work/link.json"
[ -L "$work/link.json" ]
ok $? "a link stays a link"
is "$(stat -c %a "$work/whole.json")" 640 "and its file's permissions what they were"
"$CTXLAB" switch --from "$run" --save /dev/stdout -n -r -o ARM 2>"$work/err" |
	head -c "${#whole}" >"$work/piped.json"
is "$(cat "$work/piped.json")" "$whole" "a run is saved into a pipe"

# Known before anything is measured.
try 2 switch --seconds 600 --save "$work/none.json" -o NONE
[ ! -e "$work/none.json" ]
ok $? "nothing is left of what was not measured"

# A file system with room for next to nothing, with an old file in it.
full()
{
	local way=(unshare -m)

	[ "$(id -u)" = 0 ] || way=(unshare -Urm)
	# shellcheck disable=SC2016 # for the other shell
	"${way[@]}" bash -c '
		mount -t tmpfs -o size=8k none "$1" || exit 99
		echo old >"$1/$2"
		"${@:3}" >/dev/null 2>"$1.err"
		echo "$? $(cat "$1/$2") $(ls "$1" | wc -l)"' - "$work/full" "$@" \
		2>/dev/null
}
mkdir "$work/full"
got=$(full old.json "$CTXLAB" switch --from "$run" --save "$work/full/old.json")
if [ -n "$got" ]; then
	is "$got" "1 old 1" "a disk that is full leaves the saved run as it was"
	like "$(cat "$work/full.err")" '*cannot write*old.json: No space left*' \
		"and that is said"
else
	echo "ok $((++tap_run)) - # SKIP no file system can be mounted"
fi

if command -v gnuplot >/dev/null; then
	got=$(full old.svg "$CTXLAB" switch --from "$run" --plot "$work/full/old.svg")
	[ -z "$got" ] || {
		is "$got" "1 old 1" "likewise a picture"
		like "$(cat "$work/full.err")" '*cannot draw*old.svg: No space left*' \
			"and that is said"
	}
	try 0 switch --from "$run" --plot "$work/c.svg"
	(trap '' CHLD PIPE
	 exec "$CTXLAB" switch --from "$run" --plot "$work/ignoring.svg" \
		>/dev/null 2>"$work/err")
	is $? 0 "a parent that ignores its children's end does not matter"
fi

# gnuplot BODY: a helper that does as the shell commands say.
mkdir "$work/bin"
gnuplot()
{
	printf '#!/bin/sh\n%s\n' "$1" >"$work/bin/gnuplot"
	chmod +x "$work/bin/gnuplot"
	PATH=$work/bin:$PATH try 1 switch --from "$run" --plot "$work/none.svg"
	[ ! -e "$work/none.svg" ]
	ok $? "and leaves no picture"
}
gnuplot 'exit 0'
like "$err" '*gnuplot drew nothing*' "a helper that does nothing is no success"
gnuplot 'echo half; exit 3'
like "$err" '*gnuplot failed*' "nor is half a picture"
env PATH=/nonexistent "$CTXLAB" switch --from "$run" --plot "$work/none.svg" \
	>/dev/null 2>"$work/err"
is $? 1 "nor one that is not there"
like "$(cat "$work/err")" '*gnuplot is not installed*' "which is said"

# Other decimal points, and a dotless i.
tool=$CTXLAB
for name in de_DE tr_TR; do
	if ! localedef -i $name -f UTF-8 "$work/$name.UTF-8" 2>"$work/err"; then
		echo "ok $((++tap_run)) - # SKIP no source of the locale $name"
		continue
	fi
	is "$(LOCPATH=$work LC_ALL=$name.UTF-8 locale decimal_point 2>/dev/null)" , \
		"$name writes numbers with a comma"
	printf '#!/bin/sh\nLOCPATH=%s LC_ALL=%s.UTF-8 exec "%s" "$@"\n' \
		"$work" "$name" "$tool" >"$work/ctxlab"
	chmod +x "$work/ctxlab"
	CTXLAB=$work/ctxlab
	expect switch-raw switch --raw --from "$run"
	expect switch switch --all --from "$run"
	expect diff-same diff -r -o what,x,a,b,diff,is "$run" "$run"
	try 0 diff --json "$run" "$run"
	like "$out" '*"diff": 0.0,*"is": "[?]"*' "numbers and names of JSON"
	[ "$(grep -c '"a": "' <<<"$out")" = 0 ]
	ok $? "no number of JSON is a string"
	[ ! -e "$work/c.svg" ] || {
		try 0 switch --from "$run" --plot "$work/$name.svg"
		is "$(cat "$work/$name.svg")" "$(cat "$work/c.svg")" \
			"the picture is the same"
	}
	try 1 switch --from /nonexistent
	like "$err" '*No such file or directory*' "messages are the same as well"
done
tap_done
