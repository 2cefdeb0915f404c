# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists the targets. Everything that is built lies under $(O).

O ?= build
CC ?= cc
CLANG ?= clang
PKG_CONFIG ?= pkg-config
BPFTOOL ?= $(firstword $(foreach b,bpftool /usr/sbin/bpftool $(wildcard /usr/lib/linux-tools/*/bpftool),\
	$(shell $(b) version >/dev/null 2>&1 && echo $(b))))
# bpfeb, where what is built for has its most significant byte first and this machine does not
BPF_TARGET ?= bpf
BPF_CPU ?= v3
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DATADIR ?= $(PREFIX)/share/portacct
TEXTFILE_DIR ?= /var/lib/prometheus/node-exporter
V ?= 0
WERROR ?= 0
SANITIZE ?= 0
ABI_NEXT ?= 0
FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 1800
SEED ?= $(shell date +%s)

# Of this tree's own repository, not of one that it is being packaged in.
VERSION := 0.1.0$(if $(wildcard .git),$(addprefix -g,$(shell git describe --always --dirty 2>/dev/null)))
LIBRARIES := libbpf libelf zlib libmnl jansson libpcap libcap
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))

# ---- what is needed, and one sentence for each that is missing
PACKAGES := gcc make git pkg-config clang llvm libbpf-dev libelf-dev zlib1g-dev libmnl-dev libjansson-dev libpcap-dev libcap-dev
# Only where none works: deps.sh takes what the release has it in.
BPFTOOL_PACKAGES = $(if $(BPFTOOL),,bpftool)
# ?: without it some tests are skipped.
TEST_PACKAGES := libcmocka-dev iproute2 ethtool jq python3-scapy \
	?tshark ?tcpdump ?iperf3 ?curl ?bind9-dnsutils ?dnsmasq-base ?xdp-tools ?strace ?nftables \
	?clang-14 ?clang-19 ?libclang-rt-dev ?qemu-system-x86 ?busybox-static ?cpio ?kmod ?xz-utils \
	?wireguard-tools ?debian-archive-keyring
DAEMON_PACKAGES := prometheus prometheus-node-exporter
NO_BUILD := help deps test-deps check-clang-deps clean distclean layers

need_tool = $(if $(shell command -v $(1)),,$(error $(1) is missing: install the package $(2), or run 'make deps' as root))
need_library = $(if $(shell $(PKG_CONFIG) --exists '$(1)' && echo yes),,\
	$(error library $(1) is missing: install the package $(2), or run 'make deps' as root))
define check_needs
$(call need_tool,$(PKG_CONFIG),pkg-config)
$(call need_tool,$(CC),gcc)
$(call need_tool,$(CLANG),clang)
$(if $(BPFTOOL),,$(error bpftool is missing: install the package bpftool, or where Ubuntu \
	has none linux-tools-common and linux-tools-generic, or run 'make deps' as root))
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
# For a test: as a later version would be, whose counters are laid out otherwise (port_abi.h).
ABI := $(if $(filter 1,$(ABI_NEXT)),-DPORT_ABI_NEXT)
CPPFLAGS += $(ABI) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Iinclude -isystem $(O) -MMD -MP
CFLAGS ?= -O2 -g
# A double is one on every machine: the x87 of 32-bit x86 would compute with more, and round otherwise.
PRECISION := $(call option,-fexcess-precision=standard)
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(PRECISION) $(CFLAGS) $(SANITIZERS) $(shell $(PKG_CONFIG) --cflags $(LIBRARIES))
LDLIBS += $(shell $(PKG_CONFIG) --libs $(LIBRARIES))
# v2 has no 32-bit comparisons (Linux 5.1), but 32-bit registers, which BPF has always had: without these the
# verifier goes through more. It does not follow jumps through tables, nor values read from one.
BPF_CPU_FLAGS := -mcpu=$(BPF_CPU) $(if $(filter v2,$(BPF_CPU)),-Xclang -target-feature -Xclang +alu32) -fno-jump-tables
BPF_CFLAGS = $(ABI) -target $(BPF_TARGET) $(BPF_CPU_FLAGS) -O2 -g -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror) -Iinclude -Ivmlinux \
	$(shell $(PKG_CONFIG) --cflags-only-I libbpf)

SRC := $(filter-out src/main.c,$(wildcard src/*.c))
OBJ := $(SRC:src/%.c=$(O)/%.o)
UNIT := $(wildcard tests/unit/test_*.c)
BPF_TESTS := $(wildcard tests/bpf/test_*.c)
SUPPORT := $(filter-out $(UNIT) $(BPF_TESTS),$(wildcard tests/unit/*.c tests/bpf/*.c))
UNIT_BIN := $(UNIT:tests/unit/%.c=$(O)/tests/unit/%)
BPF_BIN := $(BPF_TESTS:tests/bpf/%.c=$(O)/tests/bpf/%)
RELIABILITY_BIN := $(patsubst %.c,$(O)/%,$(wildcard tests/reliability/*.c))

SKELETONS := $(O)/agent.skel.h $(O)/tc.skel.h

all: $(O)/agent

# ---- the kernel half: one source, a program for each hook
$(O)/%.bpf.o: bpf/%.bpf.c | $(O)/.made
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q){ echo '#include "port_abi.h"' && $(BPFTOOL) gen skeleton $< name $*_bpf; } >$@

# ---- the user half: all of it but main.c in a library, so that tests link what ships
$(O)/%.o: src/%.c | $(O)/.made
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c $< -o $@

$(O)/datapath_load.o: $(SKELETONS)
$(O)/datapath_attach.o $(O)/datapath_carry.o $(O)/cli.o $(O)/prom.o $(O)/status.o $(O)/status_json.o: CPPFLAGS += -DPORTACCT_VERSION='"$(VERSION)"'
$(O)/datapath_attach.o $(O)/datapath_carry.o $(O)/cli.o $(O)/prom.o $(O)/status.o $(O)/status_json.o: $(O)/version
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
$(O)/tests/%.o: tests/%.c $(SKELETONS) | $(O)/.made
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(ALL_CFLAGS) -c $< -o $@

$(O)/libsupport.a: $(SUPPORT:%.c=$(O)/%.o)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# With USER_HALF, a folder that has been built, only what holds the kernel half is built; the rest is taken there.
USER_HALF ?= $(O)
HOLDERS := $(if $(filter $(O),$(USER_HALF)),,$(patsubst src/%,$(O)/%,$(patsubst tests/%,$(O)/tests/%,$(patsubst %.c,%.o,\
	$(shell grep -l '^#include ".*\.skel\.h"' src/*.c $(SUPPORT))))))
$(UNIT_BIN) $(BPF_BIN) $(RELIABILITY_BIN): $(O)/tests/%: $(O)/tests/%.o $(HOLDERS) $(USER_HALF)/libsupport.a $(USER_HALF)/libagent.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lm $(LDLIBS)

$(O)/tests/qemu/ppp: tests/qemu/ppp.c
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -o $@ $<

# Linked statically, as it is all that runs in a virtual machine; else its libraries are packed with it (clang.sh).
$(O)/tests/qemu/load: tests/qemu/load.c
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -static -o $@ $< $(shell $(PKG_CONFIG) --static --libs libbpf libelf) 2>/dev/null || \
		$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -o $@ $< $(LDLIBS)

BENCH := $(wildcard tests/bench/*.c)
BENCH_OBJ := $(patsubst %.c,$(O)/%.o,$(filter-out %.bpf.c,$(BENCH))) $(O)/tests/unit/packet.o
BENCH_BPF := $(patsubst %.c,$(O)/%.o,$(filter %.bpf.c,$(BENCH)))
$(O)/tests/bench/bench: $(BENCH_OBJ) $(O)/libagent.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lm $(LDLIBS)

$(BENCH_BPF): $(O)/tests/bench/%.bpf.o: tests/bench/%.bpf.c | $(O)/.made
	$(Q)$(CLANG) $(BPF_CFLAGS) -Ibpf -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

tests: $(UNIT_BIN) $(BPF_BIN) $(RELIABILITY_BIN) $(O)/tests/qemu/load $(O)/tests/qemu/ppp all
unit-tests: $(UNIT_BIN)

check: test-deps
	$(Q)$(MAKE) --no-print-directory check-built

# The sanitized copies are built beside and run by the same runner. On two processors, unless told.
JOBS_OPTION = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j2)
check-built:
	$(Q)$(MAKE) --no-print-directory $(JOBS_OPTION) tests
	$(Q)$(MAKE) --no-print-directory $(JOBS_OPTION) O=$(O)/asan SANITIZE=1 unit-tests
	$(Q)$(MAKE) --no-print-directory $(JOBS_OPTION) O=$(O)/next ABI_NEXT=1
	$(Q)$(MAKE) --no-print-directory $(JOBS_OPTION) fuzzers >/dev/null 2>&1 || true # tests/fuzz/run.sh says why
	$(Q)O='$(O)' CLANG='$(CLANG)' BPFTOOL='$(BPFTOOL)' sh tests/run.sh

# Other architectures, byte orders and C libraries: PORTS="i386 s390x mipsel musl armhf arm64 ppc64el".
check-port: all
	$(Q)O='$(O)' CLANG='$(CLANG)' BPFTOOL='$(BPFTOOL)' sh tests/port/check.sh $(PORTS)

check-asan:
	$(Q)$(MAKE) --no-print-directory O=$(O)/asan SANITIZE=1 unit-tests
	$(Q)O='$(O)' sh tests/run.sh asan

# Kernels under QEMU: KERNELS="5.10 6.1 6.12 newest".
check-kernels: all $(O)/tests/reliability/send $(O)/tests/qemu/ppp
	$(Q)O='$(O)' BPFTOOL='$(BPFTOOL)' sh tests/qemu/check.sh $(KERNELS)

# Each clang, BPF processor and kernel that can be had. ACCEPT=1 stores how many instructions were verified.
check-clang: $(O)/tests/qemu/load
	$(Q)O='$(O)' ACCEPT='$(ACCEPT)' sh tests/qemu/clang.sh $(KERNELS)
check-clang-deps:
	$(Q)O='$(O)' sh tests/qemu/clang_deps.sh

layers:
	$(Q)sh tests/layers.sh

bench: all $(O)/tests/bench/bench $(BENCH_BPF)
	$(Q)O='$(O)' sh tests/bench/bench.sh

# Fuzzers link only what they need, from a library of their own: sources built with the fuzzer's eyes.
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_LIBRARY := $(SRC:%.c=$(O)/fuzz/%.o) $(patsubst %.c,$(O)/fuzz/%.o,$(wildcard tests/bpf/reference*.c) \
	tests/unit/prom_reader.c)
FUZZ_CLANG ?= $(CLANG)
FUZZ_CFLAGS = -std=gnu11 -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Ibpf \
	-Isrc -Itests/bpf -Itests/unit -DSERVICES_CSV='"data/services.csv"' -DPORTACCT_VERSION='"fuzz"'
fuzz: fuzzers
	$(Q)O='$(O)' CLANG='$(CLANG)' sh tests/fuzz/run.sh $(FUZZ_SECONDS)
fuzzers: $(FUZZERS)
$(O)/fuzz/%.o: %.c $(SKELETONS)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_CLANG) $(CPPFLAGS) $(FUZZ_CFLAGS) -c $< -o $@
$(O)/fuzz/libfuzz.a: $(FUZZ_LIBRARY)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(FUZZERS): $(O)/fuzz/%: $(O)/fuzz/tests/fuzz/%.o $(O)/fuzz/libfuzz.a
	$(Q)$(FUZZ_CLANG) -fsanitize=fuzzer,address,undefined $^ -o $@ $(LDLIBS)

soak: all $(RELIABILITY_BIN)
	$(Q)O='$(O)' SOAK_SECONDS='$(SOAK_SECONDS)' SEED='$(SEED)' sh tests/reliability/soak.sh

scoreboard: tests
	$(Q)O='$(O)' CLANG='$(CLANG)' BPFTOOL='$(BPFTOOL)' sh tests/run.sh reliability
	$(Q)O='$(O)' sh tests/scoreboard.sh write

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
	@echo 'make check-kernels  the agent on other kernels under QEMU, KERNELS="5.10 6.1 6.12 newest"'
	@echo 'make check-clang the verifier: every clang, BPF_CPU v2 and v3, kernels under QEMU (KERNELS="6.1 newest", ACCEPT=1);'
	@echo '                 make check-clang-deps: unpack the compilers under $(O)'
	@echo 'make check-port  unit tests on i386 (and the agent on its kernel), s390x, mipsel (under qemu-user) and musl;'
	@echo '                 PORTS="armhf arm64 ppc64el"'
	@echo 'make bench       cost of a packet'
	@echo 'make fuzz        fuzzers, FUZZ_SECONDS=60 each; make soak: random faults, SOAK_SECONDS=1800, SEED=n'
	@echo 'make scoreboard  the checks R01 to R25, and their table in tests/README.md'
	@echo 'make deps        install what the build needs (Debian, Ubuntu); make test-deps: what the tests need'
	@echo 'make install     PREFIX=$(PREFIX) DESTDIR=; make uninstall; make clean'
	@echo 'variables        CC CLANG BPF_CPU=v3 (the BPF instructions used: v2, v3) BPFTOOL PKG_CONFIG O V=1 WERROR=1 SANITIZE=1'

$(O)/.made:
	@mkdir -p $(O)/tests/unit $(O)/tests/bpf $(O)/tests/bench $(O)/tests/reliability && touch $@

-include $(wildcard $(O)/*.d $(O)/tests/*/*.d $(O)/fuzz/*/*.d $(O)/fuzz/*/*/*.d)
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all tests unit-tests check check-built check-asan check-port check-kernels check-clang check-clang-deps layers bench fuzz fuzzers soak scoreboard run demo deps test-deps install uninstall \
	clean help
