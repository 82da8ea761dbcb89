#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctxlab switch and diff without measuring: a saved run shown again, in words,
# tables, plots and JSON, and command lines that are wrong.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/tool.sh"
run=$here/fixtures/run.json

# changed [-E] SED-SCRIPT: the run, changed, in $work/run.json.
changed()
{
	sed "$@" "$run" >"$work/run.json"
	! cmp -s "$run" "$work/run.json"
	ok $? "the run is changed by $*"
}

expect switch switch --all --from "$run"
expect switch-short switch --from "$run"
expect switch-raw switch --raw --from "$run"
# Without headings libsmartcols 2.41 leaves no room for them, which 2.38 does.
try 0 switch -n -o ARM,PAGES,NS --from "$run"
is "$(tr -s ' ' <<<"$out")" "$(tr -s ' ' <"$here/expected/switch-columns")" \
	"columns without headings, as in expected/switch-columns"

changed 's/"emulator":""/"emulator":"QEMU TCG"/'
try 0 switch --from "$work/run.json"
like "$out" 'EMULATED: *' "an emulated CPU is marked before all else"
try 0 diff "$run" "$work/run.json"
like "$out" '*EMULATED: *' "and in a comparison"
try 0 switch --from "$work/run.json" --json
like "$out" '*"tlb_emulated": true*' "and in JSON"
try 0 switch --from "$work/run.json" -n -r -o ARM,NS
like "$out" 'coroutine * emulated*' "and in every row of a table for programs"
is "$(grep -vc ' emulated$' <<<"$out")" 0 "without exception"
try 0 diff -n -o WHAT,IS "$run" "$work/run.json"
is "$(grep -vc ' emulated$' <<<"$out")" 0 "also in that of a comparison"
try 0 switch --from "$run" -n -r -o ARM,CPU
like "$out" 'coroutine hardware*' "hardware where it is asked for"

changed 's/"arch":"x86_64"/"arch":"aarch64"/'
try 0 switch --from "$work/run.json"
like "$out" '*another mm: TTBR0 written*' "arm64 has another register"

# What happens to CR3 between threads, by what the host is known to do.
changed 's/"pcid":true/"pcid":false/;s/"pti":false/"pti":true/'
try 0 switch --from "$work/run.json"
like "$out" '*same mm: CR3 written by system calls, TLB dropped*' \
	"with isolation and without PCID each system call drops the TLB"
changed 's/"pti":false/"pti":true/'
try 0 switch --from "$work/run.json"
like "$out" '*same mm: CR3 written by system calls alone*' "with PCID it does not"
changed 's/"pti":false/"pti":null/'
try 0 switch --from "$work/run.json"
like "$out" '*same mm: writes of CR3 not known here*' \
	"where nothing tells of isolation, nothing is claimed"

# No cost is told where there is no verdict.
changed 's/"rusage":40000/"rusage":41000/'
try 4 switch --all --from "$work/run.json"
like "$out" 'No verdict*41000 switches counted by getrusage*' "the reason is told"
like "$out" '*Counted:*41000*' "and what was counted"
[[ $out != *"A switch on this"* && $out != *"between coroutines"* &&
   $out != *"Nanoseconds a switch"* ]]
ok $? "but no cost"
like "$out" '*module timed is steady*with*the TLB flushed *171 ns*' \
	"what the probe timed stands by itself"
changed 's/"flushes":40000/"flushes":39000/'
try 4 switch --from "$work/run.json"
[[ $out != *"between threads"* ]]
ok $? "but not where its flushes are missing"
try 4 diff "$run" "$work/run.json"
like "$out" '*no verdict: *' "a comparison says so too"
try 4 switch --from "$work/run.json" --raw
like "$err" '*no verdict: *39000 flushes made by the probe*' "a table has the reasons beside it"

# What was not counted, or counted as something else, proves nothing.
changed 's/"counts":/"counts":[],"others":/'
try 4 switch --from "$work/run.json"
like "$out" '*thread+flush: its switches were not counted*' "counts are missing"
[[ $out != *"module timed"* ]]
ok $? "so what the probe timed is not told either"
changed 's/"cr3_kept":0,"cr3_flushed":0/"cr3_kept":0,"cr3_flushed":300/'
try 4 switch --from "$work/run.json"
like "$out" '*- thread: 300 switches that flushed by themselves for 40000*' \
	"switches that flushed where none was meant"
