// SPDX-License-Identifier: GPL-2.0-only
/* Changes to good text. */
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "mutate.h"

/* A part of the text. */
struct span {
	size_t at;
	size_t len;
};

static const char *const words[] = {
	"", "-", "=", "~", "+", "none", "0", "1", "-1", "01", "1e308", "0x10",
	"18446744073709551615", "18446744073709551616", "9223372036854775808",
	"0123456789abcdef", "0123456789abcdeF", "0000000000000000", "users",
	"here", "elsewhere", "(", "(1 unseen)", "Z", "kthread", "NAME", "TID",
	"MM", "Threads:", "Own:", "Walk:", "Tid:", "a:", ":", "\\n", "\\\\",
	"\\", "\033[2J", "\x9b", "\xc3", "\xe2\x80\xae", "\t", "\r", "%s%n",
	"null", "true", "{}", "[]", "\"", "[[[[[[", "1e999", "NaN", "\\u0000",
};

void mutant_seed(struct mutant *m, unsigned long seed)
{
	m->random[0] = seed;
	m->random[1] = seed >> 16;
	m->random[2] = seed >> 32;
}

void mutant_set(struct mutant *m, const char *bytes, size_t len)
{
	m->len = len < MUTATE_MAX ? len : MUTATE_MAX;
	memcpy(m->bytes, bytes, m->len);
}

size_t mutant_below(struct mutant *m, size_t n)
{
	return n ? nrand48(m->random) % n : 0;
}

/* Puts @n bytes in place of a part; what does not fit is cut. */
static void splice(struct mutant *m, struct span old, const char *bytes,
		   size_t n)
{
	size_t tail = m->len - old.at - old.len;

	if (n > MUTATE_MAX - old.at)
		n = MUTATE_MAX - old.at;
	if (tail > MUTATE_MAX - old.at - n)
		tail = MUTATE_MAX - old.at - n;
	memmove(m->bytes + old.at + n, m->bytes + old.at + old.len, tail);
	memcpy(m->bytes + old.at, bytes, n);
	m->len = old.at + n + tail;
}

static bool ends_word(char c)
{
	return strchr("\n ,:[]{}", c);
}

/* A word anywhere, or a place between two. */
static struct span some_word(struct mutant *m)
{
	size_t at = mutant_below(m, m->len), end = at;

	while (at && !ends_word(m->bytes[at - 1]))
		at--;
	while (end < m->len && !ends_word(m->bytes[end]))
		end++;
	return (struct span){ at, end - at };
}

/* A line with its end. */
static struct span some_line(struct mutant *m)
{
	size_t at = mutant_below(m, m->len), end = at;

	while (at && m->bytes[at - 1] != '\n')
		at--;
	while (end < m->len && m->bytes[end] != '\n')
		end++;
	return (struct span){ at, end - at + (end < m->len) };
}

static void change_word(struct mutant *m)
{
	const char *word = words[mutant_below(m, ARRAY_SIZE(words))];

	splice(m, some_word(m), word, strlen(word));
}

/* A word of the text itself makes more sense than one of the list. */
static void copy_word(struct mutant *m)
{
	struct span from = some_word(m);
	char word[64];

	if (from.len > sizeof(word))
		from.len = sizeof(word);
	memcpy(word, m->bytes + from.at, from.len);
	splice(m, some_word(m), word, from.len);
}

static void stretch_word(struct mutant *m)
{
	static char many[1 << 14];

	memset(many, "a 0\xff:\0"[mutant_below(m, 6)], sizeof(many));
	splice(m, some_word(m), many, mutant_below(m, sizeof(many)));
}

static void drop_line(struct mutant *m)
{
	splice(m, some_line(m), "", 0);
}

static void copy_line(struct mutant *m)
{
	struct span from = some_line(m), to = some_line(m);
	char line[1024];

	if (from.len > sizeof(line))
		from.len = sizeof(line);
	memcpy(line, m->bytes + from.at, from.len);
	if (mutant_below(m, 2))
		to.len = 0;
	splice(m, to, line, from.len);
}

