#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R21: the kernel half as each clang that there is builds it, loaded in each way in which it can be, at a
# tenth or so of what the verifier takes. tests/bpf/test_compilers.sh does the work.
set -u
cd "$(dirname "$0")/../.." || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT

sh tests/bpf/test_compilers.sh >"$log" 2>&1
status=$?
cat "$log"
most=$(sed -n 's/^ok - .* at most \([0-9]*\) instructions verified$/\1/p' "$log" | sort -n | tail -n 1)
clangs=$(sed -n 's/^ok - clang-\([0-9]*\) .* instructions verified$/\1/p' "$log" | sort -un | paste -s -d ' ')
[ -z "$most" ] || [ $status != 0 ] ||
	echo "figure: R21 clang $clangs: all load on Linux $(uname -r | cut -d- -f1), at most $most of 1,000,000 instructions verified"
exit $status
