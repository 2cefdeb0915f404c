#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Starts, stops, kills and refusals: whatever happens to the agent, the kernel goes on counting what it
# counted, nothing is set back, and a start that fails leaves nothing behind.
set -u
. tests/netns/lib.sh
begin bpftool clang

add_namespace gw
connect gw dev0 gw peer0
connect gw dev1 gw peer1
for device in dev0 dev1 peer0 peer1; do
	in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
	ip -n "$run-gw" link set $device up
done

send() { # DEVICE COUNT: frames to domain/udp
	in_ns gw "$PYTHON" "$here/traffic.py" sweep "$1" 53 1 "$2"
}

counted() { # [DEVICE]
	agent gw --status --json 2>/dev/null | jq "[.devices[] | select(.device | test(\"${1:-.}\")) | .frames] | add"
}

start_agent() { # OPTION...; sets $counting
	: >"$T/agent.log"
	spawn_agent gw "$@" 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -qE ': counting|cannot|refused' "$T/agent.log" || not_ok "start: $(cat "$T/agent.log")"
}

no_programs() { [ -z "$(xdp_program gw dev0)$(xdp_program gw dev1)" ]; }
has_program() { [ -n "$(xdp_program gw "$1")" ]; }
no_pins() { [ ! -e "$PINS" ]; }

nothing_attached() { # DESCRIPTION
	check "$1: no program attached" no_programs
	check "$1: no link pinned" [ -z "$(find "$T/bpf" -name link)" ]
}

commands() {
	check_fails "--status with nothing counted" 1 'nothing is counted' agent gw --status
	check_fails "--once with nothing counted" 1 'nothing is counted' agent gw --once
	agent gw --attach -i dev0 -i dev1 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"
	check "--attach: a program on the first device" has_program dev0
	check "--attach: a program on the second" has_program dev1
	check "--attach: no textfile yet" [ ! -e "$PROM" ]
	send peer0 100
	agent gw --once || not_ok "--once"
	check_equal "--once: frames in the textfile" "$(prom_sum service_receive_packets_total 'service="domain"')" 100
	check_equal "--top --json: frames" "$(agent gw --top --json | jq .frames_total)" 100
	agent gw --status >"$T/status"
	check "--status: the account, closed, and the interface's view" grep -q 'by method 100: closed' "$T/status"
	check "--status: nothing lost" grep -q 'received 100 frames since, counted 100.000 %' "$T/status"
	check "--status: no agent runs" grep -q 'not running' "$T/status"
	agent gw --detach || not_ok "--detach"
	nothing_attached "--detach"
	check "--detach: no pins left" no_pins
	check "--detach: no textfile left" [ ! -e "$PROM" ]
	agent gw --detach 2>"$T/err"
	check_equal "--detach again ($(cat "$T/err")): exit status" $? 0
	# One that was killed before it came to the file, or a reboot, leaves no pins either.
	echo '# HELP portacct_x text' >"$PROM"
	check_fails "--detach where a textfile alone is left" 0 'nothing is counted' agent gw --detach
	check "it is removed" [ ! -e "$PROM" ]
	echo '# HELP node_x text' >"$PROM"
	agent gw --detach 2>/dev/null
	check "another's file is not" [ -e "$PROM" ]
	echo '# HELP portacct_x text' >"$PROM"
	check_fails "--detach where no BPF file system is to be seen" 0 'is not to be seen' \
		in_ns gw "$AGENT" --pin-dir "$T/none" -o "$PROM" --detach
	check "nor one of what may be counted elsewhere" [ -e "$PROM" ]
	rm "$PROM"
}

top_alone() {
	agent gw --top -t 4 -i dev0 >"$T/top" &
	measuring=$!
	remember $measuring
	wait_until 5 has_program dev0
	send peer0 200
	wait $measuring
	check_equal "--top without an agent: exit status" $? 0
	check "--top without an agent counts: $(grep domain "$T/top")" grep -q '^domain .* 100% ' "$T/top"
	nothing_attached "--top without an agent"
	check "--top without an agent: no pins left" no_pins
}

# A device that the pinned state does not hold is measured beside it.
top_beside() {
	agent gw --attach -i dev0 2>/dev/null
	program=$(xdp_program gw dev0)
	agent gw --top -i dev1 >"$T/top"
	check "--top on another device than those counted" grep -q '^dev1 ' "$T/top"
	check "it is not counted afterwards" [ -z "$(xdp_program gw dev1)" ]
	check_equal "the counted one is as before" "$(xdp_program gw dev0)" "$program"
	agent gw --detach
}

