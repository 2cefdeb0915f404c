#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What it takes to follow devices is in proportion to their number: routers have hundreds of them. Counted are
# the agent's system calls for one event, with few devices and with many, at each hook.
set -u
. tests/netns/lib.sh
begin strace

FEW=4
MANY=16
add_namespace gw
add_namespace peers
make_devices() { # FIRST LAST
	for i in $(seq "$1" "$2"); do
		connect gw "dev$i" peers "peer$i"
		quiet_up gw "dev$i"
	done
}
all_counted() { [ "$(grep -c ': counting' "$T/agent.log")" = "$1" ]; }
calls() { wc -l <"$T/trace"; }
has_looked() { [ "$(calls)" -gt "$1" ]; }
# It has dealt with what it was told, and sleeps.
is_quiet() {
	before=$(calls)
	sleep 0.5
	[ "$(calls)" = "$before" ]
}

# The agent's calls for each of its devices, as one that it does not count gets another name.
renamed=0
ip -n "$run-gw" link add other0 type bridge
measure() { # DEVICES MODE; sets $cost
	: >"$T/agent.log"
	spawn_agent gw -i 'dev*' -m "$2" -t 3600 2>"$T/agent.log"
	counting=$spawned
	wait_until 60 all_counted "$1" || not_ok "$2: $1 devices are counted: $(cat "$T/agent.log")"
	: >"$T/trace"
	spawn gw strace -qq -f -o "$T/trace" -p "$counting"
	tracing=$spawned
	wait_until 10 grep -q TracerPid:.[1-9] "/proc/$counting/status" || not_ok "the agent is traced"
	wait_until 30 is_quiet
	was=$(calls)
	ip -n "$run-gw" link set "other$renamed" name "other$((renamed + 1))"
	renamed=$((renamed + 1))
	wait_until 10 has_looked "$was" || not_ok "$2: the agent is told of an event"
	wait_until 30 is_quiet || not_ok "$2: the agent comes to rest"
	cost=$((($(calls) - was) / $1))
	stop $tracing INT
	stop $counting
	agent gw --detach
}

make_devices 1 $FEW
for mode in native tc clsact; do
	measure $FEW $mode
	echo "$cost" >"$T/few.$mode"
done
make_devices $((FEW + 1)) $MANY
for mode in native tc clsact; do
	measure $MANY $mode
	few=$(cat "$T/few.$mode")
	check "$mode: an event takes $few calls a device with $FEW devices, $cost with $MANY" \
		[ $((4 * cost)) -le $((5 * few)) ]
done
finish
