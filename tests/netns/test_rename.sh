#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A device that gets another name takes its counters along, at every hook, both directions; so do two that
# have swapped their names, and a start that is killed meanwhile leaves what the next one completes.
set -u
. tests/netns/lib.sh
. tests/netns/hooks_lib.sh
begin tc strace

add_namespace gw
for device in dev0 dev1 dev2; do make_device gw $device; done

said() { grep -c -- "$1" "$T/said"; }
folders() { find "$PINS/v1" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | xargs; }

one() { # MODE
	attach gw -i dev0 -i dev1 -m "$1" --egress
	send gw p-dev1 10
	send gw dev1 7
	rename dev1 wan
	send gw p-dev1 10
	attach gw -i dev0 -i wan -m "$1" --egress
	check_equal "$1: another name: told" "$(said "device 'wan': was 'dev1': its counters follow")" 1
	send gw p-dev1 10
	check_equal "$1: its counters have followed" \
		"$(counted gw wan) $(counted gw wan transmitted) $(counted gw dev1)" '30 7 0'
	check_equal "$1: and its folders" "$(folders)" 'dev0 dev0:egress wan wan:egress'
	attach gw -i wan -m "$1"
	check_equal "$1: told once" "$(said 'its counters follow')" 0
	rename wan dev1
	attach gw -i dev1 -m "$1" --egress
	check_equal "$1: and back" "$(folders) $(counted gw dev1)" 'dev0 dev0:egress dev1 dev1:egress 30'
	agent gw --detach
	check_equal "$1: what --detach leaves" "$(hooks gw dev1)" ''
}

# The name of one that is not chosen, and has got another one, is free.
name_taken_over() {
	attach gw -i dev1
	send gw p-dev1 10
	rename dev1 wan
	ip -n "$run-gw" link add dev1 type veth peer name p-new
	quiet_up gw dev1 p-new
	attach gw -i dev1
	send gw p-new 5
	check_equal "a new device of the old name: each has its own" "$(counted gw wan) $(counted gw dev1)" '10 5'
	ip -n "$run-gw" link del dev1
	agent gw --detach
	rename wan dev1
}

# Counters of a device that is gone are not given away with its name.
name_of_one_gone() {
	ip -n "$run-gw" link add dev3 type veth peer name p-dev3
	quiet_up gw dev3 p-dev3
	attach gw -i dev1 -i dev3
	send gw p-dev1 10
	send gw p-dev3 3
	ip -n "$run-gw" link del dev3
	rename dev1 dev3
	attach gw -i dev3
	check_equal "the name of one that is gone: told" "$(said "device 'dev3': is counted as 'dev1', its earlier name")" 1
	send gw p-dev1 10
	check_equal "counted on under the earlier name" "$(counted gw dev1) $(counted gw dev3)" '20 3'
	ip -n "$run-gw" link add dev1 type veth peer name p-next
	quiet_up gw dev1 p-next
	check_fails "a next device of that name: waits for its counters" 1 \
		"'dev1': the counters of this name belong to another device, which is 'dev3' now: --forget the earlier 'dev3' first" \
		agent gw --attach -i dev1
	agent gw --forget dev3 2>/dev/null
	attach gw -i dev1
	send gw p-next 4
	check_equal "once that one is forgotten, its counters follow, and the next has its own" \
		"$(counted gw dev1) $(counted gw dev3)" '4 20'
	agent gw --detach
	ip -n "$run-gw" link del dev1
	rename dev3 dev1
}

swap() { # DEVICE DEVICE
	rename "$1" tmp "$2" "$1" tmp "$2"
}
swapped() { # MODE
	attach gw -i dev0 -i dev1 -m "$1" --egress
	send gw p-dev0 10
	send gw p-dev1 20
	send gw dev1 2
	swap dev0 dev1
	attach gw -i dev0 -i dev1 -m "$1" --egress
	check_equal "$1: two that have swapped their names: told" "$(said 'its counters follow')" 2
	send gw p-dev0 1
	check_equal "$1: have swapped their counters" \
		"$(counted gw dev0) $(counted gw dev1) $(counted gw dev0 transmitted)" '20 11 2'
	check_equal "$1: and their folders" "$(folders)" 'dev0 dev0:egress dev1 dev1:egress'
	agent gw --detach
	swap dev0 dev1
}

# dev0 is dev1 now, that is dev2, and that is dev0; only one of them is chosen.
ring() {
	attach gw -i 'dev?'
	send gw p-dev0 1
	send gw p-dev1 20
	send gw p-dev2 300
	rename dev2 tmp dev1 dev2 dev0 dev1 tmp dev0
	attach gw -i dev1
	check_equal "three in a ring" "$(counted gw dev0) $(counted gw dev1) $(counted gw dev2)" '300 1 20'
	agent gw --detach
	rename dev0 tmp dev1 dev0 dev2 dev1 tmp dev2
}

is_parseable() { "$PYTHON" "$here/promtext.py" "$PROM" >/dev/null; }

# Killed at each of the renamings of a swap.
killed() {
	for when in 1 2 3; do
		attach gw -i dev0 -i dev1
		send gw p-dev0 10
		send gw p-dev1 20
		swap dev0 dev1
		in_ns gw strace -f -qq -o "$T/trace" -e trace=renameat -e inject=renameat:signal=KILL:when=$when \
			"$AGENT" --pin-dir "$PINS" -o "$PROM" --attach -i dev0 -i dev1 2>/dev/null
		left=$(folders)
		agent gw --once 2>/dev/null
		check "killed at renaming $when (then there are $left): a reader's series, none twice" is_parseable
		send gw p-dev0 1
		attach gw -i dev0 -i dev1
		check_equal "killed at renaming $when: the next start" "$(folders) $(counted gw dev0) $(counted gw dev1)" \
			'dev0 dev1 20 11'
		agent gw --detach
		swap dev0 dev1
	done
}

for mode in native clsact; do one $mode; done
name_taken_over
name_of_one_gone
swapped tc
ring
killed
finish
