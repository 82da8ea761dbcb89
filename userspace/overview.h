/* SPDX-License-Identifier: GPL-2.0-only */
/* What a bare 'ctxlab' prints in a terminal. */
#ifndef CTXLAB_OVERVIEW_H
#define CTXLAB_OVERVIEW_H

/*
 * Prints on stdout whether the module can be read here, as whom, and which
 * commands can be run now.
 */
void overview_print(void);

#endif /* CTXLAB_OVERVIEW_H */
