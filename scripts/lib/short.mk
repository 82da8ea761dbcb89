# SPDX-License-Identifier: GPL-2.0-only
# $(call short,CC) in front of a command: one line in its place, as kernel builds
# print it; with V=1 the command.
short = $(if $(filter 1,$(V)),,@printf '  %-8s%s\n' '$(1)' '$(@F)';)
