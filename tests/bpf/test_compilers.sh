#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel half built by each clang that there is, loaded in each of the ways in which it can be
# (for each hook, with or without an Ethernet header, frames in several buffers, a replay), and put
# through the programs' tests. Needs root and a kernel that takes BPF programs, as they do.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
TESTS='test_program test_state test_flows test_tc'
COUNTING=' test_program test_tc ' # those that tell how many instructions are verified
bad=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

fail() { # WHAT
	cat "$log"
	echo "not ok - $1"
	bad=1
}

run() { # CLANG TEST TREE
	"$3/tests/bpf/$2" >"$log" 2>&1
	status=$?
	counts=$(sed -n 's/.*verified instructions: *\([0-9]*\).*/\1/p' "$log" | sort -n | tail -n 1)
	if [ $status != 0 ]; then
		fail "$1: passes $2"
	elif grep -q '^skipped: ' "$log"; then
		echo "skipped: $1: $2: $(sed -n 's/^skipped: //p' "$log" | head -n 1)"
	elif [ "${COUNTING#* "$2" }" = "$COUNTING" ]; then
		echo "ok - $1: passes $2"
	elif [ -n "$counts" ]; then
		sed -n 's/^\(.*: verified instructions: .*\)/        \1/p' "$log"
		echo "ok - $1: passes $2, at most $counts verified instructions"
	else
		fail "$1: $2 tells how many instructions are verified"
	fi
}

# What everything is built with is there already, and only its instructions are to be counted.
is_default() { # CLANG
	[ "$("$1" --version | head -n 1)" = "$("${CLANG:-clang}" --version | head -n 1)" ]
}

try() { # CLANG
	if is_default "$1"; then
		for test in $COUNTING; do run "$1" "$test" "$O"; done
		return
	fi
	binaries=$(for test in $TESTS; do echo "$O/$1/tests/bpf/$test"; done)
	# The user half is only the tests' means: built quickly.
	# shellcheck disable=SC2086
	if ! make -s O="$O/$1" CLANG="$1" CFLAGS=-O0 $binaries >"$log" 2>&1; then
		fail "$1: builds the kernel half"
		return
	fi
	for test in $TESTS; do
		run "$1" "$test" "$O/$1"
	done
}

# Those with a number: the one without is one of them.
clangs=$(IFS=:; for dir in $PATH; do ls "$dir" 2>/dev/null; done | grep -x 'clang-[0-9]*' | sort -u)
[ -n "$clangs" ] || echo 'skipped: no clang of a numbered version is installed'
for clang in $clangs; do
	try "$clang"
done
exit $bad
