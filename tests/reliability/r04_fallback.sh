#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R04: on a device without native XDP the tc hook counts, and what it counts is what is on the wire: one
# transfer by TCP is counted on a bridge, on its port by native XDP, and where it is transmitted.
set -u
. tests/netns/lib.sh
. tests/netns/hooks_lib.sh
begin iperf3
MEGABYTES=50
tc=clsact

add_namespace gw
add_namespace client
have_tcx gw && tc=tcx
ip -n "$run-gw" link add br0 type bridge
ip -n "$run-gw" link add port type veth peer name c0 netns "$run-client"
ip -n "$run-gw" link set port master br0
quiet_up gw port br0
quiet_up client c0
ip -n "$run-gw" address add 10.9.0.1/24 dev br0
ip -n "$run-client" address add 10.9.0.2/24 dev c0
offload() { # gro-of-the-receiver segmentation-of-the-sender
	in_ns gw ethtool -K port gro "$1" >/dev/null
	in_ns client ethtool -K c0 tso "$2" gso "$2" tx "$2" >/dev/null
}
spawn gw iperf3 -s -p 5999 >/dev/null 2>&1
is_listening() { in_ns gw ss -ltn | grep -q ':5999 '; }
wait_until 5 is_listening || not_ok "the server of iperf3 does not listen"

transfer() {
	in_ns client iperf3 -c 10.9.0.1 -p 5999 -n ${MEGABYTES}M -b 1G -J >"$T/iperf3" 2>&1 || not_ok "iperf3: $(tail -n 3 "$T/iperf3")"
}
on_client() {
	PINS=$T/bpf/client
	"$@"
	PINS=$T/bpf/portacct
}
frames_and_bytes() { # NAMESPACE DEVICE received|transmitted
	agent "$1" --status --json 2>/dev/null |
		jq -r ".devices[] | select(.device == \"$2\" and .traffic == \"$3\") | \"\(.frames) \(.bytes)\""
}
# How far the first is from the second, in hundredths of a per cent.
off() { awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; if (d < 0) d = -d; printf "%d\n", b ? 10000 * d / b : 10000 }'; }
within() { # DESCRIPTION GOT WANTED HUNDREDTHS-OF-A-PER-CENT
	check "$1: $2 of $3, off by $(off "$2" "$3") hundredths of a per cent" [ "$(off "$2" "$3")" -le "$4" ]
}
close_to() { # DESCRIPTION "FRAMES BYTES" "FRAMES BYTES" HUNDREDTHS
	within "$1, frames" "${2% *}" "${3% *}" "$4"
	within "$1, bytes" "${2#* }" "${3#* }" "$4"
}
dropped() { link_stat client c0 tx dropped; }

# The port by native XDP, the bridge behind it by what there is, the sender at the tc hook.
three_counts() { # GRO SEGMENTATION
	offload "$1" "$2"
	attach gw -i port -i br0 --allow-stacked
	check_equal "gro $1, tso $2: modes" "$(status gw .mode)" "$tc native"
	on_client attach client -i c0 -m tc --egress
	drops=$(dropped)
	transfer
	native=$(frames_and_bytes gw port received)
	bridge=$(frames_and_bytes gw br0 received)
	sent=$(on_client frames_and_bytes client c0 transmitted)
	drops=$(($(dropped) - drops))
	close_to "gro $1, tso $2: the bridge and native XDP" "$bridge" "$native" 100
	check_equal "gro $1, tso $2: transmitted, but for $drops that the device dropped" \
		"$((${sent% *} - drops))" "${native% *}"
	agent gw --detach
	on_client agent client --detach
	figure="$figure, ${bridge% *} of ${native% *} (gro $1)"
}

# The receiver gets whole segments of up to 64 kB: that native XDP would not let through.
merged() {
	offload off on
	attach gw -i br0
	on_client attach client -i c0 -m tc --egress
	interface=$(link_stat gw br0 rx packets)
	transfer
	interface=$(($(link_stat gw br0 rx packets) - interface))
	bridge=$(frames_and_bytes gw br0 received)
	sent=$(on_client frames_and_bytes client c0 transmitted)
	check "segmentation left to the device: the interface says $interface packets" [ $((interface * 5)) -lt "${bridge% *}" ]
	close_to "and the bridge counts what native XDP counted" "$bridge" "$native" 100
	check_equal "transmitted and received agree, frames and bytes" "$sent" "$bridge"
	agent gw --detach
	on_client agent client --detach
	figure="$figure, ${bridge% *} where the interface says $interface"
}

never_generic() {
	for device in br0 port; do
		attach gw -i $device
		check "auto on $device is not generic: $(status gw .mode)" [ "$(status gw .mode)" != generic ]
		agent gw --detach
	done
	attach gw -i br0 -m generic
	check_equal "generic where it is asked for" "$(status gw .mode)" generic
	agent gw --detach
	check_fails "generic on lo" 1 loopback agent gw --attach -i lo -m generic
}

figure="$MEGABYTES MB by TCP on a bridge, counted at the tc hook"
three_counts off off
three_counts on off
merged
never_generic
[ $failures = 0 ] && echo "figure: R04 $figure"
finish
