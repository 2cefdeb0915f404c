#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices that come, go, come again, change their names and their network namespace while an agent runs:
# counted as soon as they are there, never set back, each event told once, and not too many of them.
set -u
. tests/netns/lib.sh
begin strace

add_namespace gw
add_namespace other
up() { # DEVICE...
	for device; do
		in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
		ip -n "$run-gw" link set "$device" up
	done
}
make_device() { # DEVICE
	connect gw "$1" gw "p-$1"
	up "$1" "p-$1"
}
send() { # PEER COUNT: frames to domain/udp
	in_ns gw "$PYTHON" "$here/traffic.py" sweep "$1" 53 1 "$2"
}
frames() { # DEVICE
	agent gw --status --json 2>/dev/null | jq "[.devices[] | select(.device == \"$1\") | .frames] | add // 0"
}
start_agent() { # OPTION...; sets $counting
	: >"$T/agent.log"
	spawn_agent gw "$@" 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -qE ': counting|waited for|cannot|refused' "$T/agent.log" || not_ok "start: $(cat "$T/agent.log")"
}
lines() { grep -c -- "$1" "$T/agent.log"; }
log_has() { [ "$(lines "$1")" -ge "${2:-1}" ]; }
told() { # PATTERN [TIMES]
	wait_until 5 log_has "$1" "${2:-1}" || not_ok "'$1' is told: $(cat "$T/agent.log")"
}
has_program() { [ -n "$(xdp_program gw "$1")" ]; }

start_agent -i wan0 -i 'lan*' -t 1
check_equal "a device and a pattern that are not there are waited for" "$(lines 'waited for')" 2
make_device wan0
told "'wan0': counting"
send p-wan0 10
check_equal "a device that appears is counted" "$(frames wan0)" 10
make_device lan1
make_device other1
told "'lan1': counting"
check "one that matches a pattern too, and no other" [ -z "$(xdp_program gw other1)" ]

ifindex=$(ip -n "$run-gw" -j link show dev wan0 | jq '.[0].ifindex')
ip -n "$run-gw" link del wan0
told "'wan0': is gone"
exported() { grep -q 'portacct_device_receive_packets_total{device="wan0"} 10$' "$PROM"; }
check "one that vanished: its series stay as they were" wait_until 3 exported
ip -n "$run-gw" link add wan0 index "$ifindex" type veth peer name p-wan0
in_ns gw ethtool -K p-wan0 tx off >/dev/null
up wan0 p-wan0
told "'wan0': counting" 2
send p-wan0 10
check_equal "one that is made anew with the same number counts on" "$(frames wan0)" 20

ip -n "$run-gw" link set lan1 down
ip -n "$run-gw" link set lan1 name lan7
up lan7
told "'lan7'"
send p-lan1 5
check_equal "a renamed one: its counters follow" "$(frames lan7)" 5
check_equal "nothing is left under the old name" "$(frames lan1)" 0
check_equal "it is told once" "$(lines "'lan7'") $(lines "'lan7': was 'lan1': its counters follow")" '1 1'

ip -n "$run-gw" link set lan7 netns "$run-other"
send_other() { in_ns other "$PYTHON" "$here/traffic.py" sweep "$1" 53 1 "$2"; }
in_ns other sh -c 'echo 1 >/proc/sys/net/ipv6/conf/lan7/disable_ipv6'
ip -n "$run-other" link set lan7 up
sleep 0.3 # the agent looks at the devices
send p-lan1 5
check_equal "one that left for another namespace is counted on" "$(frames lan7)" 10
ip -n "$run-other" link set lan7 netns "$run-gw"
up lan7
send p-lan1 5
check_equal "and when it came back" "$(frames lan7)" 15

# A device that flaps as fast as it can.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
	ip -n "$run-gw" link add flap0 type veth peer name lan9
	ip -n "$run-gw" link set lan9 up
	ip -n "$run-gw" link del flap0
done
make_device lan9
counted_now() { has_program lan9; }
check "after 25 flaps the device is counted" wait_until 5 counted_now

# One that flaps so slowly that each time would be told: twenty lines at once are, then one each five
# seconds, and before that how many were left out.
is_attached() { # true|false: what the agent says
	[ "$(agent gw --status --json | jq '.devices[] | select(.device == "lan9") | .attached')" = "$1" ]
}
before=$(wc -l <"$T/agent.log") began=$(date +%s) flaps=0
left_out() { grep -c 'more messages were left out' "$T/agent.log"; }
left_before=$(left_out)
leaves_out() { [ "$(left_out)" -gt "$left_before" ]; }
until leaves_out || [ $flaps = 60 ]; do
	ip -n "$run-gw" link del lan9
	wait_until 10 is_attached false || not_ok "flap $flaps: it is not let go"
	make_device lan9
	wait_until 10 is_attached true || not_ok "flap $flaps: it is not counted"
	flaps=$((flaps + 1))
