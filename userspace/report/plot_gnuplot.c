// SPDX-License-Identifier: GPL-2.0-only
/* Plots by gnuplot, as SVG or PNG. */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/replace.h"
#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "plot.h"
#include "report.h"
#include "words.h"

/*
 * A string for gnuplot.  Single quotes, since in double ones it would carry out
 * what stands between backquotes; and nothing but printable characters.
 */
static void quote(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
	fputc('\'', out);
}

static const char *terminal(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".svg"))
		return "svg size 1150,%d noenhanced font 'sans,13' background 'white'";
	if (dot && !strcmp(dot, ".png"))
		return "pngcairo size 1150,%d noenhanced font 'sans,11'";
	return NULL;
}

const char *plot_name_problem(const char *path)
{
	return terminal(path) ? NULL : "the name of a plot ends in .svg or .png";
}

static bool has_histograms(const struct run *run)
{
	int arm;

	for (arm = 0; arm < MAX_ARMS; arm++)
		if (run->histogram[arm].n)
			return true;
	return false;
}

/* A picture over the sweep: the cost itself, or what an arm adds. */
struct view {
	int variant;
	bool added;
};

/* 0 has no logarithm: it stands apart, left of the least x. */
static double place(const struct run *run, unsigned int x)
{
	const struct settings *set = &run->settings;
	unsigned int p, least = 0;

	for (p = 0; !x && p < set->points; p++)
		if (set->point[p].x && (!least || set->point[p].x < least))
			least = set->point[p].x;
	return x ? x : least / 2.0;
}

/* x, value and interval of an arm; returns the number of points. */
static size_t curve_data(FILE *out, const struct run *run,
			 const struct answers *a, int arm,
			 const struct view *v)
{
	struct estimate e;
	unsigned int p;
	size_t n = 0;

	fprintf(out, "$curve_%d_%d_%d << EOD\n", v->added, v->variant, arm);
	for (p = 0; p < run->settings.points; p++) {
		if (!run_in_variant(run, p, v->variant))
			continue;
		e = v->added ? a->diff[arm][p][0] : a->cell[arm][p][0];
		if (!e.n)
			continue;
		fprintf(out, "%g %g %g %g\n",
			place(run, run->settings.point[p].x), e.value, e.low,
			e.high);
		n++;
	}
	fputs("EOD\n", out);
	return n;
}

static void draw_x_axis(FILE *out, const struct run *run, const struct view *v)
{
	const struct settings *set = &run->settings;
	const char *comma = "";
	double x, most = 1;
	unsigned int p;

	for (p = 0; p < set->points; p++)
		if (set->point[p].x > most && run_in_variant(run, p, v->variant))
			most = set->point[p].x;
	fputs("set xlabel ", out);
	quote(out, run->experiment->axis.label);
	fputs("\nset xtics (", out);
	if (!set->point[0].x) {
		fprintf(out, "'0' %g", place(run, 0));
		comma = ", ";
	}
	for (x = 1; x <= most * 1.3; x *= 2) {
		if (x <= 1.5 * place(run, 0) && !set->point[0].x)
			continue;
		fprintf(out, "%s%.0f", comma, x);
		comma = ", ";
	}
	fprintf(out, ")\nset xrange [%g:%g]\n",
		place(run, set->point[0].x) / 1.3, most * 1.3);
}

static void draw_axes(FILE *out, const struct run *run, const struct view *v)
{
	char name[REPORT_VARIANT];
	char *title;

	report_variant(name, run, v->variant);
	if (v->added)
		title = xasprintf("what each adds to its baseline%s", name);
	else
		title = xasprintf("cost of %s%s", run->experiment->operation,
				  name);
	fputs("set title ", out);
	quote(out, title);
	free(title);
	fputs("\nunset logscale\nset logscale x\n", out);
	fputs(v->added ? "set ylabel 'ns more'\n" :
			 "set logscale y\nset ylabel 'ns'\n", out);
	draw_x_axis(out, run, v);
	fputs("set key outside right\nset rmargin 36\n", out);
}

static void draw_curves(FILE *out, const struct run *run,
			const struct answers *a, const struct view *v)
{
	const struct arm *arms = run->experiment->arms;
	const char *comma = "plot ";
	bool has[MAX_ARMS] = {};
	int arm, base;

	for (arm = 0; arm < run_arms(run); arm++)
		if (run->settings.arm[arm] && arms[arm].sweep)
			has[arm] = curve_data(out, run, a, arm, v) > 0;
	draw_axes(out, run, v);
	for (arm = 0; arm < run_arms(run); arm++) {
		if (!has[arm])
			continue;
		base = run_base(run, arm, 0);
		fprintf(out, "%s$curve_%d_%d_%d using 1:2:3:4 ", comma,
			v->added, v->variant, arm);
		fprintf(out, "with yerrorlines lc rgb '%s' pt 7 ps 0.4 title '%s%s%s'",
			arms[arm].colour, arms[arm].name,
			v->added ? " - " : "",
			v->added ? arms[base].name : "");
		comma = ", \\\n  ";
	}
	fputs("\n", out);
}

