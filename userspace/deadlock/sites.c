// SPDX-License-Identifier: GPL-2.0-only
/* Call sites of threads that run on, and names for addresses, by libdw. */
#include <stdlib.h>
#include <string.h>

#include "lib/symbol.h"
#include "lib/xalloc.h"
#include "sites.h"

#ifdef HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>

#include "registers.h"

struct sites {
	struct process *p;
	Dwfl *dwfl;
	bool attached;
	struct thread *thread;		/* whose stack is unwound */
	const struct registers *registers;	/* of it; NULL: SP and PC alone */
};

/* The file that the process has mapped there, and no other of that name. */
static int find_elf(Dwfl_Module *module, void **data, const char *name,
		    Dwarf_Addr base, char **file, Elf **elf)
{
	const struct mapping *m;
	struct sites *s = *data;
	int fd;

	(void)module;
	(void)name;
	(void)elf;
	m = s ? process_mapping(s->p, base) : NULL;
	fd = m ? mapping_open(s->p, m) : -1;
	if (fd >= 0)
		*file = xstrdup(m->name);
	return fd < 0 ? -1 : fd;
}

static char *debug_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &debug_path,
};

/* There is one thread at a time. */
static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread)
{
	struct sites *s = arg;

	(void)dwfl;
	if (*thread)
		return 0;
	*thread = s;
	return s->thread->tid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread)
{
	struct sites *s = arg;

	(void)dwfl;
	*thread = s;
	return tid == s->thread->tid;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *word,
			void *arg)
{
	struct sites *s = arg;
	struct piece piece = { address, word, sizeof(*word), false };

	(void)dwfl;
	process_read(s->p, &piece, 1);
	return piece.ok;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	struct sites *s = arg;

	return registers_set(thread, s->thread, s->registers);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_registers,
};

static int set_data(Dwfl_Module *module, void **data, const char *name,
		    Dwarf_Addr start, void *arg)
{
	(void)module;
	(void)name;
	(void)start;
	*data = arg;
	return DWARF_CB_OK;
}

struct sites *sites_open(struct process *p)
{
	struct sites *s = xcalloc(1, sizeof(*s));

	s->p = p;
	process_map(p);
	/* Nothing is fetched from the network. */
	unsetenv("DEBUGINFOD_URLS");
	s->dwfl = dwfl_begin(&callbacks);
	if (!s->dwfl || dwfl_linux_proc_report(s->dwfl, p->pid) ||
	    dwfl_report_end(s->dwfl, NULL, NULL)) {
		dwfl_end(s->dwfl);
		s->dwfl = NULL;
		return s;
	}
	dwfl_getmodules(s->dwfl, set_data, s, 0);
	return s;
}

void sites_close(struct sites *s)
{
	if (!s)
		return;
	dwfl_end(s->dwfl);
	free(s);
}

/* Whether the module is a library of the language, or what starts programs. */
static bool is_library(Dwfl_Module *module)
{
	const char *path, *name;

	dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &path, NULL);
	name = path ? strrchr(path, '/') : NULL;

	return name && (!strncmp(name, "/libc.", 6) || !strncmp(name, "/libc-", 6) ||
			!strncmp(name, "/libpthread", 11) ||
			!strncmp(name, "/libstdc++.", 11) ||
			!strncmp(name, "/libc++", 7) || !strncmp(name, "/ld-", 4));
}

/* Whether that is a header of the system, or Rust's library, and not the program's. */
static bool is_system_file(const char *path)
{
	return path && (!strncmp(path, "/usr/include/", 13) ||
			!strncmp(path, "/usr/lib/", 9) ||
			!strncmp(path, "/rustc/", 7));
}

/* Where a frame stands, as debug information has it; static storage. */
struct line {
	const char *file;
	int number;
};

/* The line from which a function was called that was inlined there. */
static struct line line_of_call(Dwarf_Die *unit, Dwarf_Die *inlined)
{
	struct line line = {};
	Dwarf_Word file, number;
	Dwarf_Attribute attr;
	Dwarf_Files *files;

