# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# SPDX-License-Identifier: GPL-2.0-only
# From the name of a kernel to what boots it and what a module is built with.
# Needs common.sh and apt.sh.

. "$(dirname "${BASH_SOURCE[0]}")/arm64.sh"

# The headers package of Debian that stands for a kernel's name; it depends on
# the current version's package, from which the release follows.
debian_headers_package()
{
	case $1 in
	6.1)		echo linux-headers-amd64 ;;
	6.1-cloud)	echo linux-headers-cloud-amd64 ;;
	6.1-rt)		echo linux-headers-rt-amd64 ;;
	6.12)		echo linux-headers-6.12-amd64 ;;
	6.12-cloud)	echo linux-headers-6.12-cloud-amd64 ;;
	6.12-rt)	echo linux-headers-6.12-rt-amd64 ;;
	# Its release is that of the amd64 kernel.
	6.1-arm64)	echo linux-headers-amd64 ;;
	6.12-arm64)	echo linux-headers-6.12-amd64 ;;
	*)		return 1 ;;
	esac
}

# The first package of that name that PACKAGE depends on.
dependency()
{
	local package=$1 name=$2

	{
		dpkg-query -W -f '${Depends}\n' "$package"
		apt-cache show "$package" | sed -n 's/^Depends: //p'
	} 2>/dev/null | tr ',' '\n' | sed -n "s/^ *\\($name\\)\\([ (].*\\)*\$/\\1/p" |
		head -n 1
}

debian_release()
{
	local package=$1 headers

	headers=$(dependency "$package" 'linux-headers-[^ ]*')
	# Lists of packages may never have been fetched, or be gone.
	if [ -z "$headers" ] && can_be_root; then
		as_root apt-get -qq update >&2 &&
			headers=$(dependency "$package" 'linux-headers-[^ ]*')
	fi
	[ -n "$headers" ] || die "apt does not know of $package"
	echo "${headers#linux-headers-}"
}

# fetch_headers RELEASE DIR: unpacks Debian's headers into the cache, where they
# are not installed: those of 6.12 can only be with a kernel that this host would
# boot from then on.
fetch_headers()
{
	local release=$1 dir=$2 tmp package=linux-headers-$1 common kbuild

	[ ! -d "$dir" ] || return 0
	need_programs apt-get dpkg-deb
	say "fetching Debian's headers of kernel $release"
	common=$(dependency "$package" 'linux-headers-[^ ]*-common[^ ]*')
	kbuild=$(dependency "$package" 'linux-kbuild-[^ ]*')
	mkdir -p "$CACHE/headers"
	tmp=$(mktemp -d "$CACHE/headers/new.XXXXXX")
	for package in "$package" "$common" "$kbuild"; do
		if ! download "$tmp" "$package" ||
		   ! dpkg-deb -x "$tmp/$package"_*.deb "$tmp"; then
			rm -rf "$tmp"
			die "cannot download $package"
		fi
	done
	sed -i "s|^include /usr/src/|include $dir/usr/src/|" \
		"$tmp/usr/src/linux-headers-$release/Makefile"
	rm -f "$tmp"/*.deb "$tmp"/*.log
	mv "$tmp" "$dir"
}

# What modules for Debian's kernel of that release are built with.
headers_of()
{
	local release=$1 dir=$CACHE/headers/$1

	if [ -d "/lib/modules/$release/build/" ]; then
		echo "/lib/modules/$release/build"
		return
	fi
	locked "$CACHE/lock" fetch_headers "$release" "$dir" || exit 1
	echo "$dir/usr/src/linux-headers-$release"
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

# fetch_debian_image RELEASE PACKAGE: downloads and unpacks Debian's image into
# the cache.  The directory appears under its name when it is whole.
fetch_debian_image()
{
	local release=$1 package=$2 dir=$CACHE/kernels/$1 tmp

	[ ! -d "$dir" ] || return 0
	need_programs apt-get dpkg-deb unxz unzstd lz4
	say "fetching Debian's kernel $release"
	mkdir -p "$CACHE/kernels"
	tmp=$(mktemp -d "$CACHE/kernels/new.XXXXXX")
	if ! download "$tmp" "linux-image-$release"; then
		rm -rf "$tmp"
		die "cannot download linux-image-$release: when Debian has a newer" \
		    "one, 'apt-get install --only-upgrade $package' helps"
	fi
	mkdir "$tmp/modules"
	dpkg-deb --fsys-tarfile "$tmp"/linux-image-*.deb |
		tar -x -C "$tmp" --wildcards './boot/vmlinuz-*' \
		    '*/kernel/drivers/virtio' \
		    '*/kernel/drivers/char/virtio_console.ko*' 2>/dev/null
	find "$tmp/lib" "$tmp/usr" -name '*.ko*' -exec mv -t "$tmp/modules" {} + \
		2>/dev/null
	find "$tmp/modules" -name '*.xz' -exec unxz {} +
	extract_vmlinux "$tmp/boot/vmlinuz-$release" "$tmp/vmlinux" ||
		{ rm -rf "$tmp"; exit 1; }
	echo "$release" >"$tmp/release"
	(cd "$tmp" && rm -rf boot lib usr ./*.log ./*.deb)
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

KERNEL_SOURCE=/usr/src/linux-source-6.12.tar.xz

built_kernel_fragments()
{
	echo "$TOP/scripts/kernels/base.config $TOP/scripts/kernels/$1.config"
}

# A kernel that scripts/debug-kernel builds is kept by what it was made of.
built_kernel_dir()
{
	local name=$1 version

	version=$(dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null)
	[ -n "$version" ] || die "linux-source-6.12 is not installed -" \
		"run 'scripts/setup'"
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

# select_kernel NAME sets KERNEL_DIR (vmlinux, modules/), KERNEL_RELEASE and
# KERNEL_BUILD (what modules are built against), KERNEL_MEMORY (in MiB) and
# KERNEL_OPTIONS (for its command line); for machines of another architecture
# KERNEL_ROOT, the system that the guest's programs are from, KERNEL_OUT, where
# what is for the guest is built, and KERNEL_MAKE and TOOL_MAKE, arguments to
# build the module, and programs for it.
select_kernel()
{
	local name=$1 package

	KERNEL_MEMORY=512
	KERNEL_OPTIONS=
	KERNEL_CONSOLE=ttyS0
	KERNEL_ROOT=
	KERNEL_OUT=$BUILD
	KERNEL_MAKE=()
	TOOL_MAKE=()
	if package=$(debian_headers_package "$name"); then
		KERNEL_RELEASE=$(debian_release "$package") || exit 1
		KERNEL_BUILD=$(headers_of "$KERNEL_RELEASE") || exit 1
		case $name in
		*-arm64)
			select_arm64 "${KERNEL_RELEASE%amd64}arm64"
			return
			;;
		esac
		KERNEL_DIR=$CACHE/kernels/$KERNEL_RELEASE
		locked "$CACHE/lock" fetch_debian_image "$KERNEL_RELEASE" \
			"$package" || exit 1
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
