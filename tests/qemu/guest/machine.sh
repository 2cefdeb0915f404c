#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What can be done to a virtual machine only: a processor taken away and given back under traffic, and its
# clock, by which every program goes, set by years.
. tests/qemu/guest/lib.sh
begin_guest machine
DECADE=315360000 # seconds

frames() { prom_sum device_receive_packets_total; }
last_write() { awk '$1 == "portacct_last_write_timestamp_seconds" { printf "%d\n", $2 }' "$PROM"; }

# No counter of the textfile is less than in the one before.
note() { # WHAT
	now=$(frames)
	[ "$now" -ge "${last:-0}" ] || not_ok "$1: $now frames after $last"
	last=$now
}

processor() { # 0|1
	echo "$1" >/sys/devices/system/cpu/cpu1/online || not_ok "processor 1 cannot be set to $1"
	sleep 1
	wait_for_textfile 20 || not_ok "processor 1 set to $1: the textfile is not written"
	note "processor 1 set to $1"
}

is_by_the_clock() {
	away=$(($(last_write) - $(date +%s)))
	[ ${away#-} -le 60 ]
}

step_clock() { # SECONDS
	date -s "@$(($(date +%s) + $1))" >/dev/null || not_ok "the clock cannot be set"
	check "the clock set by $1 s: the textfile is written, by it" wait_until 20 is_by_the_clock
	note "the clock set by $1 s"
	agent ns --status >"$T/status" 2>&1
	check "--status then: $(grep -m 1 ' since ' "$T/status" | tr -s ' ')" \
		grep -qE '^  since .*\([0-9][0-9dhms]{0,9}\)$' "$T/status"
}

# There is room for processors that are not there, as on machines to which they can be added.
possible=$(awk -F '[-,]' '{ print $NF + 1 }' /sys/devices/system/cpu/possible)
online=$(nproc)

make_devices ns 1
start_agent ns -m native -i dev0 -t 1
wait_until 20 [ -s "$PROM" ] || not_ok "no textfile: $(cat "$T/agent.log")"
spawn ns "$SEND" -r 1000 peer0 >"$T/sent"
sending=$spawned
agent ns --status >"$T/status" 2>&1
if [ "$possible" -gt "$online" ]; then
	check "$possible processors are possible, $online online, and --status says so" \
		grep -q "^processors  $possible possible, $online online: " "$T/status"
else
	skip "processors: as many are online as are possible, $possible"
fi
if [ -e /sys/devices/system/cpu/cpu1/online ]; then
	for turn in 1 2; do
		processor 0
		processor 1
	done
	ok "$turn times a processor is taken away and given back under traffic"
else
	skip "processors: this machine has one"
fi
for step in $DECADE -$DECADE -$DECADE $DECADE; do step_clock $step; done
stop "$sending"
wait_for_counts 20
note "at the end"
check_equal "frames counted of those sent" "$(frames)" $(($(taken "$T/sent") - $(dropped)))
stop "$counting"
check_equal "SIGTERM ends the agent with" $? 0
check_detached "afterwards"
