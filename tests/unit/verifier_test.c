// SPDX-License-Identifier: GPL-2.0-only
/* The verifier's reason, out of the messages that libbpf hands on. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <linux/bpf.h>

#include "measure/counter.h"
#include "measure/verifier.h"
#include "tap.h"

static bool spoil;

/* Begins with "r0 = *(u64 *)(r0 + 0)", though there is nothing in r0 yet. */
static void spoil_program(const union bpf_attr *attr)
{
	static const struct bpf_insn reads_nothing = {
		.code = BPF_LDX | BPF_DW | BPF_MEM,
	};

	if (attr->prog_type == BPF_PROG_TYPE_TRACING)
		memcpy((void *)(uintptr_t)attr->insns, &reads_nothing,
		       sizeof(reads_nothing));
}

/* In the place of libc's, by which libbpf loads programs. */
long syscall(long number, ...)
{
	static long (*real)(long number, ...);
	long arg[6];
	va_list args;
	int i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (!real)
		real = (long (*)(long number, ...))dlsym(RTLD_NEXT, "syscall");
	if (spoil && number == SYS_bpf && arg[0] == BPF_PROG_LOAD)
		spoil_program((const union bpf_attr *)arg[1]);
	return real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

static struct counter *open_counter(char **why)
{
	static const enum count wanted[] = { COUNT_SWITCHES, COUNT_NONE };
	struct settings set = {};

	*why = NULL;
	return counter_bpf.open(&set, wanted, why);
}

/* By the verifier of this host, where it counts by BPF otherwise. */
static void a_refused_counter_says_why(void)
{
	static const char about[] = "a counter that is refused says why";
	struct counter *counter;
	char *why;

	counter = open_counter(&why);
	if (!counter) {
		printf("ok %d # SKIP %s: %s\n", ++tap_run, about, why);
		free(why);
		return;
	}
	counter_bpf.close(counter);
	spoil = true;
	counter = open_counter(&why);
	spoil = false;
	ok(!counter, "a spoiled counter is refused");
	is(why, "BPF: refused by the kernel's verifier: R0 !read_ok", about);
	free(why);
}

/* As libbpf 1.1 has it from Linux 6.18, of a program that follows a plain number. */
static const char refused[] =
	"libbpf: prog 'on_switch': -- BEGIN PROG LOAD LOG --\n"
	"0: R1=ctx() R10=fp0\n"
	"; __u64 *p = (void *)ctx->args[1]; @ bad.bpf.c:8\n"
	"0: (79) r1 = *(u64 *)(r1 +8)          ; R1=scalar()\n"
	"; return *(volatile __u64 *)(p + 1) > 3; @ bad.bpf.c:9\n"
	"1: (79) r1 = *(u64 *)(r1 +8)\n"
	"R1 invalid mem access 'scalar'\n"
	"processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
	"-- END PROG LOAD LOG --\n";

static void takes_the_last_line_before_the_statistics(void)
{
	char reason[160] = "";

	verifier_log_reason(refused, reason, sizeof(reason));
	is(reason, "R1 invalid mem access 'scalar'",
	   "the reason is the verifier's own");
	verifier_log_reason("unknown opcode ff\nprocessed 1 insns", reason,
			    sizeof(reason));
	is(reason, "unknown opcode ff",
	   "also where the log has nothing before it");
}

static void leaves_other_messages_alone(void)
{
	char reason[160] = "kept";

	verifier_log_reason("libbpf: failed to load object 'count_bpf'\n",
			    reason, sizeof(reason));
	verifier_log_reason("", reason, sizeof(reason));
	is(reason, "kept", "what is no log changes nothing");
}

static void cuts_what_is_long(void)
{
	char reason[9] = "";

	verifier_log_reason(refused, reason, sizeof(reason));
	is(reason, "R1 inval", "a long reason is cut");
}

int main(void)
{
	takes_the_last_line_before_the_statistics();
	leaves_other_messages_alone();
	cuts_what_is_long();
	a_refused_counter_says_why();
	return tap_done();
}
