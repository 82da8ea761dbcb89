#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Commands, options and columns as the program has them, against the completion
# and the man page.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
tool=$TREE/userspace
# shellcheck source-path=SCRIPTDIR/../../userspace
. "$tool/completion.bash"
PATH=$(dirname "$CTXLAB"):$PATH

# The commands in 'ctxlab --help'.
commands()
{
	ctxlab --help | awk '/^Commands:/ { on = 1; next } !NF { on = 0 } on { print $1 }'
}

# The long options in the help text on stdin.
long_options()
{
	awk '/^Options:/ { on = 1; next } !NF { on = 0 }
	     on { for (i = 1; i <= 2; i++) if ($i ~ /^--/) print $i }' | sort
}

# complete_words WORD...: what is offered for the last one.
complete_words()
{
	COMP_WORDS=(ctxlab "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_ctxlab
	printf '%s\n' "${COMPREPLY[@]}" | sort
}

# The options in a section of the man page.
man_options()
{
	awk -v section="$1" '
		/^\.S[sh] / { on = substr($0, 5) == section }
		on && /^\.It Fl/ {
			for (i = 3; i <= NF; i++)
				if ($i ~ /^-/ && $(i - 1) == "," ||
				    $i ~ /^-/ && $(i - 1) == "Fl")
					print "-" $i
		}' "$tool/ctxlab.1" | sort
}

table_options=$(printf '%s\n' --json --noheadings --output --raw \
	--list-columns | sort)

mapfile -t names < <(commands)
[ ${#names[@]} -ge 3 ]
ok $? "the program has commands: ${names[*]}"
is "$(complete_words '')" \
   "$(printf '%s\n' "${names[@]}" --help --version | sort)" \
   "the completion has the same commands"
is "$(sed -n 's/^\.Ss ctxlab //p' "$tool/ctxlab.1" | sort)" \
   "$(printf '%s\n' "${names[@]}" | sort)" \
   "the man page has the same commands"
is "$(man_options 'Options for tables')" "$table_options" \
   "the man page has the options for tables"

for name in "${names[@]}"; do
	options=$(ctxlab "$name" --help | long_options)
	is "$(complete_words "$name" --)" "$options" \
	   "the completion has the options of $name"
	own=$(grep -vxF -e --help <<<"$options")
	if ctxlab "$name" --list-columns >/dev/null 2>&1; then
		own=$(grep -vxF -e "$table_options" <<<"$own")
		columns=$(ctxlab "$name" --list-columns)
		is "$(complete_words "$name" -o '')" "$(sort <<<"$columns")" \
		   "the completion has the columns of $name"
		first=$(head -n 1 <<<"$columns")
		like "$(complete_words "$name" -o "$first,")" "$first,*" \
		   "and goes on with a list of them"
		[ -z "$(complete_words "$name" -o "$first,$first")" ]
		ok $? "but does not offer one twice"
	fi
	is "$(man_options "ctxlab $name")" "$own" \
	   "the man page has the own options of $name"
done

# examples N: the code of the Nth example in gpm(3).
examples()
{
	awk -v n="$1" '
		/^\.Sh / { on = $2 == "EXAMPLES" }
		on && /^\.Ed/ { inside = 0 }
		on && inside && seen == n { gsub(/\\e/, "\\"); print }
		on && /^\.Bd/ { inside = 1; seen++ }' "$tool/gpm/gpm.3"
}

[ "$(examples 2 | wc -l)" -gt 20 ]
ok $? "gpm(3) shows a server"
is "$(grep -vxFf "$TREE/tests/bench/server.c" <(examples 2))" "" \
   "as it is in the example's source"

export CTXLAB_ROOT=$here/fixtures/plain
is "$(complete_words show 71)" "$(printf '712\n714')" "PIDs are completed"

if command -v mandoc >/dev/null; then
	# What else is installed on this machine is none of the page's faults.
	for page in ctxlab.1 gpm/gpm.3; do
		is "$(mandoc -Tlint -W warning "$tool/$page" 2>/dev/null)" "" \
		   "mandoc finds no fault with $page"
	done
else
	echo "ok $((++tap_run)) - # SKIP no mandoc"
fi
tap_done
