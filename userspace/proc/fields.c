// SPDX-License-Identifier: GPL-2.0-only
/* From keys and cells to the fields of lib/model.h. */
#include <string.h>

#include "lib/escape.h"
#include "fields.h"

const char *field(const struct text *t, const char *key)
{
	const struct text_key *k = text_find(t, key);

	return k && *k->value && strcmp(k->value, "none") ? k->value : NULL;
}

const char *field_size(const struct text *t, const char *key)
{
	const struct text_key *k = text_find(t, key);

	if (!k || !*k->value || !strcmp(k->value, "none"))
		return NULL;
	k->value[strcspn(k->value, " ")] = '\0';
	return k->value;
}

int field_number(const struct text *t, const char *key, unsigned long long *n,
		 struct text_error *err)
{
	const struct text_key *k = text_find(t, key);

	if (!k)
		return text_wrong(err, 0, "no line '%s:'", key);
	if (!text_number(k->value, n))
		return text_wrong(err, k->line, "%s: '%.60s' is not a number",
				  key, k->value);
	return 0;
}

/* Takes a number and then the word @unit. */
static bool take_count(char **value, unsigned long long *n, const char *unit)
{
	char *number = text_word(value), *word = text_word(value);

	return number && word && text_number(number, n) && !strcmp(word, unit);
}

static bool take_reconciled(char **value, struct holding *h)
{
	char *equals = text_word(value), *plus, *plus2;

	/* Files of one thread end here: they do not say who the users are. */
	if (!equals)
		return true;
	if (strcmp(equals, "=") && strcmp(equals, "~"))
		return false;
	if (!take_count(value, &h->here, "here"))
		return false;
	plus = text_word(value);
	if (!plus || !take_count(value, &h->elsewhere, "elsewhere"))
		return false;
	plus2 = text_word(value);
	if (!plus2 || !take_count(value, &h->unseen, "unseen"))
		return false;
	h->exact = *equals == '=';
	h->reconciled = true;
	return true;
}

static bool take_users(char **value, struct holding *h)
{
	char *word = text_word(value), *number;

	if (!word)
		return true;
	number = text_word(value);
	if (strcmp(word, "users") || !number || !text_number(number, &h->users))
		return false;
	h->counted = true;
	return take_reconciled(value, h);
}

int field_holding(const struct text *t, const char *key, struct holding *h,
		  struct text_error *err)
{
	const struct text_key *k = text_find(t, key);
	char *value;

	*h = (struct holding){};
	if (!k || !strcmp(k->value, "none"))
		return 0;
	value = k->value;
	h->id = text_word(&value);
	if (!h->id || !text_is_id(h->id))
		return text_wrong(err, k->line, "%s: '%.60s' is not an ID", key,
				  h->id ? h->id : "");
	if (!take_users(&value, h))
		return text_wrong(err, k->line,
				  "%s: what follows the ID makes no sense",
				  key);
	return 0;
}

const char *cell(const struct text_table *t, size_t row, int col)
{
	const char *value = text_cell(t, row, col);

	return strcmp(value, "-") ? value : NULL;
}

int cell_number(const struct text_table *t, size_t row, const char *col,
		unsigned long long *n, struct text_error *err)
{
	int i = text_col(t, col);

	if (i < 0)
		return text_wrong(err, t->line, "no column %s", col);
	if (!text_number(text_cell(t, row, i), n))
		return text_wrong(err, t->line + 1 + row,
				  "%s: '%.60s' is not a number", col,
				  text_cell(t, row, i));
	return 0;
}

int cell_resources(const struct text_table *t, size_t row,
		   const char *res[RESOURCES], bool same,
		   struct text_error *err)
{
	int i;

	for (i = 0; i < RESOURCES; i++) {
		const char *column = resource_names[i].column;
		const char *value = cell(t, row, text_col(t, column));

		if (value && !text_is_id(value) &&
		    !(same && !strcmp(value, "=")))
			return text_wrong(err, t->line + 1 + row,
					  "%s: '%.60s' is not an ID", column,
					  value);
		res[i] = value;
	}
	return 0;
}

const char *cell_name(const struct text_table *t, size_t row)
{
	int col = text_col(t, "NAME");
	char *name;

	if (col < 0)
		return "?";
	name = t->cell[row * t->ncols + col];
	escape_undo(name);
	return name;
}
