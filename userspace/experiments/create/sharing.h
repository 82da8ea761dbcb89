/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a child shares with its maker, as the kernel has it: from the module's
 * pair file, without the module from kcmp(2) and /proc.
 */
#ifndef CREATE_SHARING_H
#define CREATE_SHARING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ways.h"

enum share_source { FROM_NOWHERE, FROM_MODULE, FROM_KCMP };

/* "nobody", "module", "kcmp", and the end. */
extern const char *const share_sources[];

/**
 * struct sharing - of two tasks
 * @known: 1 << SHARE_x for what could be read
 * @shared: and of that, what they share
 * @source: who said so
 */
struct sharing {
	uint32_t known;
	uint32_t shared;
	enum share_source source;
};

/* The name of what is shared, as in the module's pair file. */
extern const char *const share_names[SHARES];

/*
 * Look at two tasks that live and stay alive meanwhile: kcmp(2) calls equal what
 * neither has.  Without @module the module is not asked.  Return 0, or a negative
 * errno where nothing could be read.
 */
int sharing_read(pid_t a, pid_t b, bool module, struct sharing *s);

/* What is known to be otherwise than @w claims: 1 << SHARE_x, or'ed. */
uint32_t sharing_wrong(const struct way *w, const struct sharing *s);

#endif /* CREATE_SHARING_H */
