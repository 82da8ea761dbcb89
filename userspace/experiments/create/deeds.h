/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a child does, and whether its maker notices: each deed is done by a child
 * made for it, in a process apart that may die of it.
 */
#ifndef CREATE_DEEDS_H
#define CREATE_DEEDS_H

#include "ways.h"

enum deed {
	DEED_BYTE,
	DEED_OPEN,
	DEED_CLOSE,
	DEED_CHDIR,
	DEED_UMASK,
	DEED_HANDLER,
	DEED_CRASH,
	DEED_EXIT,
	DEEDS
};

/**
 * struct deed_def - one deed
 * @key: its name in JSON and tables
 * @brief: what the child does
 * @noticed: what the maker sees of it, where it does
 * @share: noticed if, and only if, both share this
 */
struct deed_def {
	const char *key;
	const char *brief;
	const char *noticed;
	enum share share;
};

extern const struct deed_def deeds[DEEDS];

/* Whether a child of that way can do deeds: it runs code of this program. */
bool deed_possible(const struct way *w);

/* Return 1: its maker noticed; 0: it did not; or a negative errno. */
int deed_do(const struct way *w, enum deed d);

#endif /* CREATE_DEEDS_H */
