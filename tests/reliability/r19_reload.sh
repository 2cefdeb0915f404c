#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R19: two databases in turn, each of which has one of the two ports of what is sent and not the other. A frame
# that met a bit of both would find an entry for both ports, or for none, and so be counted as a tie or a guess:
# none is. Single reloads, several at once, and agents killed in the midst of one; none of the frames is lost,
# and what the other database called a service keeps its series.
set -u
. tests/reliability/lib.sh
begin "$SEND" strace bpftool
reloads=120 kills=6
[ "$FULL" = 1 ] && reloads=500 kills=50
make_devices gw 1
COLUMNS_LINE='Service Name,Port Number,Transport Protocol'
for name in red blue; do
	port=17001
	[ $name = red ] || port=18001
	printf '%s\n%s,%s,tcp\n%s-wide,1-65535,sctp\n' "$COLUMNS_LINE" $name $port $name >"$T/$name.csv"
done
use() { cp "$T/$1.csv" "$T/db.new" && mv "$T/db.new" "$T/db.csv"; }
table_in_force() { bpftool -j map dump pinned "$PINS/v1/ports"; }
reloads_said() { grep -c 'database: is reloaded' "$T/agent.log"; }

start() { start_agent gw -i dev0 -t "${1:-1}" -s "$T/db.csv"; }

# Frames from one port to the other, all the time.
use red
start
spawn gw "$SEND" -r 30000 -p 18001 -f 17001 peer0 >"$T/sent"
sending=$spawned

name=red done=0 failed=0
while [ $done -lt $reloads ]; do
	if [ $name = red ]; then name=blue; else name=red; fi
	use $name
	before=$(table_in_force)
	if agent gw --reload 2>"$T/err"; then done=$((done + 1)); else failed=$((failed + 1)); fi
	[ "$(table_in_force)" != "$before" ] || failed=$((failed + 1))
	[ $failed -lt 5 ] || break
done
check_equal "reloads that failed or changed nothing, of $((done + failed))" $failed 0
check_equal "reloads in the log" "$(reloads_said)" $done

# Several signals at once, while the file changes: the last one that is given is in force at the end.
for _ in 1 2 3 4 5; do
	for name in blue red blue; do
		use $name
		kill -HUP $counting
		kill -HUP $counting
	done
done
agent gw --reload || not_ok "--reload after many at once"
check "after many at once: the agent runs" is_running $counting
done=$(reloads_said)

# Killed at each call of a reload in turn: the next start is in no doubt either. These agents have written the first
# textfile and write the next one so late that the calls are those of the reload; an agent that was gone before it
# was asked to reload is no such kill.
start_seldom() {
	rm -f "$PROM"
	start 600
	wait_until 10 [ -s "$PROM" ] || not_ok "no first textfile: $(cat "$T/agent.log")"
}
is_traced() { grep -qs '^TracerPid:[^0-9]*[1-9]' "/proc/$counting/status"; }
is_traced_or_gone() { is_traced || is_gone $counting; }
trace_agent() { # FILE INJECTION...
	trace=$1
	shift
	strace -qq -o "$trace" -e trace=bpf "$@" -p $counting 2>"$T/strace" &
	tracer=$!
	wait_until 10 is_traced_or_gone || not_ok "strace: $(cat "$T/strace")"
}
kill_in_reload() { # the number of the bpf() call at which
	trace_agent /dev/null -e "inject=bpf:signal=KILL:when=$1"
	is_running $counting && kill -HUP $counting 2>/dev/null
	asked=$?
	wait_until 10 is_gone $counting || not_ok "the agent outlives its call $1"
	stop $counting KILL
	wait $tracer 2>/dev/null
	return $asked
}
next_database() {
	if [ $name = red ]; then name=blue; else name=red; fi
	use $name
}
stop $counting
start_seldom
next_database
trace_agent "$T/calls"
agent gw --reload || not_ok "--reload under strace"
stop $tracer
stop $counting
calls=$(grep -c '^bpf' "$T/calls")
check "calls of a reload: $calls" [ "$calls" -gt 0 ]
[ "$calls" -gt 0 ] || finish
start_seldom
killed=0 tried=0
while [ $killed -lt $kills ] && [ $tried -lt $((3 * kills)) ]; do
	next_database
	kill_in_reload $((killed % calls + 1)) && killed=$((killed + 1))
	tried=$((tried + 1))
	start_seldom
done
check_equal "agents killed in the midst of a reload, and another started" $killed $kills
stop $sending
stop $counting
agent gw --once -s "$T/db.csv"
sent=$(sender_said "$T/sent" sent)
missing=$((sent - $(prom_sum device_receive_packets_total)))
mixed=$(($(prom_sum method_receive_packets_total 'method="tie"') + $(prom_sum method_receive_packets_total 'method="guess"') + \
	$(prom_sum bucket_receive_packets_total 'bucket="unclassified_tcp"')))
check_equal "frames missing of $sent" $missing 0
check_equal "frames classified by a mix of two tables" $mixed 0
red=$(prom_sum service_receive_packets_total 'service="red"') blue=$(prom_sum service_receive_packets_total 'service="blue"')
check "frames by the one table and by the other: $red and $blue" [ $((red * blue)) -gt 0 ]
check_equal "both together" $((red + blue)) "$sent"
echo "figure: R19 $done reloads and $killed kills in one under $sent frames: $mixed classified by a mix, $missing missing"
agent gw --detach
finish
