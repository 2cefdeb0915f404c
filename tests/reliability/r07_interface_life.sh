#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R07: devices that go down and up, get other names, go to another network namespace and back, vanish and are
# made anew, in any order, while an agent follows them: every frame that comes to a device that is counted is
# counted, a new device is counted without a restart, the sum never goes back, and no pin is left of what is
# not there.
set -u
. tests/reliability/lib.sh
begin "$SEND"
events=40 burst=25
[ "$FULL" = 1 ] && events=200
seed=${RELIABILITY_SEED:-$(date +%s)}
echo "# seed $seed"
make_devices gw 1
add_namespace away
for victim in 1 2 3; do
	connect gw v$victim gw p$victim
	quiet_up gw v$victim p$victim
	eval "name_$victim=v$victim"
done
sent=0 wrong=0 recreated=0 last=0

# The next number below the limit, of a linear congruential generator; sets $number.
random() { # LIMIT
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	number=$(((seed >> 8) % $1))
}

complain() {
	wrong=$((wrong + 1))
	not_ok "event $event, $what of $name: $*: $(tail -n 3 "$T/agent.log" | tr '\n' '|')"
}

has_carrier() { in_ns "$1" cat "/proc/net/dev" | grep -q "$2:" && ip -n "$run-$1" link show dev "$2" | grep -q LOWER_UP; }
has_program() { [ -n "$(xdp_program gw "$name")" ]; }

# Frames to a device that is attached, wherever it is.
send_burst() {
	wait_until 5 has_carrier gw "p$victim" || complain "no carrier"
	in_ns gw "$SEND" -c $burst "p$victim" >"$T/burst" 2>"$T/err" || complain "send: $(cat "$T/err")"
	sent=$((sent + $(sender_said "$T/burst" sent)))
}

set_name() {
	name=$1
	eval "name_$victim=$1"
}

flap() {
	ip -n "$run-gw" link set "$name" down
	ip -n "$run-gw" link set "$name" up
}
rename() {
	other=v${victim}b
	[ "$name" = "$other" ] && other=v$victim
	ip -n "$run-gw" link set "$name" down
	ip -n "$run-gw" link set "$name" name "$other"
	quiet_up gw "$other"
	set_name "$other"
}
move() {
	ip -n "$run-gw" link set "$name" netns "$run-away"
	quiet_up away "$name"
	send_burst
	ip -n "$run-away" link set "$name" netns "$run-gw"
	quiet_up gw "$name"
}
# Not counted until the agent has seen it: nothing is sent before.
recreate() {
	index=''
	random 2
	[ "$number" = 0 ] || index="index $(ip -n "$run-gw" -j link show dev "$name" | jq '.[0].ifindex')"
	ip -n "$run-gw" link del "$name"
	# shellcheck disable=SC2086
	ip -n "$run-gw" link add "$name" $index type veth peer name "p$victim" || complain "cannot be made"
	quiet_up gw "$name" "p$victim"
	wait_until 10 has_program || complain "is not attached"
	recreated=$((recreated + 1))
}

# The sum over all devices, those that are gone as well.
check_sum() {
	agent gw --once 2>"$T/err" || complain "--once: $(cat "$T/err")"
	now=$(prom_sum device_receive_packets_total)
	[ "$now" -ge "$last" ] || complain "$now frames in all after $last"
	last=$now
}

start_agent gw -i dev0 -i 'v*' -t 1
spawn gw "$SEND" -r 5000 peer0 >"$T/sent"
sending=$spawned
event=0 what=start
while [ $event -lt $events ]; do
	event=$((event + 1))
	random 3
	victim=$((number + 1))
	eval "name=\$name_$victim"
	random 4
	case $number in 0) what=flap ;; 1) what=rename ;; 2) what=move ;; 3) what=recreate ;; esac
	$what
	send_burst
	[ $((event % 5)) != 0 ] || check_sum
	is_running "$counting" || { complain "the agent has ended"; break; }
done
stop $sending
sleep 0.5 # longer than the agent waits before it looks at devices that have changed
stop $counting
agent gw --once
sent=$((sent + $(sender_said "$T/sent" sent)))
missing=$((sent - $(prom_sum device_receive_packets_total)))
check_equal "frames missing of $sent, of $event events" $missing 0
check_equal "events after which something was wrong" $wrong 0
# A device that was made anew under one name may have got another before the agent saw it: the first one's
# counters stay until they are forgotten.
for name in $(agent gw --status --json | jq -r '.devices[] | select(.attached | not) | .device'); do
	agent gw --forget "$name" || not_ok "--forget $name"
done
check_equal "devices that are pinned, those that are gone forgotten" "$(find "$PINS/v1" -name link | wc -l)" 4
for name in "$name_1" "$name_2" "$name_3"; do has_program || not_ok "no program is on $name"; done
lines=$(wc -l <"$T/agent.log")
check "lines in the log: $lines for $event events" [ "$lines" -le $((event * 3 + 20)) ]
echo "figure: R07 $event events ($recreated devices made anew) survived, $missing of $sent frames missing"
agent gw --detach
[ $failures = 0 ] || tail -n 40 "$T/agent.log" | sed 's/^/# /'
finish
