#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [SECONDS]: builds the fuzzers and runs them all, two at a time for so long, or, without an argument,
# side by side so that all have ended after 20 seconds. Each starts from tests/fuzz/corpus/NAME and keeps
# what it finds in $O/fuzz/corpus/NAME. The seed is new each time (SEED=n: that one) and is printed; an input
# that breaks a promise is left in a file whose path is printed, and `$O/fuzz/fuzz_NAME FILE` runs it again.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
seconds=${1:-17}
together=${1:+2}
seed=${SEED:-$(date +%s)}
bad=0
log=$(mktemp -d)
fuzzers=''

end_fuzzers() {
	# shellcheck disable=SC2086
	[ -z "$running" ] || kill $running 2>/dev/null
	wait
}
running=''
trap 'end_fuzzers; rm -rf "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

can_fuzz() { # CLANG
	echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return !d && n; }' |
		"$1" -x c -fsanitize=fuzzer,address,undefined - -o "$log/probe" >"$log/probe.log" 2>&1
}

build() {
	for clang in "${CLANG:-clang}" clang clang-14 clang-19; do
		can_fuzz "$clang" && break
		clang=
	done
	if [ -z "$clang" ]; then
		echo "skipped: no clang here links a fuzzer: $(tail -n 1 "$log/probe.log")"
		exit 0
	fi
	if ! make -s -j2 O="$O" FUZZ_CLANG="$clang" fuzzers >"$log/make" 2>&1; then
		cat "$log/make"
		echo 'not ok - builds the fuzzers'
		exit 1
	fi
}

start() { # NAME
	mkdir -p "$O/fuzz/corpus/$1"
	# What the parsers log of a bad input is not wanted: bit 2 closes standard error to them.
	"$O/fuzz/fuzz_$1" -seed="$seed" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
		-close_fd_mask=2 -max_len=2048 -artifact_prefix="$O/fuzz/found-$1-" \
		"$O/fuzz/corpus/$1" "tests/fuzz/corpus/$1" >"$log/$1" 2>&1 &
	running="$running $!"
	eval "pid_$1=$!"
}

end() { # NAME
	eval "wait \$pid_$1"
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log/$1")
	rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log/$1")
	cover=$(sed -n 's/.*DONE *cov: \([0-9]*\) .*/\1/p' "$log/$1")
	if [ $status = 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "ok - fuzz_$1: $runs inputs, $rate a second, seed $seed; $cover edges of the code reached"
		return
	fi
	tail -n 40 "$log/$1"
	echo "not ok - fuzz_$1: seed $seed, exit $status; $(sed -n 's/.*Test unit written to /the input is left in /p' "$log/$1")"
	bad=1
}

build
for file in tests/fuzz/fuzz_*.c; do
	name=$(basename "$file" .c)
	fuzzers="$fuzzers ${name#fuzz_}"
done
# shellcheck disable=SC2086
set -- $fuzzers
while [ $# != 0 ]; do
	batch='' count=0
	while [ $# != 0 ] && [ $count -lt "${together:-$#}" ]; do
		start "$1"
		batch="$batch $1" count=$((count + 1))
		shift
	done
	for name in $batch; do end "$name"; done
	running=''
done
exit $bad
