#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel half built by each clang that there is, loaded and put through the program's tests.
# Needs root and a kernel that takes BPF programs, as test_program does.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
bad=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

try() { # CLANG
	if ! command -v "$1" >/dev/null; then
		echo "skipped: $1 is not installed"
		return
	fi
	if ! make -s O="$O/$1" CLANG="$1" "$O/$1/tests/bpf/test_program" >"$log" 2>&1; then
		cat "$log"
		echo "not ok - $1: builds the kernel half"
		bad=1
		return
	fi
	"$O/$1/tests/bpf/test_program" >"$log" 2>&1
	status=$?
	counts=$(sed -n 's/.*verified instructions: *\([0-9]*\).*/\1/p' "$log" | sort -n | tail -n 1)
	if [ $status = 0 ] && [ -n "$counts" ]; then
		echo "ok - $1: loads and passes, at most $counts verified instructions"
	elif [ $status = 0 ]; then
		echo "skipped: $1: $(sed -n 's/^skipped: //p' "$log" | head -n 1)"
	else
		cat "$log"
		echo "not ok - $1: loads and passes"
		bad=1
	fi
}

try clang-14
try clang-19
exit $bad
