// SPDX-License-Identifier: GPL-2.0-only
/* Names on their way to a terminal, to JSON, and from the module. */
#include <locale.h>

#include "lib/escape.h"
#include "lib/output.h"
#include "tap.h"

static void terminal(const char *bytes, const char *want)
{
	char *got = escape_terminal(bytes);

	is(got, want, want);
	free(got);
}

static void utf8(const char *bytes, const char *want, const char *what)
{
	char *got = escape_utf8(bytes);

	is(got, want, what);
	free(got);
}

static void undo(const char *text, const char *want, const char *what)
{
	char buf[64];

	snprintf(buf, sizeof(buf), "%s", text);
	escape_undo(buf);
	is(buf, want, what);
}

static void sizes(unsigned long long kb, const char *want)
{
	char *got = out_size(kb);

	is(got, want, want);
	free(got);
}

int main(void)
{
	ok(setlocale(LC_ALL, "C.UTF-8"), "there is a UTF-8 locale");
	terminal("plain name", "plain name");
	terminal("a\nb\\c", "a\\nb\\\\c");
	terminal("\033[31m\177", "\\x1b[31m\\x7f");
	terminal("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	terminal("cut \xc3", "cut \\xc3");
	terminal("\xc2\x9b", "\\xc2\\x9b");
	terminal("\xe2\x80\xaexe.txt", "\\xe2\\x80\\xaexe.txt");
	setlocale(LC_ALL, "C");
	terminal("gr\xc3\xbc", "gr\\xc3\\xbc");

	utf8("gr\xc3\xbc", "gr\xc3\xbc", "UTF-8 stays as it is");
	utf8("a\xff-", "a\xef\xbf\xbd-", "a stray byte is replaced");
	utf8("\xc3", "\xef\xbf\xbd", "so is a character cut short");
	utf8("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	     "so is a surrogate");

	undo("a\\nb", "a\nb", "a newline comes back");
	undo("a\\\\nb", "a\\nb", "a backslash comes back");
	undo("a\\x1b\\", "a\\x1b\\", "what is no escape stays");

	sizes(0, "0K");
	sizes(132, "132K");
	sizes(1023, "1023K");
	sizes(1024, "1M");
	sizes(1536, "1.5M");
	sizes(12588, "12M");
	sizes(~0ULL, "16Z");
	return tap_done();
}
