#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R11: frames of any kind, random ones, damaged ones, a table of them and every cut of it, through the program
# in the kernel: each is passed on unchanged and counted as the independent reference says. The programs of
# tests/bpf do the work. FRAMES=n: so many random frames for each way to load the program.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
[ "${RELIABILITY_FULL:-0}" = 1 ] && FRAMES=${FRAMES:-120000}
[ -z "${FRAMES:-}" ] || export PORTACCT_FRAMES="$FRAMES"
bad=0 frames=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

for program in test_program test_buffers; do
	"$O/tests/bpf/$program" >"$log" 2>&1
	status=$?
	ran=$(sed -n 's/^frames run: //p' "$log")
	frames=$((frames + ${ran:-0}))
	grep '^skipped: \|verified instructions: \|PORTACCT_SEED' "$log" | sort -u
	# The last list of cmocka names those that failed once more.
	sed -n 's/^\[       OK \] /ok - /p' "$log"
	sed -n 's/^\[  FAILED  \] \(test_.*\)/not ok - \1/p' "$log" | sort -u
	[ $status = 0 ] && continue
	bad=1
	cat "$log"
	grep -q '^\[  FAILED  \] test_' "$log" || echo "not ok - $program: exit $status"
done
[ $frames = 0 ] || echo "figure: R11 $frames frames passed on unchanged and counted as the reference says"
exit $bad
