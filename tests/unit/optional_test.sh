#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tool built where clang, bpftool, libbpf and libdw are missing: it builds
# without a warning, says once what it has to do without, and works.

set -u
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/tap.sh"
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# pkg-config, on a host that has neither library.
cat >"$work/pkg-config" <<'END'
#!/bin/sh
for word; do
	case $word in libbpf|libdw) exit 1 ;; esac
done
exec pkg-config "$@"
END
chmod 755 "$work/pkg-config"
make --no-print-directory -s -j"$(nproc)" -C "$TREE/userspace" "O=$work/o" \
	CLANG=no-clang BPFTOOL= PKG_CONFIG="$work/pkg-config" SANITIZE= \
	CFLAGS='-O0 -Werror' "$work/o/ctxlab" >"$work/out" 2>"$work/err"
ok $? 'the tool builds'
[ -x "$work/o/ctxlab" ] || { sed 's/^/# /' "$work/err"; tap_done; }
is "$(sort "$work/err")" \
	'userspace: no BPF counting in this build, not found: clang bpftool libbpf
userspace: no call sites in this build, not found: libdw' \
	'and says what it does without, and nothing else'
! ldd "$work/o/ctxlab" | grep -q 'libbpf\|libdw'
ok $? 'the libraries are not asked for'
"$work/o/ctxlab" switch --seconds 1 --pages 0 --ring 0 --save "$work/run.json" \
	>"$work/out" 2>"$work/err" </dev/null
status=$?
[ $status = 0 ] || [ $status = 4 ]
ok $? 'it measures'
grep -q "not counted by BPF: this ctxlab was built without it" "$work/run.json"
ok $? 'and notes that nothing is counted by BPF'
"$work/o/ctxlab" deadlock $$ >"$work/out" 2>&1
[ $? -le 1 ]
ok $? 'it looks at a process that waits for nobody'
tap_done
