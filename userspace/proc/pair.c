// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/<a>,<b> */
#include <stdlib.h>
#include <string.h>

#include "lib/escape.h"
#include "fields.h"
#include "lib/xalloc.h"

static const struct {
	const char *name;
	const char *meaning;
} namespaces[] = {
	{ "mnt", "mounts" },
	{ "uts", "host name" },
	{ "ipc", "System V IPC, message queues" },
	{ "net", "network" },
	{ "pid", "process IDs" },
	{ "cgroup", "cgroup root" },
	{ "time", "clock offsets" },
	{ "user", "user IDs" },
};

const char *resource_meaning(const char *name)
{
	size_t i;

	for (i = 0; i < RESOURCES; i++)
		if (!strcmp(resource_names[i].name, name))
			return resource_names[i].meaning;
	for (i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (!strcmp(namespaces[i].name, name))
			return namespaces[i].meaning;
	return NULL;
}

/* "TID of TGID KIND STATE NAME" */
static int take_side(struct pair *p, const char *key, struct side *s,
		     struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, key);
	char *value, *tid, *of, *tgid;

	if (!k)
		return text_wrong(err, 0, "no line '%s:'", key);
	value = k->value;
	tid = text_word(&value);
	of = text_word(&value);
	tgid = text_word(&value);
	s->kind = text_word(&value);
	s->state = text_word(&value);
	if (!s->state || strcmp(of, "of") || !text_number(tid, &s->tid) ||
	    !text_number(tgid, &s->tgid))
		return text_wrong(err, k->line, "%s: not a task", key);
	escape_undo(value);
	s->name = value;
	return 0;
}

static int take_rows(struct pair *p, struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, "Resources");
	int resource, is;
	size_t i;

	if (!k)
		return text_wrong(err, 0, "no line 'Resources:'");
	resource = text_col(&k->table, "RESOURCE");
	is = text_col(&k->table, "IS");
	if (resource < 0 || is < 0)
		return text_wrong(err, k->line, "no column RESOURCE or IS");
	p->nrow = k->table.nrows;
	p->row = xcalloc(p->nrow, sizeof(*p->row));
	for (i = 0; i < p->nrow; i++) {
		p->row[i].resource = text_cell(&k->table, i, resource);
		p->row[i].is = text_cell(&k->table, i, is);
		p->row[i].a = cell(&k->table, i, text_col(&k->table, "A"));
		p->row[i].b = cell(&k->table, i, text_col(&k->table, "B"));
	}
	return 0;
}

/* A word that has to be there, "none" among the possible ones. */
static int take_verdict(struct pair *p, const char *key, const char **word,
			struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, key);
	char *value;

	if (!k)
		return text_wrong(err, 0, "no line '%s:': cut short?", key);
	value = k->value;
	*word = text_word(&value);
	return *word ? 0 : text_wrong(err, k->line, "%s: empty", key);
}

/* "WORD NUMBER" */
static bool take_count(char **value, const char *word, unsigned long long *n)
{
	const char *name = text_word(value), *number = text_word(value);

	return number && !strcmp(name, word) && text_number(number, n);
}

static int take_common_file(struct common_file *file,
			    const struct text_table *t, size_t row,
			    struct text_error *err)
{
	file->id = cell(t, row, text_col(t, "ID"));
	file->kind = text_cell(t, row, text_col(t, "KIND"));
	return cell_number(t, row, "FDA", &file->fd_a, err) ||
	       cell_number(t, row, "FDB", &file->fd_b, err) ? -1 : 0;
}

static int take_common_files(struct pair *p, struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, "CommonFiles");
	size_t i;

	if (!k)
		return text_wrong(err, 0, "no line 'CommonFiles:': cut short?");
	p->ncommon_file = k->table.nrows;
	p->common_file = xcalloc(p->ncommon_file, sizeof(*p->common_file));
	for (i = 0; i < p->ncommon_file; i++)
		if (take_common_file(&p->common_file[i], &k->table, i, err))
			return -1;
	return 0;
}

/*
 * "common C a A duplicates D b B duplicates E"; a single word says why there is
 * no comparison, and version 1 has no such line.
 */
