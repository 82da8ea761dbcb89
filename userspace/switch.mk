# SPDX-License-Identifier: GPL-2.0-only
# The experiment behind 'ctxlab switch' and 'ctxlab diff'.
DIRS += switch
PKGS += gsl
LDLIBS += -pthread

# The BPF program that counts switches and flushes.  Without the tools for it
# ctxlab counts with perf's tracepoints instead.
CLANG ?= clang
BPFTOOL ?= $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool)
BPF_NEEDS := $(shell command -v $(CLANG) >/dev/null || echo clang) \
	$(if $(BPFTOOL),,bpftool) \
	$(shell $(PKG_CONFIG) --exists libbpf || echo libbpf)
ifeq ($(strip $(BPF_NEEDS)),)
PKGS += libbpf
override CFLAGS += -DHAVE_BPF -I$(O)
MULTIARCH := $(shell $(CC) -print-sysroot 2>/dev/null)/usr/include/$(shell $(CC) -print-multiarch)

$(O)/switch/counter_bpf.o: $(O)/switch/count.skel.h
$(O)/switch/count.skel.h: $(O)/switch/count.bpf.o
	$(BPFTOOL) gen skeleton $< name count_bpf > $@
$(O)/switch/count.bpf.o: switch/bpf/count.bpf.c
	@mkdir -p $(@D)
	$(CLANG) -O2 -g -Wall -target bpf -I$(MULTIARCH) -c -o $@ $<
else
$(shell echo 'userspace: no BPF counting in this build, not found: $(strip $(BPF_NEEDS))' >&2)
endif
