# SPDX-License-Identifier: GPL-2.0-only
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
BUILD := $(CURDIR)/build

all: module tool

module:
	@scripts/lib/mirror $(BUILD)/$(KVER)
	$(MAKE) -C $(KDIR) M=$(BUILD)/$(KVER) modules

tool:
	$(MAKE) -C userspace O=$(BUILD)/userspace

tests:
	$(MAKE) -C tests OUTPUT=$(BUILD)/tests KSFT=$(KSFT)

clean:
	rm -rf $(BUILD)

.PHONY: all module tool tests clean
