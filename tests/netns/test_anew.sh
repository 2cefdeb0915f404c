#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices that are made anew under their name, as the same kind or as another, where the kernel has no tcx
# links: the filter goes with the device, and nothing of the old one stands in the new one's way. And what
# somebody else has put on a device of the same number stays.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
. tests/netns/hooks_lib.sh
CC=${CC:-cc}
begin "$CC" bpftool tc
make_lesser
add_namespace gw

frames() { agent gw --status --json | jq "[.devices[] | select(.device == \"$1\") | .frames] | add // 0"; }
attached() { agent gw --status --json | jq -e "[.devices[] | select(.device == \"$1\")] | length > 0 and all(.attached)" >/dev/null; }
has_filter() { [ -n "$(filters gw "$1")" ]; }
has_no_filter() { ! has_filter "$1"; }

# A device that has no XDP of its driver's: auto counts at the tc hook. Its frames come by a port.
make_bridge() { # NAME
	ip -n "$run-gw" link add "$1" address $ADDRESS type bridge
	ip -n "$run-gw" link add "port-$1" type veth peer name "out-$1"
	ip -n "$run-gw" link set "port-$1" master "$1"
	quiet_up gw "$1" "port-$1" "out-$1"
}
end_bridge() { # NAME
	ip -n "$run-gw" link del "port-$1"
	ip -n "$run-gw" link del "$1"
}

run_agent() { # OPTION...
	LACKS=tcx LD_PRELOAD=$T/lesser.so spawn_agent gw -t 1 "$@" 2>"$T/log" >/dev/null
	counting=$spawned
}
told() { wait_until 10 grep -q "$1" "$T/log"; }

# ---- a device is made anew, and its filter with it
bridge_anew() {
	make_bridge lan0
	run_agent -i lan0
	told "'lan0': counting (clsact" || not_ok "a bridge: $(cat "$T/log")"
	send gw out-lan0 30
	end_bridge lan0
	told "'lan0': is gone"
	make_bridge lan0
	check "a bridge that is made anew is counted again: $(tail -n 1 "$T/log")" wait_until 10 has_filter lan0
	wait_until 10 attached lan0
	send gw out-lan0 12
	check_equal "a bridge that is made anew: frames of both" "$(frames lan0)" 42
}

# ---- somebody takes the queueing discipline away, and the filter with it
taken_away() {
	in_ns gw tc qdisc del dev lan0 clsact
	wait_until 10 has_filter lan0 || not_ok "without its queueing discipline lan0 stays uncounted: $(cat "$T/log")"
	wait_until 10 attached lan0
	send gw out-lan0 8
	check_equal "its queueing discipline was taken away: frames" "$(frames lan0)" 50
	stop $counting KILL
}

# ---- no agent runs meanwhile
anew_without_agent() {
	end_bridge lan0
	make_bridge lan0
	lesser tcx agent gw --attach -i lan0 2>"$T/err" || not_ok "a start after lan0 was made anew: $(cat "$T/err")"
	send gw out-lan0 5
	check_equal "a start after that: frames" "$(frames lan0)" 55
}

# ---- the name goes to a device that has XDP: frames in several buffers are taken as on any other
other_kind() {
	run_agent -i lan0
	told "'lan0': counting" || not_ok "lan0: $(cat "$T/log")"
	end_bridge lan0
	told "'lan0': is gone"
	make_bridge lan0 # which the driver refuses, and so a program for one buffer is tried too
	wait_until 10 attached lan0 || not_ok "lan0 as a bridge again: $(cat "$T/log")"
	end_bridge lan0
	make_device gw lan0
	check "the name's next device has XDP" wait_until 10 is_native
	check "and its peer's MTU can be raised" ip -n "$run-gw" link set p-lan0 mtu 9000
	stop $counting
	agent gw --detach
	ip -n "$run-gw" link del lan0
}
is_native() { [ "$(status gw '.mode, .attached' | xargs)" = 'native true' ]; }

# ---- another device has the number by now, and a queueing discipline that is not ours
foreign_discipline() {
	ip -n "$run-gw" link add lan0 index 77 type veth peer name p-lan0
	quiet_up gw lan0 p-lan0
	attach gw -i lan0 -m clsact --egress
	check_equal "counted by filters: $(filters gw lan0): discipline" "$(qdisc gw lan0)" clsact
	ip -n "$run-gw" link del lan0
	ip -n "$run-gw" link add other0 index 77 type veth peer name p-other0
	in_ns gw tc qdisc add dev other0 clsact
	check_equal "--detach: words" "$(agent gw --detach 2>&1)" ''
	check_equal "somebody else's discipline on a device of that number stays" "$(qdisc gw other0)" clsact
	in_ns gw tc qdisc del dev other0 clsact
	attach gw -i other0 -m clsact --egress
	check_equal "--detach of filters that are there: words" "$(agent gw --detach 2>&1)" ''
	check_equal "and of what was made for them nothing is left" "$(hooks gw other0)" ''
}

# ---- a driver that takes no program for frames in several buffers, when maps are outgrown
one_buffer() {
	"$PYTHON" "$here/series.py" many 3000 20000 >"$T/many.csv"
	make_device gw dev0
	for step in 'attached' 'started again' 'maps outgrown -s' 'and again -s'; do
		database=''
		[ "$step" = "${step% -s}" ] || database="-s $T/many.csv"
		# shellcheck disable=SC2086
		lesser several_buffers agent gw --attach -i dev0 -m native $database 2>"$T/err" ||
			not_ok "a driver for one buffer: ${step% -s}: $(cat "$T/err")"
		send gw p-dev0 10
	done
	check_equal "a driver for one buffer: attached, started again, maps outgrown: frames" "$(frames dev0)" 40
	check_equal "and on the device" "$(status gw '.mode, .attached' | xargs)" 'native true'
	agent gw --detach
}

bridge_anew
taken_away
anew_without_agent
other_kind
foreign_discipline
one_buffer
finish
