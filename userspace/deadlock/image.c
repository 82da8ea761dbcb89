// SPDX-License-Identifier: GPL-2.0-only
/* The programs and C libraries that a process has mapped. */
#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "lib/compiler.h"
#include "lib/xalloc.h"
#include "process.h"

struct range {
	uint64_t start, end;	/* as the file has them */
	enum libc_function function;
};

/* What is known of a file; the same for every process that has it mapped. */
struct image_file {
	struct image_file *next;
	dev_t device;
	ino_t inode;
	struct timespec changed;
	enum libc_kind libc;
	bool golang;
	uint32_t tid_offset;
	uint64_t load_offset, load_address;	/* of the executable segment */
	struct range *range;
	size_t ranges;
};

/* A file where a process has mapped it. */
struct image {
	struct image *next;
	const struct image_file *file;
	uint64_t start, end;
	uint64_t bias;		/* address in memory less address in the file */
	enum libc_kind libc;
	bool threads;		/* libpthread */
};

static struct image_file *cache;

/* Sorted by name. */
static const struct named_function {
	const char *name;
	enum libc_function function;
} functions[] = {
	{ "__lll_lock_wait", IN_LLL_WAIT },
	{ "__lll_lock_wait_private", IN_LLL_PRIVATE },
	{ "__pthread_cond_clockwait", IN_COND },
	{ "__pthread_cond_timedwait", IN_COND },
	{ "__pthread_cond_wait", IN_COND },
	{ "__pthread_mutex_cond_lock", IN_MUTEX },
	{ "__pthread_mutex_lock", IN_MUTEX },
	{ "__pthread_mutex_lock_full", IN_MUTEX },
	{ "__pthread_mutex_timedlock", IN_MUTEX },
	{ "aligned_alloc", IN_MALLOC },
	{ "call_once", IN_ONCE },
	{ "calloc", IN_MALLOC },
	{ "free", IN_MALLOC },
	{ "malloc", IN_MALLOC },
	{ "malloc_info", IN_MALLOC },
	{ "malloc_stats", IN_MALLOC },
	{ "malloc_trim", IN_MALLOC },
	{ "memalign", IN_MALLOC },
	{ "posix_memalign", IN_MALLOC },
	{ "pthread_barrier_wait", IN_BARRIER },
	{ "pthread_clockjoin_np", IN_JOIN },
	{ "pthread_cond_clockwait", IN_COND },
	{ "pthread_cond_timedwait", IN_COND },
	{ "pthread_cond_wait", IN_COND },
	{ "pthread_join", IN_JOIN },
	{ "pthread_mutex_clocklock", IN_MUTEX },
	{ "pthread_mutex_lock", IN_MUTEX },
	{ "pthread_mutex_timedlock", IN_MUTEX },
	{ "pthread_once", IN_ONCE },
	{ "pthread_rwlock_clockrdlock", IN_READ_LOCK },
	{ "pthread_rwlock_clockwrlock", IN_WRITE_LOCK },
	{ "pthread_rwlock_rdlock", IN_READ_LOCK },
	{ "pthread_rwlock_timedrdlock", IN_READ_LOCK },
	{ "pthread_rwlock_timedwrlock", IN_WRITE_LOCK },
	{ "pthread_rwlock_wrlock", IN_WRITE_LOCK },
	{ "pthread_timedjoin_np", IN_JOIN },
	{ "realloc", IN_MALLOC },
	{ "sem_clockwait", IN_SEM },
	{ "sem_timedwait", IN_SEM },
	{ "sem_wait", IN_SEM },
	{ "syscall", IN_SYSCALL },
};

static int by_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct named_function *)row)->name);
}

/* Most names begin otherwise, of which there are thousands. */
static bool may_be_named(const char *name)
{
	static const char *const first[] = {
		"__lll", "__pthread", "aligned_alloc", "call", "free", "malloc",
		"memalign", "posix_memalign", "pthread", "realloc", "sem_", "syscall",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(first); i++)
		if (name[0] == first[i][0] &&
		    !strncmp(name, first[i], strlen(first[i])))
			return true;
	return false;
}

