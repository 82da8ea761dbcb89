# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# SPDX-License-Identifier: GPL-2.0-only
# Debian's arm64, unpacked in the cache: what its kernels, their modules, the
# tool and the tests are built against by the cross compiler, and what they run
# on.  Nothing of it is installed.  Needs common.sh and apt.sh.

# The system: what one builds against, and what the guest gets.
ARM64_ROOT=$CACHE/arm64-root
arm64_packages=(
	libc6-dev linux-libc-dev libsmartcols-dev libjansson-dev libgsl-dev libdw-dev
	libbpf-dev libelf-dev zlib1g-dev busybox-static bash bpftool
)

# apt with a state of its own, in which the machine is an arm64.
arm64_apt()
{
	local state=$CACHE/apt-arm64

	mkdir -p "$state"/state/lists/partial "$state"/cache/archives/partial
	apt-get -qq -oDir::State="$state/state" -oDir::Cache="$state/cache" \
		-oDir::State::status=/dev/null -oAPT::Architecture=arm64 \
		-oAPT::Architectures=arm64 -oAPT::Sandbox::User=root "$@"
}

# arm64_download DIRECTORY ARGUMENT...: apt-get with these, in the folder; what
# apt knows of the archive is brought up to date when that is of no avail.
arm64_download()
{
	local dir=$1

	shift
	(cd "$dir" && arm64_apt "$@") >"$dir/apt.log" 2>&1 && return
	logged "$dir/apt.log" arm64_apt update || return
	(cd "$dir" && logged apt.log arm64_apt "$@")
}

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
	tmp=$(mktemp -d "$CACHE/arm64-root.XXXXXX")
	mkdir "$tmp/root"
	arm64_download "$tmp" install -y --download-only --no-install-recommends \
		"${arm64_packages[@]}" ||
		{ rm -rf "$tmp"; die "cannot download arm64 packages"; }
	for archive in "$CACHE"/apt-arm64/cache/archives/*.deb; do
		dpkg-deb -x "$archive" "$tmp/root" ||
			{ rm -rf "$tmp"; die "cannot unpack $archive"; }
	done
	relative_links "$tmp/root"
	mv "$tmp/root" "$ARM64_ROOT"
	rm -rf "$tmp" "$CACHE"/apt-arm64/cache/archives/*.deb
}

# fetch_arm64_kernel RELEASE DIR: what the headers have in common with those for
# amd64, and the programs among them, which run on this host, are taken from
# there: KERNEL_BUILD.
fetch_arm64_kernel()
{
	local release=$1 dir=$2 tmp kbuild

	[ ! -d "$dir" ] || return 0
	say "fetching Debian's kernel $release"
	mkdir -p "$CACHE/kernels"
	tmp=$(mktemp -d "$CACHE/kernels/new.XXXXXX")
	arm64_download "$tmp" download "linux-headers-$release" \
		"linux-image-$release" ||
		{ rm -rf "$tmp"; die "cannot download linux-image-$release"; }
	kbuild=$(readlink -f "$KERNEL_BUILD/scripts")
	mkdir -p "$tmp/modules" "$tmp/usr/lib"
	ln -s "${kbuild%/scripts}" "$tmp/usr/lib/"
	dpkg-deb -x "$tmp"/linux-headers-*.deb "$tmp" &&
		cp "$KERNEL_BUILD/Makefile" "$tmp/usr/src/linux-headers-$release/" &&
		dpkg-deb --fsys-tarfile "$tmp"/linux-image-*.deb |
		tar -x -C "$tmp" --wildcards './boot/vmlinuz-*' \
		    '*/kernel/drivers/virtio' \
		    '*/kernel/drivers/char/virtio_console.ko*' 2>/dev/null
	find "$tmp/lib" -name '*.ko*' -exec mv -t "$tmp/modules" {} +
	find "$tmp/modules" -name '*.xz' -exec unxz {} +
	# QEMU takes the image as it is.
	mv "$tmp/boot/vmlinuz-$release" "$tmp/vmlinux" ||
		{ rm -rf "$tmp"; die "linux-image-$release holds no kernel"; }
	echo "$release" >"$tmp/release"
	(cd "$tmp" && rm -rf boot lib ./*.log ./*.deb)
	mv "$tmp" "$dir"
}

# Sets what select_kernel() does for Debian's kernel of that release; KERNEL_BUILD
# is what it is for its like on amd64.
select_arm64()
{
	local release=$1 libraries=$ARM64_ROOT/usr/lib/aarch64-linux-gnu

	need_programs_of matrix aarch64-linux-gnu-gcc qemu-system-aarch64 dpkg-deb unxz
	locked "$CACHE/lock" fetch_arm64_kernel "$release" \
		"$CACHE/kernels/$release" || exit 1
	locked "$CACHE/lock" fetch_arm64_root || exit 1
	KERNEL_RELEASE=$release
	KERNEL_DIR=$CACHE/kernels/$release
	KERNEL_BUILD=$KERNEL_DIR/usr/src/linux-headers-$release
	KERNEL_CONSOLE=ttyAMA0
	KERNEL_ROOT=$ARM64_ROOT
	KERNEL_OUT=$BUILD/arm64
	KERNEL_MAKE=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
	TOOL_MAKE=(
		"CC=aarch64-linux-gnu-gcc --sysroot=$ARM64_ROOT"
		AR=aarch64-linux-gnu-ar
		"PKG_CONFIG=env PKG_CONFIG_SYSROOT_DIR=$ARM64_ROOT PKG_CONFIG_LIBDIR=$libraries/pkgconfig pkg-config"
	)
}
