// SPDX-License-Identifier: GPL-2.0-only
/* A process for programs. */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "show_json.h"
#include "show_table.h"

/* The pairs "word number word number" as an object; null for NULL. */
static json_t *counts(const char *pairs)
{
	char *copy, *rest, *word, *count;
	json_t *object;

	if (!pairs)
		return json_null();
	object = json_object();
	copy = xstrdup(pairs);
	rest = copy;
	while ((word = text_word(&rest)) && (count = text_word(&rest)))
		json_object_set_new(object, word, out_json_number(count));
	free(copy);
	return object;
}

static json_t *deviating(const struct process *p)
{
	json_t *object;
	int r;

	if (!p->compared)
		return json_null();
	object = json_object();
	for (r = 0; r < RESOURCES; r++)
		json_object_set_new(object, resource_names[r].name,
				    json_integer(p->deviating[r]));
	return object;
}

static json_t *holding(const struct holding *h)
{
	json_t *object;

	if (!h->id)
		return json_null();
	object = json_pack("{s:s}", "id", h->id);
	if (h->counted)
		json_object_set_new(object, "users", json_integer(h->users));
	if (!h->reconciled)
		return object;
	json_object_set_new(object, "here", json_integer(h->here));
	json_object_set_new(object, "elsewhere", json_integer(h->elsewhere));
	json_object_set_new(object, "unseen", json_integer(h->unseen));
	json_object_set_new(object, "exact", json_boolean(h->exact));
	return object;
}

static void add_mm(json_t *mm, const struct process *p)
{
	if (!json_is_object(mm) || p->tid)
		return;
	json_object_set_new(mm, "count", out_json_number(p->mm_count));
	json_object_set_new(mm, "mappings", out_json_number(p->mm_maps));
	json_object_set_new(mm, "rss_kib", out_json_number(p->mm_rss));
	json_object_set_new(mm, "page_tables_kib",
			    out_json_number(p->mm_page_tables));
	json_object_set_new(mm, "cpus", out_json_bytes(p->mm_cpus));
	json_object_set_new(mm, "cpus_are", out_json_bytes(p->mm_cpus_how));
}

static void add_files(json_t *files, const struct process *p)
{
	if (!json_is_object(files) || p->tid)
		return;
	json_object_set_new(files, "open", out_json_number(p->files_open));
	json_object_set_new(files, "cloexec", out_json_number(p->files_cloexec));
	json_object_set_new(files, "slots", out_json_number(p->files_slots));
	json_object_set_new(files, "kinds", counts(p->files_kinds));
	json_object_set_new(files, "duplicates",
			    out_json_number(p->files_duplicates));
}

static void add_holdings(json_t *root, const struct process *p)
{
	int r;

	for (r = 0; r < RESOURCES; r++)
		json_object_set_new(root, resource_names[r].name,
				    holding(&p->res[r]));
	add_mm(json_object_get(root, resource_names[RES_MM].name), p);
	add_files(json_object_get(root, resource_names[RES_FILES].name), p);
	if (!strcmp(p->kind, "kthread"))
		json_object_set_new(root, "mm_borrowed",
				    out_json_bytes(p->mm_borrowed));
}

static json_t *namespaces(const struct process *p)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < p->nnamespaces; i++)
		json_object_set_new(object, p->namespace[i].name,
				    out_json_bytes(p->namespace[i].id));
	return object;
}

static json_t *threads(const struct process *p, const struct out_sel *sel)
{
	struct out_table *t = out_table_new(show_columns);
	json_t *array;

	show_add_threads(t, p);
	array = out_table_json(t, sel);
	out_table_free(t);
	return array;
}

static json_t *elsewhere(const struct process *p)
{
	json_t *array = json_array();
	size_t i;
	int r;

	for (i = 0; i < p->nsharer; i++) {
		const struct sharer *s = &p->sharer[i];
		json_t *one = json_pack("{s:I,s:I}", "tgid",
					(json_int_t)s->tgid, "tid",
					(json_int_t)s->tid);

		for (r = RES_MM; r <= RES_SIGHAND; r++)
			json_object_set_new(one, resource_names[r].name,
					    out_json_bytes(show_resolve(p, r,
									s->res[r])));
		json_object_set_new(one, "name", out_json_bytes(s->name));
		json_array_append_new(array, one);
	}
	return array;
}

static void add_process(json_t *root, const struct process *p,
			const struct out_sel *sel)
{
	json_object_set_new(root, "thread_count", json_integer(p->threads));
	json_object_set_new(root, "threads_unseen",
			    json_integer(p->threads_unseen));
	json_object_set_new(root, "deviating", deviating(p));
	json_object_set_new(root, "kernel_stack_kib",
			    out_json_number(p->kstack_size));
	json_object_set_new(root, "threads", threads(p, sel));
	json_object_set_new(root, "elsewhere", elsewhere(p));
	json_object_set_new(root, "walk", out_json_bytes(p->walk));
}

json_t *show_json(const struct process *p, const struct out_sel *sel)
{
	json_t *root = json_object();

	if (p->tid)
		json_object_set_new(root, "tid", json_integer(p->tid));
	json_object_set_new(root, "tgid", json_integer(p->tgid));
	json_object_set_new(root, "name", out_json_bytes(p->name));
	json_object_set_new(root, "ppid", json_integer(p->ppid));
	json_object_set_new(root, "kind", out_json_bytes(p->kind));
	json_object_set_new(root, "state", out_json_bytes(p->state));
	json_object_set_new(root, "uid", out_json_number(p->uid));
	json_object_set_new(root, "start", out_json_number(p->start));
	add_holdings(root, p);
	json_object_set_new(root, "namespaces", namespaces(p));
	if (p->tid)
		json_object_set_new(root, "threads", threads(p, sel));
	else
		add_process(root, p, sel);
	return root;
}
