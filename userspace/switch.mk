# SPDX-License-Identifier: GPL-2.0-only
# The experiment behind 'ctxlab switch' and 'ctxlab diff'.
DIRS += switch
PKGS += gsl
LDLIBS += -pthread

# The one file that is not C.  It is empty on other machines.
COROUTINE := $(O)/switch/coroutine_x86_64.o
LDLIBS += $(COROUTINE)
$(O)/ctxlab: $(COROUTINE)
$(COROUTINE): switch/coroutine_x86_64.S
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
