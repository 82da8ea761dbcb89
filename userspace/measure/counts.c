// SPDX-License-Identifier: GPL-2.0-only
/* The table of what can be counted. */
#include "counts.h"

const char *const counts_groups[GROUPS] = {
	[GROUP_RUN] = "run",
	[GROUP_KERNEL] = "kernel",
	[GROUP_PROBE] = "probe",
};

const struct count_info counts_table[COUNTS] = {
	[COUNT_EXPECTED] = { "expected", GROUP_RUN, "MADE",
			     "operations made" },
	[COUNT_RUSAGE] = { "rusage", GROUP_RUN, "RUSAGE",
			   "switches counted by getrusage" },
	[COUNT_VOLUNTARY] = { "voluntary", GROUP_RUN, "VOLUNTARY",
			      "voluntary switches counted by getrusage" },
	[COUNT_FUTEX_OWN] = { "futex", GROUP_RUN, "OWN-FUTEX",
			      "futex calls by the lock's own count" },
	[COUNT_CALLS] = { "calls", GROUP_RUN, "OWN-CALLS",
			  "system calls by its own count" },
	[COUNT_MEETING] = { "meeting", GROUP_RUN, "MEETING",
			    "system calls made to begin together" },
	[COUNT_SWITCHES] = { "switches", GROUP_KERNEL, "SWITCHES",
			     "switches in the kernel's events" },
	[COUNT_SAME_MM] = { "same_mm", GROUP_KERNEL, "SAME-MM",
			    "switches that kept the mm" },
	[COUNT_OTHER_MM] = { "other_mm", GROUP_KERNEL, "OTHER-MM",
			     "switches that changed the mm" },
	[COUNT_FOREIGN] = { "foreign", GROUP_KERNEL, "FOREIGN",
			    "switches from or to another task" },
	[COUNT_WAKEUPS] = { "wakeups", GROUP_KERNEL, "WAKE-UPS",
			    "wake-ups" },
	[COUNT_ENTRIES] = { "entries", GROUP_KERNEL, "ENTRIES",
			    "system calls" },
	[COUNT_FUTEX] = { "futex", GROUP_KERNEL, "FUTEX", "futex calls" },
	[COUNT_FORKS] = { "forks", GROUP_KERNEL, "FORKS", "tasks made" },
	[COUNT_CR3_KEPT] = { "cr3_kept", GROUP_KERNEL, "CR3-KEPT",
			     "switches that wrote CR3 and kept the TLB" },
	[COUNT_CR3_FLUSHED] = { "cr3_flushed", GROUP_KERNEL, "CR3-FLUSHED",
				"switches that flushed by themselves" },
	[COUNT_REMOTE_SHOOTDOWN] = { "remote_shootdown", GROUP_KERNEL,
				     "REMOTE", "flushes asked by other CPUs" },
	[COUNT_LOCAL_SHOOTDOWN] = { "local_shootdown", GROUP_KERNEL, "LOCAL",
				    "flushes of single pages" },
	[COUNT_LOCAL_MM_SHOOTDOWN] = { "local_mm_shootdown", GROUP_KERNEL,
				       "LOCAL-MM", "flushes of the whole mm" },
	[COUNT_REMOTE_IPI] = { "remote_send_ipi", GROUP_KERNEL, "IPI",
			       "flushes asked of other CPUs" },
	[COUNT_PROBE] = { "switches", GROUP_PROBE, "PROBE",
			  "switches seen by the probe" },
	[COUNT_PROBE_SAME_MM] = { "same_mm", GROUP_PROBE, "PROBE-SAME-MM",
				  "switches that the probe saw keep the mm" },
	[COUNT_PROBE_OTHER_MM] = { "other_mm", GROUP_PROBE, "PROBE-OTHER-MM",
				   "switches that the probe saw change the mm" },
	[COUNT_PROBE_LAZY_MM] = { "lazy_mm", GROUP_PROBE, "PROBE-LAZY-MM",
				  "switches through a borrowed mm" },
	[COUNT_PROBE_FOREIGN] = { "foreign", GROUP_PROBE, "PROBE-FOREIGN",
				  "switches from or to an unattached task" },
	[COUNT_PROBE_FLUSHES] = { "flushes", GROUP_PROBE, "PROBE-FLUSHES",
				  "flushes made by the probe" },
	[COUNT_PROBE_MIGRATIONS] = { "migrations", GROUP_PROBE, "MIGRATIONS",
				     "moves to another CPU" },
	[COUNT_PROBE_LOST] = { "lost", GROUP_PROBE, "LOST",
			       "times beyond the probe's histogram" },
};

void counts_set(struct counts *c, enum count what, uint64_t n)
{
	c->n[what] = n;
	c->has[what] = true;
}

bool counts_has_group(const struct counts *c, enum count_group group)
{
	int i;

	for (i = COUNT_NONE + 1; i < COUNTS; i++)
		if (c->has[i] && counts_table[i].group == group)
			return true;
	return false;
}

double counts_each(const struct counts *c, enum count what)
{
	if (!c->present || !c->has[what] || !c->n[COUNT_EXPECTED])
		return -1;
	return (double)c->n[what] / c->n[COUNT_EXPECTED];
}
