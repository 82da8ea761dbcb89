/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading /proc/ctxlab, and saying why it cannot be read. */
#ifndef CTXLAB_PROC_H
#define CTXLAB_PROC_H

#include <stddef.h>

#include "text.h"

/*
 * Makes sure that the module is there and speaks the text formats that this
 * program knows; says what to do where it is not.  Returns an exit status.
 */
int proc_check(void);

/**
 * proc_read() - read a file of /proc/ctxlab whole
 * @name: its name there
 * @buf: takes the text, with a NUL after it; the caller frees it
 * @len: takes its length
 *
 * Return: 0 or a negative errno.
 */
int proc_read(const char *name, char **buf, size_t *len);

/* Says on stderr why @name could not be read: @err is a negative errno. */
void proc_say_unreadable(const char *name, int err);

/* Says on stderr that @name was read but makes no sense. */
void proc_say_senseless(const char *name, const struct text_error *err);

/* Whether @s is a pid as a name in /proc/ctxlab: no sign, no leading zero. */
bool proc_is_pid(const char *s);

#endif /* CTXLAB_PROC_H */
