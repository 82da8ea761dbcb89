# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# SPDX-License-Identifier: GPL-2.0-only
# Debian's arm64, unpacked in the cache: what its kernels, their modules, the
# tool and the tests are built against by the cross compiler, and what they run
# on.  Nothing of it is installed.  Needs suite.sh.

# The system: what one builds against, and what the guest gets.  The host's cross
# compiler is the suite's or newer.
ARM64_SUITE=bookworm
ARM64_ROOT=$CACHE/arm64-root
arm64_packages=(
	libc6-dev linux-libc-dev libsmartcols-dev libjansson-dev libgsl-dev libdw-dev
	libbpf-dev libelf-dev zlib1g-dev busybox-static bash bpftool
)

# What links of the kind /lib/x mean is below the root.
relative_links()
{
	local root=$1 link target

	find "$root" -type l -lname '/*' | while read -r link; do
		target=$(readlink "$link")
		ln -sfnr "$root$target" "$link"
	done
}

fetch_arm64_root()
{
	local tmp archive

	[ ! -d "$ARM64_ROOT" ] || return 0
	say "fetching Debian's arm64 libraries"
	know_suite "$ARM64_SUITE" arm64
	tmp=$(mktemp -d "$CACHE/arm64-root.XXXXXX")
	mkdir "$tmp/root"
	logged "$tmp/apt.log" suite_apt "$ARM64_SUITE" arm64 apt-get install -y \
		--download-only --no-install-recommends "${arm64_packages[@]}" ||
		{ rm -rf "$tmp"; die "cannot download arm64 packages"; }
	for archive in "$CACHE/apt/$ARM64_SUITE-arm64"/archives/*.deb; do
		dpkg-deb -x "$archive" "$tmp/root" ||
			{ rm -rf "$tmp"; die "cannot unpack $archive"; }
	done
	relative_links "$tmp/root"
	mv "$tmp/root" "$ARM64_ROOT"
	rm -rf "$tmp" "$CACHE/apt/$ARM64_SUITE-arm64"/archives/*.deb
}

# Adds to what select_debian() sets for a kernel of another architecture.
select_arm64()
{
	local libraries=$ARM64_ROOT/usr/lib/aarch64-linux-gnu

	need_programs_of matrix aarch64-linux-gnu-gcc qemu-system-aarch64
	locked "$CACHE/lock" fetch_arm64_root || exit 1
	KERNEL_CONSOLE=ttyAMA0
	KERNEL_ROOT=$ARM64_ROOT
	KERNEL_OUT=$BUILD/arm64
	KERNEL_MAKE=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
	TOOL_MAKE=(
		"CC=aarch64-linux-gnu-gcc --sysroot=$ARM64_ROOT"
		AR=aarch64-linux-gnu-ar
		LD=aarch64-linux-gnu-ld
		OBJCOPY=aarch64-linux-gnu-objcopy
		"PKG_CONFIG=env PKG_CONFIG_SYSROOT_DIR=$ARM64_ROOT PKG_CONFIG_LIBDIR=$libraries/pkgconfig pkg-config"
	)
}
