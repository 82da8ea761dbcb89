# SPDX-License-Identifier: GPL-2.0-only
# 'make help' says what there is.  Everything is built in build/; the module in
# a folder of its own for each kernel.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^VERSION := //p' userspace/Makefile)

BUILD := $(CURDIR)/build
MODULE_DIR ?= $(BUILD)/$(KVER)
TOOL := $(BUILD)/userspace/ctxlab

MAKEFLAGS += --no-print-directory

all: tool module

help:
	@echo 'make            build the tool, and the module for the running kernel'
	@echo 'make tool       build the tool alone; it works without the module'
	@echo 'make module     build the module for kernel KVER=$$(uname -r)'
	@echo 'make load       load the module and mount /proc/ctxlab (as root)'
	@echo 'make unload     unmount and unload it (as root)'
	@echo 'make install    install tool, libgpm, man pages and completion below PREFIX,'
	@echo '                and the module for KVER through DKMS (as root)'
	@echo 'make uninstall  take all that away again (as root)'
	@echo 'make deb        build Debian packages of tool and module (scripts/deb)'
	@echo 'make check      run every test, in virtual machines (scripts/test)'
	@echo 'make style      run checkpatch, sparse and shellcheck'
	@echo 'make bench      measure what ctxlab itself costs, beside its like'
	@echo 'make clean      remove build/'
	@echo 'make V=1 ...    print the commands, not a line a file'

module:
	@scripts/lib/supported $(KVER) $(KDIR)
	@scripts/lib/mirror $(MODULE_DIR)
	+$(MAKE) -C $(KDIR) M=$(MODULE_DIR) modules

tool:
	+$(MAKE) -C userspace O=$(BUILD)/userspace

# The tests that run in the guest, and those that run here; what there is of
# each is told by a list.
tests:
	+$(MAKE) -C tests OUTPUT=$(BUILD)/tests KSFT=$$(scripts/lib/kselftest)

install-list:
	@$(MAKE) -s -C tests OUTPUT=$(BUILD)/tests install-list

bench-list:
	@$(MAKE) -s -C tests OUTPUT=$(BUILD)/tests bench-list

unit:
	+$(MAKE) -C tests/unit O=$(BUILD)/unit

unit-list:
	@echo $(CURDIR)/scripts/lib/tap_test.sh
	@$(MAKE) -s -C tests/unit O=$(BUILD)/unit list

# Whatever KVER says, what is loaded is for the kernel that runs.
load: KO = $(BUILD)/$(shell uname -r)/module/ctxlab.ko
load:
	@test -e $(KO) || { echo "ctxlab: no $(KO): run 'make' first"; exit 1; }
	@test ! -d /sys/module/ctxlab || \
		{ echo "ctxlab: already loaded: run 'make unload' first"; exit 1; }
	insmod $(KO)

unload:
	@test -d /sys/module/ctxlab || { echo 'ctxlab: not loaded'; exit 1; }
	@! grep -q ' /proc/ctxlab ctxlab ' /proc/mounts || umount /proc/ctxlab
	rmmod ctxlab

install: tool
	install -D -m 755 $(TOOL) $(DESTDIR)$(PREFIX)/bin/ctxlab
	install -D -m 644 userspace/ctxlab.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/ctxlab.1
	install -D -m 644 userspace/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ctxlab
	install -D -m 644 $(BUILD)/userspace/libgpm.a \
		$(DESTDIR)$(PREFIX)/lib/libgpm.a
	install -D -m 644 userspace/gpm/gpm.h $(DESTDIR)$(PREFIX)/include/gpm.h
	install -D -m 644 userspace/gpm/gpm.3 \
		$(DESTDIR)$(PREFIX)/share/man/man3/gpm.3
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's,@PREFIX@,$(PREFIX),; s,@VERSION@,$(VERSION),' \
		userspace/gpm/gpm.pc.in \
		>$(DESTDIR)$(PREFIX)/lib/pkgconfig/gpm.pc
	scripts/lib/dkms install $(VERSION) '$(DESTDIR)' $(KVER)

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/ctxlab \
		$(DESTDIR)$(PREFIX)/share/man/man1/ctxlab.1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ctxlab \
		$(DESTDIR)$(PREFIX)/lib/libgpm.a \
		$(DESTDIR)$(PREFIX)/lib/pkgconfig/gpm.pc \
		$(DESTDIR)$(PREFIX)/include/gpm.h \
		$(DESTDIR)$(PREFIX)/share/man/man3/gpm.3
	scripts/lib/dkms remove $(VERSION) '$(DESTDIR)' $(KVER)

deb:
	scripts/deb

check:
	scripts/test

style:
	scripts/style

bench:
	scripts/bench
	scripts/bench-switch
	scripts/bench-switch --kernel 6.12
	scripts/bench-create
	scripts/bench-sync
	scripts/bench-ipc
	scripts/bench-sched
	scripts/bench-deadlock

clean:
	rm -rf $(BUILD)

.PHONY: all help module tool tests install-list bench-list unit unit-list load unload \
	install uninstall deb check style bench clean
