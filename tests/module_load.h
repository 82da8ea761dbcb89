/* SPDX-License-Identifier: GPL-2.0-only */
/* The module, loaded and unloaded. */
#ifndef CTXLAB_TEST_MODULE_LOAD_H
#define CTXLAB_TEST_MODULE_LOAD_H

#include <stdbool.h>

/* From $CTXLAB_KO or where it is installed; 0 or -1 with errno. */
int module_load(const char *parameters);

/*
 * Unmounts it first, and tries for some seconds: readers hold the module for
 * moments only, and once it is unmounted they end.  0 or -1 with errno.
 */
int module_unload(void);

bool module_is_loaded(void);

/* Loaded and mounted, as others expect it; also after a test that was cut short. */
void module_put_back(void);

#endif /* CTXLAB_TEST_MODULE_LOAD_H */
