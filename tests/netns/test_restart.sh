#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Starts over a state that is not as it was left: a start that fails changes nothing of what is counted,
# a device that was renamed or made anew is told apart, pins that are missing are not made up.
set -u
. tests/netns/lib.sh
begin strace

add_namespace gw
for device in dev0 dev1; do
	connect gw $device gw peer_$device
done
up() { # DEVICE...
	for device; do
		in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
		ip -n "$run-gw" link set "$device" up
	done
}
up dev0 dev1 peer_dev0 peer_dev1

send() { # DEVICE COUNT: frames to domain/udp
	in_ns gw "$PYTHON" "$here/traffic.py" sweep "$1" 53 1 "$2"
}
service_frames() { # SERVICE
	agent gw --top --json -i 'dev*' 2>/dev/null | jq "[.services[] | select(.service == \"$1\") | .packets_total] | add // 0"
}
device_frames() { # DEVICE
	agent gw --status --json 2>/dev/null | jq "[.devices[] | select(.device == \"$1\") | .frames] | add // 0"
}
attach() { # OPTION...
	agent gw --attach "$@" 2>"$T/err" || not_ok "--attach $*: $(cat "$T/err")"
}

failed_start() {
	printf 'Service Name,Port Number,Transport Protocol\nmine,53,udp\n' >"$T/mine.csv"
	attach -i dev0
	send peer_dev0 10
	for choice in '-i lo' '-i dev0 -m generic' '-i dev0 -i nosuchdevice'; do
		# shellcheck disable=SC2086
		agent gw --attach --no-builtin -s "$T/mine.csv" $choice 2>/dev/null &&
			not_ok "--attach $choice: is not refused"
		send peer_dev0 10
	done
	check_equal "three starts that failed: frames of the service of before" "$(service_frames domain)" 40
	attach -i dev0 -s "$T/mine.csv"
	send peer_dev0 10
	check_equal "a start with another database: frames of its service" "$(service_frames mine)" 10
	agent gw --detach
}

passed_over() {
	attach -i 'dev*' -i '*o'
	check "a pattern that matches lo: lo is named and passed over" grep -q "device 'lo'" "$T/err"
	send peer_dev1 5
	check_equal "and the others are counted" "$(device_frames dev1)" 5
	check_fails "--status of what is not counted" 1 'none of those that are counted' agent gw --status -i nosuch
	check_fails "lo by its name" 1 'loopback' agent gw --attach -i lo
	check_fails "--detach of one device" 2 'all devices' agent gw --detach -i dev1
	agent gw --detach
	check_fails "nothing but lo" 1 'none of those chosen' agent gw --attach -i 'l?'
	check "leaves no pins" [ ! -e "$PINS" ]
}

missing_pins() {
	attach -i dev0 -i dev1
	send peer_dev0 10
	for pin in dev0/state dev0/counters services; do
		cp_of=$T/bpf/$(basename $pin)
		mv "$PINS/v1/$pin" "$cp_of"
		check_fails "without the pin $pin" 1 '--detach first' agent gw --attach -i dev0
		check_fails "a reader, without the pin $pin" 1 '--detach first' agent gw --status
		send peer_dev0 10
		mv "$cp_of" "$PINS/v1/$pin"
	done
	check_equal "counted all the time" "$(device_frames dev0)" 40
	agent gw --detach
}

# More of this: test_rename.sh.
renamed() {
	attach -i dev0 -i dev1
	send peer_dev1 10
	ip -n "$run-gw" link set dev1 down
	ip -n "$run-gw" link set dev1 name wan
	up wan
	attach -i wan
	check "a renamed device: said" grep -q "device 'wan': was 'dev1': its counters follow" "$T/err"
	send peer_dev1 10
	check_equal "and counted on, under its new name" "$(device_frames wan)" 20
	connect gw dev1 gw peer_new
	up dev1 peer_new
	attach -i dev1
	send peer_dev1 10
	send peer_new 5
	check_equal "and a new device of the old name beside it" "$(device_frames wan) $(device_frames dev1)" '30 5'
	agent gw --detach
	ip -n "$run-gw" link del dev1
	ip -n "$run-gw" link set wan down
	ip -n "$run-gw" link set wan name dev1
	up dev1
}

made_anew() {
	attach -i dev0 -i dev1
	send peer_dev1 10
	ip -n "$run-gw" link del dev1
	attach -i dev0
	check "a device that is gone: said" grep -q "device 'dev1': is gone" "$T/err"
	connect gw dev1 gw peer_dev1
	up dev1 peer_dev1
	send peer_dev1 7
	attach -i dev1
	send peer_dev1 10
	check_equal "made anew: counted on from where it was" "$(device_frames dev1)" 20
	agent gw --status >"$T/status"
	check "and compared with the new interface" grep -q 'received 10 frames since, counted 100.000 %' "$T/status"
	agent gw --detach
}

is_writing() { [ -n "$(find "$T/textfile" -name '.portacct.prom.*.tmp' -size +0)" ]; }

# The one that began earlier waits in its fsync, while the other measures more and would be the first to write.
two_writers() {
	attach -i dev0
	send peer_dev0 10
	in_ns gw strace -qq -o "$T/trace" -e trace=fsync -e inject=fsync:delay_enter=1000000 \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" --once &
	wait_until 10 is_writing || not_ok "the first writer does not write"
	send peer_dev0 10
	agent gw --once
	wait
	check_equal "two writers: the later measurement stays" "$(prom_sum service_receive_packets_total 'service="domain"')" 20
	agent gw --detach
}

# The lock is not taken on a directory that --detach has removed in the meantime.
detach_in_between() {
	attach -i dev1
	: >"$T/trace"
	in_ns gw strace -qq -o "$T/trace" -e trace=flock -e inject=flock:delay_enter=8000000:when=1 \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" --attach -i dev0 2>"$T/err" &
	waiting=$!
	wait_until 10 grep -q flock "$T/trace" || not_ok "the start does not wait"
	agent gw --detach 2>/dev/null
	check "--detach has ended before the start goes on" is_running $waiting
	check "and has removed the directory" [ ! -e "$PINS" ]
	wait $waiting
	check "a start during --detach: counts in the new directory: $(cat "$T/err")" [ -e "$PINS/v1/dev0/link" ]
	agent gw --detach
}

failed_start
passed_over
missing_pins
renamed
made_anew
two_writers
detach_in_between
finish
