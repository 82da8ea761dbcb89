# shellcheck shell=bash
# shellcheck disable=SC2153 # set by kernel.sh
# SPDX-License-Identifier: GPL-2.0-only
# The root file system of the test machine, as a directory.

# What a program needs to run: its libraries and its loader.
copy_libraries()
{
	local root=$1 library

	shift
	for program; do
		ldd "$program" 2>/dev/null
	done | grep -o '/[^ ]*' | sort -u | while read -r library; do
		[ -e "$root$library" ] || {
			mkdir -p "$root$(dirname "$library")"
			cp -L "$library" "$root$library"
		}
	done
}

# All of a system that is not this host's: no program here tells which a foreign
# one needs.
copy_root_libraries()
{
	local root=$1

	find "$KERNEL_ROOT"/lib "$KERNEL_ROOT"/usr/lib -mindepth 2 -maxdepth 2 \
		-name '*.so.*' -exec cp -L -t "$root/usr/lib" {} +
}

is_elf()
{
	[ "$(head -c 4 "$1" 2>/dev/null | tr -d '\0')" = $'\177ELF' ]
}

# copy_in ROOT SOURCE DIRECTORY: a file or a folder, with all libraries that
# the programs in it need.
copy_in()
{
	local root=$1 source=$2 directory=$3 file programs=()

	mkdir -p "$root$directory"
	cp -aL "$source" "$root$directory/" || return 1
	while IFS= read -r -d '' file; do
		! is_elf "$file" || programs+=("$file")
	done < <(find -L "$source" -type f -perm /100 -print0)
	[ ${#programs[@]} = 0 ] || copy_libraries "$root" "${programs[@]}"
}

make_accounts()
{
	local root=$1

	cat >"$root/etc/passwd" <<-'END'
	root:x:0:0:root:/root:/bin/bash
	user:x:1000:1000:user:/home/user:/bin/bash
	nobody:x:65534:65534:nobody:/:/bin/sh
	END
	cat >"$root/etc/group" <<-'END'
	root:x:0:
	user:x:1000:
	nogroup:x:65534:
	END
	echo '127.0.0.1 localhost vm' >"$root/etc/hosts"
}

make_skeleton()
{
	local root=$1 applet

	mkdir -p "$root"/{dev,proc,sys,run,tmp,etc,root,home/user,lib/modules} \
		"$root"/usr/{bin,sbin,lib,lib64} "$root/usr/local/bin" "$root/var"
	rmdir "$root/lib/modules" "$root/lib"
	ln -s usr/bin "$root/bin"
	ln -s usr/sbin "$root/sbin"
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	ln -s ../run "$root/var/run"
	ln -s ../tmp "$root/var/tmp"
	if [ -n "$KERNEL_ROOT" ]; then
		cp "$KERNEL_ROOT/bin/busybox" "$root/bin/"
		copy_root_libraries "$root"
	else
		cp "$(command -v busybox)" "$root/bin/busybox"
	fi
	for applet in $(busybox --list); do
		[ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
	done
	ln -s ../bin/modprobe "$root/sbin/modprobe"
	make_accounts "$root"
}

# make_guest ROOT fills ROOT with the system, the module and the tool for the
# selected kernel.
make_guest()
{
	local root=$1 modules program

	make_skeleton "$root"
	modules=$root/lib/modules/$KERNEL_RELEASE
	mkdir -p "$modules/extra" "$modules/virtio"
	cp "$KERNEL_OUT/$KERNEL_RELEASE/module/ctxlab.ko" "$modules/extra/"
	cp "$KERNEL_OUT/$KERNEL_RELEASE/module/ctxlab.ko" "$root/root/"
	find "$KERNEL_DIR/modules" -name '*.ko' -exec cp -t "$modules/virtio" {} +
	for program in /bin/bash /usr/sbin/bpftool; do
		rm -f "$root/usr/bin/${program##*/}"
		copy_in "$root" "$KERNEL_ROOT$program" /usr/bin
	done
	copy_in "$root" "$KERNEL_OUT/userspace/ctxlab" /usr/local/bin
	cp "$TOP/scripts/guest/init" "$root/init"
}

# pack ROOT FILE
pack()
{
	(cd "$1" && find . -print0 |
		cpio --null -o -H newc -R 0:0 --quiet) >"$2"
}
