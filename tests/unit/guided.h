/* SPDX-License-Identifier: GPL-2.0-only */
/* What libFuzzer looks for in a program. */
#ifndef CTXLAB_GUIDED_H
#define CTXLAB_GUIDED_H

#include <stddef.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
size_t LLVMFuzzerCustomMutator(unsigned char *data, size_t size, size_t max,
			       unsigned int seed);

#endif /* CTXLAB_GUIDED_H */
