#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R06: devices on devices, a bridge over its member, a macvlan and a tunnel on their device, started in every
# order: refused by name where they would count a frame twice, or, where that is permitted, attached from
# the lowest up and counted on each. What comes to stand on another later is named, once.
set -u
. tests/reliability/lib.sh
begin
stacked='port0 br0 port1 mac0 vx0'
mac=02:bb:bb:bb:bb:bb # that traffic.py sends to
sentence='frames that pass both'
starts=0

index_of() { ip -n "$run-gw" -j link show dev "$1" | jq '.[0].ifindex'; }

# Upper devices have lower numbers than those that they stand on, so that these come later in the kernel's list.
make_stacks() {
	add_namespace gw
	add_namespace peer
	ip -n "$run-gw" link add mac0 type bridge
	ip -n "$run-gw" link add vx0 type bridge
	mac_index=$(index_of mac0) vx_index=$(index_of vx0)
	ip -n "$run-gw" link add br0 address $mac type bridge
	for i in 0 1; do
		connect gw port$i peer peer$i
		quiet_up gw port$i
		quiet_up peer peer$i
		ip -n "$run-gw" address add 10.$i.0.1/24 dev port$i
		ip -n "$run-peer" address add 10.$i.0.2/24 dev peer$i
	done
	ip -n "$run-gw" link set port0 master br0
	ip -n "$run-gw" link del mac0
	ip -n "$run-gw" link del vx0
	ip -n "$run-gw" link add mac0 index "$mac_index" link port1 address $mac type macvlan
	ip -n "$run-gw" link add vx0 index "$vx_index" type vxlan id 7 dstport 4789 dev port1 remote 10.1.0.2
	ip -n "$run-peer" link add vx1 type vxlan id 7 dstport 4789 dev peer1 remote 10.1.0.1
	quiet_up gw br0 mac0 vx0
	quiet_up peer vx1
	# Asked for nothing, so that nothing comes but what is sent here.
	ip -n "$run-peer" neigh add 10.1.0.1 dev peer1 \
		lladdr "$(ip -n "$run-gw" -j link show dev port1 | jq -r '.[0].address')"
}

send() { # PEER COUNT
	in_ns peer "$PYTHON" "$here/traffic.py" sweep "$1" 53 1 "$2"
}

status_json() { agent gw --status --json 2>/dev/null; }
frames() { # DEVICE
	status_json | jq "[.devices[] | select(.device == \"$1\") | .frames] | add // 0"
}

nothing_attached() {
	for device in $stacked; do
		[ -z "$(xdp_program gw "$device")" ] || return 1
	done
	[ -z "$(find "$T/bpf" -name 'link*')" ]
}

# Options of devices, "-i a -i b".
options() {
	for device; do printf ' -i %s' "$device"; done
}

# All orders of the words, one a line; of the two stacks by themselves, where it is to be quick.
orders() {
	"$PYTHON" -c 'import itertools, sys
for order in itertools.permutations(sys.argv[1:]): print(*order)' "$@"
}
all_orders() {
	if [ "$FULL" = 1 ]; then
		# shellcheck disable=SC2086
		orders $stacked
	else
		orders port1 mac0 vx0 | sed '1~2s/^/port0 br0 /; 2~2s/^/br0 port0 /'
	fi
}

refused() { # SENTENCE DEVICE...
	wanted=$1
	shift
	# shellcheck disable=SC2046
	agent gw --attach $(options "$@") 2>"$T/err"
	status=$?
	starts=$((starts + 1))
	[ $status = 1 ] && grep -qF "$wanted would be counted twice (--allow-stacked permits it)" "$T/err" &&
		nothing_attached && return
	not_ok "$*: exit $status, '$(cat "$T/err")'"
	return 1
}

refusals() {
	bridge="device 'br0': a bridge over 'port0', which is counted too: $sentence"
	macvlan="device 'mac0': a macvlan on 'port1', which is counted too: $sentence"
	good=0
	refused "$bridge" br0 port0 && refused "$bridge" port0 br0 && good=$((good + 2))
	refused "$macvlan" mac0 port1 && refused "$macvlan" port1 mac0 && good=$((good + 2))
	refused "$macvlan" 'm*' vx0 'p*1' && refused "$bridge" 'p*' 'br?' && good=$((good + 2))
	check_equal "stacked devices without --allow-stacked: refused by name, nothing attached" $good 6
	agent gw --attach -i '[!l]*' 2>"$T/err"
	check_equal "both pairs are named where there are two" "$(grep -cF "$sentence" "$T/err")" 2
	starts=$((starts + 1))
}

