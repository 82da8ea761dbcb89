/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's verifier of BPF programs says. */
#ifndef VERIFIER_H
#define VERIFIER_H

#include <stddef.h>

/**
 * verifier_log_reason - why the verifier refused a program
 * @log: its log, alone or within a message of libbpf's
 * @reason: the result, cut to @size; left alone where @log is no such log
 * @size: room there
 */
void verifier_log_reason(const char *log, char *reason, size_t size);

#endif /* VERIFIER_H */
