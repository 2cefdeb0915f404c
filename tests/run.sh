#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs what is built under $O and sums it up: the last line is "N passed, N failed, N skipped".
# run.sh asan: only the unit tests that were built with sanitizers.
# A cmocka program tells its counts itself; a script prints a line a check: "ok - what it proved",
# "not ok - what", or "skipped: reason". What fails is printed whole.
set -u
cd "$(dirname "$0")/.." || exit 1
O=${O:-build}
export O
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0

add() { # NAME PASSED FAILED SKIPPED
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	if [ "$3" != 0 ]; then
		cat "$log"
		echo "FAILED  $1: $2 passed, $3 failed, $4 skipped"
	else
		echo "ok      $1: $2 passed, $4 skipped"
	fi
}

count() { # PATTERN: the number behind it, or 0
	sed -n "s/^\[  $1 *\] \([0-9]*\) test(s).*/\1/p" "$log" | tail -n 1 | grep . || echo 0
}

# A program that dies, or says nothing, has failed, whatever it counted.
run_program() {
	"$1" >"$log" 2>&1
	status=$?
	ok=$(count PASSED) bad=$(count FAILED) skips=$(count SKIPPED)
	[ $status != 0 ] && [ "$bad" = 0 ] && bad=1
	[ $((ok + bad + skips)) = 0 ] && bad=1
	grep -a 'verified instructions: \|^skipped: \|^| \|seed' "$log" | sed 's/^/        /'
	add "$1" "$ok" "$bad" "$skips"
}

run_script() {
	name=$1
	shift
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	ok=$(grep -ac '^ok - ' "$log") bad=$(grep -ac '^not ok - ' "$log") skips=$(grep -ac '^skipped: ' "$log")
	[ $status != 0 ] && [ "$bad" = 0 ] && bad=1
	[ $((ok + bad + skips)) = 0 ] && bad=1
	[ "$bad" = 0 ] && grep -a '^ok - \|^skipped: ' "$log" | sed 's/^/        /'
	add "$name" "$ok" "$bad" "$skips"
}

for program in "$O"/asan/tests/unit/test_*; do
	case $program in *.o | *.d) ;; *) run_program "$program" ;; esac
done
if [ "${1:-}" != asan ]; then
	run_script layers sh tests/test_layers.sh
	for program in "$O"/tests/unit/test_* "$O"/tests/bpf/test_*; do
		case $program in *.o | *.d) ;; *) run_program "$program" ;; esac
	done
	for script in tests/test_make.sh tests/bpf/test_compilers.sh tests/netns/test_*.sh; do
		run_script "$script" sh "$script"
	done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
