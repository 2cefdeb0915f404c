#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R10: devices of all kinds that the kernel has: ports are found where they are, whether a frame begins with
# an Ethernet header or with the IP header, by each hook that the device can be counted with. What is sent is
# told apart by service, so that a header looked for in the wrong place is seen.
set -u
. tests/reliability/lib.sh
begin "$SEND"
COUNT=900 # what comes by a tunnel waits in a queue of 1000, which drops the rest without a word
ALIEN_MAC=02:00:00:00:00:02 # the destination of what is sent
checked=0 sent_in_all=0

# What the sender names is found under these names, and nothing else is. What a full device refused was not
# sent.
check_services() { # DESCRIPTION
	wrong=''
	for service in https http ssh domain ntp; do
		[ "$(prom_sum service_receive_packets_total "service=\"$service\"")" = "$(sender_said "$T/sent" $service)" ] ||
			wrong="$wrong $service"
	done
	[ "$(prom_sum bucket_receive_packets_total 'bucket="unclassified_sctp"')" = "$(sender_said "$T/sent" unclassified_sctp)" ] ||
		wrong="$wrong sctp"
	all=$(prom_sum device_receive_packets_total) sent=$(sender_said "$T/sent" sent)
	[ "$all" = "$sent" ] && [ "$sent" -gt 0 ] || wrong="$wrong all($all)"
	check_equal "$1: services whose frames differ from the $sent sent" "${wrong:-none}" none
	sent_in_all=$((sent_in_all + sent))
}

count_kind() { # KIND MODE DEVICE SENDER-NAMESPACE SENDER-DEVICE
	kind=$1 mode=$2 device=$3
	if ! agent ns --attach -m "$mode" -i "$device" 2>"$T/err"; then
		not_ok "$kind, $mode: $(cat "$T/err")"
		return
	fi
	hook=$(sed -n 's/.*counting (\(.*\))$/\1/p' "$T/err")
	in_ns "$4" "$SEND" -r 20000 -c $COUNT "$5" >"$T/sent" 2>"$T/err" || not_ok "$kind: send: $(cat "$T/err")"
	agent ns --once 2>"$T/err" || not_ok "$kind: --once: $(cat "$T/err")"
	check_services "$kind ($hook)"
	agent ns --detach
	checked=$((checked + 1))
}

# Each way in which it can be counted: auto is native XDP where the driver has it, else tc.
count_all_ways() { # NATIVE|- KIND DEVICE SENDER-NAMESPACE SENDER-DEVICE
	native=$1
	shift
	for mode in auto generic; do
		count_kind "$1" $mode "$2" "$3" "$4"
	done
	if [ "$native" = native ]; then
		count_kind "$1" tc "$2" "$3" "$4"
	else
		check_fails "$1: native" 1 'cannot be attached in native mode' agent ns --attach -m native -i "$2"
	fi
}

# Packets too short for ports, or for anything: counted as what they are.
tiny_packets() { # MODE
	agent ns --attach -m "$1" -i tun0 2>"$T/err" || not_ok "tun, $1: $(cat "$T/err")"
	in_ns ns "$SEND" -c 1900 -l 19 tun0 >"$T/sent"
	agent ns --once
	check_equal "tun, $1: packets of 1 to 19 bytes: malformed, of $(sender_said "$T/sent" sent)" \
		"$(prom_sum bucket_receive_packets_total 'bucket="malformed"')" "$(sender_said "$T/sent" sent)"
	sent=$(sender_said "$T/sent" sent)
	in_ns ns "$SEND" -c 2000 -l 40 tun0 >"$T/sent"
	sent=$((sent + $(sender_said "$T/sent" sent)))
	agent ns --once
	check_equal "tun, $1: and of 1 to 40: all" "$(prom_sum device_receive_packets_total)" $sent
	sent_in_all=$((sent_in_all + sent))
	agent ns --detach
}

# What this kernel does not have is said.
made() { # KIND LINK-ARGUMENT...
	kind=$1
	shift
	ip -n "$run-ns" link add "$@" 2>"$T/err" && return
	echo "skipped: $kind devices: $(head -1 "$T/err")"
	return 1
}

make_devices ns 1
add_namespace far
count_all_ways native veth dev0 ns peer0

if ip -n "$run-ns" tuntap add tun0 mode tun 2>"$T/err" && ip -n "$run-ns" tuntap add tap0 mode tap; then
	quiet_up ns tun0 tap0
	count_all_ways - "tun, without Ethernet header" tun0 ns tun0
	tiny_packets generic
	tiny_packets tc
	count_all_ways native tap tap0 ns tap0
	ip -n "$run-ns" link del tun0
	ip -n "$run-ns" link del tap0
else
	echo "skipped: tun and tap devices: $(cat "$T/err")"
fi

if made bridge br0 type bridge; then
	ip -n "$run-ns" link set dev0 master br0
	ip -n "$run-ns" link set br0 promisc on # it takes what is not addressed to it
	quiet_up ns br0
	count_all_ways - bridge br0 ns peer0
	ip -n "$run-ns" link del br0
fi

if made macvlan mv0 link dev0 address $ALIEN_MAC type macvlan mode bridge; then
	quiet_up ns mv0
	count_all_ways - macvlan mv0 ns peer0
	ip -n "$run-ns" link del mv0
fi

# The inner frames of a tunnel, sent into its other end, in another namespace.
tunnel() { # KIND TYPE-ARGUMENT...: with $local and $remote for the ends
	kind=$1
	shift
	here_args=$(echo "$*" | sed 's/NEAR/10.9.0.1/g; s/FAR/10.9.0.2/g')
	far_args=$(echo "$*" | sed 's/NEAR/10.9.0.2/g; s/FAR/10.9.0.1/g')
	# shellcheck disable=SC2086
	made "$kind" tunnel0 type $here_args || return 0
	# shellcheck disable=SC2086
	ip -n "$run-far" link add tunnel1 type $far_args
	quiet_up ns tunnel0
	quiet_up far tunnel1
	count_all_ways - "$kind" tunnel0 far tunnel1
	ip -n "$run-ns" link del tunnel0
	ip -n "$run-far" link del tunnel1
}
connect ns near far away
quiet_up ns near
quiet_up far away
ip -n "$run-ns" address add 10.9.0.1/24 dev near
ip -n "$run-far" address add 10.9.0.2/24 dev away
tunnel vxlan vxlan id 7 local NEAR remote FAR dstport 4789
tunnel ipip ipip local NEAR remote FAR
tunnel sit sit local NEAR remote FAR
tunnel gre gre local NEAR remote FAR
tunnel gretap gretap local NEAR remote FAR
for kind in wireguard bond dummy vlan; do
	arguments=$kind
	[ $kind = vlan ] && arguments='vlan id 5'
	# shellcheck disable=SC2086
	made $kind $([ $kind = vlan ] && echo link dev0) name odd0 type $arguments || continue
	quiet_up ns odd0
	agent ns --attach -m generic -i odd0 2>"$T/err"
	check_equal "$kind: is attached to: $(cat "$T/err")" $? 0
	agent ns --detach
	ip -n "$run-ns" link del odd0
done
check_fails "lo" 1 "device 'lo': a loopback device cannot be counted" agent ns --attach -i lo
check_fails "lo, generic" 1 "device 'lo': a loopback device cannot be counted" agent ns --attach -m generic -i lo
echo "figure: R10 $sent_in_all frames on devices of $checked kinds and hooks classified as sent"
finish
