# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# The pictures of a run that was saved.

# draw_run FOLDER EXPERIMENT: from FOLDER/EXPERIMENT.json, beside it.
draw_run()
{
	local tool=$BUILD/userspace/ctxlab kind problem

	for kind in svg png; do
		problem=$("$tool" "$2" --from "$1/$2.json" \
			--plot "$1/$2.$kind" 2>&1 >/dev/null)
		[ -s "$1/$2.$kind" ] || say "no $kind picture: $problem"
	done
}