static enum libc_function function_named(const char *name)
{
	const struct named_function *row;

	if (!may_be_named(name))
		return IN_OTHER;
	row = bsearch(name, functions, ARRAY_SIZE(functions),
		      sizeof(functions[0]), by_name);
	return row ? row->function : IN_OTHER;
}

/* A field of struct pthread for libthread_db: bits, elements, offset. */
static void read_tid_offset(struct image_file *file, Elf *elf,
			    const GElf_Sym *symbol)
{
	uint32_t field[3];
	Elf_Scn *section = elf_getscn(elf, symbol->st_shndx);
	Elf_Data *data;
	GElf_Shdr head;
	uint64_t at;

	if (!section || !gelf_getshdr(section, &head) ||
	    head.sh_type != SHT_PROGBITS)
		return;
	data = elf_rawdata(section, NULL);
	at = symbol->st_value - head.sh_addr;
	if (!data || !data->d_buf || at > data->d_size ||
	    data->d_size - at < sizeof(field))
		return;
	memcpy(field, (char *)data->d_buf + at, sizeof(field));
	if (field[0] == 32 && field[1] == 1 && field[2] < 65536)
		file->tid_offset = field[2];
}

static void take_symbol(struct image_file *file, Elf *elf, const char *name,
			const GElf_Sym *symbol)
{
	enum libc_function function;

	if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC) {
		if (!strcmp(name, "_thread_db_pthread_tid"))
			read_tid_offset(file, elf, symbol);
		return;
	}
	if (!strcmp(name, "gnu_get_libc_version"))
		file->libc = LIBC_GLIBC;
	if (!strcmp(name, "__timedwait_cp"))
		file->libc = LIBC_MUSL;
	function = symbol->st_size ? function_named(name) : IN_OTHER;
	if (function == IN_OTHER)
		return;
	if (function == IN_LLL_WAIT || function == IN_LLL_PRIVATE)
		file->libc = LIBC_GLIBC;
	file->range = xrealloc(file->range, file->ranges + 1,
			       sizeof(*file->range));
	file->range[file->ranges++] = (struct range){
		symbol->st_value, symbol->st_value + symbol->st_size, function
	};
}

static void take_symbols(struct image_file *file, Elf *elf, Elf_Scn *section,
			 const GElf_Shdr *head)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const char *name;
	GElf_Sym symbol;
	size_t i;

	if (!data || !head->sh_entsize)
		return;
	for (i = 1; i < data->d_size / head->sh_entsize &&
	     gelf_getsym(data, i, &symbol); i++) {
		if (symbol.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, head->sh_link, symbol.st_name);
		if (name)
			take_symbol(file, elf, name, &symbol);
	}
}

static void take_sections(struct image_file *file, Elf *elf)
{
	Elf_Scn *section = NULL;
	const char *name;
	size_t names;
	GElf_Shdr head;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &head))
			continue;
		name = elf_strptr(elf, names, head.sh_name);
		if (head.sh_type == SHT_DYNSYM || head.sh_type == SHT_SYMTAB)
			take_symbols(file, elf, section, &head);
		else if (name && (!strcmp(name, ".gopclntab") ||
				  !strcmp(name, ".go.buildinfo")))
			file->golang = true;
	}
}

static bool take_segment(struct image_file *file, Elf *elf)
{
	size_t n, i;
	GElf_Phdr head;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (i = 0; i < n && gelf_getphdr(elf, i, &head); i++)
		if (head.p_type == PT_LOAD && head.p_flags & PF_X) {
			file->load_offset = head.p_offset;
			file->load_address = head.p_vaddr;
			return true;
		}
	return false;
}

/* Reads, and does not map, the file: it may shrink meanwhile. */
static void read_file(struct image_file *file, int fd)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return;
	if (elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64 &&
	    take_segment(file, elf))
		take_sections(file, elf);
	elf_end(elf);
}

