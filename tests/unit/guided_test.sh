#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tool's parsers under libFuzzer's guidance: FUZZ_RUNS texts (default 2000)
# from FUZZ_SEED on (default 1).  The texts that a seed gives are the same each
# time, as no corpus is kept; 'make -C tests/unit fuzz' goes on with one.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
runs=${FUZZ_RUNS:-2000}
seed=${FUZZ_SEED:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "# FUZZ_RUNS=$runs FUZZ_SEED=$seed"
"$FUZZER" -seed="$seed" -runs="$runs" -max_len=65536 -timeout=60 \
	-rss_limit_mb=4096 -artifact_prefix="$work/" -print_funcs=-1 >"$work/said" 2>&1
status=$?
ok $status "$runs texts are taken or refused"
if [ $status != 0 ]; then
	tail -n 40 "$work/said" | sed 's/^/# /'
	for text in "$work"/{crash,leak,timeout,oom}-*; do
		[ ! -e "$text" ] || cp "$text" "${TMPDIR:-/tmp}/" &&
			echo "# the text is in ${TMPDIR:-/tmp}/${text##*/}"
	done
fi

# The guidance is for nothing where it does not see the parsers.
for parser in text_parse text_parse_table process_parse pair_parse tasks_parse \
	      run_from_json; do
	grep -q "NEW_FUNC.* in $parser " "$work/said"
	ok $? "they reach $parser()"
done
sed -n 's/^#[0-9]*[[:blank:]]*DONE */# /p' "$work/said"
tap_done