# What a tunnel carries is another frame than the one around it.
tunnel() {
	good=0
	for order in 'port1 vx0' 'vx0 port1'; do
		# shellcheck disable=SC2046,SC2086
		agent gw --attach $(options $order) 2>"$T/err" || not_ok "$order: $(cat "$T/err")"
		starts=$((starts + 1))
		send vx1 10
		[ "$(frames vx0) $(frames port1)" = '10 10' ] && good=$((good + 1))
		agent gw --detach
	done
	check_equal "a tunnel and its device, which count different frames, need no permission: orders" $good 2
}

# The programs' numbers rise as they are loaded, one for each device.
lower_first() { # LOWER UPPER
	[ "$(xdp_program gw "$1")" -lt "$(xdp_program gw "$2")" ] 2>/dev/null
}

# Generic XDP takes every device, and refuses a lower one if an upper one has a program.
every_order() {
	good=0 all=0
	all_orders >"$T/orders"
	while read -r order; do
		all=$((all + 1))
		# shellcheck disable=SC2046,SC2086
		agent gw --attach --allow-stacked -m generic $(options $order) 2>"$T/err" ||
			not_ok "$order: $(cat "$T/err")"
		lower_first port0 br0 && lower_first port1 mac0 && lower_first port1 vx0 && good=$((good + 1))
		agent gw --detach
	done <"$T/orders"
	starts=$((starts + all))
	check_equal "--allow-stacked: orders in which each device is counted, lower ones first" $good $all
}

permitted() {
	# shellcheck disable=SC2046,SC2086
	agent gw --attach --allow-stacked $(options vx0 mac0 br0 port1 port0) 2>"$T/err" || not_ok "attach: $(cat "$T/err")"
	starts=$((starts + 1))
	check_equal "--allow-stacked: pairs that are named" "$(grep -cF "$sentence are counted twice" "$T/err")" 2
	send peer0 20
	send peer1 30
	send vx1 40
	check_equal "frames of the bridge's member, of the bridge" "$(frames port0), $(frames br0)" '20, 20'
	check_equal "frames of the macvlan's device, of the macvlan, of the tunnel" \
		"$(frames port1), $(frames mac0), $(frames vx0)" '70, 30, 40'
	drawn
	agent gw --detach
}

drawn() {
	agent gw --status | sed -n '/^stack$/,$p' >"$T/stack"
	cat >"$T/wanted" <<-END
		stack
		  port0  veth, in br0, counted
		  port1  veth, counted
		    mac0  macvlan, counted (frames of port1 twice)
		    vx0  vxlan, counted
		  br0  bridge of port0, counted (frames of port0 twice)
	END
	sort "$T/wanted" >"$T/wanted.sorted"
	check "--status draws it" sh -c "sort '$T/stack' | cmp -s - '$T/wanted.sorted'" || cat "$T/stack"
	check "each below its own: $(grep -A 2 '^  port1' "$T/stack" | xargs)" \
		[ "$(grep -A 2 '^  port1' "$T/stack" | grep -c '^    ')" = 2 ]
	check_equal "--status --json: what counts frames of what twice" \
		"$(status_json | jq -r '.stack[] | select(.counted_twice_with != []) | .device + " " + .counted_twice_with[]' |
			sort | xargs)" 'br0 port0 mac0 port1'
}

log_lines() { grep -cF -- "$1" "$T/agent.log"; }
log_has() { [ "$(log_lines "$1")" -ge 1 ]; }
# Something that the agent answers: it has looked at all that came before.
look() { # DEVICE
	ip -n "$run-gw" link add "$1" type bridge
	wait_until 10 log_has "'$1': counting" || not_ok "'$1' is counted: $(cat "$T/agent.log")"
}

later() {
	ip -n "$run-gw" link set port0 nomaster
	ip -n "$run-gw" link del mac0
	start_agent gw -i port0 -i br0 -i port1 -i 'mac*' -i 'look*' -t 1
	ip -n "$run-gw" link set port0 master br0
	check "a member that comes later is named" \
		wait_until 10 log_has "device 'br0': a bridge over 'port0', which is counted too: $sentence are counted twice"
	ip -n "$run-gw" link add mac0 link port1 address $mac type macvlan
	check "a macvlan that comes later is named" \
		wait_until 10 log_has "device 'mac0': a macvlan on 'port1', which is counted too: $sentence would be counted twice"
	quiet_up gw mac0
	for i in 1 2; do
		ip -n "$run-gw" link set port0 mtu 140$i
		look look$i
	done
	check_equal "times that each was named" "$(log_lines "'br0': a bridge over"), $(log_lines "'mac0': a macvlan on")" '1, 1'
	check "the macvlan is not counted" [ -z "$(xdp_program gw mac0)" ]
	before=$(frames port0)
	send peer0 25
	check_equal "the member counts on" $(($(frames port0) - before)) 25
	stop "$counting"
	agent gw --detach
	starts=$((starts + 1))
}

make_stacks
refusals
tunnel
every_order
permitted
later
echo "figure: R06 $starts starts of stacked devices, each refused by name or counted from the lowest up"
finish