changed 's/"arms":/"arms":[],"others":/;s/"series":/"series":[],"others":/'
try 4 switch --from "$work/run.json"
like "$out" '*nothing was measured*' "no arm at all"

changed 's/"huge":false/"huge":true/'
try 0 switch --from "$work/run.json"
like "$out" '*In huge pages*' "what a page costs is not told of huge pages"
[[ $out != *"each page touched"* ]]
ok $? "indeed not"

try 0 switch --from "$run" --json
printf '%s\n' "$out" >"$work/again.json"
try 0 switch --from "$work/again.json" --json
is "$out" "$(cat "$work/again.json")" "JSON of JSON is the same"
try 0 switch --from "$run" --save "$work/saved.json"
try 0 switch --from "$work/saved.json" --json
is "$out" "$(cat "$work/again.json")" "so is what --save writes"

"$CTXLAB" switch --from - --json <"$run" >"$work/piped.json"
ok $? "a run is read from standard input"
is "$(cat "$work/piped.json")" "$(cat "$work/again.json")" "as it is"

# Known before anything is measured.
for option in --save --plot; do
	try 1 switch $option "$work/none/run.svg"
	like "$err" '*cannot write *none/run.svg: No such file*' \
		"$option: a file that cannot be written"
done

expect diff-same diff -r -o WHAT,X,A,B,DIFF,IS "$run" "$run"
changed 's/"kernel":"6.0"/"kernel":"6.1"/'
try 0 diff "$run" "$work/run.json"
like "$out" '*kernel       6.0 | 6.1*' "what differs between the machines"
try 0 diff --json "$run" "$work/run.json"
like "$out" '*"is": "?"*' "as JSON, and that single runs do not say what is the same"
like "$(try 0 diff "$run" "$run"; echo "$out")" '*do not know*--repeat*' \
	"nor in words"
# Each of its eight blocks is a run.
repeats=$(awk 'BEGIN { for (i = 1; i < 8; i++)
	printf "s/(\"start\":%.1f,[^}]*\"repeat\":)0/\\1%d/;", 2.5 * i, i }')
changed -E "$repeats"
cp "$work/run.json" "$work/repeats.json"
try 0 switch --from "$work/repeats.json"
like "$out" '*95 % intervals over 8 runs*in 8 blocks of 8 runs*' "runs saved as one"
try 0 diff -r -o IS "$work/repeats.json" "$work/repeats.json"
is "$(sort -u <<<"$out" | tr '\n' ' ')" "IS same " "and those are the same"
changed -E "$repeats s/([[,])[23][.]/\15./g"
try 0 diff -r -o WHAT,X,IS "$work/repeats.json" "$work/run.json"
like "$out" '*coroutine 0 slower*' "or slower"
try 0 diff -r -o WHAT,X,IS "$work/run.json" "$work/repeats.json"
like "$out" '*coroutine 0 faster*' "or faster"

if command -v gnuplot >/dev/null; then
	for kind in svg png; do
		try 0 switch --from "$run" --plot "$work/plot.$kind"
		[ "$(stat -c %s "$work/plot.$kind")" -gt 10000 ]
		ok $? "a picture is drawn as $kind"
	done
	# Four curves and three, a histogram: each arm has its name in it.
	is "$(grep -o '>thread+flush - thread+control<' "$work/plot.svg" |
		wc -l)" 1 "with what the flush adds"
	! grep -A1 '^<g .*>$' "$work/plot.svg" | grep -qx '</g>' &&
		[ "$(tail -c 7 "$work/plot.svg")" = '</svg>' ]
	ok $? "without a group that holds nothing, whole"
	grep -q '>+171 ns<' "$work/plot.svg"
	ok $? "and what it adds to the kernel's own part"
	changed 's/"rusage":40000/"rusage":41000/'
	try 4 switch --from "$work/run.json" --plot "$work/plot.svg"
	grep -q '>+171 ns<' "$work/plot.svg" &&
		! grep -q 'cost of a switch' "$work/plot.svg"
	ok $? "without a verdict that alone"
	changed 's/"counts":/"counts":[],"others":/;s/"histograms":/"histograms":[],"more":/'
	try 4 switch --from "$work/run.json" --plot "$work/none.svg"
	[ ! -e "$work/none.svg" ]
	ok $? "and no picture where there is nothing to draw"
	many=
	for arm in thread thread-again thread+flush thread+full process coroutine; do
		many+="{\"arm\":\"$arm\",\"buckets\":[[400,410,5],[410,420,9]]},"
	done
	changed "s/\"histograms\":\\[/&$many/"
	try 0 switch --from "$work/run.json" --plot "$work/plot.svg"
	# Names at the left: of the rows of costs, and of those that only many curves have.
	is "$(grep -A1 'text-anchor="end"' "$work/plot.svg" |
		grep -c '>thread+full<')" 2 "many histograms have a row each"
	changed 's/"tlb_l2":1536/"tlb_l2":512/'
	try 0 switch --from "$work/run.json" --plot "$work/plot.svg"
	grep -q '>CPUID: TLB of 512 entries<' "$work/plot.svg"
	ok $? "the size of the TLB is marked where the sweep reaches it"
	changed 's/"emulator":""/"emulator":"QEMU TCG"/'
	try 0 switch --from "$work/run.json" --plot "$work/plot.svg"
	grep -q '>EMULATED: ' "$work/plot.svg"
	ok $? "an emulated CPU is marked in the picture"
	# shellcheck disable=SC2016 # nothing is to be carried out
	changed 's/"Imagined CPU"/"`touch HACKED` \x27; system \\"touch HACKED\\""/'
	(cd "$work" && "$CTXLAB" switch --from run.json --plot plot.svg \
		>/dev/null)
	ok $? "a name full of quotes can be drawn"
	[ ! -e "$work/HACKED" ]
	ok $? "and is carried out nowhere"