	if (dwarf_getsrcfiles(unit, &files, NULL) ||
	    dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr), &file) ||
	    dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr), &number))
		return line;
	line.file = dwarf_filesrc(files, file, NULL, NULL);
	line.number = number;
	return line;
}

static struct line line_of(Dwfl_Module *module, uint64_t pc)
{
	Dwfl_Line *at = dwfl_module_getsrc(module, pc);
	struct line line = {};

	if (at)
		line.file = dwfl_lineinfo(at, NULL, &line.number, NULL, NULL, NULL);
	return line;
}

static void set_line(struct frame *f, const struct line *line)
{
	if (!line->file)
		return;
	f->library |= is_system_file(line->file);
	f->file = xstrdup(strrchr(line->file, '/') ?
			  strrchr(line->file, '/') + 1 : line->file);
	f->line = line->number;
}

/* The name as linkers know it has what it takes to write it as people do. */
static char *name_of(Dwarf_Die *function)
{
	Dwarf_Attribute attr;
	const char *name;

	name = dwarf_formstring(dwarf_attr_integrate(function,
						     DW_AT_linkage_name, &attr));
	if (!name)
		name = dwarf_diename(function);
	return name ? symbol_name(name) : NULL;
}

/* The scopes around @pc, from that of the innermost function on, as in the code. */
static int scopes_of(Dwarf_Die *unit, uint64_t pc, Dwarf_Die **scope)
{
	Dwarf_Die *all = NULL;
	int n = dwarf_getscopes(unit, pc, &all), i = 0;

	while (i < n && dwarf_tag(&all[i]) != DW_TAG_subprogram &&
	       dwarf_tag(&all[i]) != DW_TAG_inlined_subroutine)
		i++;
	n = i < n ? dwarf_getscopes_die(&all[i], scope) : 0;
	free(all);
	return n;
}

/* Adds a frame for each function that was inlined there; the line of their caller. */
static struct line take_inlined(Dwfl_Module *module, uint64_t pc,
				struct stack *stack)
{
	struct line line = line_of(module, pc);
	Dwarf_Die *scope = NULL, *unit;
	struct frame *f;
	Dwarf_Addr bias;
	int n, i;

	unit = dwfl_module_addrdie(module, pc, &bias);
	n = unit ? scopes_of(unit, pc - bias, &scope) : 0;
	for (i = 0; i < n && dwarf_tag(&scope[i]) != DW_TAG_subprogram; i++) {
		if (dwarf_tag(&scope[i]) != DW_TAG_inlined_subroutine ||
		    stack->n >= SITES_MAX_FRAMES - 1)
			continue;
		f = &stack->frame[stack->n];
		*f = (struct frame){
			.pc = pc, .function = name_of(&scope[i]),
			.library = is_library(module)
		};
		if (f->function) {
			set_line(f, &line);
			stack->n++;
		}
		line = line_of_call(unit, &scope[i]);
	}
	free(scope);
	return line;
}

static void describe(Dwfl_Module *module, uint64_t pc, struct frame *f,
		     const struct line *line)
{
	const char *name = NULL;
	GElf_Sym symbol;
	GElf_Off offset = 0;

	name = dwfl_module_addrinfo(module, pc, &offset, &symbol, NULL, NULL,
				    NULL);
	/* A symbol of some size that ends before is another function's. */
	if (name && (!symbol.st_size || offset < symbol.st_size))
		f->function = symbol_name(name);
	f->library = is_library(module);
	set_line(f, line);
}

struct unwinding {
	struct sites *s;
	struct stack *stack;
};

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct unwinding *u = arg;
	struct stack *stack = u->stack;
	struct line line = {};
	Dwfl_Module *module;
	struct frame *f;
	bool activation;
	Dwarf_Addr pc;

	if (stack->n == SITES_MAX_FRAMES || !dwfl_frame_pc(frame, &pc, &activation))
		return DWARF_CB_ABORT;
	/* A return address may be that of the next function. */
	module = dwfl_addrmodule(u->s->dwfl, pc - !activation);
	if (module)
		line = take_inlined(module, pc - !activation, stack);
	f = &stack->frame[stack->n++];
	*f = (struct frame){ .pc = pc };
	if (module)
		describe(module, pc - !activation, f, &line);
	if (!f->function)
		f->place = sites_address(u->s, pc);
	return DWARF_CB_OK;
}

