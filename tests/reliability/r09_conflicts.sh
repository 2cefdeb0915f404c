#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R09: other programs on the same hooks. Whoever was there first stays, untouched, and is named; what the
# agent counts beside it is all that came, and who comes later does not take its place.
set -u
. tests/netns/lib.sh
. tests/netns/hooks_lib.sh
begin bpftool clang tc xdp-loader setpriv
situations=0

add_namespace gw
make_device gw dev0
load_foreign xdp
load_foreign tc
tc=clsact
have_tcx gw && tc=tcx

# With something on dev0 that ours finds there: what it says, counts and leaves.
beside() { # DESCRIPTION SENTENCE-OR-NOTHING OPTION...
	what=$1 sentence=$2
	shift 2
	there=$(hooks gw dev0)
	attach gw -i dev0 "$@"
	[ -z "$sentence" ] || check "$what: said: $(grep native "$T/said")" grep -q "$sentence" "$T/said"
	send gw p-dev0 100
	check_equal "$what: frames counted beside it" "$(counted gw dev0) $(status gw 'select(.traffic == "received") | .mode')" "100 $mode"
	agent gw --detach
	check_equal "$what: afterwards" "$(hooks gw dev0)" "$there"
	situations=$((situations + 1))
}
refused() { # DESCRIPTION SENTENCE OPTION...
	what=$1 sentence=$2
	shift 2
	there=$(hooks gw dev0)
	check_fails "$what" 1 "$sentence" agent gw --attach -i dev0 "$@"
	check_equal "$what: afterwards" "$(hooks gw dev0)" "$there"
	check "$what: nothing pinned" [ ! -e "$PINS" ]
}

xdp_program_there() { # attached the old way, by netlink, in the driver or behind it
	for hook in xdpdrv xdpgeneric; do
		in_ns gw bpftool net attach $hook pinned "$T/bpf/foreign_xdp" dev dev0
		named="another XDP program is on it: id $(xdp_program gw dev0), 'foreign'"
		refused "$hook, -m native" "$named" -m native
		[ $hook = xdpgeneric ] || refused "$hook, -m generic" "$named" -m generic
		mode=$tc
		beside "$hook, auto" "counted at the tc hook, as native XDP is refused: .*$named"
		in_ns gw bpftool net detach $hook dev dev0
	done
}

# The number alone: the kernel hands out other programs to CAP_SYS_ADMIN only.
few_capabilities() {
	in_ns gw bpftool net attach xdpdrv pinned "$T/bpf/foreign_xdp" dev dev0
	check_fails "with the least capabilities" 1 "another XDP program is on it: id $(xdp_program gw dev0))" \
		in_ns gw setpriv --bounding-set -all,+bpf,+net_admin,+perfmon "$AGENT" --pin-dir "$PINS" --attach -i dev0 -m native
	in_ns gw bpftool net detach xdpdrv dev dev0
	for mode in native tc clsact; do
		for start in 1 2; do
			in_ns gw setpriv --bounding-set -all,+bpf,+net_admin,+perfmon \
				"$AGENT" --pin-dir "$PINS" --attach -i dev0 -m $mode --egress 2>"$T/said" ||
				not_ok "$mode, start $start, with the least capabilities: $(cat "$T/said")"
			send gw p-dev0 10
		done
		check_equal "$mode with the least capabilities, two starts" "$(counted gw dev0)" 20
		in_ns gw setpriv --bounding-set -all,+bpf,+net_admin,+perfmon "$AGENT" --pin-dir "$PINS" -o "$PROM" --detach
		check_equal "$mode: what --detach leaves with them" "$(hooks gw dev0)" ''
	done
}

# Behind its dispatcher where the kernel lets it, else as a single program.
xdp_loader() {
	export LIBXDP_BPFFS="$T/bpf"
	if ! in_ns gw xdp-loader load -m native dev0 "$T/foreign_xdp.o" >"$T/loader" 2>&1; then
		echo "skipped: xdp-loader does not load: $(tail -n 1 "$T/loader")"
		return
	fi
	named="another XDP program is on it: id $(xdp_program gw dev0), '"
	refused "what xdp-loader has loaded, -m native" "$named" -m native
	mode=$tc
	beside "what xdp-loader has loaded, auto" "$named"
	in_ns gw xdp-loader unload dev0 --all >/dev/null 2>&1
	check_equal "xdp-loader can unload it" "$(hooks gw dev0)" ''
	attach gw -i dev0
	program=$(xdp_program gw dev0)
	in_ns gw xdp-loader load -m native dev0 "$T/foreign_xdp.o" >/dev/null 2>&1 &&
		not_ok "xdp-loader loads beside ours, which was first"
	check_equal "xdp-loader after ours: the program is" "$(xdp_program gw dev0)" "$program"
	agent gw --detach
}

