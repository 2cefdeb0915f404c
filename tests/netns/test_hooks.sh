#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Each hook: what it counts, what an agent that is killed leaves there, what a device is told apart by, and
# that nothing is left in the end. What other programs may be there: tests/reliability/r09_conflicts.sh.
set -u
. tests/netns/lib.sh
. tests/netns/hooks_lib.sh
begin bpftool clang tc strace

add_namespace gw
make_device gw dev0
tc=clsact
if have_tcx gw; then tc=tcx; else echo "skipped: the kernel has no tcx: -m tc is clsact in all that follows"; fi

labels() { # MODE: as --status tells them, received and transmitted
	case $1 in
	auto) echo "xdp native tc $tc" ;;
	generic) echo "xdp generic tc $tc" ;;
	tc) echo "tc $tc tc $tc" ;;
	clsact) echo "tc clsact tc clsact" ;;
	esac
}

each_mode() { # MODE
	before=$(hooks gw dev0)
	attach gw -i dev0 -m "$1" --egress
	send gw p-dev0 100
	send gw dev0 77
	check_equal "$1: hooks and modes" "$(status gw '.hook, .mode')" "$(labels "$1")"
	attach gw -i dev0 -m "$1" --egress
	send gw p-dev0 10
	send gw dev0 7
	check_equal "$1: frames received and transmitted, and after another start" \
		"$(counted gw dev0) $(counted gw dev0 transmitted)" "110 84"
	case $1 in generic) ;; *) kill_agents "$1" ;; esac
	agent gw --detach || not_ok "$1: --detach"
	check_equal "$1: programs, filters and disciplines that --detach leaves" "$(hooks gw dev0)" "$before"
	check "$1: pins that it leaves: none" [ ! -e "$PINS" ]
}

# While frames come: killed at once, while loading, while replacing, while counting.
kill_agents() { # MODE
	in_ns gw "$PYTHON" "$here/traffic.py" pace p-dev0 4000 "$T/enough" >"$T/sent" &
	sending=$!
	remember $sending
	for pause in 0.05 0.1 0.3; do
		spawn_agent gw -i dev0 -m "$1" --egress 2>/dev/null
		sleep $pause
		stop "$spawned" KILL
	done
	touch "$T/enough"
	wait $sending
	rm "$T/enough"
	attach gw -i dev0 -m "$1" --egress
	check_equal "$1: agents killed under way: of $(cat "$T/sent") frames sent, counted" \
		"$(($(counted gw dev0) - 110))" "$(cat "$T/sent")"
	check_equal "$1: and once only, so many hooks are taken: $(hooks gw dev0)" "$(hooks gw dev0 | wc -w)" "$(taken "$1")"
}
taken() { # MODE: one word a program or filter, one for the discipline
	case $tc$1 in *clsact) echo 3 ;; *) echo 2 ;; esac
}

# The kernel says why, in the words of the driver or of its own.
no_native() {
	ip -n "$run-gw" link add br0 address $ADDRESS type bridge
	connect gw port gw p-port
	ip -n "$run-gw" link set port master br0
	ip -n "$run-gw" link add link dev0 name mv0 address $ADDRESS type macvlan mode bridge
	ip -n "$run-gw" link add vx0 type vxlan id 7 dstport 4789 local 192.0.2.1
	quiet_up gw port p-port br0 mv0 vx0
	words='Operation not supported (Underlying driver does not support XDP in native mode)'
	for device in br0 mv0 vx0; do
		check_fails "$device, -m native" 1 "device '$device': cannot be attached in native mode: $words" \
			agent gw --attach -i $device -m native
		check_equal "$device: what is on it" "$(hooks gw $device)" ''
		attach gw -i $device
		check_equal "$device: said, once" "$(grep -c "device '$device': is counted at the tc hook, as native XDP is refused: $words" "$T/said")" 1
	done
	send gw p-port 50
	check_equal "br0: counted there" "$(counted gw br0)" 50
	send gw p-dev0 30
	check_equal "mv0: counted there" "$(counted gw mv0)" 30
	agent gw --detach
	check_fails "lo, -m generic" 1 'loopback' agent gw --attach -i lo -m generic
	check_fails "lo, auto" 1 'loopback' agent gw --attach -i lo
}

# The word of a mode is kept while the device is counted.
other_modes() {
	attach gw -i dev0 -m tc
	check_fails "tc, then native" 1 'is counted in .* mode: --detach first' agent gw --attach -i dev0 -m native
	attach gw -i dev0
	attach gw -i dev0 -m tc
	send gw p-dev0 10
	check_equal "tc, then auto and tc again: still tc" "$(status gw '.mode, .frames')" "$tc 10"
	agent gw --detach
}

# ---- filters

# A filter has no link: whoever takes it off, it is not there, and it is said.
filter_removed() {
	attach gw -i dev0 -m clsact
	send gw p-dev0 10
	in_ns gw tc qdisc del dev dev0 clsact
	send gw p-dev0 10
	check_equal "a filter that another tool has removed: attached" "$(status gw .attached)" false
	attach gw -i dev0 -m clsact
	send gw p-dev0 10
	check_equal "and attached again by the next start: frames" "$(counted gw dev0)" 20
	agent gw --detach
	check_equal "what --detach leaves" "$(hooks gw dev0)" ''
}

