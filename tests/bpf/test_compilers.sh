#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel half built by each clang that is installed, loaded in each of the ways in which it can be
# (for each hook, with or without an Ethernet header, frames in several buffers, a replay), and put
# through the programs' tests. Needs root and a kernel that takes BPF programs, as they do.
# tests/qemu/clang.sh has more compilers, BPF processors and kernels.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
CPU=${BPF_CPU:-v3}
TESTS='test_program test_state test_flows test_tc'
NUMBERS=/dev/null
bad=0
work=$(mktemp -d)
log=$work/log
trap 'rm -rf "$work"' EXIT
. tests/bpf/verified.sh

fail() { # WHAT
	cat "$log"
	echo "not ok - $1"
	bad=1
}

run() { # CLANG TEST TREE
	"$3/tests/bpf/$2" >"$log" 2>&1
	status=$?
	if [ $status != 0 ]; then
		fail "$1: passes $2"
	elif grep -q '^skipped: ' "$log"; then
		echo "skipped: $1: $2: $(sed -n 's/^skipped: //p' "$log" | head -n 1)"
	else
		echo "ok - $1: passes $2"
	fi
}

# By this one everything is built, and tested by itself: it is only to be loaded.
is_default() { # CLANG
	[ "$("$1" --version | head -n 1)" = "$("${CLANG:-clang}" --version | head -n 1)" ]
}

# Of the tests only what holds the kernel half is built anew, and always: it may be there from
# another BPF_CPU.
build() { # CLANG TREE
	binaries=$(for test in $TESTS; do echo "$2/tests/bpf/$test"; done)
	# shellcheck disable=SC2086
	rm -f "$2"/*.o "$2"/*.skel.h $binaries
	# shellcheck disable=SC2086
	make -s -j2 O="$2" USER_HALF="$O" CLANG="$1" BPF_CPU="$CPU" $binaries >"$log" 2>&1
}

try() { # CLANG
	tree=$O/$1
	if is_default "$1"; then
		tree=$O
	elif build "$1" "$tree"; then
		for test in $TESTS; do run "$1" "$test" "$tree"; done
	else
		fail "$1: builds the kernel half"
		return
	fi
	cp "$tree/agent.bpf.o" "$work/xdp.${1#clang-}.$CPU.o" && cp "$tree/tc.bpf.o" "$work/tc.${1#clang-}.$CPU.o" ||
		fail "$1: leaves its objects"
}

# Those with a number: the one without is one of them.
clangs=$(IFS=:; for dir in $PATH; do ls "$dir" 2>/dev/null; done | grep -x 'clang-[0-9]*' | sort -u)
[ -n "$clangs" ] || { echo 'skipped: no clang of a numbered version is installed'; exit 0; }
for clang in $clangs; do
	try "$clang"
done
"$O/tests/qemu/load" "$work"/*.o >"$work/here.log" 2>&1
why=$(sed -n 's/^skipped //p' "$work/here.log")
if [ -n "$why" ]; then echo "skipped: $why"; else judge "$work/here.log" || bad=1; fi
exit $bad