/* Its last half per cent is left out: what else got in goes on for ever. */
static void histogram_data(FILE *out, int arm, const struct histogram *h)
{
	double sum = 0, seen = 0;
	size_t i;

	for (i = 0; i < h->n; i++)
		sum += h->count[i];
	fprintf(out, "$histogram_%d << EOD\n", arm);
	for (i = 0; i < h->n && seen <= 0.995 * sum; i++) {
		fprintf(out, "%g %g\n", h->from_ns[i], h->count[i] / sum);
		seen += h->count[i];
	}
	fputs("EOD\n", out);
}

static void draw_histograms(FILE *out, const struct run *run)
{
	const char *comma = "plot ";
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (run->histogram[arm].n)
			histogram_data(out, arm, &run->histogram[arm]);
	}
	fputs("unset logscale\nset logscale x\nset xtics autofreq\nset xrange [*:*]\n"
	      "set title ", out);
	quote(out, run->experiment->histogram);
	fputs("\nset xlabel 'ns'\nset ylabel 'share'\n", out);
	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->histogram[arm].n)
			continue;
		fprintf(out, "%s$histogram_%d using 1:2 with steps lc rgb '%s' title '%s'",
			comma, arm, run->experiment->arms[arm].colour,
			run_arm_name(run, arm));
		comma = ", \\\n  ";
	}
	fputs("\n", out);
}

/* The quantity that is the whole of a bar, and the one at its bottom; or -1. */
static int bar_quantity(const struct run *run, enum bar bar)
{
	int q;

	for (q = 0; q < run_quantities(run); q++)
		if (run->experiment->quantities[q].bar == bar)
			return q;
	return -1;
}

/* Null tests would be the same bar again. */
static bool has_bar(const struct run *run, const struct answers *a, int arm)
{
	int whole = bar_quantity(run, BAR_WHOLE);

	return !run->experiment->arms[arm].twin && a->cell[arm][0][whole].n;
}

/* Place, part, all of it with its interval, and its name below. */
static void bar_data(FILE *out, const struct run *run, const struct answers *a)
{
	int whole = bar_quantity(run, BAR_WHOLE), arm, i = 0;
	const struct estimate *e, *part;

	fputs("$bars << EOD\n", out);
	for (arm = 0; arm < run_arms(run); arm++) {
		if (!has_bar(run, a, arm))
			continue;
		e = &a->cell[arm][0][whole];
		part = &a->cell[arm][0][bar_quantity(run, BAR_PART)];
		fprintf(out, "%d %g %g %g %g %s\n", i++, part->value, e->value,
			e->low, e->high, run_arm_name(run, arm));
	}
	fputs("EOD\n", out);
}

/* What it is more than its baseline, above it. */
static void bar_labels(FILE *out, const struct run *run,
		       const struct answers *a)
{
	int whole = bar_quantity(run, BAR_WHOLE), arm, i = 0;
	const struct estimate *diff;
	char ns[REPORT_NS];

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!has_bar(run, a, arm))
			continue;
		diff = &a->diff[arm][0][whole];
		if (diff->n)
			fprintf(out, "set label %d '%s%s' at %d,%g center offset 0,1\n",
				i + 1, diff->value < 0 ? "" : "+",
				report_ns(ns, diff->value), i,
				a->cell[arm][0][whole].high);
		i++;
	}
}

static void draw_bars(FILE *out, const struct run *run,
		      const struct answers *a)
{
	const struct quantity *q = run->experiment->quantities;

	bar_data(out, run, a);
	bar_labels(out, run, a);
	fputs("unset logscale\nset style fill solid\nset boxwidth 0.6\n"
	      "set yrange [0:*]\nset offsets 0.5, 0.5, graph 0.12, 0\n"
	      "set title ", out);
	quote(out, q[bar_quantity(run, BAR_PART)].label);
	fputs("\nunset xlabel\nset ylabel 'ns'\nset key outside right\nset rmargin 36\n"
	      "plot $bars using 1:3:xtic(6) with boxes lc rgb '#ff7f0e' title ", out);
	quote(out, q[bar_quantity(run, BAR_WHOLE)].label);
	fputs(", \\\n  $bars using 1:2 with boxes lc rgb '#1f77b4' title ", out);
	quote(out, q[bar_quantity(run, BAR_PART)].label);
	fputs(", \\\n  $bars using 1:3:4:5 with yerrorbars lc rgb 'black' ", out);
	fputs("pt 7 ps 0.4 title '95 % interval'\n"
	      "unset label\nunset offsets\nset yrange [*:*]\n", out);
}

