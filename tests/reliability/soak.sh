#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Random faults under 10,000 frames a second: the agent is killed and started again, its database replaced by
# good ones and bad ones, its devices flap, are renamed, vanish and are made anew, its disk is full, read-only
# or gone, readers come and go. At the end every frame that a device received was counted, and nothing
# has grown. In the second half the agent is not killed any more, so that it lives long enough to show that.
#
#   SOAK_SECONDS=1800  how long; SEED=n  the order of events, by the time unless told (printed)
#
# What a device received is told by its peer's transmit counter, which the driver keeps where it hands a frame
# to the program. A device that is made anew gets frames once the agent follows it, not before.
set -u
. tests/reliability/lib.sh
begin "$SEND" bpftool
SOAK_SECONDS=${SOAK_SECONDS:-1800}
SEED=${SEED:-$(date +%s)}
devices=4
growth_max=4096 # kB that the heap may gain by chance, once it has seen some reloads
state=$SEED
events=0 kinds='' before=0 highest=0 is_second_half=false counting='' senders=''
for number in 0 1 2 3; do eval "earlier_$number=0"; done

random() { # N: sets $random, 0 to N - 1
	state=$(((state * 1103515245 + 12345) % 2147483648))
	random=$((state / 65536 % $1))
}

pause() { # up to a second and a half
	random 15
	sleep "$((random / 10)).$((random % 10))"
}

# ---- the agent
run_agent() {
	start_agent gw -i 'dev*' -t 1 -s "$T/database.csv"
}

kill_and_start() { # SIGNAL
	if $is_second_half; then return; fi
	stop "$counting" "$1"
	pause
	run_agent
}

descriptors() { kept_descriptors "$counting"; }
resident() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$counting/status"; }
pin_count() { find "$PINS" -type f | wc -l; }