else
	echo "ok $((++tap_run)) - # SKIP no gnuplot"
fi
try 2 switch --from "$run" --plot "$work/plot.gif"
like "$err" '*ends in .svg or .png*' "other pictures are refused"

try 1 switch --from /nonexistent
like "$err" '*/nonexistent*' "a file that is not there is named"
head -c 5000 "$run" >"$work/cut.json"
try 1 switch --from "$work/cut.json"
like "$err" '*line 1:*' "a file cut short"
echo 'root:x:0:0' >"$work/run.json"
try 1 switch --from "$work/run.json"
like "$err" '*not a whole run as --save or --json writes it: line 1:*' "a file that is none"
try 1 switch --from "$here/fixtures/sync.json"
like "$err" "*a run of sync; show it by 'ctxlab sync --from'*" \
	"a run of another experiment, and how it is shown"
try 1 diff "$run" "$work/cut.json"
changed 's/"Imagined CPU"/"\\u001b[2J"/'
try 1 switch --from "$work/run.json"
like "$err" '*"cpu" has control characters*' "what a terminal would obey"
changed 's/"pages":128/"pages":64/g'
try 1 switch --from "$work/run.json"
like "$err" '*the points do not rise*' "a point that is there twice"
changed 's/"buckets":\[\[/"buckets":[[1,1.0000000000000002,1000],[1e308,2,1],[/'
try 1 switch --from "$work/run.json"
like "$err" '*buckets do not rise*' "times beyond all bounds"
for wrong in '--cpu x' '--cpu 99999' '--mechanism x' '--ring 1' '--ring 99' \
	'--seconds 0' '--seconds x' '--pages 1,x' '--pages -1' \
	'--pages 99999999' '--pages 4,' '--pages ,' '--pages 16,16' '--pages 16,8' 'extra' "--from $run -o NONE"; do
	# shellcheck disable=SC2086 # an option and its argument
	try 2 switch $wrong
	like "$err" "*see 'ctxlab switch --help'*" "with the way to help"
done
for measuring in --quick "--seconds 3" "--cpu 0" "--pages 0" "--repeat 3" \
	--no-module "--mechanism pipe"; do
	# shellcheck disable=SC2086 # several words
	try 2 switch --from "$run" $measuring
	like "$err" "*${measuring%% *} goes with measuring*" \
		"a saved run is not measured with $measuring"
done
try 2 switch --pages ''
like "$err" '*is no list of pages*' "nor is nothing a list"
changed 's/"ns":\[[0-9.]*/"ns":[-4.0/'
try 1 switch --from "$work/run.json"
like "$err" '*a sample took no time, or less*' "no switch takes negative time"
changed 's/"ns":\[[0-9.]*/"ns":[0.0/'
try 1 switch --from "$work/run.json"
like "$err" '*a sample took no time, or less*' "nor none at all"
try 2 diff "$run"
try 2 diff "$run" "$run" "$run"
tap_done