static bool has_bars(const struct run *run, const struct answers *a)
{
	return a->parts_ok && bar_quantity(run, BAR_PART) >= 0 &&
	       bar_quantity(run, BAR_WHOLE) >= 0;
}

static void draw_head(FILE *out, const struct run *run, int plots)
{
	const char *emulated = report_emulated(&run->machine);
	char *title = xasprintf("What %s costs: %s, Linux %s",
				run->experiment->operation, run->machine.cpu,
				run->machine.kernel);

	fprintf(out, "\nset encoding utf8\nset multiplot layout %d,1 title ", plots);
	quote(out, title);
	free(title);
	if (*emulated) {
		fputs(" . \"\\n\" . ", out);
		quote(out, emulated);
	}
	fputs("\nset grid\n", out);
}

const char *plot_script(FILE *out, const struct run *run,
			const struct answers *a, const char *path)
{
	int plots = has_histograms(run) + has_bars(run, a), i;
	const char *term = terminal(path);
	struct view v;

	if (!term)
		return plot_name_problem(path);
	for (i = 0; i < run_variants(run) && !a->reasons; i++)
		plots += 2 * run_has_variant(run, i);
	if (!plots)
		return a->reasons ? "there is no verdict" :
				    "there is nothing but the first point";
	fputs("set terminal ", out);
	fprintf(out, term, 60 + 340 * plots);
	draw_head(out, run, plots);
	if (has_bars(run, a))
		draw_bars(out, run, a);
	for (i = 0; i < 2 * run_variants(run) && !a->reasons; i++) {
		v = (struct view){ .variant = i / 2, .added = i % 2 };
		if (run_has_variant(run, v.variant))
			draw_curves(out, run, a, &v);
	}
	if (has_histograms(run))
		draw_histograms(out, run);
	fputs("unset multiplot\n", out);
	return NULL;
}

/*
 * gnuplot on @script, with the picture going to @picture.  It reads numbers as
 * they are in the C locale, whatever the user's.  NULL, or what went wrong.
 */
static const char *run_gnuplot(int script, int picture)
{
	static char *const argv[] = { "gnuplot", NULL };
	static char *const env_locale = "LC_ALL=C.UTF-8";
	posix_spawn_file_actions_t files;
	size_t n = 0, i;
	char **env;
	int status, err;
	pid_t pid;

	while (environ[n])
		n++;
	env = xcalloc(n + 2, sizeof(*env));
	env[0] = env_locale;
	for (i = 0, n = 1; environ[i]; i++)
		if (strncmp(environ[i], "LC_ALL=", 7))
			env[n++] = environ[i];
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, script, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, picture, STDOUT_FILENO);
	err = posix_spawnp(&pid, argv[0], &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	free(env);
	if (err)
		return err == ENOENT ? "gnuplot is not installed" : strerror(err);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return strerror(errno);
	return status ? "gnuplot failed" : NULL;
}

/* All that @from holds to @to; 0 or a negative errno. */
static int copy(FILE *from, FILE *to)
{
	char bytes[1 << 14];
	size_t n;

	rewind(from);
	while ((n = fread(bytes, 1, sizeof(bytes), from)))
		if (fwrite(bytes, 1, n, to) != n)
			return -errno;
	return ferror(from) ? -EIO : 0;
}

/* A file without a name, in memory. */
static FILE *memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!f)
		abort();
	return f;
}

/* gnuplot does not say when a disk is full: the picture is written here. */
static char *write_picture(FILE *picture, const char *path)
{
	struct replace file;
	struct stat st;
	int err;

	if (fstat(fileno(picture), &st) || !st.st_size)
		return xstrdup("gnuplot drew nothing");
	err = replace_begin(&file, path);
	if (err)
		return xstrdup(strerror(-err));
	err = copy(picture, file.file);
	if (err)
		replace_drop(&file);
	else
		err = replace_end(&file);
	return err ? xstrdup(strerror(-err)) : NULL;
}

char *plot_draw(const struct run *run, const struct answers *a,
		const char *path)
{
	FILE *script = memory_file("script"), *picture = memory_file("picture");
	const char *problem = plot_script(script, run, a, path);
	char *words;

	fflush(script);
	rewind(script);
	if (!problem)
		problem = run_gnuplot(fileno(script), fileno(picture));
	words = problem ? xstrdup(problem) : write_picture(picture, path);
	fclose(script);
	fclose(picture);
	return words;
}
