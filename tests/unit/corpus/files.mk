# SPDX-License-Identifier: GPL-2.0-only
# What the program "deadlocks" is made of: its scenes, and those of ctxlab's own
# locks that some of them wait for.
CORPUS_HERE := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
CORPUS := $(wildcard $(CORPUS_HERE)/*.c) \
	$(addprefix $(abspath $(CORPUS_HERE)/../../../userspace/experiments/sync)/,\
		fair.c mutex.c rwlock.c word.c)
