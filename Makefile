# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists the targets. Everything that is built lies under $(O).

O ?= build
CC ?= cc
CLANG ?= clang
PKG_CONFIG ?= pkg-config
BPFTOOL ?= $(firstword $(foreach b,bpftool /usr/sbin/bpftool $(wildcard /usr/lib/linux-tools/*/bpftool),\
	$(shell $(b) version >/dev/null 2>&1 && echo $(b))))
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DATADIR ?= $(PREFIX)/share/portacct
TEXTFILE_DIR ?= /var/lib/prometheus/node-exporter
V ?= 0
WERROR ?= 0
SANITIZE ?= 0

VERSION := 0.1.0$(addprefix -g,$(shell git describe --always --dirty 2>/dev/null))
LIBRARIES := libbpf libelf zlib libmnl jansson libpcap libcap
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))

# ---- what is needed, and one sentence for each that is missing
PACKAGES := gcc make git pkg-config clang llvm libbpf-dev libelf-dev zlib1g-dev libmnl-dev libjansson-dev libpcap-dev libcap-dev
BPFTOOL_PACKAGES := $(if $(shell grep -is ubuntu /etc/os-release),linux-tools-common linux-tools-generic,bpftool)
TEST_PACKAGES := libcmocka-dev iproute2 ethtool tshark tcpdump iperf3 curl jq bind9-dnsutils dnsmasq-base \
	netcat-openbsd python3-scapy xdp-tools strace nftables ?clang-14 ?clang-19
DAEMON_PACKAGES := prometheus prometheus-node-exporter
NO_BUILD := help deps test-deps clean distclean layers

need_tool = $(if $(shell command -v $(1)),,$(error $(1) is missing: install the package $(2), or run 'make deps' as root))
need_library = $(if $(shell $(PKG_CONFIG) --exists '$(1)' && echo yes),,\
	$(error library $(1) is missing: install the package $(2), or run 'make deps' as root))
define check_needs
$(call need_tool,$(PKG_CONFIG),pkg-config)
$(call need_tool,$(CC),gcc)
$(call need_tool,$(CLANG),clang)
$(if $(BPFTOOL),,$(error bpftool is missing: install the package $(BPFTOOL_PACKAGES), or run 'make deps' as root))
$(call need_library,libbpf >= 1.1,libbpf-dev)
$(call need_library,libelf,libelf-dev)
$(call need_library,zlib,zlib1g-dev)
$(call need_library,libmnl,libmnl-dev)
$(call need_library,jansson,libjansson-dev)
$(call need_library,libpcap,libpcap-dev)
$(call need_library,libcap,libcap-dev)
endef

# `run`, `demo` and `check` install first and build in a second make, which then finds what it needs.
GOALS := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out $(NO_BUILD) run demo check,$(GOALS)),)
$(eval $(check_needs))
# Written only when it changes, so that what prints it is built again then and only then.
$(shell mkdir -p $(O) && { echo '$(VERSION)' | cmp -s - $(O)/version || echo '$(VERSION)' >$(O)/version; })
endif

# ---- flags
option = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && echo $(1))
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wpointer-arith -Wcast-qual $(call option,-Wformat-signedness) $(if $(filter 1,$(WERROR)),-Werror)
comma := ,
SANITIZERS := $(if $(filter 1,$(SANITIZE)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -O1)
CPPFLAGS += -D_GNU_SOURCE -Iinclude -isystem $(O) -MMD -MP
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(CFLAGS) $(SANITIZERS) $(shell $(PKG_CONFIG) --cflags $(LIBRARIES))
LDLIBS += $(shell $(PKG_CONFIG) --libs $(LIBRARIES))
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror) -Iinclude -Ivmlinux

SRC := $(filter-out src/main.c,$(wildcard src/*.c))
OBJ := $(SRC:src/%.c=$(O)/%.o)
UNIT := $(wildcard tests/unit/test_*.c)
BPF_TESTS := $(wildcard tests/bpf/test_*.c)
SUPPORT := $(filter-out $(UNIT) $(BPF_TESTS),$(wildcard tests/unit/*.c tests/bpf/*.c))
UNIT_BIN := $(UNIT:tests/unit/%.c=$(O)/tests/unit/%)
BPF_BIN := $(BPF_TESTS:tests/bpf/%.c=$(O)/tests/bpf/%)

all: $(O)/agent

# ---- the kernel half
$(O)/agent.bpf.o: bpf/agent.bpf.c | $(O)/.made
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q){ echo '#include "port_abi.h"' && $(BPFTOOL) gen skeleton $< name $*_bpf; } >$@

# ---- the user half: all of it but main.c in a library, so that tests link what ships
$(O)/%.o: src/%.c | $(O)/.made
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c $< -o $@

$(O)/datapath_load.o $(O)/datapath_replay.o: $(O)/agent.skel.h
$(O)/datapath_attach.o $(O)/cli.o $(O)/prom.o $(O)/status.o: CPPFLAGS += -DPORTACCT_VERSION='"$(VERSION)"'
$(O)/datapath_attach.o $(O)/cli.o $(O)/prom.o $(O)/status.o: $(O)/version
$(O)/builtin.o: data/services.csv
$(O)/builtin.o: CPPFLAGS += -DSERVICES_CSV='"data/services.csv"'

$(O)/libagent.a: $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/agent: $(O)/main.o $(O)/libagent.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# ---- tests and bench
TEST_CPPFLAGS := -Ibpf -Itests/unit -Itests/bpf -DSERVICES_CSV='"data/services.csv"'
$(O)/tests/%.o: tests/%.c $(O)/agent.skel.h | $(O)/.made
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(ALL_CFLAGS) -c $< -o $@

$(O)/libsupport.a: $(SUPPORT:%.c=$(O)/%.o)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(UNIT_BIN) $(BPF_BIN): $(O)/tests/%: $(O)/tests/%.o $(O)/libsupport.a $(O)/libagent.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lm $(LDLIBS)

BENCH := $(wildcard tests/bench/*.c)
BENCH_OBJ := $(patsubst %.c,$(O)/%.o,$(filter-out %.bpf.c,$(BENCH))) $(O)/tests/unit/packet.o
BENCH_BPF := $(patsubst %.c,$(O)/%.o,$(filter %.bpf.c,$(BENCH)))
$(O)/tests/bench/bench: $(BENCH_OBJ) $(O)/libagent.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lm $(LDLIBS)

$(BENCH_BPF): $(O)/tests/bench/%.bpf.o: tests/bench/%.bpf.c | $(O)/.made
	$(Q)$(CLANG) $(BPF_CFLAGS) -Ibpf -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

tests: $(UNIT_BIN) $(BPF_BIN) all
unit-tests: $(UNIT_BIN)

check: test-deps
	$(Q)$(MAKE) --no-print-directory check-built

# The sanitized copies are built beside and run by the same runner.
check-built: tests
	$(Q)$(MAKE) --no-print-directory O=$(O)/asan SANITIZE=1 unit-tests
	$(Q)O='$(O)' CLANG='$(CLANG)' BPFTOOL='$(BPFTOOL)' sh tests/run.sh

check-asan:
	$(Q)$(MAKE) --no-print-directory O=$(O)/asan SANITIZE=1 unit-tests
	$(Q)O='$(O)' sh tests/run.sh asan

layers:
	$(Q)sh tests/layers.sh

bench: all $(O)/tests/bench/bench $(BENCH_BPF)
	$(Q)O='$(O)' sh tests/bench/bench.sh

FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
REFERENCE := $(wildcard tests/bpf/reference*.c)
fuzz: $(FUZZERS)
$(FUZZERS): $(O)/fuzz/%: tests/fuzz/%.c $(SRC) $(REFERENCE) $(O)/agent.skel.h
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -std=gnu11 -g -O1 -D_GNU_SOURCE -Iinclude -Ibpf -Itests/bpf \
		-isystem $(O) -DSERVICES_CSV='"data/services.csv"' $< $(SRC) $(REFERENCE) -o $@ $(LDLIBS)

# ---- use
run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)IFACE='$(IFACE)' RUN_SECONDS='$(RUN_SECONDS)' TEXTFILE_DIR='$(TEXTFILE_DIR)' sh data/run.sh $(O)/agent

demo: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)sh tests/netns/demo.sh $(O)/agent

deps:
	$(Q)sh data/packaging/deps.sh '' $(PACKAGES) $(BPFTOOL_PACKAGES)
test-deps:
	$(Q)sh data/packaging/deps.sh '$(O)/debs:$(DAEMON_PACKAGES)' $(PACKAGES) $(BPFTOOL_PACKAGES) $(TEST_PACKAGES)

install: all
	install -d '$(DESTDIR)$(SBINDIR)' '$(DESTDIR)$(DATADIR)'
	install -m 755 $(O)/agent '$(DESTDIR)$(SBINDIR)/portacct-agent'
	install -m 644 data/services.csv '$(DESTDIR)$(DATADIR)/services.csv'
uninstall:
	rm -f '$(DESTDIR)$(SBINDIR)/portacct-agent' '$(DESTDIR)$(DATADIR)/services.csv'
	-rmdir '$(DESTDIR)$(DATADIR)'

clean:
	rm -rf '$(O)'
help:
	@echo 'make             build $(O)/agent'
	@echo 'make run         install what is missing, build, count on the default devices (IFACE="a b", RUN_SECONDS=n)'
	@echo 'make demo        count real traffic in network namespaces of its own'
	@echo 'make check       all tests; make check-asan: unit tests under sanitizers; make layers: includes'
	@echo 'make bench       cost of a packet; make fuzz: build the fuzzers'
	@echo 'make deps        install what the build needs (Debian, Ubuntu); make test-deps: what the tests need'
	@echo 'make install     PREFIX=$(PREFIX) DESTDIR=; make uninstall; make clean'
	@echo 'variables        CC CLANG BPFTOOL PKG_CONFIG O V=1 WERROR=1 SANITIZE=1'

$(O)/.made:
	@mkdir -p $(O)/tests/unit $(O)/tests/bpf $(O)/tests/bench && touch $@

-include $(wildcard $(O)/*.d $(O)/tests/*/*.d)
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all tests unit-tests check check-built check-asan layers bench fuzz run demo deps test-deps install uninstall \
	clean help
