# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# SPDX-License-Identifier: GPL-2.0-only
# From the name of a kernel to what boots it and what a module is built with.
# Needs common.sh and apt.sh.

for lib in suite root arm64; do
	# shellcheck source=/dev/null # they lie beside this one
	. "$(dirname "${BASH_SOURCE[0]}")/$lib.sh"
done

# The suite of Debian that a kernel's name means.  Two suites have a 6.12.
suite_of()
{
	case $1 in
	6.1|6.12)		echo bookworm ;;
	6.12-deb13|7.2|7.3)	echo trixie ;;
	*)			return 1 ;;
	esac
}

# debian_release VERSION FLAVOUR SUITE ARCHITECTURE: the newest release that the
# suite has of it, as its headers' name has it; FLAVOUR ends in "-" or is empty.
debian_release()
{
	local version=$1 flavour=$2 suite=$3 arch=$4 headers

	headers=$(suite_names "$suite" "$arch" \
		"linux-headers-${version/./\\.}\\.([0-9+.~-]|deb|bpo)*-$flavour$arch" |
		tail -n 1)
	[ -n "$headers" ] ||
		die "Debian's $suite has no kernel $version-$flavour$arch$(suite_lost "$suite" "$arch")"
	echo "${headers#linux-headers-}"
}

# fetch_headers SUITE ARCHITECTURE RELEASE DIR: unpacks Debian's headers.  The
# programs among them are this host's.
fetch_headers()
{
	local suite=$1 arch=$2 release=$3 dir=$4 tmp common kbuild
	local package=linux-headers-$3

	[ ! -d "$dir" ] || return 0
	say "fetching Debian's headers of kernel $release"
	common=$(suite_depends "$suite" "$arch" "$package" \
		'linux-headers-.*-common(-rt)?')
	kbuild=$(suite_depends "$suite" "$arch" "$package" 'linux-kbuild-.*')
	mkdir -p "$CACHE/headers"
	tmp=$(mktemp -d "$CACHE/headers/new.XXXXXX")
	if ! suite_download "$suite" "$arch" "$tmp" "$package" "$common" ||
	   ! suite_download "$suite" amd64 "$tmp" "$kbuild"; then
		rm -rf "$tmp"
		die "cannot download $package"
	fi
	for package in "$tmp"/*.deb; do
		dpkg-deb -x "$package" "$tmp" ||
			{ rm -rf "$tmp"; die "cannot unpack $package"; }
	done
	sed -i "s|/usr/src/|$dir/usr/src/|" \
		"$tmp/usr/src/linux-headers-$release/Makefile"
	rm -f "$tmp"/*.deb "$tmp"/*.log
	mv "$tmp" "$dir"
}

# The boot protocol's header tells where in a bzImage the compressed ELF lies;
# an ELF is taken as it is.
extract_vmlinux()
{
	local image=$1 elf=$2 setup offset length magic unpack

	magic=$(head -c 4 "$image" | od -An -tx1 | tr -d ' ')
	if [ "$magic" = 7f454c46 ]; then
		cp "$image" "$elf"
		return
	fi
	[ "$(tail -c +515 "$image" | head -c 4)" = HdrS ] || {
		say "$image is neither a bzImage nor an ELF kernel"
		return 1
	}
	setup=$(od -An -tu1 -j $((0x1f1)) -N 1 "$image")
	offset=$(od -An -tu4 -j $((0x248)) -N 4 "$image")
	length=$(od -An -tu4 -j $((0x24c)) -N 4 "$image")
	offset=$(((setup + 1) * 512 + offset))
	magic=$(od -An -tx1 -j $offset -N 4 "$image" | tr -d ' ')
	case $magic in
	1f8b*)		unpack=gunzip ;;
	fd377a58)	unpack=unxz ;;
	28b52ffd)	unpack=unzstd ;;
	02214c18)	unpack='lz4 -d' ;;
	*)
		say "$image is compressed in an unknown way ($magic)"
		return 1
		;;
	esac
	# The decompressor may complain about the length that follows the data.
	tail -c +$((offset + 1)) "$image" | head -c "$length" |
		$unpack -c >"$elf" 2>/dev/null
	[ "$(head -c 4 "$elf" | od -An -tx1 | tr -d ' ')" = 7f454c46 ] || {
		say "cannot extract the ELF kernel from $image"
		return 1
	}
}

# image_package SUITE ARCHITECTURE RELEASE: what holds the kernel.  From Linux 6.19
# on the image's own package is empty, and what a guest needs is built in.
image_package()
{
	local name

	name=$(suite_names "$1" "$2" "linux-binary-${3//[+.]/.}")
	echo "${name:-linux-image-$3}"
}

# fetch_image SUITE ARCHITECTURE RELEASE DIR: downloads Debian's image and unpacks
# what boots.  The directory appears under its name when it is whole.
fetch_image()
{
	local suite=$1 arch=$2 release=$3 dir=$4 tmp

	[ ! -e "$dir/vmlinuz" ] || return 0
	need_programs dpkg-deb unxz unzstd lz4
	say "fetching Debian's kernel $release"
	mkdir -p "$CACHE/kernels"
	tmp=$(mktemp -d "$CACHE/kernels/new.XXXXXX")
	mkdir "$tmp/modules" "$tmp/unpacked"
	suite_download "$suite" "$arch" "$tmp" \
		"$(image_package "$suite" "$arch" "$release")" ||
		{ rm -rf "$tmp"; die "cannot download kernel $release"; }
	dpkg-deb --fsys-tarfile "$tmp"/*.deb |
		tar -x -C "$tmp/unpacked" --wildcards '*/vmlinuz*' \
		    '*/kernel/drivers/virtio' \
		    '*/kernel/drivers/char/virtio_console.ko*' 2>/dev/null
	find "$tmp/unpacked" -name '*.ko*' -exec mv -t "$tmp/modules" {} +
	find "$tmp/modules" -name '*.xz' -exec unxz {} +
	find "$tmp/unpacked" -name 'vmlinuz*' -exec mv {} "$tmp/vmlinuz" \;
	# QEMU takes that of an arm64 as it is.
	case $arch in
	amd64)	extract_vmlinux "$tmp/vmlinuz" "$tmp/vmlinux" ;;
	*)	ln "$tmp/vmlinuz" "$tmp/vmlinux" ;;
	esac || { rm -rf "$tmp"; die "Debian's kernel $release holds no image"; }
	echo "$release" >"$tmp/release"
	rm -rf "$tmp/unpacked" "$tmp"/*.deb "$tmp"/*.log "$dir"
	mv "$tmp" "$dir"
}

# The release that a kernel image says of itself.
image_release()
{
	local image=$1 offset

	if [ "$(tail -c +515 "$image" | head -c 4)" = HdrS ]; then
		offset=$(od -An -tu2 -j $((0x20e)) -N 2 "$image")
		tail -c +$((offset + 513)) "$image" | head -c 256 |
			tr '\0' '\n' | sed 's/ .*//;q'
	else
		grep -aom1 'Linux version [^ ]*' "$image" | sed 's/.* //;q'
	fi
}