static const struct image_file *get_file(int fd)
{
	struct image_file *file;
	struct stat stat;

	if (fstat(fd, &stat))
		return NULL;
	for (file = cache; file; file = file->next)
		if (file->device == stat.st_dev && file->inode == stat.st_ino &&
		    file->changed.tv_sec == stat.st_mtim.tv_sec &&
		    file->changed.tv_nsec == stat.st_mtim.tv_nsec)
			return file;
	file = xcalloc(1, sizeof(*file));
	file->device = stat.st_dev;
	file->inode = stat.st_ino;
	file->changed = stat.st_mtim;
	read_file(file, fd);
	file->next = cache;
	cache = file;
	return file;
}

void image_cache_drop(void)
{
	struct image_file *next;

	for (; cache; cache = next) {
		next = cache->next;
		free(cache->range);
		free(cache);
	}
}

/* The C library that a file of that name holds, if any. */
static enum libc_kind libc_named(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	if (!strncmp(name, "libc.so.6", 9) || !strncmp(name, "libc-2.", 7) ||
	    !strncmp(name, "libpthread", 10))
		return LIBC_GLIBC;
	if (!strcmp(name, "libc.so") || !strncmp(name, "ld-musl-", 8) ||
	    !strncmp(name, "libc.musl-", 10))
		return LIBC_MUSL;
	return LIBC_NONE;
}

static void add_image(struct process *p, const struct mapping *m,
		      enum libc_kind named)
{
	const struct image_file *file;
	struct image *image;
	int fd = mapping_open(p, m);

	if (fd < 0)
		return;
	file = get_file(fd);
	close(fd);
	if (!file)
		return;
	p->golang |= file->golang;
	image = xcalloc(1, sizeof(*image));
	image->file = file;
	image->start = m->start;
	image->end = m->end;
	image->libc = file->libc ? file->libc : named;
	image->threads = strstr(m->name, "/libpthread");
	if (image->libc == LIBC_GLIBC && !named)
		image->libc = LIBC_GLIBC_STATIC;
	image->bias = m->start - m->offset -
		      (file->load_address - file->load_offset);
	image->next = p->images;
	p->images = image;
}

/* Where there is a libpthread, no thread waits for a mutex in the rest of glibc. */
static void mark_base(struct process *p)
{
	struct image *image;

	for (image = p->images; image; image = image->next)
		if (image->libc == LIBC_GLIBC && !image->threads)
			image->libc = LIBC_GLIBC_BASE;
}

void images_find(struct process *p)
{
	const struct mapping *m;
	struct stat exe = {};
	enum libc_kind libc;
	bool threads = false;

	if (p->mapped)
		return;
	process_map(p);
	/* The program itself may hold its C library. */
	fstatat(p->dir, "exe", &exe, 0);
	for (m = p->mapping; m < p->mapping + p->mappings; m++) {
		if (!m->executable || m->name[0] != '/')
			continue;
		libc = libc_named(m->name);
		threads |= !!strstr(m->name, "/libpthread");
		if (libc || m->inode == exe.st_ino)
			add_image(p, m, libc);
	}
	if (threads)
		mark_base(p);
}

void images_free(struct image *images)
{
	struct image *next;

	for (; images; images = next) {
		next = images->next;
		free(images);
	}
}

enum libc_function images_function(const struct process *p, uint64_t pc,
				   enum libc_kind *libc)
{
	const struct image *image;
	uint64_t at;
	size_t i;

	for (image = p->images; image; image = image->next) {
		if (pc < image->start || pc >= image->end)
			continue;
		at = pc - image->bias;
		if (libc)
			*libc = image->libc;
		/* Not the entry itself: no call returns to there. */
		for (i = 0; i < image->file->ranges; i++)
			if (at > image->file->range[i].start &&
			    at <= image->file->range[i].end)
				return image->file->range[i].function;
		return IN_OTHER;
	}
	if (libc)
		*libc = LIBC_NONE;
	return IN_NOTHING;
}

uint32_t images_tid_offset(const struct process *p)
{
	const struct image *image;

	for (image = p->images; image; image = image->next)
		if (image->file->tid_offset)
			return image->file->tid_offset;
	return 0;
}