stopping() {
	start_agent -i 'dev*' -t 1
	send peer0 100
	check_equal "--top beside an agent" "$(agent gw --top --json | jq .frames_total)" 100
	check "--status: an agent runs" [ "$(agent gw --status --json | jq .agent_running)" = true ]
	program=$(xdp_program gw dev0)
	check_fails "a second agent" 1 'another agent' agent gw -i 'dev*'
	check_fails "--attach beside an agent" 1 'another agent' agent gw --attach -i 'dev*'
	check_fails "--detach beside an agent" 1 'another agent' agent gw --detach
	check "the first is unaffected" is_running $counting
	check_equal "its program" "$(xdp_program gw dev0)" "$program"
	send peer1 50
	stop $counting
	check_equal "SIGTERM: exit status" $? 0
	check_equal "SIGTERM: frames in the textfile it leaves" "$(prom_sum device_receive_packets_total)" 150
	send peer0 25
	check_equal "the kernel counts on" "$(counted)" 175
	start_agent -i 'dev*' -t 1
	send peer0 25
	stop $counting INT
	check_equal "an adopted state, SIGINT: frames" "$(prom_sum device_receive_packets_total)" 200
}

# Whatever a start refuses, the state before is that after.
refused_over_state() { # DESCRIPTION STATUS PATTERN OPTION...
	state_before=$(find "$PINS" | sort | cksum) program=$(xdp_program gw dev0) frames=$(counted)
	text=$(cksum <"$PROM")
	description=$1 wanted=$2 pattern=$3
	shift 3
	check_fails "$description" "$wanted" "$pattern" agent gw "$@"
	check_equal "$description: pins, program, frames, textfile as before" \
		"$(find "$PINS" | sort | cksum) $(xdp_program gw dev0) $(counted) $(cksum <"$PROM")" \
		"$state_before $program $frames $text"
}

refusals_over_state() {
	printf 'Service Name,Port Number,Transport Protocol\nbad,70000,tcp\n' >"$T/bad.csv"
	refused_over_state "a bad database" 2 'bad.csv:2:5: port 70000 is above 65535' -i dev0 -s "$T/bad.csv"
	refused_over_state "a missing database" 2 'missing.csv' -i dev0 -s "$T/missing.csv"
	refused_over_state "a missing device" 1 "device 'none0': no such device: there are .*dev0" --attach -i dev0 -i none0
	refused_over_state "another mode" 1 'detach first' -i dev0 -m generic
	agent gw --detach
}

refusals_at_start() {
	check_fails "textfile in a missing directory" 1 "textfile '.*': cannot be written" agent gw -i dev0 -o "$T/no/x.prom"
	mkdir "$T/directory"
	check_fails "textfile that is a directory" 1 "cannot be written" agent gw -i dev0 -o "$T/directory"
	mkdir "$T/small"
	mount -t tmpfs -o size=128k,mode=755 tmpfs "$T/small"
	mounts="$mounts $T/small"
	mount -o remount,ro "$T/small"
	check_fails "textfile on a read-only file system" 1 "Read-only" agent gw -i dev0 -o "$T/small/x.prom"
	mount -o remount,rw "$T/small"
	check_fails "pin directory that is on no BPF file system" 1 'not on a BPF file system' \
		agent gw -i dev0 --pin-dir "$T/pins"
	check "it has not been made" [ ! -e "$T/pins" ]
	mkdir -m 755 "$T/bpf/open"
	check_fails "pin directory that others may read" 1 'not trusted' agent gw -i dev0 --pin-dir "$T/bpf/open"
	mkdir -m 700 "$T/bpf/alien"
	chown nobody "$T/bpf/alien"
	check_fails "pin directory of another user" 1 'not trusted' agent gw -i dev0 --pin-dir "$T/bpf/alien"
	ln -s "$T/bpf/alien" "$T/bpf/link" 2>/dev/null &&
		check_fails "pin directory that is a symbolic link" 1 'cannot be opened' agent gw -i dev0 --pin-dir "$T/bpf/link"
	rm -f "$T/bpf/link"
	nothing_attached "refusals at the start"
	check "no textfile either" [ -z "$(ls -A "$T/textfile")$(ls -A "$T/small")" ]
}

foreign_program() {
	echo '__attribute__((section("xdp"), used)) int pass(void *ctx) { return 2; }' |
		clang -target bpf -O2 -x c - -c -o "$T/foreign.o" || not_ok "the foreign program is not built"
	bpftool prog load "$T/foreign.o" "$T/bpf/foreign" type xdp
	in_ns gw bpftool net attach xdpdrv pinned "$T/bpf/foreign" dev dev1
	foreign=$(xdp_program gw dev1)
	check_fails "a device with a foreign program, the second of two" 1 "device 'dev1': .*another XDP program" \
		agent gw --attach -m native -i dev0 -i dev1
	check_equal "the foreign program is still there" "$(xdp_program gw dev1)" "$foreign"
	check "nothing on the first device" [ -z "$(xdp_program gw dev0)" ]
	check_fails "--top on it" 1 "another XDP program" agent gw --top -m native -i dev1
	check_equal "the foreign program is still there" "$(xdp_program gw dev1)" "$foreign"
	in_ns gw bpftool net detach xdpdrv dev dev1
	agent gw --attach -i dev0 -i dev1 2>"$T/err" || not_ok "attach after the refusal: $(cat "$T/err")"
	agent gw --detach
	nothing_attached "after that"
}

