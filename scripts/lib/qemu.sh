# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# How the machine is started, and whether this host can virtualise it.

# A probe boot: a machine that only says that it lives.
kvm_boots()
{
	local dir marker

	dir=$(mktemp -d)
	mkdir -p "$dir/root/dev"
	cp "$(command -v busybox)" "$dir/root/busybox"
	cat >"$dir/root/init" <<-'END'
	#!/busybox sh
	/busybox mount -t devtmpfs dev /dev
	echo ctxlab-kvm-works >/dev/ttyS0
	/busybox reboot -f
	END
	chmod +x "$dir/root/init"
	pack "$dir/root" "$dir/initrd"
	timeout 60 qemu-system-x86_64 -M q35 -accel kvm -cpu host -smp 2 -m 256 \
		-nodefaults -no-user-config -display none -no-reboot \
		-serial "file:$dir/log" -kernel "$KERNEL_DIR/vmlinux" \
		-initrd "$dir/initrd" -append 'console=ttyS0 panic=-1' \
		>/dev/null 2>&1 </dev/null
	grep -qs ctxlab-kvm-works "$dir/log"
	marker=$?
	rm -rf "$dir"
	return $marker
}

kvm_may_work()
{
	[ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo
}

# /dev/kvm exists on machines that cannot run a stock kernel with it, so
# nothing short of a boot is believed.  The answer holds until the host boots.
kvm_works()
{
	local answer

	answer=$CACHE/kvm-$(</proc/sys/kernel/random/boot_id)
	kvm_may_work || return 1
	if [ ! -e "$answer" ]; then
		if kvm_boots; then echo yes; else echo no; fi >"$answer.new"
		mv "$answer.new" "$answer"
	fi
	[ "$(<"$answer")" = yes ]
}

# QEMU before 8.1 may keep running code that another of the machine's CPUs has
# just patched, as the kernel patches the scheduler for tracepoints: int3 where
# there is none.  One thread for all CPUs has not got this race.
tcg_threads()
{
	local version

	version=$(qemu-system-x86_64 --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p')
	if printf '%s\n' 8.1 "$version" | sort -CV; then
		echo multi
	else
		echo single
	fi
}

# qemu_port NAME FILE: a channel that the guest finds by its name.
qemu_port()
{
	QEMU+=(-chardev "file,id=$1,path=$2"
	       -device "virtserialport,name=$1,chardev=$1")
}

# qemu_command MEMORY DIR OPTIONS CPU ICOUNT sets QEMU: it boots DIR/initrd, and
# its channels are files of their name in DIR.  A CPU named is emulated.  Where
# ICOUNT is not empty the clock counts instructions, which two CPUs that wait for
# each other would have stand still.
qemu_command()
{
	local memory=$1 dir=$2 options=$3 cpu=$4 icount=$5 port
	local tcg=(-smp 2 -accel "tcg,thread=$(tcg_threads)")

	[ -z "$icount" ] ||
		tcg=(-smp 1 -accel 'tcg,thread=single' -icount 'shift=0,sleep=off')
	if [ -n "$KERNEL_ROOT" ]; then
		QEMU=(qemu-system-aarch64 -M virt -cpu "${cpu:-cortex-a57}"
		      "${tcg[@]}")
	elif [ -z "$cpu$icount" ] && kvm_works; then
		QEMU=(qemu-system-x86_64 -M q35 -smp 2 -accel kvm -cpu host)
	else
		QEMU=(qemu-system-x86_64 -M q35 -cpu "${cpu:-max}" "${tcg[@]}")
	fi
	QEMU+=(-nodefaults -no-user-config -display none -no-reboot
	       -m "$memory" -kernel "$KERNEL_DIR/vmlinux"
	       -initrd "$dir/initrd"
	       -append "console=$KERNEL_CONSOLE panic=-1 oops=panic nokaslr reboot=t $KERNEL_OPTIONS $options"
	       -serial "file:$dir/log" -device virtio-serial)
	for port in status stdout stderr files; do
		qemu_port $port "$dir/$port"
	done
}

# The terminal of this host becomes one of the guest's.
qemu_shell()
{
	QEMU+=(-chardev 'stdio,id=shell,signal=off'
	       -device 'virtconsole,chardev=shell')
}
