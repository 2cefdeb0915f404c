#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R01: every frame that is sent is counted, once, for its service: on one device and on eight, paced. In a
# flood what is not counted was dropped by the device before it was received, and no more than is dropped
# with an empty XDP program in our place.
set -u
. tests/reliability/lib.sh
begin "$SEND" bpftool clang
paced=60000 flood=400000
[ "$FULL" = 1 ] && paced=2000000 flood=4000000
make_devices gw 8
total=0

counted() { # FAMILY WORD...
	agent gw --once || not_ok "--once"
	prom_sum "$@"
}

compare_services() { # DESCRIPTION FILE
	wrong=''
	for service in https http ssh domain ntp; do
		[ "$(prom_sum service_receive_packets_total "service=\"$service\"")" = "$(sender_said "$2" $service)" ] ||
			wrong="$wrong $service"
	done
	[ "$(prom_sum bucket_receive_packets_total 'bucket="unclassified_sctp"')" = "$(sender_said "$2" unclassified_sctp)" ] ||
		wrong="$wrong sctp"
	check_equal "$1: services whose frames differ from those sent" "${wrong:-none}" none
}

paced_run() { # DEVICES SEED
	peers='' number=0
	while [ $number -lt "$1" ]; do
		peers="$peers peer$number" number=$((number + 1))
	done
	agent gw --attach -i 'dev*' 2>/dev/null || not_ok "--attach"
	# shellcheck disable=SC2086
	in_ns gw "$SEND" -r 35000 -c $paced -s "$2" $peers >"$T/sent"
	check_equal "$1 devices, seed $2: frames taken by them and frames counted" \
		"$(counted device_receive_packets_total)" "$(sender_said "$T/sent" sent)"
	check_equal "$1 devices: bytes" "$(prom_sum device_receive_bytes_total)" "$(sender_said "$T/sent" bytes)"
	compare_services "$1 devices" "$T/sent"
	total=$((total + $(sender_said "$T/sent" sent)))
	agent gw --detach
}

# Two senders, one on each of two processors where there are two, into one device.
flood() { # NAME; sets $sent, $dropped
	dropped_before=$(link_stat gw peer0 tx dropped)
	in_ns gw "$SEND" -c $((flood / 2)) -s 1 peer0 >"$T/$1.1" &
	first=$!
	in_ns gw "$SEND" -c $((flood / 2)) -s 2 peer0 >"$T/$1.2"
	wait $first
	sent=$(($(sender_said "$T/$1.1" sent) + $(sender_said "$T/$1.2" sent)))
	refused=$(($(sender_said "$T/$1.1" refused) + $(sender_said "$T/$1.2" refused)))
	dropped=$(($(link_stat gw peer0 tx dropped) - dropped_before))
	check_equal "flood with $1: $flood frames; dropped by the device's own counter, and refused to the senders" \
		"$dropped" $refused
}

bare_flood() {
	echo '__attribute__((section("xdp.frags"), used)) int pass(void *ctx) { return 2; }' |
		clang -target bpf -O2 -x c - -c -o "$T/bare.o" || not_ok "the bare program is not built"
	[ -e "$T/bpf/bare" ] || bpftool prog load "$T/bare.o" "$T/bpf/bare" type xdp
	in_ns gw bpftool net attach xdpdrv pinned "$T/bpf/bare" dev dev0
	flood bare
	bare_dropped=$dropped
	in_ns gw bpftool net detach xdpdrv dev dev0
}

agent_flood() {
	agent gw --attach -i dev0 2>/dev/null
	flood agent
	check_equal "flood: counted of $flood, those dropped by the device left out" \
		"$(counted device_receive_packets_total)" $((flood - dropped))
	agent gw --detach
	total=$((total + sent))
}

# How many are dropped tells as much of what else the machine does as of the program: from none to a tenth, with
# either. A difference that is the program's is there each time, so that what the two drop does not overlap.
seed=$(date +%s)
paced_run 1 "$seed"
paced_run 8 $((seed + 1))
rounds=0 least='' most=0
until [ $rounds = 20 ]; do
	rounds=$((rounds + 1))
	bare_flood
	[ "$bare_dropped" -le "$most" ] || most=$bare_dropped
	agent_flood
	[ -n "$least" ] && [ "$dropped" -ge "$least" ] || least=$dropped
	[ "$least" -gt $((most + flood / 100)) ] || break
done
check "flood: dropped with the agent at least $least, with a bare program up to $most, but for 1 % of chance, in $rounds rounds" \
	[ "$least" -le $((most + flood / 100)) ]
echo "figure: R01 $total frames sent and counted, 0 missing; in a flood $least dropped by the device, bare $most"
finish
