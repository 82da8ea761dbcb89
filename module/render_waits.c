// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/<pid>-waits: one thread -> one line. */
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "line.h"
#include "render.h"
#include "wait.h"

#define HEADING "  TID ST VCSW ICSW RUNS NR A0 A1 A2 A3 A4 A5 SP PC " CTXLAB_SAVED_NAMES " "

/* Where a name begins, unless the cells before it are wider. */
#define NAME_COLUMN (sizeof(HEADING) - 1)

#define HEX_CELLS (6 + 2 + CTXLAB_SAVED)

/* A blank each before 5 decimal numbers and a letter, the hexadecimal ones, a name. */
#define ROW_MOST (1 + 5 * (1 + CTXLAB_DIGITS) + 2 + \
		  HEX_CELLS * (1 + CTXLAB_HEX_DIGITS) + \
		  NAME_COLUMN + CTXLAB_NAME_LEN)

void ctxlab_render_waits_head(struct seq_file *m, pid_t tgid)
{
	seq_printf(m, "Tgid:         %d\n", tgid);
	seq_puts(m, "Waits:        " CTXLAB_MACHINE "\n" HEADING "NAME\n");
}

void ctxlab_render_waits_tail(struct seq_file *m, unsigned int hidden,
			      unsigned int withheld)
{
	seq_printf(m, "Unseen:       %u\n", hidden);
	seq_printf(m, "Withheld:     %u\n", withheld);
}

static char *dec_after(char *p, u64 v)
{
	*p++ = ' ';
	return ctxlab_format_dec(p, v);
}

static char *hex_after(char *p, const unsigned long *v, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		*p++ = ' ';
		p = ctxlab_format_hex(p, v[i]);
	}
	return p;
}

static char *none_after(char *p, int n)
{
	while (n--) {
		*p++ = ' ';
		*p++ = '-';
	}
	return p;
}

static char *registers_after(char *p, const struct ctxlab_registers *r)
{
	if (r->nr == -1) {
		memcpy(p, " -1", 3);
		p = none_after(p + 3, ARRAY_SIZE(r->args));
	} else {
		p = dec_after(p, r->nr);
		p = hex_after(p, r->args, ARRAY_SIZE(r->args));
	}
	p = hex_after(p, &r->sp, 1);
	p = hex_after(p, &r->pc, 1);
	return hex_after(p, r->saved, CTXLAB_SAVED);
}

void ctxlab_render_waits_row(struct seq_file *m, const struct ctxlab_wait *w)
{
	struct ctxlab_line l;
	char *p;

	ctxlab_begin_line(&l, m);
	if (!ctxlab_has_room(&l, ROW_MOST)) {
		ctxlab_end_line(&l);
		return;
	}
	p = l.text;
	*p++ = ' ';
	p = dec_after(p, w->tid);
	*p++ = ' ';
	*p++ = w->state;
	p = dec_after(p, w->nvcsw);
	p = dec_after(p, w->nivcsw);
	p = w->runs ? dec_after(p, w->runs) : none_after(p, 1);
	if (w->known)
		p = registers_after(p, &w->registers);
	else
		p = none_after(p, 1 + HEX_CELLS);
	*p++ = ' ';
	while (p < l.text + NAME_COLUMN)
		*p++ = ' ';
	ctxlab_advance(&l, ctxlab_format_name(p, w->comm));
	ctxlab_end_line(&l);
}
