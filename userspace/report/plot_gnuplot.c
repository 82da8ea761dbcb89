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

#include "measure/answers.h"
#include "lib/replace.h"
#include "lib/xalloc.h"
#include "plot.h"
#include "report.h"

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

	for (arm = 0; arm < ARMS; arm++)
		if (run->histogram[arm].n)
			return true;
	return false;
}

/* A colour for each arm, the same in every picture. */
static const char *const colours[ARMS] = {
	[ARM_COROUTINE] = "#7f7f7f", [ARM_COROUTINE_FP] = "#9f9f9f",
	[ARM_UCONTEXT] = "#bfbfbf", [ARM_THREAD] = "#1f77b4",
	[ARM_THREAD_AGAIN] = "#aec7e8", [ARM_THREAD_CONTROL] = "#17becf",
	[ARM_CONTROL_AGAIN] = "#9edae5",
	[ARM_THREAD_FLUSH] = "#ff7f0e", [ARM_THREAD_FULL] = "#d62728",
	[ARM_PROCESS] = "#2ca02c", [ARM_PROCESS_CONTROL] = "#98df8a",
	[ARM_PROCESS_FLUSH] = "#bcbd22", [ARM_RING_THREAD] = "#9467bd",
	[ARM_RING_PROCESS] = "#8c564b",
};

/* A picture over pages touched: the cost itself, or what an arm adds. */
struct view {
	enum pattern pattern;
	bool added;
};

/* 0 has no logarithm: it stands apart, left of the fewest pages. */
static double place(const struct run *run, unsigned int pages)
{
	unsigned int p, least = 0;

	for (p = 0; !pages && p < run->settings.points; p++)
		if (run->settings.point[p].pages &&
		    (!least || run->settings.point[p].pages < least))
			least = run->settings.point[p].pages;
	return pages ? pages : least / 2.0;
}

/* Past that the caches decide, and what an arm adds drowns in them. */
static bool in_view(const struct run *run, const struct view *v,
		    unsigned int p)
{
	const struct point *point = &run->settings.point[p];
	int tlb = run->machine.tlb_l2;

	if (point->pages && point->pattern != v->pattern)
		return false;
	return !v->added || tlb < 0 || point->pages <= 0.75 * tlb;
}

/* Pages, value and interval of an arm; returns the number of points. */
static size_t curve_data(FILE *out, const struct run *run,
			 const struct answers *a, int arm,
			 const struct view *v)
{
	struct estimate e;
	unsigned int p;
	size_t n = 0;

	fprintf(out, "$curve_%d_%d_%d << EOD\n", v->added, v->pattern, arm);
	for (p = 0; p < run->settings.points; p++) {
		if (!in_view(run, v, p))
			continue;
		e = v->added ? a->diff[arm][p] : a->cell[arm][p];
		if (!e.n)
			continue;
		fprintf(out, "%g %g %g %g\n",
			place(run, run->settings.point[p].pages), e.value,
			e.low, e.high);
		n++;
	}
	fputs("EOD\n", out);
	return n;
}

static void draw_axes(FILE *out, const struct run *run, const struct view *v)
{
	unsigned int pages, p, most = 1;

	fprintf(out, "set title '%s (pages touched: %s)'\n",
		v->added ? "what each adds to the arm it is held against" :
			   "cost of a switch, touching included",
		pattern_name(v->pattern));
	fputs("unset logscale\nset logscale x\n", out);
	fputs(v->added ? "set ylabel 'ns more a switch'\n" :
			 "set logscale y\nset ylabel 'ns a switch'\n", out);
	fputs("set xlabel 'pages touched by each between switches'\n", out);
	fprintf(out, "set xtics ('0' %g", place(run, 0));
	for (p = 0; p < run->settings.points; p++)
		if (run->settings.point[p].pages > most && in_view(run, v, p))
			most = run->settings.point[p].pages;
	for (pages = 1; pages <= 65536; pages *= 2)
		if (pages > 1.5 * place(run, 0))
			fprintf(out, ", %u", pages);
	fprintf(out, ")\nset xrange [%g:%g]\n", place(run, 0) / 1.3, most * 1.3);
	fputs("set key outside right\nset rmargin 36\n", out);
}

