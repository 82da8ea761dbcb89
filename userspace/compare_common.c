// SPDX-License-Identifier: GPL-2.0-only
/* What two tasks with tables and maps of their own have in common all the same. */
#include <stdio.h>
#include <stdlib.h>

#include "compare_common.h"
#include "lib/escape.h"
#include "lib/output.h"
#include "lib/xalloc.h"

/* So many fit on a line. */
#define PAIRS_SHOWN 10
/* Objects, one a line. */
#define OBJECTS_SHOWN 5

static void print_files(const struct pair *p)
{
	unsigned long long a = p->files_a.open - p->files_a.duplicates;
	unsigned long long b = p->files_b.open - p->files_b.duplicates;
	size_t i, shown = p->ncommon_file;

	if (!p->common) {
		printf("Of A's %llu open files and B's %llu none is the same.\n", a, b);
		return;
	}
	printf("Of A's %llu open files and B's %llu they have %llu in common: one open file\n"
	       "description each. As descriptors of A:B,", a, b, p->common);
	if (shown > PAIRS_SHOWN)
		shown = PAIRS_SHOWN;
	for (i = 0; i < shown; i++)
		printf(" %llu:%llu", p->common_file[i].fd_a,
		       p->common_file[i].fd_b);
	if (p->common > shown)
		printf(" and %llu more", p->common - shown);
	puts(".");
}

static const char *plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}

/* The largest first; of equals the one at A's lower address. */
static int by_size(const void *a, const void *b)
{
	const struct common_map *const *first = a, *const *second = b;

	if ((*first)->kb != (*second)->kb)
		return (*first)->kb < (*second)->kb ? 1 : -1;
	return *first < *second ? -1 : *first > *second;
}

static void print_object(const struct common_map *map)
{
	char *size = out_size(map->kb);

	printf("  %7s  %-7s ", size, map->kind);
	escape_print(stdout, "%s", map->name);
	putchar('\n');
	free(size);
}

static void print_objects(const struct pair *p)
{
	const struct common_map **by_rank = xcalloc(p->ncommon_map,
						    sizeof(*by_rank));
	size_t i, shown = p->ncommon_map;

	for (i = 0; i < p->ncommon_map; i++)
		by_rank[i] = &p->common_map[i];
	qsort(by_rank, p->ncommon_map, sizeof(*by_rank), by_size);
	if (shown > OBJECTS_SHOWN)
		shown = OBJECTS_SHOWN;
	for (i = 0; i < shown; i++)
		print_object(by_rank[i]);
	if (p->objects > shown)
		printf("  and %llu more\n", p->objects - shown);
	free(by_rank);
}

static void print_maps(const struct pair *p)
{
	char *both = out_size(p->objects_kb);
	char *a = out_size(p->maps_a.kb), *b = out_size(p->maps_b.kb);

	if (p->objects) {
		printf("Mapped shared by both: %s of %llu object%s ", both,
		       p->objects, plural(p->objects));
		printf("(A maps %s of them in %llu mapping%s,\n", a,
		       p->maps_a.maps, plural(p->maps_a.maps));
		printf("B %s in %llu).\n", b, p->maps_b.maps);
		print_objects(p);
	} else {
		puts("No object is mapped shared by both.");
	}
	printf("Mapped privately by both: %llu file%s (programs, libraries). Pages that a fork\n"
	       "left to both until one writes are not counted.\n",
	       p->private_files, plural(p->private_files));
	free(both);
	free(a);
	free(b);
}

void common_print(const struct pair *p)
{
	if (p->files_compared)
		print_files(p);
	if (p->maps_compared)
		print_maps(p);
}

static json_t *open_files_json(const struct open_files *files)
{
	json_t *object = json_object();

	json_object_set_new(object, "open", json_integer(files->open));
	json_object_set_new(object, "duplicates",
			    json_integer(files->duplicates));
	return object;
}

json_t *common_files_json(const struct pair *p)
{
	json_t *root, *list, *object;
	size_t i;

	if (!p->files_compared)
		return json_null();
	root = json_object();
	list = json_array();
	for (i = 0; i < p->ncommon_file; i++) {
		object = json_object();
		json_object_set_new(object, "id",
				    out_json_bytes(p->common_file[i].id));
		json_object_set_new(object, "fd_a",
				    json_integer(p->common_file[i].fd_a));
		json_object_set_new(object, "fd_b",
				    json_integer(p->common_file[i].fd_b));
		json_object_set_new(object, "kind",
				    out_json_bytes(p->common_file[i].kind));
		json_array_append_new(list, object);
	}
	json_object_set_new(root, "common", json_integer(p->common));
	json_object_set_new(root, "a", open_files_json(&p->files_a));
	json_object_set_new(root, "b", open_files_json(&p->files_b));
	json_object_set_new(root, "listed", list);
	return root;
}

static json_t *side_maps_json(const struct shared_maps *maps)
{
	json_t *object = json_object();

	json_object_set_new(object, "maps", json_integer(maps->maps));
	json_object_set_new(object, "kb", json_integer(maps->kb));
	return object;
}

static json_t *object_json(const struct common_map *map)
{
	json_t *object = json_object();

	json_object_set_new(object, "id", out_json_bytes(map->id));
	json_object_set_new(object, "kind", out_json_bytes(map->kind));
	json_object_set_new(object, "kb", json_integer(map->kb));
	json_object_set_new(object, "a", side_maps_json(&map->a));
	json_object_set_new(object, "b", side_maps_json(&map->b));
	json_object_set_new(object, "name", out_json_bytes(map->name));
	return object;
}

json_t *common_maps_json(const struct pair *p)
{
	json_t *root, *list;
	size_t i;

	if (!p->maps_compared)
		return json_null();
	root = json_object();
	list = json_array();
	for (i = 0; i < p->ncommon_map; i++)
		json_array_append_new(list, object_json(&p->common_map[i]));
	json_object_set_new(root, "common", json_integer(p->objects));
	json_object_set_new(root, "kb", json_integer(p->objects_kb));
	json_object_set_new(root, "a", side_maps_json(&p->maps_a));
	json_object_set_new(root, "b", side_maps_json(&p->maps_b));
	json_object_set_new(root, "private_files",
			    json_integer(p->private_files));
	json_object_set_new(root, "listed", list);
	return root;
}
