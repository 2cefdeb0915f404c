#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R08: a device that stops to receive as the program comes to it, as some drivers do: the program is taken off
# again, that is said and counted, and under `auto` the tc hook takes its place and counts on. One that goes on
# to receive, and one that is quiet anyway, keep it; one whose link is down, as cards' are for seconds when a
# program comes to them, is judged when the link is up again. The stall is made by a sender that stops while
# strace holds the agent in the very call that attaches.
set -u
. tests/reliability/lib.sh
begin "$SEND" strace
make_devices gw 6

# Which of an agent's calls of bpf(2) attaches.
agent gw --detach 2>/dev/null
in_ns gw strace -qq -o "$T/trace" -e trace=bpf "$AGENT" --pin-dir "$PINS" -o "$PROM" --attach -m native -i dev0 2>"$T/err" ||
	not_ok "--attach: $(cat "$T/err")"
agent gw --detach
attaches=$(grep '^bpf(' "$T/trace" | grep -n BPF_LINK_CREATE | head -n 1 | cut -d : -f 1)
[ -n "$attaches" ] || not_ok "no link is made"

has_pins() { [ -e "$PINS/v1/dev$index/state" ]; }
set_link() { ip -n "$run-gw" link set "peer$index" "$1"; }
is_taken_off() { grep -q "device 'dev$index': has received nothing" "$LOG"; }
hook_now() { agent gw --status --json | jq -r '.devices[0] | "\(.attached) \(.hook) \(.mode)"'; }
frames_now() { agent gw --status --json | jq '.devices[0].frames'; }

# An agent on a device of its own; frames come until it is about to attach.
stall() { # OPTION...
	PINS=$T/bpf/$name PROM=$T/$name.prom LOG=$T/$name.log
	spawn gw "$SEND" -r 5000 "peer$index" >"$T/$name.before"
	sending=$spawned
	spawn gw strace -qq -o /dev/null -e trace=bpf -e "inject=bpf:delay_enter=4000000:when=$attaches" \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" -i "dev$index" -t 1 "$@" 2>"$LOG"
	tracer=$spawned
	wait_until 20 has_pins || not_ok "$name: does not start: $(cat "$LOG")"
	[ "$name" = receives ] || stop "$sending"
	case $name in flaps*) set_link down ;; esac
	wait_until 20 grep -q ': counting' "$LOG" || not_ok "$name: does not count: $(cat "$LOG")"
}

end() {
	kill "$(cat "/proc/$tracer/task/$tracer/children")"
	wait_until 10 is_gone "$tracer" || not_ok "$name: does not stop"
	agent gw --detach
}

counts_on() {
	before=$(frames_now)
	in_ns gw "$SEND" -r 10000 -c 500 "peer$index" >"$T/$name.after"
	check_equal "$name: counted at the tc hook, of $(sender_said "$T/$name.after" sent)" $(($(frames_now) - before)) \
		"$(sender_said "$T/$name.after" sent)"
}

stalls_auto() {
	stall
	check "$name: taken off and said" wait_until 15 is_taken_off
	wait_until 5 grep -q "dev$index': counting (tcx\|dev$index': counting (clsact" "$LOG"
	check_equal "$name: where it is counted" "$(hook_now | sed 's/clsact/tcx/')" 'true tc tcx'
	counts_on
	wait_for_counts 5
	check_equal "$name: stalls in the textfile" "$(prom_sum device_stalls_total)" 1
	end
}
stalls_native() {
	stall -m native
	check "$name: taken off and said" wait_until 15 is_taken_off
	wait_until 5 is_off
	check "$name: no program is on it" is_off
	wait_for_counts 5
	check_equal "$name: stalls in the textfile" "$(prom_sum device_stalls_total)" 1
	end
}
is_off() { [ -z "$(xdp_program gw "dev$index")" ]; }
# Longer than it takes to find a stall.
receives() {
	stall
	sleep 5
	check_equal "$name: where it is counted" "$(hook_now)" 'true xdp native'
	stop "$sending"
	end
}
# Its link is down before the attach is over, and for longer than it takes to find a stall.
flaps() {
	stall -m native
	check "$name: is not taken off while its link is down" stays
	set_link up
	before=$(frames_now)
	in_ns gw "$SEND" -r 10000 -c 500 "peer$index" >"$T/$name.after"
	check "$name: nor when it is up again and frames come" stays
	check_equal "$name: where it is counted" "$(hook_now)" 'true xdp native'
	check_equal "$name: frames since it is up" $(($(frames_now) - before)) "$(sender_said "$T/$name.after" sent)"
	end
}
stays() { # longer than it takes to find a stall
	sleep 5
	! is_taken_off
}
# The same, and when it is up again nothing comes.
flaps_and_stalls() {
	stall
	check "$name: is not taken off while its link is down" stays
	set_link up
	check "$name: taken off and said" wait_until 15 is_taken_off
	wait_until 5 grep -q "dev$index': counting (tcx\|dev$index': counting (clsact" "$LOG"
	check_equal "$name: where it is counted" "$(hook_now | sed 's/clsact/tcx/')" 'true tc tcx'
	counts_on
	end
}
quiet() {
	PINS=$T/bpf/$name PROM=$T/$name.prom LOG=$T/$name.log
	spawn_agent gw -i "dev$index" -t 1 2>"$LOG"
	sleep 5
	check_equal "$name: where it is counted" "$(hook_now)" 'true xdp native'
	stop "$spawned"
	agent gw --detach
}

index=0 running='' good=0
for name in stalls_auto stalls_native receives quiet flaps flaps_and_stalls; do
	(trap end_remembered EXIT && $name && [ $failures = 0 ]) >"$T/$name.out" 2>&1 &
	running="$running $name:$!"
	index=$((index + 1))
done
for pair in $running; do
	if wait "${pair#*:}"; then good=$((good + 1)); else failures=$((failures + 1)); fi
	cat "$T/${pair%:*}.out"
done
echo "figure: R08 $good of $index devices, three that stalled and three that did not, treated as they should be"
finish