static void draw_curves(FILE *out, const struct run *run,
			const struct answers *a, const struct view *v)
{
	const char *comma = "plot ";
	bool has[ARMS] = {};
	int arm, base;

	for (arm = 0; arm < ARMS; arm++)
		if (run->settings.arm[arm] && arms[arm].sweep)
			has[arm] = curve_data(out, run, a, arm, v) > 0;
	draw_axes(out, run, v);
	for (arm = 0; arm < ARMS; arm++) {
		if (!has[arm])
			continue;
		base = answers_base(arm);
		fprintf(out, "%s$curve_%d_%d_%d using 1:2:3:4 ", comma,
			v->added, v->pattern, arm);
		fprintf(out, "with yerrorlines lc rgb '%s' pt 7 ps 0.4 title '%s%s%s'",
			colours[arm], arms[arm].name, v->added ? " - " : "",
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

	for (arm = 0; arm < ARMS; arm++) {
		if (run->histogram[arm].n)
			histogram_data(out, arm, &run->histogram[arm]);
	}
	fputs("unset logscale\nset logscale x\nset xtics autofreq\nset xrange [*:*]\n"
	      "set title 'the kernel''s own part of a switch, no pages touched'\n"
	      "set xlabel 'ns'\nset ylabel 'share of the switches'\n", out);
	for (arm = 0; arm < ARMS; arm++) {
		if (!run->histogram[arm].n)
			continue;
		fprintf(out, "%s$histogram_%d using 1:2 with steps lc rgb '%s' title '%s'",
			comma, arm, colours[arm], arms[arm].name);
		comma = ", \\\n  ";
	}
	fputs("\n", out);
}

/* What the probe timed, as bars: the flush stands on the kernel's own part. */
static const int bars[] = {
	ARM_THREAD_CONTROL, ARM_THREAD_FLUSH, ARM_THREAD_FULL,
	ARM_PROCESS_CONTROL, ARM_PROCESS_FLUSH,
};

#define BARS ((int)(sizeof(bars) / sizeof(*bars)))

/* Place, own part, all of it with its interval, and its name below. */
static void bar_data(FILE *out, const struct answers *a)
{
	const struct estimate *own, *part;
	int i;

	fputs("$bars << EOD\n", out);
	for (i = 0; i < BARS; i++) {
		own = &a->own[bars[i]];
		part = &a->part[bars[i]];
		if (!own->n)
			continue;
		fprintf(out, "%d %g %g %g %g %s\n", i, own->value,
			part->value, part->low, part->high, arms[bars[i]].name);
	}
	fputs("EOD\n", out);
}

/* What it is more than the bar it is held against, above it. */
static void bar_labels(FILE *out, const struct answers *a)
{
	const struct estimate *diff;
	char ns[REPORT_NS];
	int i;

	for (i = 0; i < BARS; i++) {
		diff = &a->part_diff[bars[i]];
		if (!diff->n)
			continue;
		fprintf(out, "set label %d '%s%s' at %d,%g center offset 0,1\n",
			i + 1, diff->value < 0 ? "" : "+",
			report_ns(ns, diff->value), i, a->part[bars[i]].high);
	}
}

static void draw_bars(FILE *out, const struct answers *a)
{
	bar_data(out, a);
	bar_labels(out, a);
	fputs("unset logscale\nset style fill solid\nset boxwidth 0.6\n"
	      "set yrange [0:*]\nset offsets 0.5, 0.5, graph 0.12, 0\n"
	      "set title 'the module changes one thing, the flush: the kernel''s own part of a switch'\n"
	      "unset xlabel\nset ylabel 'ns'\nset key outside right\nset rmargin 36\n"
	      "plot $bars using 1:3:xtic(6) with boxes lc rgb '#ff7f0e' title 'the flush, or nothing in its place', \\\n"
	      "  $bars using 1:2 with boxes lc rgb '#1f77b4' title 'leaving one, arriving at the other', \\\n"
	      "  $bars using 1:3:4:5 with yerrorbars lc rgb 'black' pt 7 ps 0.4 title '95 % interval'\n"
	      "unset label\nunset offsets\nset yrange [*:*]\n", out);
}

static bool has_pattern(const struct run *run, enum pattern pattern)
{
	unsigned int p;

	for (p = 1; p < run->settings.points; p++)
		if (run->settings.point[p].pattern == pattern)
			return true;
	return false;
}

const char *plot_script(FILE *out, const struct run *run,
			const struct answers *a, const char *path)
{
	const char *term = terminal(path), *emulated;
	int plots = has_histograms(run) + a->steady, i;
	struct view v;
	char *title;

	if (!term)
		return plot_name_problem(path);
	for (i = 0; i < PATTERNS && !a->reasons; i++)
		plots += 2 * has_pattern(run, i);
	if (!plots)
		return a->reasons ? "there is no verdict" :
				    "no pages were touched, and nothing was probed";
	fputs("set terminal ", out);
	fprintf(out, term, 60 + 340 * plots);
	emulated = report_emulated(&run->machine);
	title = xasprintf("What a switch costs: %s, Linux %s",
			  run->machine.cpu, run->machine.kernel);
	fprintf(out, "\nset encoding utf8\nset multiplot layout %d,1 title ", plots);
	quote(out, title);
	free(title);
	if (*emulated) {
		fputs(" . \"\\n\" . ", out);
		quote(out, emulated);
	}
	fputs("\nset grid\n", out);
	if (a->steady)
		draw_bars(out, a);
	for (i = 0; i < 2 * PATTERNS && !a->reasons; i++) {
		v = (struct view){ .pattern = i / 2, .added = i % 2 };
		if (has_pattern(run, v.pattern))
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
