// SPDX-License-Identifier: GPL-2.0-only
/* Reads the machine's facts from CPUID, procfs and sysfs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "cpus.h"
#include "lib/xalloc.h"
#include "machine.h"

#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"

/* The first line of a file, without its newline; NULL where there is none. */
static char *first_line(const char *path)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return NULL;
	if (getline(&line, &size, f) < 0) {
		free(line);
		line = NULL;
	}
	fclose(f);
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line;
}

static bool file_contains(const char *path, const char *word)
{
	char *line = first_line(path);
	bool found = line && strstr(line, word);

	free(line);
	return found;
}

/* The value of @key in the paragraph of @cpu in /proc/cpuinfo, or NULL. */
static char *cpu_says(const char *key, unsigned int cpu)
{
	unsigned int here = cpu;
	char *line = NULL, *value = NULL, *colon;
	size_t size = 0, len = strlen(key);
	FILE *f;

	f = fopen("/proc/cpuinfo", "re");
	if (!f)
		return NULL;
	while (!value && getline(&line, &size, f) > 0) {
		colon = strchr(line, ':');
		if (!strncmp(line, "processor", 9) && colon)
			here = atoi(colon + 1);
		if (here != cpu || strncmp(line, key, len) || !colon ||
		    strspn(line + len, "\t ") + len != (size_t)(colon - line))
			continue;
		line[strcspn(line, "\n")] = '\0';
		value = xstrdup(colon + 1 + strspn(colon + 1, " "));
	}
	free(line);
	fclose(f);
	return value;
}

/* "name: state; ..." of everything the CPU is vulnerable to or mitigates. */
static char *mitigations(void)
{
	struct dirent **names;
	char path[512], *line, *all = xstrdup(""), *more;
	int i, n;

	n = scandir(VULNERABILITIES, &names, NULL, alphasort);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", VULNERABILITIES,
			 names[i]->d_name);
		line = names[i]->d_name[0] == '.' ? NULL : first_line(path);
		if (line && strcmp(line, "Not affected")) {
			more = xasprintf("%s%s%s: %s", all, *all ? "; " : "",
					 names[i]->d_name, line);
			free(all);
			all = more;
		}
		free(line);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return all;
}

/* Of @cpu; "" where cpufreq is not in charge of it. */
static char *governor(unsigned int cpu)
{
	char *path, *line;

	path = xasprintf("/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
			 cpu);
	line = first_line(path);
	free(path);
	return line ? line : xstrdup("");
}

static void read_kernel(struct machine *m, unsigned int cpu)
{
	struct utsname u;
	char *line;

	uname(&u);
	m->arch = xstrdup(u.machine);
	m->kernel = xstrdup(u.release);
	m->kernel_version = xstrdup(u.version);
	m->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	m->page_size = sysconf(_SC_PAGESIZE);
	m->mitigations = mitigations();
	m->governor = governor(cpu);
	line = first_line("/proc/loadavg");
	m->load = line ? atof(line) : -1;
	free(line);
	m->steal = -1;
	m->others = -1;
	m->throttled = -1;
}

#if defined(__x86_64__)
static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *p = words;

	while ((p = strstr(p, word))) {
		if ((p == words || p[-1] == ' ') &&
		    (p[len] == ' ' || !p[len]))
			return true;
		p += len;
	}
	return false;
}

static bool native_cpuid(void *arg, unsigned int leaf, unsigned int sub,
			 struct cpuid_regs *r)
{
	(void)arg;
	return __get_cpuid_count(leaf, sub, &r->eax, &r->ebx, &r->ecx, &r->edx);
}

struct tlb_sizes {
	int l1;
	int l2;
};

/* In a child, which may be bound to the CPU; where it gets no time there: -1. */
static struct tlb_sizes tlb_sizes(unsigned int cpu, bool amd)
{
	struct tlb_sizes sizes = { -1, -1 };
	struct pollfd wait = { .events = POLLIN };
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return sizes;
	pid = fork();
	if (!pid) {
		/* Offline, say: then the run will tell. */
		cpus_bind(0, cpu);
		machine_tlb(native_cpuid, NULL, amd, &sizes.l1, &sizes.l2);
		_exit(write(ends[1], &sizes, sizeof(sizes)) < 0);
	}
	wait.fd = ends[0];
	if (pid > 0) {
		if (poll(&wait, 1, 2000) > 0 &&
		    read(ends[0], &sizes, sizeof(sizes)) != sizeof(sizes))
			sizes = (struct tlb_sizes){ -1, -1 };
		cpus_end(pid);
	}
	close(ends[0]);
	close(ends[1]);
	return sizes;
}

/* The hypervisor's signature: twelve letters of leaf 0x40000000. */
static void read_hypervisor(struct machine *m)
{
	unsigned int r[4] = {}, eax;
	size_t end;

	__cpuid(1, eax, r[0], r[1], r[2]);
	if (!(r[1] & (1u << 31))) {
		m->hypervisor = xstrdup("");
		return;
	}
	__cpuid(0x40000000, eax, r[0], r[1], r[2]);
	r[3] = 0;
	/* Some fill it up with blanks. */
	for (end = strlen((char *)r); end && ((char *)r)[end - 1] == ' '; end--)
		((char *)r)[end - 1] = '\0';
	m->hypervisor = xstrdup(*(char *)r ? (char *)r : "unknown");
}

