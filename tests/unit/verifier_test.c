// SPDX-License-Identifier: GPL-2.0-only
/* The verifier's reason, out of the messages that libbpf hands on. */
#include "measure/verifier.h"
#include "tap.h"

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
	return tap_done();
}
