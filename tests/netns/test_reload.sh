#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The database is reloaded by SIGHUP and by --reload: a good one is in force at once and whole, of a bad
# one nothing is, services that are gone keep their counters; --forget removes those of a device.
set -u
. tests/netns/lib.sh
begin

add_namespace gw
up() { # DEVICE...
	for device; do
		in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
		ip -n "$run-gw" link set "$device" up
	done
}
for device in dev0 dev1; do
	connect gw $device gw peer_$device
	up $device peer_$device
done

send() { # PORT COUNT: frames to udp
	in_ns gw "$PYTHON" "$here/traffic.py" sweep peer_dev0 "$1" 1 "$2"
}
service_frames() { # SERVICE
	agent gw --top --json 2>/dev/null | jq "[.services[] | select(.service == \"$1\") | .packets_total] | add // 0"
}
database() { # NAME PORT...; one service a port, named NAME-PORT
	name=$1
	shift
	echo 'Service Name,Port Number,Transport Protocol'
	for port; do echo "$name-$port,$port,udp"; done
}
start_agent() { # OPTION...; sets $counting
	: >"$T/agent.log"
	spawn_agent gw "$@" 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -qE ': counting|cannot|refused' "$T/agent.log" || not_ok "start: $(cat "$T/agent.log")"
}
log_has() { [ "$(grep -c -- "$1" "$T/agent.log")" -ge "${2:-1}" ]; }

database first 53 700 701 >"$T/services.csv"
start_agent -i dev0 -i dev1 --no-builtin -s "$T/services.csv" -t 1
send 700 10
database second 700 >"$T/services.csv"
kill -HUP $counting
wait_until 5 log_has 'database: is reloaded' || not_ok "SIGHUP: $(cat "$T/agent.log")"
send 700 5
send 53 3
check_equal "SIGHUP: frames of the new service" "$(service_frames second-700)" 5
check_equal "and of the one of before, which is no more" "$(service_frames first-700)" 10
check_equal "what only the earlier database has is unclassified" "$(service_frames first-53)" 0

printf 'Service Name,Port Number,Transport Protocol\ngood,700,udp\nbad,70000,udp\n' >"$T/services.csv"
check_fails "--reload of a bad file" 1 'its log tells why' agent gw --reload
check "the log tells the line" log_has 'services.csv:3:5: port 70000 is above 65535'
send 700 5
check_equal "the table of before is in force" "$(service_frames second-700)" 10
rm "$T/services.csv"
check_fails "--reload of a file that is gone" 1 'goes on with that of before' agent gw --reload
refused_now() { [ "$(awk '/^portacct_reload_failures_total/ { print $2 }' "$PROM")" = 2 ]; }
check "both are counted in the textfile" wait_until 5 refused_now

database first 53 700 >"$T/services.csv"
agent gw --reload
check_equal "--reload: exit status" $? 0
send 700 5
check_equal "a service that is back counts on where it was" "$(service_frames first-700)" 15
check_equal "--status: reloads" "$(agent gw --status --json | jq -c '[.reloads, .reload_failures]')" '[2,2]'

# One that is under way has read the file of before. Here it waits where it first asks the kernel for something:
# an export must not be what does. The next one takes its time too.
refused=2
if command -v strace >/dev/null; then
	refused=3
	stop $counting
	start_agent -i dev0 -i dev1 --no-builtin -s "$T/services.csv" -t 1000
	wait_until 5 [ -s "$PROM" ] || not_ok "the first export"
	is_traced() { grep -qs '^TracerPid:[^0-9]*[1-9]' "/proc/$counting/status"; }
	spawn gw strace -qq -o "$T/trace" -e trace=bpf,openat -e inject=bpf:delay_enter=3000000:when=1 \
		-e inject=openat:delay_enter=500000 -p $counting
	wait_until 5 is_traced || not_ok "strace"
	kill -HUP $counting
	wait_until 5 grep -qs "^bpf" "$T/trace" || not_ok "the reload does not wait"
	echo 'no database' >"$T/services.csv"
	check_fails "--reload of a bad file while another reload is under way" 1 'its log tells why' agent gw --reload
	check "the one under way was done" log_has 'database: is reloaded'
	database first 53 700 >"$T/services.csv"
	stop "$spawned"
	stop $counting
	start_agent -i dev0 -i dev1 --no-builtin -s "$T/services.csv" -t 1
else
	echo "skipped: strace is missing"
fi

# Many of them in one go are one, and none is lost.
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -HUP $counting; done
agent gw --reload || not_ok "--reload behind ten SIGHUPs"
check "the agent goes on" is_running $counting