odd_names() {
	for device in eth0.5 ports counters; do
		connect gw $device gw p-$device
		ip -n "$run-gw" link set $device up
		ip -n "$run-gw" link set p-$device up
	done
	agent gw --attach -i eth0.5 -i ports -i counters 2>"$T/err" || not_ok "odd names: $(cat "$T/err")"
	for device in eth0.5 ports counters; do
		before=$(counted "^$device\$")
		send p-$device 30
		check "device '$device' counts" [ $(($(counted "^$device\$") - before)) -ge 30 ]
	done
	agent gw --attach -i ports 2>"$T/err" || not_ok "adopting odd names: $(cat "$T/err")"
	check_equal "devices that --status tells" "$(agent gw --status --json | jq -r '.devices[].device' | sort | xargs)" \
		'counters eth0.5 ports'
	agent gw --detach || not_ok "--detach of odd names"
	check "no pins left" no_pins
}

default_devices() {
	check_fails "no -i, no hardware, no default route" 1 'choose with -i' agent gw --attach
	ip -n "$run-gw" address add 192.0.2.1/24 dev dev1
	ip -n "$run-gw" route add default via 192.0.2.2
	agent gw --attach 2>"$T/err" || not_ok "default device: $(cat "$T/err")"
	check "no -i: the device with the default route" has_program dev1
	check "no -i: no other" [ -z "$(xdp_program gw dev0)" ]
	agent gw --detach
	ip -n "$run-gw" address flush dev dev1
}

# A kill at any moment, with frames coming in all the time: one number is what was sent, one is counted.
killing() {
	agent gw --attach -i dev0 2>/dev/null
	in_ns gw "$PYTHON" "$here/traffic.py" pace peer0 8000 "$T/enough" >"$T/sent" &
	sending=$!
	remember $sending
	last=0 backwards=0 kills=0
	for pause in 0 0.003 0.01 0.017 0.03 0.05 0.08 0.12 0.2 0.3 0.5 1.1; do
		spawn_agent gw -i dev0 -t 1 2>/dev/null
		sleep $pause
		stop "$spawned" KILL
		kills=$((kills + 1))
		[ -s "$PROM" ] || continue
		"$PYTHON" "$here/promtext.py" "$PROM" >/dev/null || not_ok "the textfile after a kill"
		now=$(prom_sum service_receive_packets_total 'service="domain"')
		[ "$now" -ge "$last" ] || backwards=$((backwards + 1))
		last=$now
	done
	touch "$T/enough"
	wait $sending
	start_agent -i dev0 -t 1
	stop $counting
	check_equal "$kills kills, of $(cat "$T/sent") frames sent counted" \
		"$(prom_sum service_receive_packets_total 'service="domain"')" "$(cat "$T/sent")"
	check_equal "times that a series went back" $backwards 0
	check_equal "temporary files left" "$(ls -A "$T/textfile")" portacct.prom
	agent gw --detach
}

# A start cut off at any moment leaves what the next one completes.
killing_starts() {
	good=0 starts=0
	for pause in 0 0.002 0.004 0.006 0.008 0.01 0.013 0.016 0.02 0.025 0.03 0.04 0.06; do
		spawn_agent gw -i 'dev*' 2>/dev/null
		sleep $pause
		stop "$spawned" KILL
		starts=$((starts + 1))
		agent gw --attach -i 'dev*' 2>"$T/err" || not_ok "attach after a start killed after $pause s: $(cat "$T/err")"
		before=$(counted)
		send peer1 5
		[ "$(($(counted) - before))" = 5 ] && agent gw --detach && no_pins && no_programs && good=$((good + 1))
	done
	check_equal "$starts first starts killed: the next attached, counted and detached" $good $starts
}

is_newer() { [ -n "$(find "$PROM" -newer "$T/reference")" ]; }

full_disk() {
	kept=$PROM
	PROM=$T/small/portacct.prom
	start_agent -i dev0 -t 1
	send peer0 10
	wait_until 10 grep -q 'service="domain",protocol="udp",direction="to_server"} 10$' "$PROM"
	head -c 200000 /dev/zero >"$T/small/filler" 2>/dev/null
	before=$(cksum <"$PROM")
	wait_until 10 grep -q 'No space left' "$T/agent.log" || not_ok "a full disk is told: $(cat "$T/agent.log")"
	check_equal "full disk: the last good textfile" "$(cksum <"$PROM")" "$before"
	check_equal "full disk: files besides" "$(ls -A "$T/small" | xargs)" 'filler portacct.prom'
	send peer0 10
	touch "$T/reference"
	rm "$T/small/filler"
	check "room again: the textfile is written" wait_until 10 is_newer
	wait_until 3 grep -q 'written again' "$T/agent.log"
	check_equal "full disk: messages" "$(grep -c textfile "$T/agent.log")" 2
	stop $counting
	check_equal "full disk: frames counted all the time" "$(prom_sum service_receive_packets_total 'service="domain"')" 20
	agent gw --detach
	PROM=$kept
}

commands
top_alone
top_beside
stopping
refusals_over_state
refusals_at_start
foreign_program
odd_names
default_devices
killing
killing_starts
full_disk
finish