# Maps that the programs of the devices use, all counted once.
map_count() {
	for link in "$PINS"/v*/*/link; do
		id=$(bpftool -j link show pinned "$link" | jq .prog_id)
		bpftool -j prog show id "$id" | jq -r '.map_ids[]'
	done | sort -u | wc -l
}

counted() { prom_sum device_receive_packets_total; }

# Between events all devices are there and the agent rests: it holds what it held at the start.
is_as_at_start() { [ "$(descriptors)" = "$descriptors_at_start" ]; }

look_at_memory() { # WHAT
	now=$(resident)
	[ "$now" -le $((resident_at_half + growth_max)) ] || not_ok "$1: $now kB resident, $resident_at_half at half-time"
	[ "$now" -le "$highest" ] || highest=$now
}

look() { # WHAT
	is_running "$counting" || {
		not_ok "$1: the agent has ended: $(tail -n 3 "$T/agent.log")"
		run_agent
	}
	wait_until 10 is_as_at_start || not_ok "$1: $(descriptors) descriptors, $descriptors_at_start at the start"
	$is_second_half && look_at_memory "$1"
	now=$(counted)
	[ "$now" -ge "$before" ] || not_ok "$1: counters went back from $before to $now"
	before=$now
}

# ---- the database
write_database() { # of one to twenty services of its own
	random 20
	{
		echo 'Service Name,Port Number,Transport Protocol'
		while [ $random -ge 0 ]; do
			echo "own-$random,$((20000 + random)),udp"
			random=$((random - 1))
		done
	} >"$T/database.new"
	mv "$T/database.new" "$T/database.csv"
}

event_reload() {
	write_database
	agent gw --reload 2>"$T/err" || not_ok "--reload: $(cat "$T/err")"
}

event_hangup() {
	write_database
	kill -HUP "$counting"
}

event_bad_database() {
	cp "$T/database.csv" "$T/good.csv"
	echo 'own,70000,tcp' >>"$T/database.csv"
	agent gw --reload 2>/dev/null && not_ok "a bad database is taken"
	mv "$T/good.csv" "$T/database.csv"
	agent gw --reload 2>"$T/err" || not_ok "--reload after a bad database: $(cat "$T/err")"
}

# ---- devices
is_attached() { [ -n "$(xdp_program gw "$1")" ]; }

event_flap() {
	random $devices
	flapping=dev$random
	ip -n "$run-gw" link set $flapping down
	pause
	quiet_up gw $flapping
}

event_peer_flap() {
	random $devices
	flapping=peer$random
	ip -n "$run-gw" link set $flapping down
	pause
	quiet_up gw $flapping
}

rename() { # FROM TO: before Linux 6.2 only while it is down
	ip -n "$run-gw" link set "$1" name "$2" 2>/dev/null && return
	ip -n "$run-gw" link set "$1" down
	ip -n "$run-gw" link set "$1" name "$2"
	quiet_up gw "$2"
}

event_rename() {
	random $devices
	renamed=$random
	rename dev$renamed other$renamed
	pause
	random 4
	[ $random != 0 ] || kill_and_start KILL
	rename other$renamed dev$renamed
}

event_make_anew() {
	random $devices
	made=$random
	ip -n "$run-gw" link set peer$made down
	sleep 0.2 # until the frames on the way have arrived
	eval "earlier_$made=\$((earlier_$made + $(link_stat gw peer$made tx packets)))"
	ip -n "$run-gw" link del dev$made
	pause
	random 4
	[ $random != 0 ] || kill_and_start KILL
	connect gw dev$made gw peer$made
	quiet_up gw dev$made
	if wait_until 20 is_attached dev$made; then
		quiet_up gw peer$made
	else
		not_ok "dev$made, made anew, is not followed"
	fi
}

# ---- the disk
fill_disk() { dd if=/dev/zero of="$T/disk/filler" bs=64k 2>/dev/null; }
remount() { mount -o "remount,$1" "$T/disk" 2>/dev/null; }

break_disk() { # KIND
	case $1 in
	0) fill_disk ;;
	1) wait_until 5 remount ro || not_ok "the disk cannot be made read-only" ;;
	2) mv "$T/disk/text" "$T/disk/away" ;;
	esac
}

mend_disk() { # KIND
	case $1 in
	0) rm -f "$T/disk/filler" ;;
	1) remount rw ;;
	2) mv "$T/disk/away" "$T/disk/text" ;;
	esac
}

event_disk() {
	random 3
	kind=$random
	break_disk $kind
	pause
	random 4
	was_killed=false
	[ $random != 0 ] || $is_second_half || { stop "$counting" KILL; was_killed=true; }
	pause
	[ $kind = 2 ] || is_parseable || not_ok "disk fault $kind: the textfile is not whole"
	mend_disk $kind
	if $was_killed; then run_agent; fi
	wait_for_textfile 20 || not_ok "disk fault $kind: the textfile is not written again"
}

# ---- the rest
event_kill() { kill_and_start KILL; }
event_stop() { kill_and_start TERM; }

event_readers() {
	agent gw --top >/dev/null 2>"$T/top.err" &
	top=$!
	agent gw --status >/dev/null 2>"$T/err" || not_ok "--status: $(cat "$T/err")"
	agent gw --once 2>"$T/err" || not_ok "--once: $(cat "$T/err")"
	wait $top || not_ok "--top: $(cat "$T/top.err")"
}

some_event() {
	random 20
	case $random in
	0 | 1) event='kill' ;;
	2) event=stop ;;
	3 | 4) event=reload ;;
	5 | 6) event=hangup ;;
	7 | 8) event=bad_database ;;
	9 | 10) event=flap ;;
	11 | 12) event=peer_flap ;;
	13 | 14) event=rename ;;
	15 | 16) event=make_anew ;;
	17 | 18) event=disk ;;
	*) event=readers ;;
	esac
	event_$event
	events=$((events + 1)) kinds="$kinds $event"
	pause
	look "event $events, $event"
}

# A second at a time: one that has lost its device ends, and the next finds the new one.
keep_sending() { # DEVICE
	until [ -e "$T/end" ]; do
		in_ns gw "$SEND" -r $((10000 / devices)) -c $((10000 / devices)) "$1" >/dev/null 2>&1 || sleep 0.1
	done
}

start_sending() {
	number=0
	while [ $number -lt $devices ]; do
		keep_sending peer$number &
		senders="$senders $!"
		remember $!
		number=$((number + 1))
	done
}

received() {
	number=0 sum=0
	while [ $number -lt $devices ]; do
		eval "sum=\$((sum + earlier_$number + $(link_stat gw peer$number tx packets)))"
		number=$((number + 1))
	done
	echo $sum
}

# The kernel's log is a ring, from which the oldest lines vanish: only what comes behind the last line of
# before counts. Both moments are of the log's own clock.
last_stamp() { dmesg | sed -n 's/^\[ *\([0-9.]*\)\].*/\1/p' | tail -n 1; }
kernel_warnings() {
	dmesg | awk -v since="$log_began" '
		/^\[ *[0-9]+\.[0-9]+\]/ { at = $0; sub(/^\[ */, "", at); at += 0 }
		at > since + 0 && /WARNING:|BUG:|Oops|general protection|hung_task|Call Trace/ { warnings++ }
		END { print warnings + 0 }'
}

prepare() {
	mkdir "$T/disk"
	mount -t tmpfs -o size=8m tmpfs "$T/disk" || exit 1
	mounts="$mounts $T/disk"
	mkdir "$T/disk/text"
	PROM=$T/disk/text/portacct.prom
	make_devices gw $devices
	write_database
	run_agent
	wait_for_textfile 10 || not_ok "no textfile is written"
	event_reload
	descriptors_at_start=$(descriptors)
	pins_at_start=$(pin_count) maps_at_start=$(map_count)
}

# The heap of an agent that has seen some databases is as large as it becomes.
half_time() {
	kill_and_start KILL
	is_second_half=true
	for reload in 1 2 3 4 5 6 7 8 9 10; do
		event_reload
		wait_for_textfile 10 || not_ok "no textfile after reload $reload"
	done
	resident_at_half=$(resident) highest=$(resident)
}

conclude() {
	touch "$T/end"
	# shellcheck disable=SC2086
	wait $senders
	sleep 0.2
	wait_for_counts 20 || not_ok "at the end no textfile is written"
	check "the textfile is whole" is_parseable
	all=$(received)
	check_equal "frames counted, of $all received" "$(counted)" "$all"
	check "frames were sent all the time: $all in $SOAK_SECONDS s" [ "$all" -gt $((SOAK_SECONDS * 1000)) ]
	check_equal "pins, of $pins_at_start at the start" "$(pin_count)" "$pins_at_start"
	check "the programs' maps are known" [ "$maps_at_start" -gt 0 ]
	check_equal "maps in use, of $maps_at_start at the start" "$(map_count)" "$maps_at_start"
	check_equal "descriptors, of $descriptors_at_start at the start" "$(descriptors)" "$descriptors_at_start"
	ok "resident: $resident_at_half kB at half-time, at most $highest since then"
	if [ -n "$log_began" ]; then
		check_equal "warnings of the kernel" "$(kernel_warnings)" 0
	else
		echo "skipped: the kernel's log cannot be read: its warnings are not counted"
	fi
}

echo "seed $SEED"
log_began=
if dmesg >/dev/null 2>&1; then
	log_began=$(last_stamp)
	log_began=${log_began:-0}
fi
prepare
start_sending
until=$(($(date +%s) + SOAK_SECONDS)) half=$(($(date +%s) + SOAK_SECONDS / 2))
while [ "$(date +%s)" -lt $half ]; do some_event; done
half_time
while [ "$(date +%s)" -lt $until ]; do some_event; done
conclude
echo "# events:$(echo "$kinds" | tr ' ' '\n' | sort | uniq -c | awk '$2 { printf " %s %s", $1, $2 }')"
if [ $failures = 0 ]; then
	ok "seed $SEED: $events random events and none that left a trace"
	echo "figure: R25 $events random events in $SOAK_SECONDS s, $all frames received and counted, 0 missing; nothing grew"
fi
finish
