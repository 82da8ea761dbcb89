// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a foreign scheduler.  Its memory may change or go at any time: nothing
 * that is read is believed further than a bound.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"

#define NOTES_MOST 65536
#define PHDRS_MOST 64
#define SLABS_MOST 1048576
#define STACKS_MOST 65536
#define THREADS_MOST 65536
#define G_MOST 4096

static int get(const struct gpm_memory *mem, uint64_t from, void *to, size_t n)
{
	return mem->read(mem->arg, from, to, n);
}

static int get_word(const struct gpm_memory *mem, const void *base,
		    uint64_t offset, uint64_t *word)
{
	return get(mem, (uintptr_t)base + offset, word, sizeof(*word));
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* The place of the note's content in @notes, which has @n bytes; 0: none. */
static size_t find_note(const char *notes, size_t n)
{
	size_t at = 0;

	while (at + sizeof(Elf64_Nhdr) <= n) {
		size_t name = at + sizeof(Elf64_Nhdr), desc;
		Elf64_Nhdr h;

		memcpy(&h, notes + at, sizeof(h));
		if (h.n_namesz > n || h.n_descsz > n)
			return 0;
		desc = name + align4(h.n_namesz);
		if (desc + h.n_descsz > n)
			return 0;
		if (h.n_type == GPM_NOTE_DEBUG &&
		    h.n_namesz == sizeof(GPM_NOTE_OWNER) &&
		    h.n_descsz == sizeof(int64_t) &&
		    !memcmp(notes + name, GPM_NOTE_OWNER, h.n_namesz))
			return desc;
		at = desc + align4(h.n_descsz);
	}
	return 0;
}

/* In one segment of notes. */
static int search_notes(const struct gpm_memory *mem, uint64_t from, size_t n,
			uint64_t *debug)
{
	char *notes;
	int64_t far;
	size_t at;
	int err;

	if (n > NOTES_MOST)
		return -ENOENT;
	notes = malloc(n + 1);
	if (!notes)
		return -ENOMEM;
	err = get(mem, from, notes, n);
	if (!err) {
		at = find_note(notes, n);
		err = at ? 0 : -ENOENT;
	}
	if (!err) {
		memcpy(&far, notes + at, sizeof(far));
		*debug = from + at + far;
	}
	free(notes);
	return err;
}

static int check_version(const struct gpm_memory *mem, uint64_t debug)
{
	uint32_t version;
	int err = get(mem, debug, &version, sizeof(version));

	if (err)
		return err;
	return version == GPM_DEBUG_VERSION ? 0 : -EPROTO;
}

/* How far the image was moved from where it was linked for. */
static uint64_t bias(uint64_t image, const Elf64_Phdr *ph, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (ph[i].p_type == PT_LOAD && !ph[i].p_offset)
			return image - ph[i].p_vaddr;
	return image;
}

int gpm_inspect_find(const struct gpm_memory *mem, uint64_t image,
		     uint64_t *debug)
{
	Elf64_Phdr ph[PHDRS_MOST];
	unsigned int i;
	Elf64_Ehdr eh;
	int err;

	err = get(mem, image, &eh, sizeof(eh));
	if (err)
		return err;
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phnum > PHDRS_MOST ||
	    eh.e_phentsize != sizeof(*ph))
		return -ENOENT;
	err = get(mem, image + eh.e_phoff, ph, eh.e_phnum * sizeof(*ph));
	if (err)
		return err;
	for (i = 0; i < eh.e_phnum; i++) {
		if (ph[i].p_type != PT_NOTE)
			continue;
		err = search_notes(mem, bias(image, ph, eh.e_phnum) +
				   ph[i].p_vaddr, ph[i].p_memsz, debug);
		if (err != -ENOENT)
			return err ? err : check_version(mem, *debug);
	}
	return -ENOENT;
}

static int read_owner(const struct gpm_memory *mem, const struct gpm_debug *d,
		      struct gpm_seen *s)
{
	if (s->state != G_WAITING || s->why != WAIT_MUTEX)
		return 0;
	return get(mem, s->what + d->mutex_owner, &s->owner, sizeof(s->owner));
}

static int read_g(const struct gpm_memory *mem, const struct gpm_debug *d,
		  uint64_t at, struct gpm_seen *s)
{
	char g[G_MOST];
	int err = get(mem, at, g, d->g_size);

	if (err)
		return err;
	*s = (struct gpm_seen){
		.state = (uint8_t)g[d->g_state],
		.why = (uint8_t)g[d->g_why],
	};
	memcpy(&s->id, g + d->g_id, sizeof(s->id));
	memcpy(&s->parks, g + d->g_parks, sizeof(s->parks));
	memcpy(&s->what, g + d->g_what, sizeof(s->what));
	memcpy(s->name, g + d->g_name, sizeof(s->name) - 1);
	return read_owner(mem, d, s);
}