/* Machines whose CPU is a program: their TLB is a table in that program. */
static void read_emulator(struct machine *m)
{
	const char *by = "";

	if (!strcmp(m->hypervisor, "TCGTCGTCGTCG"))
		by = "QEMU TCG";
	else if (!*m->hypervisor && strstr(m->cpu, "QEMU"))
		by = "QEMU";
	else if (!*m->hypervisor &&
		 (file_contains("/sys/class/dmi/id/bios_vendor", "Bochs") ||
		  file_contains("/sys/class/dmi/id/sys_vendor", "Bochs") ||
		  file_contains("/sys/bus/pci/devices/0000:00:00.0/device",
				"0x1237")))
		/* Nothing but an emulator has an i440FX and no hypervisor. */
		by = "Bochs";
	m->emulator = xstrdup(by);
}

/*
 * 1, 0, or -1 where neither the kernel's report nor its flags can be read; nor does
 * the kernel know what a hypervisor does that switches page tables for it (Xen PV).
 */
static int isolation(const char *flags)
{
	char *meltdown = first_line(VULNERABILITIES "/meltdown");
	int on = -1;

	if (flags)
		on = has_word(flags, "pti");
	if (meltdown && strstr(meltdown, "PTI"))
		on = 1;
	else if (meltdown && !strncmp(meltdown, "Unknown", 7) && on < 1)
		on = -1;
	else if (meltdown && on < 0)
		on = 0;
	free(meltdown);
	return on;
}

static void read_cpu(struct machine *m, unsigned int cpu)
{
	char *flags = cpu_says("flags", cpu);
	struct tlb_sizes sizes;
	bool amd;

	m->cpu = cpu_says("model name", cpu);
	if (!m->cpu)
		m->cpu = xstrdup("unknown");
	m->vendor = cpu_says("vendor_id", cpu);
	if (!m->vendor)
		m->vendor = xstrdup("unknown");
	m->pcid = flags ? has_word(flags, "pcid") : -1;
	m->invpcid = flags ? has_word(flags, "invpcid") : -1;
	m->pti = isolation(flags);
	amd = !strcmp(m->vendor, "AuthenticAMD") ||
	      !strcmp(m->vendor, "HygonGenuine");
	sizes = tlb_sizes(cpu, amd);
	m->tlb_l1 = sizes.l1;
	m->tlb_l2 = sizes.l2;
	free(flags);
	read_hypervisor(m);
	read_emulator(m);
}
#else
/* Other machines tell less; what is not known stays so. */
static void read_cpu(struct machine *m, unsigned int cpu)
{
	char *part = cpu_says("CPU part", cpu);

	m->cpu = part ? xasprintf("CPU part %s", part) : xstrdup("unknown");
	m->vendor = xstrdup("unknown");
	m->hypervisor = xstrdup("");
	/* Without firmware, QEMU's machine is known by its device tree. */
	m->emulator = xstrdup(file_contains("/sys/class/dmi/id/sys_vendor",
					    "QEMU") ||
			      file_contains("/proc/device-tree/compatible",
					    "linux,dummy-virt") ? "QEMU" : "");
	m->pcid = -1;
	m->invpcid = -1;
	m->pti = -1;
	m->tlb_l1 = -1;
	m->tlb_l2 = -1;
	free(part);
}
#endif

void machine_read(struct machine *m, unsigned int cpu)
{
	*m = (struct machine){};
	read_kernel(m, cpu);
	read_cpu(m, cpu);
}

void machine_free(struct machine *m)
{
	free(m->cpu);
	free(m->vendor);
	free(m->arch);
	free(m->kernel);
	free(m->kernel_version);
	free(m->hypervisor);
	free(m->emulator);
	free(m->governor);
	free(m->mitigations);
	*m = (struct machine){};
}

int machine_ticks(unsigned int cpu, struct cpu_ticks *t)
{
	long long v[8];
	char key[16], *line = NULL;
	size_t size = 0, len;
	int ret = -ENOENT, i;
	FILE *f;

	f = fopen("/proc/stat", "re");
	if (!f)
		return -errno;
	len = snprintf(key, sizeof(key), "cpu%u ", cpu);
	while (ret && getline(&line, &size, f) > 0) {
		if (strncmp(line, key, len))
			continue;
		if (sscanf(line + len,
			   "%lld %lld %lld %lld %lld %lld %lld %lld", &v[0],
			   &v[1], &v[2], &v[3], &v[4], &v[5], &v[6],
			   &v[7]) != 8)
			break;
		*t = (struct cpu_ticks){ .idle = v[3] + v[4], .stolen = v[7] };
		for (i = 0; i < 8; i++)
			t->all += v[i];
		ret = 0;
	}
	free(line);
	fclose(f);
	return ret;
}
