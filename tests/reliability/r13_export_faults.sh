#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R13: whatever happens to the textfile's directory or disk, the last good file stays whole, the kernel and
# the agent go on, the failure is said once, and once the fault is over the file is written again, with all
# that was counted meanwhile and with no temporary file beside it. Each fault has an agent of its own; all
# run at the same time.
set -u
. tests/reliability/lib.sh
begin "$SEND" strace prlimit
PER_STEP=200

send_some() { in_ns gw "$SEND" -r 20000 -c $PER_STEP "peer$index" >"$T/$fault.sent"; }
frames_in_file() { prom_sum device_receive_packets_total; }
has_frames() { [ -f "$PROM" ] && [ "$(frames_in_file)" = "$1" ]; }
beside() { ls -A "$D" | grep -v '^portacct.prom$\|^filler$' | xargs; }
failures_said() { grep -c 'cannot be written; counting goes on' "$LOG"; }
has_failed() { [ "$(failures_said)" -ge 1 ]; }
is_said_again() { grep -q 'is written again' "$LOG"; }

begin_fault() {
	D=$T/$fault PROM=$D/portacct.prom PINS=$T/bpf/$fault LOG=$T/$fault.log
	[ -d "$D" ] || mkdir "$D"
	prepare_"$fault" 2>/dev/null
	spawn_agent gw -i "dev$index" -t 1 2>"$LOG"
	watched=$spawned
	wait_until 10 grep -q ': counting' "$LOG" || not_ok "$fault: start: $(cat "$LOG")"
	send_some
	wait_until 10 has_frames $PER_STEP || not_ok "$fault: nothing is written: $(cat "$LOG")"
	cp "$PROM" "$T/$fault.good"
}

# During the fault: it is said, the last good file is still there, and the agent lives.
check_failing() {
	wait_until 10 has_failed || not_ok "$fault: is not said: $(cat "$LOG")"
	send_some
	[ "$fault" = removed ] || [ "$fault" = directory ] ||
		check "$fault: the last good file stays" cmp -s "$PROM" "$T/$fault.good"
	sleep 1.2 # another interval: it is not said again
	check_equal "$fault: times it is said" "$(failures_said)" 1
}

# Afterwards: all that was sent is in the file, and nothing is beside it.
check_recovered() { # FRAMES
	check "$fault: written again, with the frames of all the time" wait_until 10 has_frames "$1"
	check "$fault: the file is parseable" is_parseable
	check_equal "$fault: files beside it" "$(beside)" ''
	is_running "$watched" || not_ok "$fault: the agent has ended"
	stop "$watched"
	[ $? = 0 ] || not_ok "$fault: the agent's exit status"
	echo $(($1 - $(frames_in_file))) "$(beside)" >"$T/$fault.left"
}

# A fault that strace makes of the agent's system calls, while it is attached.
inject() { # INJECTION...
	set -- "$@" -p "$watched"
	strace -qq -f -o "$T/$fault.trace" "$@" 2>"$T/$fault.strace" &
	tracer=$!
	wait_until 5 grep -qs '^TracerPid:[^0-9]*[1-9]' "/proc/$watched/status" || not_ok "$fault: strace: $(cat "$T/$fault.strace")"
}
end_injection() {
	kill $tracer
	wait $tracer 2>/dev/null
}

