#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The stacks of coroutines, as debuggers and profilers walk them: down to where the
# coroutine began, and no further, at each instruction of each way to switch, on both
# sides, with the registers of who called; the stack of a G that runs and of one that
# waits.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
program=$(dirname "$CTXLAB")/../cfi/program
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip()
{
	echo "ok $((++tap_run)) - # SKIP $*"
}

# debug COMMAND...: what gdb prints.
debug()
{
	printf '%s\n' 'set pagination off' 'set width 0' 'set confirm off' "$@" \
		>"$work/commands"
	timeout 120 gdb -batch -nx -x "$work/commands" "$program" 2>&1 </dev/null
}

case $(uname -m) in
x86_64)
	kept='rbx rbp r12 r13 r14 r15'
	# Where a coroutine's registers are on its stack: the store of that.
	saved='mov +%rsp,\(%rdi\)'
	;;
aarch64)
	kept='x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 x29'
	saved='mov\tx9, sp'
	;;
*)
	skip "no way to switch on this machine"
	tap_done
	;;
esac

# Of each instruction of a way to switch: every frame has a name, the last one is
# where a stack begins, all that lie in between are there, and the registers of the
# caller are the same as at the instruction before.
judge_steps()
{
	awk -v way="$1" '
		function wrong(why) {
			print "# " why ": " text
			bad = 1
		}
		function judge() {
			if (text == "" || names[0] !~ /^co_s/)
				return
			steps++
			if (names[n - 1] !~ /^(main|co_start)$/ &&
			    !(n == 1 && names[0] == "co_switch_start"))
				wrong("it does not end where a stack begins")
			if (text ~ /\?\?|corrupt|Backtrace stopped/)
				wrong("it breaks off")
			if (text ~ /_inner/ && text !~ /one_inner.*one_entry/ &&
			    text !~ /other_inner.*other_entry/)
				wrong("frames are missing")
			seen = seen text
			if (caller == last_caller && registers != last)
				wrong("registers change in " caller)
			last_caller = caller
			last = registers
		}
		/^STEP/ {
			judge()
			text = registers = caller = ""
			n = 0
			part = 1
			next
		}
		/^CALLER/ { part = 2; next }
		/^#/ {
			name = $2 ~ /^0x/ ? $4 : $2
			level = substr($1, 2)
			if (part == 1) {
				names[n++] = name
				text = text " " name
			} else if (level == 1) {
				caller = $2
			}
			next
		}
		part == 1 && /corrupt|stopped/ { text = text " " $0 }
		part == 2 && level == 1 && $2 ~ /^0x/ {
			registers = registers $1 $2
		}
		END {
			judge()
			if (steps < (way == "co_switch_start" ? 30 : 80))
				wrong("only " steps " instructions")
			if (way != "co_switch_start" &&
			    !(seen ~ /one_inner/ && seen ~ /other_inner/))
				wrong("not both were seen")
			exit bad
		}'
}

# steps WAY
steps()
{
	debug "break *$1" "run $1" delete "set \$i = 0" "while \$i < 200" \
		'echo STEP\n' bt 'echo CALLER\n' \
		"frame apply 2 info registers $kept" stepi "set \$i = \$i + 1" end \
		>"$work/out"
	judge_steps "$1" <"$work/out" >"$work/wrong"
	ok $? "$1: the walk is right at each instruction"
	head -n 5 "$work/wrong"
}

# frames: the names in a backtrace, the innermost first.
frames()
{
	sed -n 's/^#[0-9]* *\(0x[0-9a-f]* in \)\?\([a-z_]*\) .*/\2/p' | tr '\n' ' '
}

# Of the library there may be other functions, or none that has not been left by a
# jump: gpm_recv() is.
walks()
{
	local at

	at=$(debug 'disassemble co_switch_return' |
		sed -nE "s/^ *(0x[0-9a-f]+) <.*$saved.*/\1/p")
	debug 'break look' 'run gpm' bt 'echo PARKED\n' "set \$sp = parked_sp" \
		"set \$pc = (char *)co_switch_return + ($at - $(debug \
			'print/x (long)&co_switch_return' | sed -n 's/.*= //p'))" \
		bt >"$work/out"
	is "$(sed '/^PARKED/,$d' "$work/out" | frames)" \
	   "look running_inner running_entry g_main co_switch_start " \
	   "gdb walks the stack of a G that runs"
	like "$(sed '1,/^PARKED/d' "$work/out" | frames)" \
	   "co_switch_return * parked_inner parked_entry g_main co_switch_start " \
	   "and of one that waits"
}

# A profiler copies the stack and walks it later.
profile()
{
	timeout 60 perf record -q -o "$work/perf" -e cpu-clock -F 200 \
		--call-graph dwarf "$program" gpm >/dev/null 2>&1 &&
		perf script -i "$work/perf" -F ip,sym 2>/dev/null >"$work/out"
}

if debug 'break main' run | grep -q '^Breakpoint 1, main'; then
	for way in co_switch co_switch_return co_switch_fp co_switch_start; do
		steps "$way"
	done
	walks
else
	skip "no gdb that may run a program"
fi
if profile && [ -s "$work/out" ]; then
	like "$(awk '{ print $2 }' "$work/out" | tr '\n' ' ')" \
	     '*look running_inner running_entry g_main co_switch_start  *' \
	     "perf walks the stack of a G that runs"
else
	skip "no perf that may look at a program"
fi
tap_done
