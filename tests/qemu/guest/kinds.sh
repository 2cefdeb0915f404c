#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices of the kinds that a gateway has: whether ports are found where they are, with an Ethernet header
# before them or without, at each hook that makes sense. What is sent is told apart by service. Between the
# namespaces "ns", where is counted, and "far" lie two veth pairs, dev0-peer0 and dev1-peer1.
. tests/qemu/guest/lib.sh
begin_guest kinds

# What this kernel does not have is said. Debian's have had all of these since 6.1 at the latest: there it is a
# module that was not found, or not loaded.
lacks() { # KIND
	if is_before 6 1; then
		skip "$1: $(head -n 1 "$T/err")"
	else
		not_ok "$1: cannot be made: $(head -n 1 "$T/err")"
	fi
}

made() { # KIND COMMAND...
	kind=$1
	shift
	"$@" 2>"$T/err" && return
	lacks "$kind"
	return 1
}

detach() { # KIND
	agent ns --detach >"$T/out" 2>&1 || not_ok "$1 ($hook): --detach: $(cat "$T/out")"
}

attach() { # KIND MODE DEVICE [OPTION...]; sets $hook
	kind=$1 mode=$2 device=$3
	shift 3
	agent ns --attach -m "$mode" -i "$device" "$@" 2>"$T/err" || {
		not_ok "$kind, $mode: $(cat "$T/err")"
		return 1
	}
	hook=$(sed -n "s/.*counting (\(.*\))$/\1/p" "$T/err" | head -n 1)
}

count() { # KIND DEVICE MODE SENDER-NAMESPACE SENDER-ARGUMENT...
	kind=$1 device=$2 mode=$3
	shift 3
	attach "$kind" "$mode" "$device" || return
	send "$@"
	read_all "$kind"
	check_equal "$kind ($hook): services that differ from the $(sender_said "$T/sent" sent) frames sent" \
		"$(wrong_services receive)" none
	wanted=$(($(sender_said "$T/sent" bytes) + $(sender_said "$T/sent" sent) * added))
	! $unpadded || wanted=$((wanted - $(sender_said "$T/sent" padding)))
	check_equal "$kind ($hook): bytes" "$(prom_sum device_receive_bytes_total)" $wanted
	detach "$kind"
}

# What the kernel shows behind the driver begins with the outer header: nothing is taken for a service, and
# nothing is missed.
count_wrapped() { # KIND DEVICE SENDER-NAMESPACE SENDER-ARGUMENT...
	kind=$1 device=$2
	shift 2
	attach "$kind" generic "$device" || return
	send "$@"
	read_all "$kind"
	check_equal "$kind ($hook), with the outer header: frames in buckets ($(buckets) )" \
		"$(prom_sum bucket_receive_packets_total)" "$(sender_said "$T/sent" sent)"
	detach "$kind"
}

# As the agent chooses, which on these devices is the tc hook, and behind the driver.
count_both() { # KIND DEVICE SENDER-NAMESPACE SENDER-ARGUMENT...
	kind=$1 device=$2
	shift 2
	for mode in $ways; do count "$kind" "$device" "$mode" "$@"; done
}

added=0        # bytes of a frame that the counted device has and the sender's has not
unpadded=false # true where frames are counted by their packets' lengths

make_lines() {
	add_namespace ns
	add_namespace far
	for number in 0 1; do
		connect ns dev$number far peer$number
		quiet_up ns dev$number
		quiet_up far peer$number
		ip -n "$run-ns" address add "10.$number.0.1/24" dev dev$number
		ip -n "$run-far" address add "10.$number.0.2/24" dev peer$number
	done
}

# ---- with an Ethernet header
vlan() {
	made vlan ip -n "$run-ns" link add link dev0 name dev0.5 type vlan id 5 || return
	ip -n "$run-far" link add link peer0 name peer0.5 type vlan id 5
	quiet_up ns dev0.5
	quiet_up far peer0.5
	count vlan dev0.5 auto far peer0.5
	added=4
	count "device below a vlan" dev0 native far peer0.5
	added=0
	ip -n "$run-ns" link del dev0.5
	ip -n "$run-far" link del peer0.5
}

