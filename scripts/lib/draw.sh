# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# The pictures of a run of 'ctxlab switch'.

# draw_run FOLDER: from FOLDER/switch.json, beside it.
draw_run()
{
	local tool=$BUILD/userspace/ctxlab kind problem

	for kind in svg png; do
		problem=$("$tool" switch --from "$1/switch.json" \
			--plot "$1/switch.$kind" 2>&1 >/dev/null)
		[ -s "$1/switch.$kind" ] || say "no $kind picture: $problem"
	done
}
