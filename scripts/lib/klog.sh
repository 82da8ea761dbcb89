# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What in a kernel's log is a report of a bug.

KLOG_REPORTS='WARNING:|BUG:|Oops|Kernel panic|general protection'
KLOG_REPORTS+='|INFO: (task|rcu|lockdep|trying to register)|rcu: INFO'
KLOG_REPORTS+='|detected stalls|self-detected stall|soft lockup|hard LOCKUP'
KLOG_REPORTS+='|possible (circular|irq lock|recursive)|inconsistent lock'
KLOG_REPORTS+='|suspicious RCU|bad unlock balance|held lock freed'
KLOG_REPORTS+='|still has locks held|invalid wait context|sleeping function'
KLOG_REPORTS+='|scheduling while atomic|UBSAN:|ODEBUG:|KASAN:|KCSAN:|KFENCE:'
KLOG_REPORTS+='|unreferenced object|kmemleak: [1-9][0-9]* new|refcount_t:'
KLOG_REPORTS+='|list_(add|del) corruption|kernel BUG at|Unable to handle'
KLOG_REPORTS+='|Bad page|double fault|blocked for more than'

# Data races come in blocks, each to the next line of "=", and the kernel has some
# of its own: those with no function of ctxlab in either stack are not ours.  What
# an interrupt has come upon is no part of what it does.
# reports_of FILE FOREIGN prints what is ours, or the first lines of the others.
reports_of()
{
	awk -v pattern="$KLOG_REPORTS" -v foreign="$2" '
		function finish() {
			if (race != "" && ours != foreign)
				print race
			race = ""
		}
		/BUG: KCSAN:/ { race = $0; ours = /\[ctxlab\]/; next }
		race != "" && /======/ { finish(); next }
		race != "" && / by (task|interrupt)/ { interrupted = 0 }
		race != "" && /asm_(sysvec_|common_interrupt)/ { interrupted = 1 }
		race != "" && !interrupted && /\[ctxlab\]/ { ours = 1 }
		race != "" { next }
		!foreign && $0 ~ pattern { print }
		END { finish() }
	' "$1"
}

# Prints the reports; true where there are any.
kernel_reports()
{
	reports_of "$1" 0 | grep -a .
}

# Data races of the kernel's own, which are no verdict on ctxlab.
foreign_races()
{
	reports_of "$1" 1 | sed 's/.*BUG: //' | sort | uniq -c | sort -rn
}
