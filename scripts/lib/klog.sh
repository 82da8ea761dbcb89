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

# Prints the reports; true where there are any.
kernel_reports()
{
	grep -aE "$KLOG_REPORTS" "$1"
}
