// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who it was, in order: a strip for each arm, in colours and several lines; in the
 * terminal a line of letters.
 */
#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "picture.h"
#include "plot.h"

#define LINES 4
#define LINE 8			/* from one line to the next */
#define GAP 10			/* from one strip to the next */
#define AROUND 88		/* what a panel has above and below its inside */
#define RIGHT 20

/* One for each owner; more of them begin anew. */
static const char *const colours[] = {
	"#0072b2", "#e69f00", "#009e73", "#cc79a7",
	"#56b4e9", "#d55e00", "#f0e442", "#000000",
};

#define COLOURS ARRAY_SIZE(colours)

static int strips(const struct run *run)
{
	int arm, n = 0;

	for (arm = 0; arm < run_arms(run); arm++)
		n += run->strip[arm].n > 0;
	return n;
}

static int height_of(const struct run *run, const struct answers *a, int which)
{
	int n = a->reasons ? 0 : strips(run);

	(void)which;
	return n ? AROUND + n * (LINES * LINE + GAP) : 0;
}

static uint64_t longest(const struct run *run)
{
	uint64_t most = 0, n;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		n = strip_length(&run->strip[arm]);
		most = n > most ? n : most;
	}
	return most;
}

/* The part of a strip that is @colour, as pieces of lines of @line each. */
static void draw_pieces(FILE *out, const struct strip *strip, size_t colour,
			uint64_t line, int top)
{
	uint64_t from = 0, to, end;
	size_t i;

	for (i = 0; i < strip->n; i++, from = end) {
		end = from + strip->stretch[i].times;
		if (strip->stretch[i].who % COLOURS != colour)
			continue;
		for (; from < end; from = to) {
			to = (from / line + 1) * line;
			to = to < end ? to : end;
			fprintf(out, "%g %g\n%g %g\n\n",
				(double)(from % line),
				top + (from / line + 0.5) * LINE,
				(double)(to - from / line * line),
				top + (from / line + 0.5) * LINE);
		}
	}
}

static void draw_names(struct picture *p)
{
	const char *comma = "set ytics scale 0 (";
	int arm, top = GAP;

	for (arm = 0; arm < run_arms(p->run); arm++) {
		if (!p->run->strip[arm].n)
			continue;
		fprintf(p->out, "%s'%s' %g", comma, run_arm_name(p->run, arm),
			top + LINES * LINE / 2.0);
		comma = ", ";
		top += LINES * LINE + GAP;
	}
	fprintf(p->out, ")\nunset grid\nset yrange [%d:0]\n", top);
}

static bool has_colour(const struct run *run, size_t colour)
{
	size_t i;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++)
		for (i = 0; i < run->strip[arm].n; i++)
			if (run->strip[arm].stretch[i].who % COLOURS == colour)
				return true;
	return false;
}

static void draw_strips(struct picture *p, uint64_t line)
{
	const char *comma = "plot ";
	size_t colour;
	int arm, top;

	for (colour = 0; colour < COLOURS; colour++) {
		if (!has_colour(p->run, colour))
			continue;
		fprintf(p->out, "$strip_%zu << EOD\n", colour);
		for (arm = 0, top = GAP; arm < run_arms(p->run); arm++) {
			if (!p->run->strip[arm].n)
				continue;
			draw_pieces(p->out, &p->run->strip[arm], colour, line,
				    top);
			top += LINES * LINE + GAP;
		}
		fputs("EOD\n", p->out);
	}
	for (colour = 0; colour < COLOURS; colour++) {
		if (!has_colour(p->run, colour))
			continue;
		fprintf(p->out, "%s$strip_%zu using 1:2 with lines lw %d lc rgb '%s'",
			comma, colour, LINE - 2, colours[colour]);
		comma = ", \\\n  ";
	}
	fputs("\n", p->out);
}

static void draw(struct picture *p, int which)
{
	uint64_t line = (longest(p->run) + LINES - 1) / LINES;
	int left = 0, width, arm;

	for (arm = 0; arm < run_arms(p->run); arm++) {
		width = picture_text_width(run_arm_name(p->run, arm));
		if (p->run->strip[arm].n && width > left)
			left = width;
	}
	picture_panel(p, p->run->experiment->strip,
		      height_of(p->run, p->a, which), left + 20, RIGHT);
	draw_names(p);
	fprintf(p->out, "set xrange [0:%llu]\n", (unsigned long long)line);
	fprintf(p->out, "set xlabel '%s in order, %llu a line; a colour for each task'\n",
		p->run->experiment->operations, (unsigned long long)line);
	draw_strips(p, line);
	fputs("set ytics scale 1\n", p->out);
}

const struct panel panel_strip = { height_of, draw };

/* Letters of a line. */
#define LETTERS 56

static char letter_of(uint32_t who)
{
	static const char letters[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return who < sizeof(letters) - 1 ? letters[who] : '?';
}

static void print_strip(FILE *out, const struct run *run, int arm)
{
	const struct strip *strip = &run->strip[arm];
	uint32_t k;
	size_t i;
	int n;

	fprintf(out, "  %-20s ", run_arm_name(run, arm));
	for (i = 0, n = 0; i < strip->n; i++)
		for (k = 0; k < strip->stretch[i].times && n < LETTERS; k++, n++)
			fputc(letter_of(strip->stretch[i].who), out);
	fputs("\n", out);
}

void plot_text_strips(FILE *out, const struct run *run)
{
	int arm;

	if (!strips(run))
		return;
	fprintf(out, "\nThe first %d in order, a character for each task: %s:\n",
		LETTERS, run->experiment->strip);
	for (arm = 0; arm < run_arms(run); arm++)
		if (run->strip[arm].n)
			print_strip(out, run, arm);
}