# ---- the faults: prepare_X before the agent starts, X when it has written once
small_disk() { # one that only this run sees, and is gone with the directory
	mount -t tmpfs -o size=128k,mode=755 tmpfs "$D"
}
prepare_full() { small_disk; }
full() {
	head -c 200000 /dev/zero >"$D/filler" 2>/dev/null
	check_failing
	rm "$D/filler"
}
prepare_read_only() { small_disk; }
is_read_only() { mount -o remount,ro "$D" 2>/dev/null; } # busy while a file is written
read_only() {
	wait_until 5 is_read_only || not_ok "$fault: cannot be made"
	check_failing
	mount -o remount,rw "$D"
}
sync_error() {
	inject -e trace=fsync -e inject=fsync:error=EIO
	check_failing
	end_injection
}
rename_error() {
	inject -e trace=/renameat -e inject=/renameat:error=EIO
	check_failing
	end_injection
}
# The temporary file can neither be completed nor removed.
kept_temporary() {
	inject -e trace=fsync,unlinkat -e inject=fsync:error=EIO -e inject=unlinkat:error=EIO
	check_failing
	check "$fault: the disk holds on to it" [ -n "$(beside)" ]
	end_injection
}
# A write that fails and one that takes nothing; later ones, the log's too, go on.
write_error() {
	inject -e trace=write -e inject=write:error=EIO:when=1
	wait_until 10 has_failed && wait_until 10 is_said_again
	end_injection
	inject -e trace=write -e inject=write:retval=0:when=1
	wait_until 10 has_failed_twice
	end_injection
	send_some
	check_equal "$fault: times it is said, of two" "$(failures_said)" 2
}
has_failed_twice() { [ "$(failures_said)" = 2 ]; }
size_limit() {
	prlimit --pid "$watched" --fsize=1024:unlimited
	check_failing
	prlimit --pid "$watched" --fsize=unlimited:unlimited
}
removed() {
	rm -rf "$D"
	check_failing
	mkdir "$D"
}
directory() {
	rm "$PROM" && mkdir "$PROM"
	while [ ! -d "$PROM" ]; do rm "$PROM" && mkdir "$PROM"; done 2>/dev/null
	check_failing
	rmdir "$PROM"
}
# No failure: the file appears in the new one, the old one keeps its last.
replaced() {
	mv "$D" "$D.old" && mkdir "$D"
	send_some
	wait_until 10 has_frames $((2 * PER_STEP)) || not_ok "$fault: not written to the new directory"
	check "$fault: the old directory keeps a good file" is_parseable "$D.old/portacct.prom"
	check_equal "$fault: files beside that" "$(ls -A "$D.old")" portacct.prom
}
# No failure either: who reads meanwhile finds the last file, and the kernel counts.
stalled() {
	inject -e trace=fsync -e inject=fsync:delay_enter=10000000:when=1
	wait_until 10 is_stalled || not_ok "$fault: does not stall"
	send_some
	check "$fault: the last file can be read" is_parseable
	check_equal "$fault: counted meanwhile" "$(agent gw --status --json | jq '.devices[0].frames')" $((2 * PER_STEP))
	is_stalled || not_ok "$fault: was over too early"
	wait_until 30 has_frames $((2 * PER_STEP)) || not_ok "$fault: does not go on"
	end_injection
}
is_stalled() { [ -n "$(beside)" ]; }

run_fault() {
	begin_fault
	$fault
	check_recovered $((2 * PER_STEP))
	check_equal "$fault: said to be written again" "$(grep -c 'is written again' "$LOG")" "$(failures_said)"
	agent gw --detach
	[ $failures = 0 ]
}

faults='full read_only sync_error rename_error kept_temporary write_error size_limit removed directory replaced stalled'
# shellcheck disable=SC2086
make_devices gw "$(set -- $faults && echo $#)"
index=0 running=''
for fault in $faults; do
	type prepare_"$fault" >/dev/null 2>&1 && mkdir "$T/$fault" && mounts="$mounts $T/$fault"
	(trap end_remembered EXIT && run_fault) >"$T/$fault.out" 2>&1 &
	running="$running $fault:$!"
	index=$((index + 1))
done
survived=0
for pair in $running; do
	fault=${pair%:*}
	if wait "${pair#*:}"; then survived=$((survived + 1)); else failures=$((failures + 1)); fi
	cat "$T/$fault.out"
done
cat "$T"/*.left >"$T/left"
echo "figure: R13 $survived of $index export faults survived, $(awk '{ missing += $1 } END { print missing + 0 }' "$T/left") frames \
missing, $(awk '{ files += NF - 1 } END { print files + 0 }' "$T/left") temporary files left"
finish
