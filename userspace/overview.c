// SPDX-License-Identifier: GPL-2.0-only
/* What a bare 'ctxlab' prints in a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/escape.h"
#include "measure/module.h"
#include "overview.h"
#include "proc/proc.h"

/* 0, or why the module cannot be read: a negative errno. */
static int module_error(void)
{
	size_t len;
	char *text;
	int err = proc_read("abi", &text, &len);

	if (!err)
		free(text);
	return err;
}

static void print_module(int err)
{
	struct module_problem p;

	if (!err) {
		printf("Module: loaded, and %s is there\n", module_root());
		return;
	}
	p = module_problem(err);
	escape_print(stdout, "Module: %s", p.what);
	putchar('\n');
	if (*p.advice) {
		escape_print(stdout, "        as root: %s", p.advice);
		putchar('\n');
	}
	free(p.what);
	free(p.advice);
}

static void print_user(void)
{
	if (geteuid())
		printf("User:   uid %u, who sees its own tasks; root sees all\n",
		       geteuid());
	else
		puts("User:   root, who sees all tasks");
}

void overview_print(void)
{
	int err = module_error();

	print_module(err);
	print_user();
	puts("\nWhat can be run now:");
	if (!err)
		puts("  ctxlab show $$          what your shell consists of, and who shares it\n"
		     "  ctxlab compare $$ 1     what two processes share\n"
		     "  ctxlab sharing          who shares what on this machine");
	puts("  ctxlab switch --quick   what a switch costs here, in a few seconds\n"
	     "  ctxlab deadlock $$      who waits for whom in a program\n"
	     "  ctxlab --help           all commands");
}
