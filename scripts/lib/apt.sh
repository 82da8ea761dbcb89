# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's packages: installed by root, or unpacked by anybody.

# Of this host; nothing where it is not Debian.
debian_version()
{
	(. /etc/os-release 2>/dev/null &&
		[ "${ID-}" = debian ] && echo "${VERSION_ID-}")
}

# And its suite's name.
debian_suite()
{
	(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME-}")
}

# Is it one that scripts/setup knows the packages of?
is_debian()
{
	[[ $(debian_version) =~ ^1[23]$ ]]
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

can_be_root()
{
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null
}

# logged LOG COMMAND...: the output is for LOG, and shown only on failure.
logged()
{
	local log=$1

	shift
	"$@" >"$log" 2>&1 </dev/null && return
	tail -n 20 "$log" >&2
	return 1
}

# download DIRECTORY PACKAGE: the package's file, of the version that fits the
# system.  What apt knows of the archive may be missing or out of date.
download()
{
	local dir=$1 package=$2

	(cd "$dir" && apt-get download "$package") >"$dir/apt.log" 2>&1 && return
	if can_be_root && logged "$dir/update.log" as_root apt-get update; then
		(cd "$dir" && logged apt.log apt-get download "$package")
	else
		cat "$dir/apt.log" >&2
		return 1
	fi
}
