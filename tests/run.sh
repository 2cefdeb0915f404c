#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs what is built under $O and sums it up: the last line is "N passed, N failed, N skipped".
#
#   run.sh              everything
#   run.sh asan         the unit tests that were built with sanitizers
#   run.sh reliability  the checks R01 to R25
#   run.sh FILE...      these
#
# Two jobs run at a time (JOBS=n: so many), and what they say is printed in a fixed order. The first
# takes the list from its beginning, where the tests are that compute, the second from its end, where
# those are that wait for packets. One more has what takes long and little of the processors, and then
# helps the others; what needs all processors comes last, alone.
# A cmocka program tells its counts itself; a script prints a line a check: "ok - what it proved",
# "not ok - what", or "skipped: reason". What fails is printed whole, and in a line once more before the
# last one, as only the end of all this may be kept somewhere. All is kept in $O/check: what a test said
# as NAME.log, and NAME.result with "PATH PASSED FAILED SKIPPED SECONDS". From the lines "figure: RNN what
# it proved" tests/scoreboard.sh makes $O/scoreboard.md.
set -u
cd "$(dirname "$0")/.." || exit 1
O=${O:-build}
export O
results=$O/check
test_seconds=900 # a test that hangs is ended
export PATIENCE="${PATIENCE:-3}" # netns/lib.sh: others run at the same time
passed=0 failed=0 skipped=0

# The work of a named check, which would be done twice.
covered="$O/tests/bpf/test_program $O/tests/bpf/test_buffers tests/bpf/test_compilers.sh"
# Take a long time, but little else, or what the others leave: beside these from the start.
beside='tests/reliability/r25_soak.sh tests/qemu/test_kernels.sh'
# Keep all processors busy, or measure them.
alone='tests/fuzz/run.sh tests/reliability/r24_*.sh'

# ---- the list
programs_in() { # DIRECTORY
	for program in "$1"/test_*; do
		case $program in *.o | *.d | *'*') ;; *) echo "$program" ;; esac
	done
}

scripts() { # FILE...: those that there are, in this order
	for script; do [ ! -e "$script" ] || echo "$script"; done
}

everything() {
	programs_in "$O/asan/tests/unit"
	programs_in "$O/tests/unit"
	programs_in "$O/tests/bpf"
	scripts tests/test_*.sh tests/bpf/test_*.sh tests/port/test_*.sh tests/netns/test_*.sh \
		tests/qemu/test_*.sh tests/reliability/r[0-9]*.sh tests/fuzz/run.sh
}

list() { # ARGUMENT...
	case ${1:-} in
	'') everything | grep -vxF "$(echo "$covered" | tr ' ' '\n')" ;;
	asan) programs_in "$O/asan/tests/unit" ;;
	reliability) scripts tests/reliability/r[0-9]*.sh ;;
	*) for path; do echo "$path"; done ;;
	esac
}

is_one_of() { # PATH LIST, of paths and patterns
	for item in $2; do
		[ "$item" != "$1" ] || return 0
	done
	return 1
}

name_of() { # PATH
	echo "${1#"$O"/}" | tr / _
}

# ---- one test
number_of() { # PATTERN: what cmocka says of so many tests, or 0
	sed -n "s/^\[  $1 *\] \([0-9]*\) test(s).*/\1/p" "$log" | tail -n 1 | grep . || echo 0
}

