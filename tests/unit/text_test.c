// SPDX-License-Identifier: GPL-2.0-only
/* The grammar of /proc/ctxlab's files: what is taken, and what is refused. */
#include "proc/text.h"
#include "sample.h"
#include "tap.h"

static void good_keys(void)
{
	static const char text[] =
		"Name:     two words\040\n"
		"Empty:\n"
		"Table:    2\n"
		"  A   NAME\n"
		"  1   one\n"
		"  2     padded\n"
		"Last:\tvalue\n";
	char *buf = sample(text, sizeof(text) - 1);
	struct text_error err = {};
	const struct text_key *k;
	struct text t;

	ok(!text_parse(&t, buf, sizeof(text) - 1, &err), "keys are taken");
	k = text_find(&t, "Name");
	is(k ? k->value : NULL, "two words\040", "a value ends with its line");
	k = text_find(&t, "Empty");
	is(k ? k->value : NULL, "", "a value may be empty");
	k = text_find(&t, "Last");
	is(k ? k->value : NULL, "value", "a tab may stand before a value");
	ok(!text_find(&t, "Nam"), "half of a key's name is no key");
	k = text_find(&t, "Table");
	is_number(k->table.nrows, 2, "a table has its rows");
	is(text_cell(&k->table, 0, text_col(&k->table, "NAME")), "one",
	   "a name begins under its heading");
	is(text_cell(&k->table, 1, text_col(&k->table, "NAME")), "  padded",
	   "what goes on after that belongs to the name");
	is(text_cell(&k->table, 0, text_col(&k->table, "OLD")), "-",
	   "a column that is not there is '-'");
	text_free(&t);
	free(buf);
}

static void good_table(void)
{
	static const char text[] = "TGID TID NAME\n"
				   "1 1  a b\n"
				   "12345 1234567890\040\n";
	char *buf = sample(text, sizeof(text) - 1);
	struct text_error err = {};
	struct text_table t;

	ok(!text_parse_table(&t, buf, sizeof(text) - 1, &err),
	   "a bare table is taken");
	is_number(t.nrows, 2, "it has its rows");
	is(text_cell(&t, 0, 2), " a b", "a name may begin with a blank");
	is(text_cell(&t, 1, 2), "", "a name may be empty");
	is(text_cell(&t, 1, 1), "1234567890", "cells are wider than headings");
	text_table_free(&t);
	free(buf);
}

struct bad {
	const char *what;
	const char *text;
	size_t len;
	unsigned int line;
};

#define BAD(what, text, line) { what, text, sizeof(text) - 1, line }

static const struct bad bad_keys[] = {
	BAD("a line without an end", "Key: value", 1),
	BAD("a line cut in a table", "Key: 1\n  A B\n  1 2\n  3", 4),
	BAD("a NUL byte", "Key: v\nKey: a\0b\n", 2),
	BAD("a line without a colon", "Key: v\nno key\n", 2),
	BAD("a line that begins with a digit", "1: v\n", 1),
	BAD("an empty line", "Key: v\n\nKey: w\n", 2),
	BAD("a row before any key", "  A B\n", 1),
	BAD("a table without columns", "Key: v\n\040\040\n", 2),
	BAD("a column twice", "Key: v\n  A B A\n", 2),
	BAD("too few cells", "Key: v\n  A B C\n  1 2\n", 3),
	BAD("too many cells", "Key: v\n  A B\n  1 2 3\n", 3),
};

static const struct bad bad_tables[] = {
	BAD("nothing at all", "", 0),
	BAD("an empty line", "\n", 1),
	BAD("a row without its name's place", "TGID TID NAME\n1\n", 2),
	BAD("a row cut short", "TGID TID NAME\n1 1 init\n2 2", 3),
};

static void refuse(const struct bad *b, bool table)
{
	char *buf = sample(b->text, b->len);
	struct text_error err = {};
	struct text_table tt;
	struct text t;
	int ret;

	ret = table ? text_parse_table(&tt, buf, b->len, &err) :
		      text_parse(&t, buf, b->len, &err);
	ok(ret && err.line == b->line && *err.what, "%s is refused: line %u %s",
	   b->what, err.line, err.what);
	free(buf);
}

static void many_columns(void)
{
	char text[4096] = "Key: v\n ";
	struct text_error err = {};
	struct text t;
	char *buf;
	int i;

	for (i = 0; i < 300; i++)
		sprintf(text + strlen(text), " C%d", i);
	strcat(text, "\n");
	buf = sample(text, strlen(text));
	ok(text_parse(&t, buf, strlen(text), &err) && err.line == 2,
	   "a table of 300 columns is refused");
	free(buf);
}

static void hostile_message(void)
{
	static const char text[] = "\033[2J\n";
	char *buf = sample(text, sizeof(text) - 1);
	struct text_error err = {};
	struct text t;

	ok(text_parse(&t, buf, sizeof(text) - 1, &err) &&
	   !strchr(err.what, '\033') && strstr(err.what, "\\x1b"),
	   "what is quoted in a message is escaped: %s", err.what);
	free(buf);
}

static void numbers(void)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1",
					   "18446744073709551616", "1e3" };
	unsigned long long n = 0;
	size_t i;

	ok(text_number("18446744073709551615", &n) && n == ~0ULL,
	   "the largest number is taken");
	ok(text_number("007", &n) && n == 7, "zeros in front are taken");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ok(!text_number(bad[i], &n), "'%s' is not a number", bad[i]);
}

static void ids(void)
{
	ok(text_is_id("0123456789abcdef"), "16 hexadecimal digits are an ID");
	ok(!text_is_id("0123456789abcde"), "15 are not");
	ok(!text_is_id("0123456789abcdef0"), "17 are not");
	ok(!text_is_id("0123456789ABCDEF"), "capitals are not");
	ok(!text_is_id("="), "'=' is not");
}

int main(void)
{
	size_t i;

	good_keys();
	good_table();
	for (i = 0; i < ARRAY_SIZE(bad_keys); i++)
		refuse(&bad_keys[i], false);
	for (i = 0; i < ARRAY_SIZE(bad_tables); i++)
		refuse(&bad_tables[i], true);
	many_columns();
	hostile_message();
	numbers();
	ids();
	return tap_done();
}
