#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Kernels that the module does not support: the build says so in one line, and
# compiles nothing.  Headers of such kernels are made up.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
config=$work/headers/include/config/auto.conf
all='X86_64 MODULES PROC_FS PREEMPT_NOTIFIERS TRACEPOINTS'

# headers OPTION...: of a kernel with these.
headers()
{
	mkdir -p "${config%/*}"
	printf 'CONFIG_%s=y\n' "$@" >"$config"
	printf 'modules:\n\t@echo compiling\n' >"$work/headers/Makefile"
}

# build RELEASE: leaves what is said in $said, without what make adds.
build()
{
	said=$(make --no-print-directory -C "$TREE" module "KVER=$1" \
		"KDIR=$work/headers" "MODULE_DIR=$work/module" 2>&1)
	status=$?
	said=$(grep -v '^make' <<<"$said")
}

refused()
{
	local release=$1 why=$2

	build "$release"
	[ $status != 0 ]
	ok $? "$release: the build fails"
	is "$said" "ctxlab: $why" "and says '$why'"
}

untested()
{
	build "$1"
	is "$status" 0 "$1: it is compiled"
	is "$said" "ctxlab: untested on kernel $1: the newest tested is 7.3
compiling" 'and said to be untested'
}

taken()
{
	build "$1"
	is "$status $said" "0 compiling" "$1: it is compiled"
}

refused 6.1.0-1-amd64 \
	"no headers of kernel 6.1.0-1-amd64 in $work/headers: install them (Debian: linux-headers-6.1.0-1-amd64)"
# shellcheck disable=SC2086 # one word an option
headers $all
for release in 5.10.0-30-amd64 6.0.12-1-amd64 5.100.1; do
	refused $release "kernel $release is not supported: it is older than 6.1"
done
refused next-20261126 'kernel next-20261126 has no version number'
for release in 6.1.0-1-amd64 6.2.16 6.9.7 6.10.1 6.12.0 6.12.117+deb12-rt-amd64 \
	       6.100.1 7.0.1 7.3.4+deb13-amd64 7.3-rc1; do
	taken $release
done
for release in 7.4.0 7.10.1-amd64 8.0-rc1 61.2.3; do
	untested $release
done
for option in MODULES PROC_FS PREEMPT_NOTIFIERS TRACEPOINTS; do
	# shellcheck disable=SC2086
	headers ${all/$option/}
	refused 6.1.0-1-amd64 "kernel 6.1.0-1-amd64 is built without CONFIG_$option"
done
# shellcheck disable=SC2086
headers ${all/X86_64/RISCV}
refused 6.12.0-riscv64 "kernel 6.12.0-riscv64 is neither for x86-64 nor for arm64"
# shellcheck disable=SC2086
headers ${all/X86_64/ARM64}
taken 6.12.0-arm64
tap_done
