# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A small Debian of another suite in the cache, to build in: the modules of newer
# kernels want their suite's compiler.  Needs common.sh and apt.sh.

# The suites, in order.
suites_known=(bookworm trixie)

root_packages=(gcc make sparse pahole xz-utils)

# The place of a suite in the order of suites; a newer one, or another system,
# has none.
suite_rank()
{
	local i

	for i in "${!suites_known[@]}"; do
		[ "${suites_known[i]}" != "$1" ] || echo "$i"
	done
}

# Does this host's own compiler do for what was built in that suite?
host_does_for()
{
	local host

	host=$(suite_rank "$(debian_suite)")
	[ -z "$host" ] || [ "$host" -ge "$(suite_rank "$1")" ]
}

make_root()
{
	local suite=$1 root=$2 packages=${root_packages[*]}

	[ ! -d "$root" ] || return 0
	need_programs_of base debootstrap
	can_be_root || die "a Debian $suite to build in needs root or sudo"
	say "making a Debian $suite to build in (two minutes)"
	mkdir -p "$CACHE/roots"
	as_root rm -rf "$root.new"
	logged "$CACHE/roots/$suite.log" as_root debootstrap \
		--variant=minbase "--include=${packages// /,}" "$suite" \
		"$root.new" "$(archive_of Debian http://deb.debian.org/debian)" ||
		{ as_root rm -rf "$root.new"; die "cannot make a Debian $suite: debootstrap failed"; }
	as_root mv "$root.new" "$root"
}

# need_root SUITE makes the root, if it is not there; need_root SUITE PROGRAM
# PACKAGE also has the package in it that brings the program.
need_root()
{
	local suite=$1 root=$CACHE/roots/$1

	locked "$CACHE/roots/$suite.lock" make_root "$suite" "$root" || exit 1
	[ $# = 1 ] || [ -e "$root/usr/bin/$2" ] ||
		logged "$CACHE/roots/$suite.log" as_root chroot "$root" \
			apt-get install -y --no-install-recommends "$3" ||
		die "cannot install $3 in Debian $suite"
}

# in_root SUITE COMMAND...: as the user that calls, with the tree and the cache
# where they are on the host.  The mounts end with the command.
in_root()
{
	local root=$CACHE/roots/$1

	shift
	# Where no kernel was set up yet, there are none.
	mkdir -p "$CACHE/headers" "$CACHE/kernels"
	# shellcheck disable=SC2016 # for that shell
	as_root unshare --mount bash -c '
		root=$1 user=$2
		shift 2
		while [ "$1" != -- ]; do
			mkdir -p "$root$1" && mount --rbind "$1" "$root$1" || exit
			shift
		done
		shift
		exec chroot --userspec="$user" "$root" env -i \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
	' - "$root" "$(id -u):$(id -g)" "$TOP" "$CACHE/headers" \
		"$CACHE/kernels" /proc /dev -- "$@"
}