# It receives nothing: what it transmits is counted.
dummy() {
	made dummy ip -n "$run-ns" link add dummy0 type dummy || return
	quiet_up ns dummy0
	attach dummy auto dummy0 --egress || return
	send ns dummy0
	agent ns --once
	check_equal "dummy ($hook, transmitted): services that differ from what was sent" "$(wrong_services transmit)" none
	detach dummy
	ip -n "$run-ns" link del dummy0
}

make_bond() { # MODE
	made "bond, $1" ip -n "$run-ns" link add bond0 type bond mode "$1" miimon 50 || return
	for member in dev0 dev1; do
		ip -n "$run-ns" link set $member down
		ip -n "$run-ns" link set $member master bond0
	done
	quiet_up ns dev0 dev1 bond0
	wait_until 10 in_ns ns grep -q 'MII Status: up' /proc/net/bonding/bond0
}

delete_bond() {
	ip -n "$run-ns" link del bond0
	ip -n "$run-ns" link set dev0 up
	ip -n "$run-ns" link set dev1 up
}

# The native program runs on the members, whichever is active; the tc hook sees what the bond takes.
bond() {
	for bonding in active-backup 802.3ad; do
		if is_before 5 15; then
			skip "bond, $bonding, native: a bond has no XDP before Linux 5.15"
			continue
		fi
		make_bond $bonding || return
		count "bond, $bonding" bond0 native far peer0 peer1
		delete_bond
	done
	make_bond active-backup || return
	active=$(in_ns ns sed -n 's/^Currently Active Slave: dev//p' /proc/net/bonding/bond0)
	count "bond, active-backup" bond0 tc far "peer$active"
	delete_bond
	make_bond balance-tlb
	check_fails "bond, balance-tlb, native" 1 "device 'bond0'.*native" agent ns --attach -m native -i bond0
	count "bond, balance-tlb" bond0 auto far peer0
	delete_bond
}

# ---- without
# WRAPPED: true where the kernel shows received packets with what they were wrapped in.
tunnel() { # KIND WRAPPED WAYS SENDER-OPTION TYPE-ARGUMENT...: with NEAR and FAR for the ends
	kind=$1 wrapped=$2 tunnel_ways=$3 option=$4
	shift 4
	here_arguments=$(echo "$*" | sed "s/NEAR/$near/g; s/FAR/$far/g; s/remote ANY//")
	far_arguments=$(echo "$*" | sed "s/NEAR/$far/g; s/FAR/$near/g; s/ANY/$near/g")
	# shellcheck disable=SC2086
	made "$kind" ip -n "$run-ns" link add tunnel0 type $here_arguments || return
	# shellcheck disable=SC2086
	ip -n "$run-far" link add tunnel1 type $far_arguments
	quiet_up ns tunnel0
	quiet_up far tunnel1
	for mode in $tunnel_ways; do
		unpadded=false
		! $wrapped || unpadded=true
		# shellcheck disable=SC2086
		case $mode$unpadded in
		generictrue) count_wrapped "$kind" tunnel0 far $option tunnel1 ;;
		*) count "$kind" tunnel0 "$mode" far $option tunnel1 ;;
		esac
	done
	unpadded=false
	ip -n "$run-ns" link del tunnel0
	ip -n "$run-far" link del tunnel1
}

# A device that was a member of a bond has lost its addresses of IPv6.
add_addresses() {
	in_ns ns sh -c 'echo 0 >/proc/sys/net/ipv6/conf/dev1/disable_ipv6'
	in_ns far sh -c 'echo 0 >/proc/sys/net/ipv6/conf/peer1/disable_ipv6'
	ip -n "$run-ns" -6 address add fd01::1/64 dev dev1 nodad
	ip -n "$run-far" -6 address add fd01::2/64 dev peer1 nodad
}

gre_to_any() {
	near=10.0.0.1 far=10.0.0.2
	tunnel 'gre with a key, to any' true "$ways" '' gre local NEAR remote ANY key 7
}

tunnels() {
	near=10.0.0.1 far=10.0.0.2
	tunnel ipip 'is_before 5 14' "$ways" -4 ipip local NEAR remote FAR
	tunnel sit 'is_before 5 14' auto -6 sit local NEAR remote FAR
	tunnel gre 'is_before 5 14' auto '' gre local NEAR remote FAR
	gre_to_any
	tunnel gretap false auto '' gretap local NEAR remote FAR
	add_addresses
	near=fd01::1 far=fd01::2
	tunnel ip6tnl 'is_before 5 14' auto '' ip6tnl mode any local NEAR remote FAR encaplimit none
	tunnel ip6gre 'is_before 5 14' auto '' ip6gre local NEAR remote FAR encaplimit none
	tunnel 'ip6gre to any' 'is_before 5 14' auto '' ip6gre local NEAR remote ANY encaplimit none
}