done
added=$(($(wc -l <"$T/agent.log") - before)) seconds=$(($(date +%s) - began + 1))
check "of $flaps flaps more, some are left out of the log" leaves_out
check "which has grown by $added lines in $seconds s" [ $added -le $((20 + 2 * (1 + seconds / 5))) ]
stop $counting
check_equal "SIGTERM: exit status" $? 0
agent gw --detach

# A device that is renamed as often as it is followed; and what the datapath logs of it is limited too.
make_device ren
ip -n "$run-gw" link set ren down
ip -n "$run-gw" link set ren name ren0
start_agent -i 'ren*' -t 1
started=$(cut -d . -f 1 /proc/uptime)
number=0
rename_once() {
	ip -n "$run-gw" link set ren$number name ren$((number + 1))
	number=$((number + 1))
	wait_until 5 [ -e "$PINS/v1/ren$number" ] || not_ok "ren$number is not followed: $(cat "$T/agent.log")"
}
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35; do
	rename_once
done
permitted=$((21 + ($(cut -d . -f 1 /proc/uptime) - started) / 5))
check "of 35 renames no more than $permitted are told: $(lines 'counters follow')" \
	[ "$(lines 'counters follow')" -le $permitted ]
tells_the_rest() { log_has 'devices: [0-9]* more messages were left out'; }
until tells_the_rest || [ $number = 200 ]; do rename_once; done
check "and how many were not" tells_the_rest
stop $counting
agent gw --detach

# Busy until the program is there, silent from then on: what a driver does that stalls with XDP.
received=$(link_stat gw wan0 rx packets)
in_ns gw "$PYTHON" "$here/traffic.py" pace p-wan0 2000 "$PINS/v1/wan0/link" >"$T/sent" &
sending=$!
remember $sending
is_busy() { [ "$(link_stat gw wan0 rx packets)" -gt $((received + 100)) ]; }
wait_until 10 is_busy || not_ok "wan0 receives nothing"
start_agent -i wan0 -t 1
told "'wan0': has received nothing since"
wait $sending
stalled() { grep -q 'portacct_device_stalls_total{device="wan0"} 1$' "$PROM"; }
check "a stall is counted" wait_until 3 stalled
check "the XDP program is off" [ -z "$(xdp_program gw wan0)" ]
check "and the device is counted at the tc hook" grep -q 'device_info{device="wan0",hook="tc"' "$PROM"
stop $counting
agent gw --detach

start_agent -i 'new*' -m native -t 1
ip -n "$run-gw" link add newbr type bridge
told "'newbr': cannot be attached in native mode"
make_device new0
told "'new0': counting"
make_device new1
told "'new1': counting"
check_equal "a device of a kind that cannot be counted: said once" "$(lines "'newbr'")" 1
stop $counting
agent gw --detach

# Devices that leave in the middle of a start, which strace slows down: as soon as the first counts they do, and
# it goes on without them.
make_device st0
start_while_they_leave() { # OPTION...; sets $counting
	for number in 0 1 2 3 4 5 6 7; do
		ip -n "$run-gw" link add fl$number group 7 type veth peer name q$number || exit 1
		ip -n "$run-gw" link set fl$number up
	done
	: >"$T/agent.log"
	spawn gw strace -D -qq -o /dev/null -e trace=bpf -e inject=bpf:delay_exit=15000 \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" -i st0 "$@" 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 [ -e "$PINS/v1/st0/link" ] || not_ok "start: $(cat "$T/agent.log")"
	ip -n "$run-gw" link del group 7
	told 'is gone again'
}
named='-i fl0 -i fl1 -i fl2 -i fl3 -i fl4 -i fl5 -i fl6 -i fl7'
start_while_they_leave -i 'fl*' -t 1
check "devices of a pattern that leave during a start are passed over" wait_until 20 log_has "'st0': counting"
stop $counting
agent gw --detach
# shellcheck disable=SC2086
start_while_they_leave $named -t 1
check "named ones too, where they are waited for" wait_until 20 log_has "'fl7': does not exist yet: waited for"
wait_until 20 log_has "'st0': counting"
check_equal "and the one that stays is counted" "$(lines "'st0': counting")" 1
stop $counting
agent gw --detach
start_while_they_leave -i 'fl*' --attach
wait $counting
check_equal "--attach passes over those of a pattern: exit status" $? 0
check "and counts on the one that stays" has_program st0
agent gw --detach
# shellcheck disable=SC2086
start_while_they_leave $named --attach
wait $counting
check_equal "--attach refuses where a named one leaves: exit status" $? 1
check "and undoes the rest" [ -z "$(xdp_program gw st0)" ]

# Four descriptors a device: a soft limit on them is no limit on devices.
make_device new2
make_device new3
(
	ulimit -Sn 20
	agent gw --attach -i 'new[0-9]' 2>"$T/agent.log"
) || not_ok "devices beyond the soft limit of descriptors: $(cat "$T/agent.log")"
check_equal "four devices with 20 descriptors: counted" "$(lines ': counting')" 4
agent gw --detach
finish