# An image given by its path is kept in the cache by its content.
unpack_image()
{
	local image=$1 release=$2 dir=$3 tmp

	[ ! -d "$dir" ] || return 0
	mkdir -p "$CACHE/kernels"
	tmp=$(mktemp -d "$CACHE/kernels/new.XXXXXX")
	mkdir "$tmp/modules"
	extract_vmlinux "$image" "$tmp/vmlinux" || { rm -rf "$tmp"; exit 1; }
	find "/lib/modules/$release/kernel/drivers" -name 'virtio*.ko*' \
		-exec cp -t "$tmp/modules" {} + 2>/dev/null
	find "$tmp/modules" -name '*.xz' -exec unxz {} +
	echo "$release" >"$tmp/release"
	mv "$tmp" "$dir"
}

select_image()
{
	local image=$1 release

	[ -r "$image" ] || die "cannot read the kernel image $image"
	release=$(image_release "$image")
	[ -n "$release" ] || die "$image is not a Linux kernel image"
	KERNEL_DIR=$CACHE/kernels/$release-$(md5sum <"$image" | cut -c1-8)
	KERNEL_BUILD=/lib/modules/$release/build
	locked "$CACHE/lock" unpack_image "$image" "$release" "$KERNEL_DIR"
}

# What the kernels that look for bugs are made of, and kselftest and checkpatch
# taken from.
SOURCE_PACKAGE=linux-source-6.12
SOURCE_SUITE=bookworm

fetch_source()
{
	[ -z "$(find "$CACHE/source" -name "${SOURCE_PACKAGE}_*.deb" 2>/dev/null)" ] ||
		return 0
	say "fetching $SOURCE_PACKAGE (150 MB)"
	mkdir -p "$CACHE/source/new"
	suite_download "$SOURCE_SUITE" amd64 "$CACHE/source/new" \
		"$SOURCE_PACKAGE" || die "cannot download $SOURCE_PACKAGE"
	mv "$CACHE/source/new"/*.deb "$CACHE/source/"
	rm -rf "$CACHE/source/new"
}

# The package with the source, which is fetched once: a newer one is taken where
# it is removed from the cache.
kernel_source()
{
	locked "$CACHE/lock" fetch_source || exit 1
	find "$CACHE/source" -name "${SOURCE_PACKAGE}_*.deb" | sort -V | tail -n 1
}

# unpack_source DIR [PATTERN...]: the source, or the files of it that match.
unpack_source()
{
	local dir=$1 package

	shift
	package=$(kernel_source) || exit 1
	[ $# = 0 ] || set -- --wildcards "$@"
	dpkg-deb --fsys-tarfile "$package" |
		tar -xO "./usr/src/$SOURCE_PACKAGE.tar.xz" |
		tar -xJ -C "$dir" --strip-components=1 "$@"
}

built_kernel_fragments()
{
	echo "$TOP/scripts/kernels/base.config $TOP/scripts/kernels/$1.config"
}

# A kernel that scripts/debug-kernel builds is kept by what it was made of.
built_kernel_dir()
{
	local name=$1 version

	version=$(kernel_source) || exit 1
	version=${version##*/}
	version=${version#*_}
	version=${version%_*}
	# shellcheck disable=SC2046 # two files
	version=$(cat $(built_kernel_fragments "$name") - <<<"$version" |
		  md5sum | cut -c1-12)
	echo "$CACHE/kernels/$name-$version"
}