static int take_open_files(struct pair *p, struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, "OpenFiles");
	char *value;

	if (!k || !strchr(k->value, ' '))
		return 0;
	value = k->value;
	if (!take_count(&value, "common", &p->common) ||
	    !take_count(&value, "a", &p->files_a.open) ||
	    !take_count(&value, "duplicates", &p->files_a.duplicates) ||
	    !take_count(&value, "b", &p->files_b.open) ||
	    !take_count(&value, "duplicates", &p->files_b.duplicates))
		return text_wrong(err, k->line, "OpenFiles: not what two tables have in common");
	p->files_compared = true;
	return take_common_files(p, err);
}

static int take_common_map(struct common_map *map, const struct text_table *t,
			   size_t row, struct text_error *err)
{
	int name = text_col(t, "NAME");

	map->id = cell(t, row, text_col(t, "ID"));
	map->kind = text_cell(t, row, text_col(t, "KIND"));
	map->name = "?";
	if (name >= 0) {
		escape_undo_octal(t->cell[row * t->ncols + name]);
		map->name = t->cell[row * t->ncols + name];
	}
	return cell_number(t, row, "KB", &map->kb, err) ||
	       cell_number(t, row, "A", &map->a.maps, err) ||
	       cell_number(t, row, "KBA", &map->a.kb, err) ||
	       cell_number(t, row, "B", &map->b.maps, err) ||
	       cell_number(t, row, "KBB", &map->b.kb, err) ? -1 : 0;
}

static int take_common_maps(struct pair *p, struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, "CommonMaps");
	size_t i;

	if (!k)
		return text_wrong(err, 0, "no line 'CommonMaps:': cut short?");
	p->ncommon_map = k->table.nrows;
	p->common_map = xcalloc(p->ncommon_map, sizeof(*p->common_map));
	for (i = 0; i < p->ncommon_map; i++)
		if (take_common_map(&p->common_map[i], &k->table, i, err))
			return -1;
	return 0;
}

static bool take_side_maps(char **value, const char *side,
			   struct shared_maps *maps)
{
	return take_count(value, side, &maps->maps) &&
	       take_count(value, "kB", &maps->kb);
}

/* "common C kB K a M kB X b N kB Y private P", or a word, or nothing. */
static int take_shared_maps(struct pair *p, struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, "SharedMaps");
	char *value;

	if (!k || !strchr(k->value, ' '))
		return 0;
	value = k->value;
	if (!take_count(&value, "common", &p->objects) ||
	    !take_count(&value, "kB", &p->objects_kb) ||
	    !take_side_maps(&value, "a", &p->maps_a) ||
	    !take_side_maps(&value, "b", &p->maps_b) ||
	    !take_count(&value, "private", &p->private_files))
		return text_wrong(err, k->line, "SharedMaps: not what two maps have in common");
	p->maps_compared = true;
	return take_common_maps(p, err);
}

static int take_pair(struct pair *p, struct text_error *err)
{
	p->summary = field(&p->text, "Summary");
	if (take_side(p, "A", &p->a, err) || take_side(p, "B", &p->b, err) ||
	    take_rows(p, err))
		return -1;
	if (take_verdict(p, "Relation", &p->relation, err) ||
	    take_verdict(p, "Switch", &p->must, err) ||
	    take_verdict(p, "Cr3Write", &p->cr3_write, err) ||
	    take_verdict(p, "Pcid", &p->pcid, err) ||
	    take_verdict(p, "Pti", &p->pti, err))
		return -1;
	return take_open_files(p, err) || take_shared_maps(p, err) ? -1 : 0;
}

int pair_parse(struct pair *p, char *buf, size_t len, struct text_error *err)
{
	*p = (struct pair){ .buf = buf };
	if (text_parse(&p->text, buf, len, err) || take_pair(p, err)) {
		pair_free(p);
		return -1;
	}
	return 0;
}

void pair_free(struct pair *p)
{
	free(p->common_map);
	free(p->common_file);
	free(p->row);
	text_free(&p->text);
	free(p->buf);
	*p = (struct pair){};
}