void sites_stack(struct sites *s, struct thread *t, bool stop,
		 struct stack *stack)
{
	struct unwinding u = { s, stack };
	struct registers registers;

	stack->n = 0;
	if (!s->dwfl || !t->call.pc)
		return;
	s->thread = t;
	s->registers = NULL;
	if (stop && registers_read(t, &registers))
		s->registers = &registers;
	if (!s->attached)
		s->attached = dwfl_attach_state(s->dwfl, NULL, s->p->pid,
						&thread_callbacks, s);
	if (s->attached)
		dwfl_getthread_frames(s->dwfl, t->tid, take_frame, &u);
}

/* The symbol that covers @address, or is the nearest before it in its module. */
static char *symbol_text(struct sites *s, uint64_t address)
{
	const struct mapping *m = process_mapping(s->p, address);
	Dwfl_Module *module;
	const char *name;
	GElf_Off offset = 0;
	GElf_Sym symbol;
	char *text, *longer;

	/* Of what is not in the file libdw knows no module. */
	module = s->dwfl && m ? dwfl_addrmodule(s->dwfl, address < m->end ?
						address : m->end - 1) : NULL;
	name = module ? dwfl_module_addrinfo(module, address, &offset, &symbol,
					     NULL, NULL, NULL) : NULL;
	if (!name || (symbol.st_size && offset >= symbol.st_size))
		return NULL;
	text = symbol_name(name);
	if (!offset)
		return text;
	longer = xasprintf("%s+%llu", text, (unsigned long long)offset);
	free(text);
	return longer;
}

bool sites_unwind(void)
{
	return true;
}
#else
struct sites {
	struct process *p;
};

struct sites *sites_open(struct process *p)
{
	struct sites *s = xcalloc(1, sizeof(*s));

	s->p = p;
	process_map(p);
	return s;
}

void sites_close(struct sites *s)
{
	free(s);
}

/* The place of the wait alone. */
void sites_stack(struct sites *s, struct thread *t, bool stop,
		 struct stack *stack)
{
	(void)s;
	(void)t;
	(void)stop;
	stack->n = 0;
}

static char *symbol_text(struct sites *s, uint64_t address)
{
	(void)s;
	(void)address;
	return NULL;
}

bool sites_unwind(void)
{
	return false;
}
#endif

void stack_free(struct stack *stack)
{
	size_t i;

	for (i = 0; i < stack->n; i++) {
		free(stack->frame[i].function);
		free(stack->frame[i].place);
		free(stack->frame[i].file);
	}
	stack->n = 0;
}

const struct frame *stack_site(const struct stack *stack)
{
	size_t i;

	for (i = 0; i < stack->n; i++)
		if (!stack->frame[i].library)
			return &stack->frame[i];
	for (i = 0; i < stack->n; i++)
		if (stack->frame[i].function)
			return &stack->frame[i];
	return NULL;
}

char *frame_text(const struct frame *f)
{
	const char *name = f->function ? f->function : f->place;

	return f->file ? xasprintf("%s (%s:%d)", name, f->file, f->line) :
			 xstrdup(name);
}

char *sites_address(struct sites *s, uint64_t address)
{
	char *symbol = symbol_text(s, address);
	const struct mapping *m;
	const char *name;

	if (symbol)
		return symbol;
	m = process_mapping(s->p, address);
	if (!m || !m->name[0])
		return xasprintf("0x%llx", (unsigned long long)address);
	name = strrchr(m->name, '/') ? strrchr(m->name, '/') + 1 : m->name;
	return xasprintf("%s+0x%llx", name,
			 (unsigned long long)(address - m->start + m->offset));
}