check_fails "--forget a device that is counted" 1 "is counted by the agent" agent gw --forget dev1
ip -n "$run-gw" link del dev1
wait_until 5 log_has "'dev1': is gone" || not_ok "a device that is gone is told: $(cat "$T/agent.log")"
exported() { grep -q 'device="dev1"' "$PROM"; }
not_exported() { ! exported; }
check "a device that is gone: its series stay" exported
check_fails "--forget one that never was" 1 "no counters of this name" agent gw --forget dev9
agent gw --forget dev1
check_equal "--forget one that is gone: exit status" $? 0
check "its series end" wait_until 5 not_exported
check "and its pins" [ ! -e "$PINS/v1/dev1" ]
connect gw dev1 gw peer_dev1
up dev1 peer_dev1
wait_until 5 log_has "'dev1': counting" 2 || not_ok "one that comes again is counted: $(cat "$T/agent.log")"
check_equal "a new device of that name begins at 0" \
	"$(agent gw --status --json | jq '[.devices[] | select(.device == "dev1") | .frames] | add')" 0

# One that comes back while --forget waits for its turn, here at its second lock, is counted again.
if command -v strace >/dev/null; then
	ip -n "$run-gw" link del dev1
	wait_until 5 log_has "'dev1': is gone" 2 || not_ok "it is gone again: $(cat "$T/agent.log")"
	: >"$T/trace"
	in_ns gw strace -qq -o "$T/trace" -e trace=flock -e inject=flock:delay_enter=8000000:when=2 \
		"$AGENT" --pin-dir "$PINS" --forget dev1 2>"$T/forget.err" &
	forgetting=$!
	remember $forgetting
	waits() { [ "$(grep -c flock "$T/trace")" = 2 ]; }
	wait_until 10 waits || not_ok "--forget does not wait"
	connect gw dev1 gw peer_dev1
	up dev1 peer_dev1
	wait_until 5 log_has "'dev1': counting" 3 || not_ok "it comes back: $(cat "$T/agent.log")"
	check "it is back before --forget goes on" is_running $forgetting
	wait $forgetting
	check "--forget one that comes back meanwhile: $(cat "$T/forget.err")" \
		grep -q 'is counted by the agent' "$T/forget.err"
	check "its pins are there" [ -e "$PINS/v1/dev1/link" ]
	stop $counting
	check_equal "SIGTERM: exit status" $? 0

	# Asked for as early as can be: while the first database file is read.
	: >"$T/agent.log"
	spawn gw strace -qq -o /dev/null -P "$T/services.csv" -e inject=openat:delay_enter=1000000:when=1 \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" -i dev0 --no-builtin -s "$T/services.csv" -t 1 2>"$T/agent.log"
	tracer=$spawned
	blocks_hup() { counting=$(pgrep -P "$tracer") && grep -qs '^SigBlk:.*[13579bdf]$' "/proc/$counting/status"; }
	wait_until 10 blocks_hup || not_ok "it starts: $(cat "$T/agent.log")"
	kill -HUP "$counting"
	reloaded() { log_has 'database: is reloaded'; }
	check "SIGHUP while the agent starts: it reloads when it has started" wait_until 10 reloaded
	kill -TERM "$counting"
	wait_until 10 is_gone "$tracer" || not_ok "it ends"
else
	echo "skipped: strace is missing"
	stop $counting
fi

check_fails "--reload without an agent" 1 'no agent runs' agent gw --reload
start_agent -i dev0 --no-builtin -s "$T/services.csv" -t 1
stop $counting
spawn_agent gw -i dev0 --no-builtin -s "$T/services.csv" -t 1 2>"$T/agent.log"
counting=$spawned
# As the kernel tells it: who asks by a lock of its own keeps the agent from taking it.
is_locked_by() { # PID
	grep -q "FLOCK *ADVISORY *WRITE *$1 [^ ]*:$(stat -c %i "$PINS") " /proc/locks
}
wait_until 10 is_locked_by $counting || not_ok "the agent starts: $(cat "$T/agent.log")"
agent gw --reload
check_equal "--reload while the agent starts: exit status" $? 0
stop $counting
flock "$PINS" sleep 3 &
holding=$!
remember $holding
wait_until 10 is_locked_by $holding || not_ok "the lock is not held"
check_fails "--reload while something else is done" 1 'has ended' agent gw --reload
check_equal "reloads and failures outlive the agent" \
	"$(agent gw --status --json | jq -c '[.reload_failures, .reloads > 2]')" "[$refused,true]"
check_fails "--forget without an agent, of a counted device" 0 'is not counted any more' agent gw --forget dev1
check "it is off the device" [ -z "$(xdp_program gw dev1)" ]
check "the other is counted on" [ -n "$(xdp_program gw dev0)" ]
agent gw --detach
agent gw --attach -i dev0 2>/dev/null
(
	sleep 0.5
	agent gw --detach
) &
remember $!
check_fails "--top while the counting ends" 1 'nothing is counted' agent gw --top -t 5
check_fails "--forget with nothing counted" 1 'nothing is counted' agent gw --forget dev0
finish