# A test that dies, or says nothing, has failed, whatever it counted; so has a check without a figure.
judge() { # STATUS SECONDS
	case $path in
	*.sh)
		ok=$(grep -ac '^ok - ' "$log") bad=$(grep -ac '^not ok - ' "$log")
		skips=$(grep -ac '^skipped: ' "$log")
		;;
	*) ok=$(number_of PASSED) bad=$(number_of FAILED) skips=$(number_of SKIPPED) ;;
	esac
	[ "$1" != 0 ] && [ "$bad" = 0 ] && bad=1
	[ $((ok + bad + skips)) = 0 ] && bad=1
	[ "$1" = 0 ] || echo "# exit status $1 after $2 s" >>"$log" # 124: by then it was ended
	case $path in
	tests/reliability/*)
		if [ "$bad" = 0 ] && ! grep -aq '^figure: \|^skipped: ' "$log"; then
			echo 'not ok - prints a figure' >>"$log"
			bad=1
		fi
		;;
	esac
	echo "$path $ok $bad $skips $2" >"$results/$name.new"
	mv "$results/$name.new" "$results/$name.result"
}

# In the background, so that a signal to this shell is acted upon at once and reaches the test.
run_one() { # PATH
	path=$1
	name=$(name_of "$path")
	log=$results/$name.log started=$(date +%s)
	case $path in *.sh) shell='sh' ;; *) shell='' ;; esac
	timeout -k 30 $test_seconds $shell "$path" >"$log" 2>&1 </dev/null &
	find_start $!
	child=$!:$start
	wait $!
	status=$?
	child=
	judge $status $(($(date +%s) - started))
}

# ---- processes
# The number of one that has ended is given to another, some time. When it was started tells them
# apart. It is read by this shell itself: one that is started is noted at once.
find_start() { # PID; sets $start, empty where there is none
	start=
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	# shellcheck disable=SC2086
	set -- ${stat##*) } # from field 3 on, as the name before it may hold anything
	start=${20}
}

end_those() { # PID:START...
	for process; do
		find_start "${process%:*}"
		[ -z "$start" ] || [ "$process" != "${process%:*}:$start" ] || kill "${process%:*}" 2>/dev/null
	done
}

# ---- the jobs
# Whoever makes the directory runs the test.
work() { # PATH...
	for path; do
		mkdir "$results/$(name_of "$path").taken" 2>/dev/null && run_one "$path"
	done
}

end_children() {
	trap '' TERM
	# shellcheck disable=SC2086
	end_those $child
	wait
	exit 143
}

start() { # PATH...
	[ $# != 0 ] || return
	(
		child=
		trap end_children TERM
		work "$@"
	) &
	find_start $!
	child="$child $!:$start"
}

reversed() { # PATH...
	list=
	for path; do list="$path $list"; done
	echo "$list"
}

# shellcheck disable=SC2046,SC2086
run_jobs() { # PATH...
	first='' pool='' last=''
	for path in $beside; do
		! is_one_of "$path" "$*" || first="$first $path"
	done
	for path; do
		if is_one_of "$path" "$beside"; then
			continue
		elif is_one_of "$path" "$alone"; then
			last="$last $path"
		else
			pool="$pool $path"
		fi
	done
	[ -z "$first" ] || start $first $pool
	job=0
	while [ $job -lt "${JOBS:-2}" ]; do
		if [ $job = 1 ]; then start $(reversed $pool); else start $pool; fi
		job=$((job + 1))
	done
	wait
	child=
	start $last
	wait
}

# ---- what is printed
failed_lines() { grep -a '^not ok\|^\[  FAILED  \]\|^# exit status' "$log"; }

note_failure() { # PATH WHAT
	echo "FAILED  $1: ${2:-says nothing}" >>"$results/failures"
}

# What a failure may come from that no test tells, and what has failed.
recapitulate() {
	[ -s "$results/failures" ] || return
	free -m
	df -h /tmp
	dmesg 2>/dev/null | tail -n 5
	cat "$results/failures"
}

add() { # PATH PASSED FAILED SKIPPED SECONDS
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	if [ "$3" != 0 ]; then
		echo "FAILED  $1, in short:"
		failed_lines
		if [ "$(wc -l <"$log")" -gt 60 ]; then
			echo "FAILED  $1, its last lines:"
			tail -n 60 "$log"
		fi
		echo "FAILED  $1, all of it:"
		cat "$log"
		note_failure "$1" "$(failed_lines | head -n 1)"
		echo "FAILED  $1: $2 passed, $3 failed, $4 skipped, $5 s"
		return
	fi
	case $1 in
	*.sh) grep -a '^ok - \|^skipped: \|^figure: ' "$log" ;;
	*) grep -a 'verified instructions: \|^skipped: \|^figure: \|^| \|seed' "$log" ;;
	esac | sed 's/^/        /'
	echo "ok      $1: $2 passed, $4 skipped, $5 s"
}

report() { # PATH...
	for path; do
		log=$results/$(name_of "$path").log
		until [ -e "${log%.log}.result" ]; do
			[ ! -e "$results/over" ] || [ -e "${log%.log}.result" ] || break
			sleep 0.1
		done
		if [ -e "${log%.log}.result" ]; then
			# shellcheck disable=SC2046
			add $(cat "${log%.log}.result")
		else
			echo "FAILED  $path: was not run"
			note_failure "$path" "was not run"
			failed=$((failed + 1))
		fi
	done
}

jobs=
stop() {
	# shellcheck disable=SC2086
	end_those $jobs
	wait
}

mkdir -p "$results"
[ $# != 0 ] || rm -rf "${results:?}"/*
rm -f "$results/over" "$results/failures"
tests=$(list "$@")
for path in $tests; do
	rm -rf "$results/$(name_of "$path")".taken "$results/$(name_of "$path").result"
done
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE
# shellcheck disable=SC2086
(
	child=
	trap end_children TERM
	trap ': >"$results/over"' EXIT
	run_jobs $tests
) &
find_start $!
jobs=$!:$start
# shellcheck disable=SC2086
report $tests
[ ! -e tests/scoreboard.sh ] || sh tests/scoreboard.sh collect
recapitulate 2>&1
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
