#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the Makefile promises: a changed header rebuilds what includes it, the BPF object too; what is
# missing is named in one sentence; install and uninstall leave nothing behind.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT

check() { # WHAT, then a command
	what=$1
	shift
	if "$@" >"$tree/out" 2>&1; then
		echo "ok - $what"
	else
		echo "not ok - $what"
		cat "$tree/out"
		bad=1
	fi
}

mkdir "$tree/src.copy" && cp -r Makefile bpf src include data tests vmlinux "$tree/src.copy" || exit 1
cd "$tree/src.copy" || exit 1
O=build

# Says nothing but complaints, so that these are seen.
build() { make -s V=1 O=$O all; }

rebuilds() { # CHANGED FILE...: changing the one makes the others again
	changed=$1
	shift
	touch "$changed"
	build || return 1
	for file; do
		[ -n "$(find "$O/$file" -newer "$changed")" ] || { echo "$O/$file is older than $changed"; return 1; }
	done
}

check 'builds in a copy of the tree' build
check 'nothing is to be done after a build' make -q $O/agent
check 'a changed port_abi.h rebuilds both halves' rebuilds include/port_abi.h agent.bpf.o agent.skel.h slots.o agent
check 'a changed parse.h rebuilds the BPF object' rebuilds bpf/parse.h agent.bpf.o agent.skel.h tc.bpf.o tc.skel.h agent
check 'a changed vmlinux.h rebuilds the BPF object' rebuilds vmlinux/vmlinux.h agent.bpf.o agent
check 'a changed database rebuilds what embeds it' rebuilds data/services.csv builtin.o agent

names_missing() { # WORD, then make's arguments: fails, and says so in one line
	word=$1
	shift
	! make "$@" all >"$tree/said" 2>&1 && grep -q "$word.* is missing: install " "$tree/said" &&
		[ "$(grep -c . "$tree/said")" = 1 ]
}
check 'a missing clang is named in one sentence' names_missing no-clang CLANG=no-clang
check 'a missing compiler is named in one sentence' names_missing no-cc CC=no-cc
check 'a missing bpftool is named in one sentence' names_missing bpftool BPFTOOL=
check 'a missing pkg-config is named in one sentence' names_missing no-pkg-config PKG_CONFIG=no-pkg-config
check 'a missing library is named in one sentence' names_missing 'library libbpf' PKG_CONFIG=false

installed() {
	make -s install PREFIX=/usr DESTDIR="$tree/root" && "$tree/root/usr/sbin/portacct-agent" --lookup 22/tcp | grep -q '^ssh 22/tcp'
}
uninstalled() {
	make -s uninstall PREFIX=/usr DESTDIR="$tree/root" && [ -z "$(find "$tree/root" -type f)" ]
}
check 'make install installs portacct-agent' installed
check 'make uninstall removes every file' uninstalled
check 'make help names the targets' sh -c 'make help | grep -q "make check"'
exit $bad
