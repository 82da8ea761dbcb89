# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds what is stale for the selected kernel.  The Makefiles say how.

# Output of a build is shown when it fails, and its warnings always; the command
# in $inside, which the caller has, goes before.
run_make()
{
	local log

	log=$(mktemp)
	if ! ${inside[@]+"${inside[@]}"} make --no-print-directory -C "$TOP" "$@" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
	grep -i 'warning' "$log" >&2
	rm -f "$log"
}

build_all()
{
	local inside=()

	locked "$BUILD/lock" run_make tool "BUILD=$KERNEL_OUT" \
		${TOOL_MAKE[@]+"${TOOL_MAKE[@]}"} || return
	inside=(${KERNEL_IN[@]+"${KERNEL_IN[@]}"})
	locked "$BUILD/lock" run_make module "BUILD=$KERNEL_OUT" \
		"KVER=$KERNEL_RELEASE" "KDIR=$KERNEL_BUILD" \
		${KERNEL_MAKE[@]+"${KERNEL_MAKE[@]}"}
}