select_built_kernel()
{
	local name=$1

	KERNEL_DIR=$(built_kernel_dir "$name") || exit 1
	[ -d "$KERNEL_DIR" ] || die "the $name kernel is not there or out of" \
		"date - run 'scripts/debug-kernel $name'"
	KERNEL_BUILD=$KERNEL_DIR/build
	KERNEL_RELEASE=$(<"$KERNEL_DIR/release")
	# What the detectors need beside the guest, and no report may hide
	# another.
	KERNEL_MEMORY=1024
	KERNEL_OPTIONS=kasan_multi_shot
}

# name_compiler PREFIX: the headers name the compiler of their suite; on a newer
# one it is not there, and a newer one does.
name_compiler()
{
	local version

	version=$(sed -n 's/^CC = .*gcc-//p' "$KERNEL_BUILD/.kernelvariables")
	command -v "$1gcc-$version" >/dev/null || KERNEL_MAKE+=("CC=$1gcc")
}

# select_debian VERSION FLAVOUR SUITE: FLAVOUR as in the package's name, or arm64.
select_debian()
{
	local version=${1%-deb13} flavour=${2:+$2-} suite=$3 arch=amd64

	[ "$2" != arm64 ] || { arch=arm64; flavour=; }
	KERNEL_RELEASE=$(debian_release "$version" "$flavour" "$suite" "$arch") ||
		exit 1
	KERNEL_BUILD=$CACHE/headers/$KERNEL_RELEASE
	locked "$CACHE/lock" fetch_headers "$suite" "$arch" "$KERNEL_RELEASE" \
		"$KERNEL_BUILD" || exit 1
	KERNEL_BUILD+=/usr/src/linux-headers-$KERNEL_RELEASE
	KERNEL_DIR=$CACHE/kernels/$KERNEL_RELEASE
	locked "$CACHE/lock" fetch_image "$suite" "$arch" "$KERNEL_RELEASE" \
		"$KERNEL_DIR" || exit 1
	host_does_for "$suite" || KERNEL_IN=(in_root "$suite")
	[ $arch = amd64 ] || select_arm64
	if [ ${#KERNEL_IN[@]} != 0 ]; then
		# shellcheck disable=SC2046 # two words
		need_root "$suite" $([ $arch = amd64 ] ||
			echo aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu)
	elif [ $arch = amd64 ]; then
		name_compiler x86_64-linux-gnu-
	else
		name_compiler aarch64-linux-gnu-
	fi
}

# select_kernel NAME sets KERNEL_DIR (vmlinux, modules/), KERNEL_RELEASE and
# KERNEL_BUILD (what modules are built against), KERNEL_MEMORY (in MiB) and
# KERNEL_OPTIONS (for its command line), KERNEL_IN, the command in front of the
# make that builds the module; for machines of another architecture KERNEL_ROOT,
# the system that the guest's programs are from, KERNEL_OUT, where what is for the
# guest is built, and KERNEL_MAKE and TOOL_MAKE, arguments to build the module,
# and programs for it.
select_kernel()
{
	local name=$1 version flavour=

	KERNEL_MEMORY=512
	KERNEL_OPTIONS=
	KERNEL_CONSOLE=ttyS0
	KERNEL_ROOT=
	KERNEL_OUT=$BUILD
	KERNEL_IN=()
	KERNEL_MAKE=()
	TOOL_MAKE=()
	version=$name
	[[ ! $name =~ ^(.*)-(cloud|rt|arm64)$ ]] ||
		{ version=${BASH_REMATCH[1]}; flavour=${BASH_REMATCH[2]}; }
	if suite_of "$version" >/dev/null; then
		select_debian "$version" "$flavour" "$(suite_of "$version")"
	elif [ "$name" = debug ] || [ "$name" = kcsan ]; then
		select_built_kernel "$name"
	elif [[ $name == */* ]]; then
		select_image "$name"
		KERNEL_RELEASE=$(<"$KERNEL_DIR/release")
	else
		usage_error "unknown kernel '$name'"
	fi
	[ -d "$KERNEL_BUILD/" ] ||
		die "no headers of kernel $KERNEL_RELEASE in $KERNEL_BUILD"
}
