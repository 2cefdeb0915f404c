#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R03: one version after the other, under traffic: the next one and back where the layout is the same; the
# next layout, whose counters begin with the sums of the last; never back to a layout that does not know
# them. No frame is missed, no series set back, nothing of another version removed.
set -u
. tests/reliability/lib.sh
begin strace bpftool "$SEND"
NEXT=$build/next/agent
cycles=10
[ "$FULL" = 1 ] && cycles=20
[ -x "$NEXT" ] || make --no-print-directory O="$O/next" ABI_NEXT=1 "$O/next/agent" >"$T/make" 2>&1 ||
	not_ok "a build with another layout: $(tail -3 "$T/make")"
make_devices gw 1
present=$AGENT
total=0

pause() { pause_sender "$sender"; }
resume() { kill -CONT "$sender"; }
received() { link_stat gw dev0 rx packets; }

# Series of the textfile whose value is lower than at the last look; $frames is told.
look() {
	agent gw --once 2>"$T/once.err" || not_ok "--once: $(cat "$T/once.err")"
	grep '^[a-z_]*_total' "$PROM" | sort >"$T/now"
	[ ! -s "$T/before" ] || join "$T/before" "$T/now" | awk '$3 < $2' >>"$T/set_back"
	mv "$T/now" "$T/before"
	frames=$(prom_sum device_receive_packets_total 'device="dev0"')
}

start_with() { # BINARY
	AGENT=$1
	agent gw --attach -i dev0 2>"$T/err" || not_ok "$1: $(cat "$T/err")"
	look
}

program_version() { agent gw --status --json | jq -r '.devices[0].program_version'; }

same_layout() {
	: >"$T/set_back"
	rm -f "$T/before"
	pause
	first=$(received)
	start_with "$T/last"
	resume
	number=0
	while [ $number -lt $cycles ]; do
		start_with "$present"
		start_with "$T/last"
		number=$((number + 1))
	done
	check_equal "the program is that of the one started last" "$(program_version)" "9${version#?}"
	pause
	look
	check_equal "$cycles times the next version and back: received and counted" "$frames" $(($(received) - first))
	check_equal "series that were set back" "$(wc -l <"$T/set_back")" 0
	total=$((total + frames))
	agent gw --detach
}

# All there is: pins with the ids of what they hold, and the program on the device.
state_of() {
	find "$PINS" | sort
	bpftool -j link show pinned "$(find "$PINS" -name link)" | jq -c '[.id, .prog_id]'
	find "$PINS" -name counters | sort | while read -r pin; do bpftool -j map show pinned "$pin" | jq .id; done
	xdp_program gw dev0
}

sums() { grep '^portacct_\(service\|bucket\|method\|suspicious\|device_receive\)[a-z_]*_total' "$PROM" | sort; }

# Another number in every cell, and no traffic: all sums are the same to the last digit.
every_sum() {
	pause
	rm -f "$T/before"
	start_with "$present"
	"$PYTHON" tests/reliability/counters.py fill "$PINS" dev0 >"$T/filled"
	look
	sums >"$T/sums"
	start_with "$NEXT"
	sums >"$T/sums.next"
	check "all $(wc -l <"$T/sums") sums of a device, each another number, are the same in the next layout" \
		cmp -s "$T/sums" "$T/sums.next"
	check_equal "those of them that are 0" "$(awk '$NF == 0' "$T/sums" | wc -l)" 0
	agent gw --detach
}

# Under traffic, with an agent of the last layout that still runs at first.
next_layout() {
	rm -f "$T/before"
	: >"$T/set_back"
	first=$(received)
	spawn "gw" "$present" --pin-dir "$PINS" -o "$PROM" -i dev0 2>"$T/agent.log"
	running=$spawned
	wait_until 10 grep -q ': counting' "$T/agent.log" || not_ok "start: $(cat "$T/agent.log")"
	resume
	AGENT=$NEXT
	check_fails "the next layout while the agent runs" 1 'in use' agent gw --attach -i dev0
	check "leaves nothing" [ ! -e "$PINS/v2" ]
	check_fails "a reader of the next layout" 1 'earlier version (layout 1' agent gw --once
	stop "$running"
	start_with "$NEXT"
	check "the next layout: said" grep -q 'takes over what an earlier version counted (layout 1)' "$T/err"
	check "what cannot be taken over: said" grep -q "map 'unclassified': is of another make" "$T/err"
	check "the earlier state is gone" [ ! -e "$PINS/v1" ]
	pause
	look
	check_equal "the next layout: received and counted" "$frames" $(($(received) - first))
	check_equal "series that were set back" "$(wc -l <"$T/set_back")" 0
	resume
}

back() {
	state_of >"$T/state"
	AGENT=$present
	for command in '--attach -i dev0' '--status' '--once' '--top' '--detach' '-i dev0'; do
		# shellcheck disable=SC2086
		check_fails "back to the last layout, $command" 1 'newer version (layout 2, this program has 1)' agent gw $command
	done
	state_of >"$T/state.after"
	diff "$T/state" "$T/state.after" || not_ok "something has changed"
	AGENT=$NEXT
	pause
	look
	check_equal "and nothing has changed: received and counted" "$frames" $(($(received) - first))
	total=$((total + frames))
	agent gw --detach
	check "--detach by the next layout: all is gone" [ ! -e "$PINS" ]
}

version=$("$present" --version | sed -n '1s/[^ ]* //p' | cut -d' ' -f1)
plain=${version%%-*}
say_another_version "$present" "9${plain#?}" "$T/last"
spawn gw "$SEND" -r 20000 peer0 >"$T/sent"
sender=$spawned
same_layout
every_sum
next_layout
back
[ $failures = 0 ] && echo "figure: R03 $total frames received and counted over $((2 * cycles)) changes of version and one of the layout: 0 missed, 0 of $(wc -l <"$T/sums") series set back"
finish