wireguard_end() { # NAMESPACE DEVICE PEER-KEY PEER-ADDRESS
	in_ns "$1" wg set "$2" listen-port 51820 private-key "$T/$1.key" peer "$3" \
		endpoint "$4:51820" allowed-ips 0.0.0.0/0,::/0
}

wireguard() {
	command -v wg >/dev/null || {
		skip "wireguard: wg is missing"
		return
	}
	made wireguard ip -n "$run-ns" link add wg0 type wireguard || return
	ip -n "$run-far" link add wg1 type wireguard
	for end in ns far; do wg genkey >"$T/$end.key"; done
	wireguard_end ns wg0 "$(wg pubkey <"$T/far.key")" 10.0.0.2
	wireguard_end far wg1 "$(wg pubkey <"$T/ns.key")" 10.0.0.1
	quiet_up ns wg0
	quiet_up far wg1
	# The first frames wait for the two ends to agree on keys, and only so many may wait.
	in_ns far "$SEND" -c 1 wg1 >/dev/null
	wait_until 20 has_received ns wg0 || not_ok "wireguard: nothing comes through"
	unpadded=true # it takes padding off itself
	count_both wireguard wg0 far wg1
	unpadded=false
	ip -n "$run-ns" link del wg0
	ip -n "$run-far" link del wg1
}

has_received() { # NAMESPACE DEVICE
	in_ns "$1" awk -v device="$2:" '$1 == device { exit !$3 }' /proc/net/dev
}

# What IPsec decrypts, on a device of its own. Without encryption here, whose algorithms are modules besides.
xfrm_end() { # NAMESPACE DEVICE LOWER in|out
	made xfrm ip -n "$run-$1" link add "$2" type xfrm dev "$3" if_id 7 || return
	made xfrm ip -n "$run-$1" xfrm state add src 10.0.0.2 dst 10.0.0.1 proto esp spi 7 reqid 7 mode tunnel \
		if_id 7 enc 'ecb(cipher_null)' '' || return
	ip -n "$run-$1" xfrm policy add src 0.0.0.0/0 dst 0.0.0.0/0 dir "$4" if_id 7 \
		tmpl src 10.0.0.2 dst 10.0.0.1 proto esp reqid 7 mode tunnel
	quiet_up "$1" "$2"
}

xfrm() {
	xfrm_end ns xfrm0 dev0 in || return
	xfrm_end far xfrm1 peer0 out || return
	unpadded=true
	count xfrm xfrm0 auto far -4 xfrm1
	unpadded=false
	ip -n "$run-ns" link del xfrm0
	ip -n "$run-far" link del xfrm1
}

address_of() { # NAMESPACE DEVICE
	ip -n "$run-$1" -o link show dev "$2" | sed 's/.*link\/ether \([^ ]*\).*/\1/'
}

pppoe() {
	spawn ns "$PPP" dev0 "$(address_of far peer0)" 7 >"$T/ppp.ns" 2>"$T/err"
	near=$spawned
	spawn far "$PPP" peer0 "$(address_of ns dev0)" 7 >"$T/ppp.far" 2>>"$T/err"
	if ! wait_until 5 [ -s "$T/ppp.ns" ] || ! wait_until 5 [ -s "$T/ppp.far" ]; then
		lacks pppoe
		return
	fi
	quiet_up ns "$(cat "$T/ppp.ns")"
	quiet_up far "$(cat "$T/ppp.far")"
	count_both ppp "$(cat "$T/ppp.ns")" far "$(cat "$T/ppp.far")"
	added=22 # Ethernet, PPPoE and PPP
	count "device below ppp" dev0 native far "$(cat "$T/ppp.far")"
	added=0
	stop "$near"
	stop "$spawned"
}

# With arguments only these, and only as the agent chooses.
make_lines
ways=auto
[ $# != 0 ] || ways='auto generic'
[ $# != 0 ] || set -- vlan dummy bond tunnels wireguard xfrm pppoe
for kind; do $kind; done