static void repeat_line(struct mutant *m)
{
	struct span line = some_line(m);
	size_t times = mutant_below(m, 500);
	char copy[256];

	if (line.len > sizeof(copy))
		return;
	memcpy(copy, m->bytes + line.at, line.len);
	while (times--)
		splice(m, (struct span){ line.at, 0 }, copy, line.len);
}

static void change_byte(struct mutant *m)
{
	char c = mutant_below(m, 256);

	if (m->len)
		m->bytes[mutant_below(m, m->len)] = c;
}

static void drop_byte(struct mutant *m)
{
	if (m->len)
		splice(m, (struct span){ mutant_below(m, m->len), 1 }, "", 0);
}

static void cut(struct mutant *m)
{
	m->len = mutant_below(m, m->len + 1);
}

void mutate_text(struct mutant *m)
{
	static void (*const changes[])(struct mutant *m) = {
		change_word, change_word, change_word, copy_word, copy_word,
		drop_line, copy_line, copy_line, change_byte, drop_byte,
		stretch_word, repeat_line, cut,
	};

	changes[mutant_below(m, ARRAY_SIZE(changes))](m);
}

static json_t *some_value(struct mutant *m)
{
	const char *word = words[mutant_below(m, ARRAY_SIZE(words))];
	json_t *string;

	switch (mutant_below(m, 9)) {
	case 0:
		return json_null();
	case 1:
		return json_true();
	case 2:
		return json_integer(-1);
	case 3:
		return json_integer((json_int_t)1 << mutant_below(m, 63));
	case 4:
		return json_real(1e308);
	case 5:
		return json_object();
	case 6:
		return json_array();
	case 7:
		return json_real(-0.5);
	default:
		string = json_string(word);
		return string ? string : json_null();
	}
}

/* The key of some member. */
static const char *some_key(struct mutant *m, json_t *object)
{
	size_t n = mutant_below(m, json_object_size(object));
	void *member = json_object_iter(object);

	while (n--)
		member = json_object_iter_next(object, member);
	return json_object_iter_key(member);
}

static void change_object(struct mutant *m, json_t *object)
{
	const char *key = some_key(m, object);

	if (mutant_below(m, 3))
		json_object_set_new(object, key, some_value(m));
	else
		json_object_del(object, key);
}

static void change_array(struct mutant *m, json_t *array)
{
	size_t i = mutant_below(m, json_array_size(array));

	switch (mutant_below(m, 4)) {
	case 0:
		json_array_remove(array, i);
		break;
	case 1:
		json_array_append(array, json_array_get(array, i));
		break;
	case 2:
		json_array_clear(array);
		break;
	default:
		json_array_set_new(array, i, some_value(m));
	}
}

/* Goes down to some node and changes what is below it. */
static void change_tree(struct mutant *m, json_t *node)
{
	for (;;) {
		json_t *below = NULL;

		if (json_object_size(node))
			below = json_object_get(node, some_key(m, node));
		else if (json_array_size(node))
			below = json_array_get(node,
					       mutant_below(m,
							    json_array_size(node)));
		if (!below)
			return;
		if ((json_object_size(below) || json_array_size(below)) &&
		    mutant_below(m, 4)) {
			node = below;
			continue;
		}
		if (json_is_object(node))
			change_object(m, node);
		else
			change_array(m, node);
		return;
	}
}

void mutate_json(struct mutant *m)
{
	json_t *root = NULL;
	size_t len;

	if (mutant_below(m, 4))
		root = json_loadb(m->bytes, m->len, JSON_ALLOW_NUL, NULL);
	if (!root) {
		mutate_text(m);
		return;
	}
	change_tree(m, root);
	len = json_dumpb(root, m->bytes, MUTATE_MAX, 0);
	m->len = len < MUTATE_MAX ? len : MUTATE_MAX;
	json_decref(root);
}
