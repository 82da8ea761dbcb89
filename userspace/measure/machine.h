/* SPDX-License-Identifier: GPL-2.0-only */
/* What this machine is, as far as it bears on the cost of a switch. */
#ifndef MEASURE_MACHINE_H
#define MEASURE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* -1: not known. */
struct machine {
	char *cpu;		/* the CPU's own name */
	char *vendor;		/* "GenuineIntel", "AuthenticAMD", ... */
	char *arch;
	char *kernel;		/* release */
	char *kernel_version;	/* the kernel's own build line */
	char *hypervisor;	/* signature; "" on bare metal */
	char *emulator;		/* "" unless the CPU itself is software */
	char *governor;		/* "" where cpufreq is not in charge */
	char *mitigations;	/* "name: state; name: state" */
	int cpus;
	int pcid;		/* the kernel tags the TLB's entries */
	int invpcid;
	int pti;		/* page-table isolation */
	int tlb_l1;		/* entries for 4 KiB data pages */
	int tlb_l2;
	int page_size;
	double load;		/* before the run */
	double steal;		/* share of its time that the run lost, -1 */
	double others;		/* share that other tasks used of it, -1 */
	long long throttled;	/* times that a cgroup's CPU quota stopped the run */
};

/* What differs between CPUs is read of, and on, @cpu. */
void machine_read(struct machine *m, unsigned int cpu);
void machine_free(struct machine *m);

/* Time of a CPU since boot, in ticks of sysconf(_SC_CLK_TCK). */
struct cpu_ticks {
	long long all;
	long long idle;
	long long stolen;	/* taken away by the hypervisor */
};

/* Return 0 or a negative errno. */
int machine_ticks(unsigned int cpu, struct cpu_ticks *t);

/* TLB sizes from the dump of CPUID's leaves; -1 where it does not tell. */
struct cpuid_regs {
	unsigned int eax, ebx, ecx, edx;
};

typedef bool (*cpuid_fn)(void *arg, unsigned int leaf, unsigned int sub,
			 struct cpuid_regs *r);

void machine_tlb(cpuid_fn cpuid, void *arg, bool amd, int *l1, int *l2);

#endif /* MEASURE_MACHINE_H */