# Killed after the filter's program was replaced, before that was pinned in the other's place.
killed_between() {
	attach gw -i dev0 -m clsact
	send gw p-dev0 10
	in_ns gw strace -f -qq -o "$T/trace" -e trace=rename -e inject=rename:signal=KILL \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" --attach -i dev0 2>/dev/null
	check "a start that was killed between filter and pin: both are pinned" [ -e "$PINS/v1/dev0/next" ]
	send gw p-dev0 10
	check_equal "counted, by who reads it" "$(counted gw dev0) $(status gw .attached)" '20 true'
	attach gw -i dev0 -m clsact
	check "the next start tidies up" [ ! -e "$PINS/v1/dev0/next" ]
	send gw p-dev0 10
	check_equal "and counts on, by one filter: $(filters gw dev0)" "$(counted gw dev0) $(filters gw dev0 | wc -w)" '30 1'
	in_ns gw strace -f -qq -o "$T/trace" -e trace=rename -e inject=rename:signal=KILL \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" --attach -i dev0 2>/dev/null
	agent gw --detach
	check_equal "--detach after another such start leaves" "$(hooks gw dev0)" ''
}

# The discipline goes with the last of its filters, if it was made for them.
disciplines() {
	attach gw -i dev0 -m clsact --egress
	in_ns gw tc filter add dev dev0 ingress pref 9 bpf da object-pinned "$T/bpf/foreign_tc"
	agent gw --detach
	check_equal "a filter added meanwhile stays, and the discipline" "$(filters gw dev0) $(qdisc gw dev0)" 'ingress:bpf:0x1 clsact'
	attach gw -i dev0 -m clsact --egress
	in_ns gw tc filter del dev dev0 ingress pref 9
	agent gw --detach
	check_equal "a discipline that was there before stays" "$(hooks gw dev0)" clsact
	in_ns gw tc qdisc del dev dev0 clsact
	in_ns gw tc qdisc add dev dev0 ingress
	check_fails "transmitted frames with an 'ingress' discipline" 1 "knows no transmitted frames" \
		agent gw --attach -i dev0 -m clsact --egress
	attach gw -i dev0 -m clsact
	send gw p-dev0 10
	send gw dev0 5
	check_equal "received ones can be counted with it" "$(counted gw dev0)" 10
	agent gw --detach
	check_equal "and it stays" "$(hooks gw dev0)" ingress
	in_ns gw tc qdisc del dev dev0 ingress
}

# What one agent measures without pins ends with it.
top_alone() {
	agent gw --top -t 4 -i dev0 -m clsact >"$T/top" &
	measuring=$!
	remember $measuring
	wait_until 5 sh -c "nsenter --net=/run/netns/$run-gw tc filter show dev dev0 ingress | grep -q portacct"
	send gw p-dev0 200
	wait $measuring
	check "--top without an agent, by a filter: $(grep domain "$T/top")" grep -q '^domain .* 100% ' "$T/top"
	check_equal "and nothing is left" "$(hooks gw dev0)" ''
}

# ---- which device it is

# Another device with the same number: made anew, or in another network namespace.
same_number() { # MODE
	number=$(ip -n "$run-gw" -j link show dev dev1 | jq '.[0].ifindex')
	attach gw -i dev1 -m "$1"
	send gw p-dev1 10
	attach other -i other1 -m "$1"
	check_equal "$1: the same number in another namespace is another device" "$(status gw .device)" 'dev1 other1'
	send other p-other1 5
	send gw p-dev1 10
	check_equal "$1: each counts its own frames" "$(counted gw dev1) $(counted gw other1)" '20 5'
	agent gw --detach 2>/dev/null
	[ "$1" != clsact ] || in_ns other tc qdisc del dev other1 clsact # what cannot be seen from here
	attach gw -i dev1 -m "$1"
	send gw p-dev1 10
	ip -n "$run-gw" link del dev1
	ip -n "$run-gw" link add dev1 index "$number" type veth peer name p-dev1
	in_ns gw ethtool -K p-dev1 tx off >/dev/null
	quiet_up gw dev1 p-dev1
	check_equal "$1: made anew with the same number: attached" "$(status gw .attached)" false
	send gw p-dev1 5
	attach gw -i dev1 -m "$1"
	send gw p-dev1 10
	check_equal "$1: counted on from the next start" "$(counted gw dev1)" 20
	agent gw --detach
}

same_numbers() {
	add_namespace other
	make_device gw dev1
	number=$(ip -n "$run-gw" -j link show dev dev1 | jq '.[0].ifindex')
	ip -n "$run-other" link add other1 index "$number" type veth peer name p-other1
	quiet_up other other1 p-other1
	for mode in native tc clsact; do same_number $mode; done
}

# A link goes where its device goes; a filter is taken off by the kernel.
moved() { # MODE FRAMES
	make_device gw dev2
	attach gw -i dev2 -m "$1"
	send gw p-dev2 10
	ip -n "$run-gw" link set dev2 netns "$run-other"
	quiet_up other dev2
	send gw p-dev2 10
	check_equal "$1: moved to another namespace: frames" "$(counted gw dev2)" "$2"
	agent gw --detach
	check_equal "$1: what --detach leaves there" "$(hooks other dev2)" ''
	ip -n "$run-other" link del dev2
}

load_foreign tc
for mode in auto generic tc clsact; do each_mode $mode; done
no_native
other_modes
filter_removed
killed_between
disciplines
top_alone
same_numbers
for mode in native tc; do moved $mode 20; done
moved clsact 10
finish
