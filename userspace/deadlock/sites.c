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

/* Whether the module is part of the C library, or what starts programs. */
static bool is_library(const char *path)
{
	const char *name = path ? strrchr(path, '/') : NULL;

	return name && (!strncmp(name, "/libc.", 6) || !strncmp(name, "/libc-", 6) ||
			!strncmp(name, "/libpthread", 11) ||
			!strncmp(name, "/ld-", 4));
}

/* The call in a function by which, through others maybe, @inlined came into it. */
static bool outermost_call(Dwarf_Die *inlined, Dwarf_Die *call)
{
	Dwarf_Die *scope = NULL;
	int n = dwarf_getscopes_die(inlined, &scope), i;
	bool found = false;

	for (i = 0; i < n && dwarf_tag(&scope[i]) != DW_TAG_subprogram; i++)
		if (dwarf_tag(&scope[i]) == DW_TAG_inlined_subroutine) {
			*call = scope[i];
			found = true;
		}
	free(scope);
	return found;
}

/* Where in the function itself @pc is, should it be in what was inlined there. */
static const char *line_of_call(Dwfl_Module *module, uint64_t pc, int *number)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit = dwfl_module_addrdie(module, pc, &bias), *scope = NULL, call;
	int n = unit ? dwarf_getscopes(unit, pc - bias, &scope) : 0, i = 0;
	Dwarf_Word file, line;
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	bool found;

	while (i < n && dwarf_tag(&scope[i]) != DW_TAG_subprogram &&
	       dwarf_tag(&scope[i]) != DW_TAG_inlined_subroutine)
		i++;
	found = i < n && outermost_call(&scope[i], &call);
	free(scope);
	if (!found || dwarf_getsrcfiles(unit, &files, NULL) ||
	    dwarf_formudata(dwarf_attr(&call, DW_AT_call_file, &attr), &file) ||
	    dwarf_formudata(dwarf_attr(&call, DW_AT_call_line, &attr), &line))
		return NULL;
	*number = line;
	return dwarf_filesrc(files, file, NULL, NULL);
}

static const char *line_of(Dwfl_Module *module, uint64_t pc, int *number)
{
	const char *file = line_of_call(module, pc, number);
	Dwfl_Line *line = file ? NULL : dwfl_module_getsrc(module, pc);

	return line ? dwfl_lineinfo(line, NULL, number, NULL, NULL, NULL) : file;
}

static void describe(Dwfl_Module *module, uint64_t pc, struct frame *f)
{
	const char *name = NULL, *file, *path;
	GElf_Sym symbol;
	GElf_Off offset = 0;

	name = dwfl_module_addrinfo(module, pc, &offset, &symbol, NULL, NULL,
				    NULL);
	/* A symbol of some size that ends before is another function's. */
	if (name && (!symbol.st_size || offset < symbol.st_size))
		f->function = symbol_name(name);
	dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &path, NULL);
	f->library = is_library(path);
	file = line_of(module, pc, &f->line);
	if (file)
		f->file = xstrdup(strrchr(file, '/') ? strrchr(file, '/') + 1 :
				  file);
}

struct unwinding {
	struct sites *s;
	struct stack *stack;
};

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct unwinding *u = arg;
	struct frame *f = &u->stack->frame[u->stack->n];
	Dwfl_Module *module;
	bool activation;
	Dwarf_Addr pc;

	if (u->stack->n == SITES_MAX_FRAMES ||
	    !dwfl_frame_pc(frame, &pc, &activation))
		return DWARF_CB_ABORT;
	*f = (struct frame){ .pc = pc };
	/* A return address may be that of the next function. */
	pc -= !activation;
	module = dwfl_addrmodule(u->s->dwfl, pc);
	if (module)
		describe(module, pc, f);
	if (!f->function)
		f->place = sites_address(u->s, f->pc);
	u->stack->n++;
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