static void *room_for(void *array, size_t n, size_t size)
{
	/* Doubled at each power of two. */
	return n & (n - 1) ? array : realloc(array, (n ? 2 * n : 1) * size);
}

static int add_g(const struct gpm_memory *mem, const struct gpm_debug *d,
		 uint64_t at, struct gpm_view *v)
{
	struct gpm_seen s, *more;
	int err = read_g(mem, d, at, &s);

	if (err || s.state == G_FREE || !s.id)
		return err;
	more = room_for(v->g, v->gs, sizeof(*more));
	if (!more)
		return -ENOMEM;
	v->g = more;
	v->g[v->gs++] = s;
	return 0;
}

static int read_slab(const struct gpm_memory *mem, const struct gpm_debug *d,
		     uint64_t slab, uint64_t stack_size, struct gpm_view *v)
{
	uint64_t base, used, i;
	int err = get(mem, slab + d->slab_base, &base, sizeof(base));

	if (!err)
		err = get(mem, slab + d->slab_used, &used, sizeof(used));
	if (!err && used > STACKS_MOST)
		err = -EAGAIN;
	for (i = 0; !err && i < used; i++)
		err = add_g(mem, d, gpm_debug_g(d, stack_size,
						base + (i + 1) * stack_size),
			    v);
	return err;
}

static int read_gs(const struct gpm_memory *mem, const struct gpm_debug *d,
		   struct gpm_view *v)
{
	uint64_t slab = 0, stack_size = 0;
	unsigned int i;
	int err = get_word(mem, d->stack_size, 0, &stack_size);

	if (!err)
		err = get_word(mem, d->slabs, 0, &slab);
	for (i = 0; !err && slab && stack_size; i++) {
		if (i == SLABS_MOST)
			return -EAGAIN;
		err = read_slab(mem, d, slab, stack_size, v);
		if (!err)
			err = get(mem, slab + d->slab_next, &slab, sizeof(slab));
	}
	return err;
}

static int add_thread(const struct gpm_memory *mem, const struct gpm_debug *d,
		      uint64_t m, struct gpm_view *v)
{
	struct gpm_seen_thread t = {}, *more;
	uint64_t g;
	int err = get(mem, m + d->m_tid, &t.tid, sizeof(t.tid));

	if (!err)
		err = get(mem, m + d->m_current, &g, sizeof(g));
	if (!err && g)
		err = get(mem, g + d->g_id, &t.g, sizeof(t.g));
	if (err || !t.tid)
		return err;
	more = room_for(v->thread, v->threads, sizeof(*more));
	if (!more)
		return -ENOMEM;
	v->thread = more;
	v->thread[v->threads++] = t;
	return 0;
}

static int read_threads(const struct gpm_memory *mem, const struct gpm_debug *d,
			struct gpm_view *v)
{
	uint64_t m = 0;
	unsigned int i;
	int err = get_word(mem, d->machines, 0, &m);

	for (i = 0; !err && m; i++) {
		if (i == THREADS_MOST)
			return -EAGAIN;
		err = add_thread(mem, d, m, v);
		if (!err)
			err = get(mem, m + d->m_next, &m, sizeof(m));
	}
	return err;
}

/* Offsets of another process: none may reach beyond what is read of a G. */
static int check_debug(const struct gpm_debug *d)
{
	int most = d->g_size;

	if (d->version != GPM_DEBUG_VERSION || d->size < sizeof(*d))
		return -EPROTO;
	if (most > G_MOST || !d->colours || d->g_id + 4 > most ||
	    d->g_state >= most || d->g_why >= most || d->g_what + 8 > most ||
	    d->g_parks + 4 > most || d->g_name + 16 > most)
		return -EPROTO;
	return 0;
}

int gpm_inspect(const struct gpm_memory *mem, uint64_t debug,
		struct gpm_view *view)
{
	struct gpm_debug d;
	int err = get(mem, debug, &d, sizeof(d));

	*view = (struct gpm_view){};
	if (!err)
		err = check_debug(&d);
	if (!err)
		err = read_threads(mem, &d, view);
	if (!err)
		err = read_gs(mem, &d, view);
	if (err)
		gpm_view_free(view);
	return err;
}

void gpm_view_free(struct gpm_view *view)
{
	free(view->g);
	free(view->thread);
	*view = (struct gpm_view){};
}