above() {
	ip -n "$run-gw" link add link dev0 name mv0 type macvlan mode bridge
	in_ns gw bpftool net attach xdpgeneric pinned "$T/bpf/foreign_xdp" dev mv0
	refused "a program on a device above, -m native" 'an XDP program is on a device above it' -m native
	mode=$tc
	beside "a program on a device above, auto" 'an XDP program is on a device above it'
	ip -n "$run-gw" link del mv0
}

# One that drops all: ours comes before.
tcx_program_there() {
	if [ $tc != tcx ]; then
		echo "skipped: the kernel has no tcx"
		return
	fi
	echo '__attribute__((section("tc"), used)) int dropper(void *ctx) { return 2; }' |
		clang -target bpf -O2 -g -x c - -c -o "$T/dropper.o"
	bpftool prog load "$T/dropper.o" "$T/bpf/dropper" type classifier
	in_ns gw "$PYTHON" "$here/tcx.py" attach dev0 ingress "$T/bpf/dropper"
	mode=tcx
	beside "a tcx program that drops all" '' -m tc
	mode=clsact
	there=$(hooks gw dev0)
	attach gw -i dev0 -m clsact
	send gw p-dev0 10
	check_equal "a filter comes behind it, and so do no frames" "$(counted gw dev0)" 0
	agent gw --detach
	check_equal "a tcx program: afterwards" "$(hooks gw dev0)" "$there"
	ip -n "$run-gw" link del dev0
	make_device gw dev0
}

# In the very place that ours would take.
filter_there() {
	in_ns gw tc qdisc add dev dev0 clsact
	in_ns gw tc filter add dev dev0 ingress pref 1 handle 0x7061 bpf da object-pinned "$T/bpf/foreign_tc"
	in_ns gw tc filter add dev dev0 egress pref 1 handle 0x7061 bpf da object-pinned "$T/bpf/foreign_tc"
	mode=clsact
	beside "filters in its place" '' -m clsact --egress
	attach gw -i dev0 -m clsact --egress
	check_equal "filters in its place: ours get another, before them" "$(filters gw dev0)" \
		'ingress:bpf:0x7062 ingress:bpf:0x7061 egress:bpf:0x7062 egress:bpf:0x7061'
	agent gw --detach
	in_ns gw tc qdisc del dev dev0 clsact
}

two_agents() {
	attach gw -i dev0
	program=$(xdp_program gw dev0)
	PINS=$T/bpf/second
	refused "an agent with pins of its own, -m native" "id $program, 'portacct'" -m native
	mode=$tc
	beside "an agent with pins of its own, auto" "id $program, 'portacct'"
	PINS=$T/bpf/portacct
	check_equal "--top beside them" "$(agent gw --top --json -t 1 2>/dev/null | jq .frames_total)" 100
	check_equal "the first has counted all the time" "$(counted gw dev0) $(xdp_program gw dev0)" "100 $program"
	spawn_agent gw -i dev0 -t 1 2>"$T/agent.log"
	first=$spawned
	wait_until 10 grep -q ': counting' "$T/agent.log"
	for command in '-i dev0 --attach' --detach '-i dev0'; do
		# shellcheck disable=SC2086
		check_fails "$command beside an agent with the same pins" 1 'another agent' agent gw $command
	done
	stop "$first"
	agent gw --detach
	situations=$((situations + 1))
}

# Who comes later: refused by the kernel, or beside ours.
later() {
	attach gw -i dev0
	program=$(xdp_program gw dev0)
	in_ns gw bpftool net attach xdpdrv pinned "$T/bpf/foreign_xdp" dev dev0 2>/dev/null
	in_ns gw bpftool net detach xdpdrv dev dev0 2>/dev/null
	in_ns gw ip link set dev dev0 xdp off 2>/dev/null
	send gw p-dev0 10
	check_equal "who attaches or detaches later does not take it off" "$(xdp_program gw dev0) $(counted gw dev0)" "$program 10"
	agent gw --detach
	attach gw -i dev0 -m clsact
	in_ns gw tc filter replace dev dev0 ingress pref 1 handle 0x7061 bpf da object-pinned "$T/bpf/foreign_tc"
	there=$(hooks gw dev0)
	check_equal "a filter that another tool has replaced: attached" "$(status gw .attached)" false
	agent gw --detach
	check_equal "and is left to it" "$(hooks gw dev0)" "$there"
	in_ns gw tc qdisc del dev dev0 clsact
}

xdp_program_there
few_capabilities
xdp_loader
above
tcx_program_there
filter_there
two_agents
later
check_equal "what is left on the device" "$(hooks gw dev0)" ''
[ $failures = 0 ] && echo "figure: R09 $situations kinds of other programs on its hooks, 0 touched, 0 frames missed beside them"
finish
