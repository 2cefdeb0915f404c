#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A system call that fails, or another command in between, at the worst moment: nothing that was counted is
# lost, nothing is left on a device that no pins tell of, and what is refused is said.
set -u
. tests/netns/lib.sh
. tests/netns/hooks_lib.sh
begin tc strace setpriv

add_namespace gw
"$PYTHON" "$here/series.py" many 3000 20000 >"$T/many.csv"
"$PYTHON" "$here/series.py" many 9000 20000 >"$T/more.csv"

faulty() { # CALL INJECTION OPTION...
	call=$1 injection=$2
	shift 2
	in_ns gw strace -qqf -o "$T/trace" -e "trace=$call" -e "inject=$call:$injection" \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" "$@"
}
log_has() { [ "$(grep -c -- "$1" "$T/agent.log")" -ge "${2:-1}" ]; }
told() { # PATTERN [TIMES]
	wait_until 5 log_has "$1" "${2:-1}" || not_ok "'$1' is told: $(cat "$T/agent.log")"
}
start_agent() { # OPTION...; sets $counting
	: >"$T/agent.log"
	spawn_agent gw "$@" 2>"$T/agent.log"
	counting=$spawned
	told ': counting\|waited for'
}
delete() { ip -n "$run-gw" link del "$1"; }

# Counters whose sums were carried once are moved a second time.
carry_once() {
	attach gw -i dev0
	send gw p-dev0 10
	attach gw -i dev0 -s "$T/many.csv"
	send gw p-dev0 5
}
carried_twice() {
	make_device gw dev0
	carry_once
	faulty bpf delay_enter=0 --attach -i dev0 -s "$T/more.csv" 2>/dev/null
	update=$(grep -n BPF_LINK_UPDATE "$T/trace" | head -1 | cut -d: -f1)
	agent gw --detach
	carry_once
	faulty bpf "signal=KILL:when=$update" --attach -i dev0 -s "$T/more.csv" 2>/dev/null
	check "a second move of the counters, killed before it has their sums" [ -e "$PINS/v1-old" ]
	check_equal "a reader then" "$(counted gw dev0)" 15
	attach gw -i dev0 -s "$T/more.csv"
	check_equal "the next start" "$(counted gw dev0)" 15
	agent gw --detach
	next=$build/next/agent
	if [ ! -x "$next" ]; then
		echo "skipped: $next is missing: make O=$O/next ABI_NEXT=1"
		delete dev0
		return
	fi
	carry_once
	present=$AGENT AGENT=$next
	attach gw -i dev0
	check_equal "carried once, then taken over by the next layout" "$(counted gw dev0)" 15
	agent gw --detach
	AGENT=$present
	delete dev0
}

# Its program cannot be pinned when the filter is there already.
filter_not_pinned() {
	make_device gw dev0
	faulty rename error=EIO:when=1 --attach -i dev0 -m clsact 2>"$T/err"
	check_equal "a start that cannot pin what it has attached: exit status" $? 1
	check_equal "and what it leaves" "$(hooks gw dev0)$(ls "$PINS" 2>/dev/null)" ''
	attach gw -i dev0 -m clsact
	send gw p-dev0 3
	faulty rename error=EIO:when=1 --attach -i dev0 2>"$T/err"
	check_equal "the same where it replaces one: exit status" $? 1
	send gw p-dev0 3
	check_equal "counted on" "$(counted gw dev0)" 6
	attach gw -i dev0
	send gw p-dev0 3
	check_equal "counted on from the next start" "$(counted gw dev0)" 9
	check_equal "by one filter" "$(filters gw dev0)" 'ingress:bpf:0x7061'
	in_ns gw setpriv --bounding-set -net_admin --inh-caps -net_admin \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" --detach 2>"$T/refused"
	check_equal "--detach without CAP_NET_ADMIN: exit status" $? 1
	check_equal "and the pins by which the filter is found" "$(counted gw dev0)" 9
	check_equal "messages, of one line: $(cat "$T/refused")" "$(grep -c . "$T/refused")" 1
	agent gw --detach
	check_equal "what --detach leaves then" "$(hooks gw dev0)$(ls "$PINS" 2>/dev/null)" ''
	delete dev0
}

# A folder that waits for its name keeps it that time.
renaming_fails() {
	for device in dev0 dev1; do make_device gw $device; done
	for when in 1 2 3; do
		attach gw -i dev0 -i dev1
		send gw p-dev0 10
		send gw p-dev1 20
		rename dev0 tmp dev1 dev0 tmp dev1
		faulty renameat "error=EIO:when=$when+" --attach -i dev0 -i dev1 2>"$T/err"
		check_equal "from the folders' renaming $when on each fails: exit status" $? 0
		send gw p-dev0 1
		attach gw -i dev0 -i dev1
		check_equal "the next start" "$(counted gw dev0) $(counted gw dev1)" '20 11'
		agent gw --detach
		rename dev0 tmp dev1 dev0 tmp dev1
	done
	for device in dev0 dev1; do delete $device; done
}

# Of two directions one was refused; then the device comes again and both are.
one_direction_refused() {
	start_agent -i 'lan*' --egress -m clsact -t 1
	make_device gw new0
	in_ns gw tc qdisc add dev new0 ingress
	rename new0 lan1
	told "'lan1': cannot be attached"
	send gw p-new0 5
	check_equal "transmitted frames are refused, received ones counted" "$(counted gw lan1)" 5
	delete lan1
	told "'lan1': is gone"
	make_device gw new0
	in_ns gw tc qdisc add dev new0 ingress_block 7 ingress
	rename new0 lan1
	told "'lan1': cannot be attached" 2
	check_equal "made anew, and both refused: its counters are kept" "$(counted gw lan1)" 5
	stop $counting
	agent gw --detach
	delete lan1
}

# So many are in the trace, whose last line ends when its call does.
calls() { [ "$(grep -c . "$T/trace")" -ge "$1" ]; }

# The device is back, and counted, when --forget has waited for its turn.
back_while_forgotten() {
	make_device gw dev0
	start_agent -i dev0 -t 1
	send gw p-dev0 5
	delete dev0
	told "'dev0': is gone"
	: >"$T/trace"
	faulty flock delay_enter=8000000:when=2 --forget dev0 2>"$T/err" &
	forgetting=$!
	wait_until 10 calls 2 || not_ok "--forget does not wait"
	make_device gw dev0
	told "'dev0': counting" 2
	check "the device is back before --forget goes on" is_running $forgetting
	wait $forgetting
	check_equal "--forget of a device that is back ($(cat "$T/err")): exit status" $? 1
	send gw p-dev0 2
	stop $counting KILL
	check_equal "its counters are kept" "$(counted gw dev0)" 7
	agent gw --detach
	delete dev0
}

# What is refused before anything is pinned leaves no directory, and what cannot be read is said.
refused_early() {
	make_device gw dev0
	mkdir -m 700 "$PINS"
	mkdir -m 755 "$PINS/v1-old"
	check_fails "a state put aside that cannot be trusted" 1 'not trusted' agent gw --attach -i dev0
	check_equal "what the start leaves" "$(ls "$PINS")" v1-old
	rmdir "$PINS/v1-old" "$PINS"
	ip -n "$run-gw" link add over0 link dev0 type macvlan
	check_fails "devices that stand on each other" 1 'over0' agent gw --attach -i dev0 -i over0
	check_equal "what that start leaves" "$(ls -d "$PINS" 2>/dev/null)" ''
	ip -n "$run-gw" link del over0
	attach gw -i dev0
	faulty bpf delay_enter=0 --status >/dev/null
	lookup=$(grep -n BPF_MAP_LOOKUP_ELEM "$T/trace" | head -1 | cut -d: -f1)
	check_fails "a device's state cannot be read" 1 "map 'state' of device 'dev0': cannot be read: Input/output error" \
		faulty bpf "error=EIO:when=$lookup" --status
	agent gw --detach
	delete dev0
}

# Sets $writing: an --once whose disk takes nothing for longer than any test waits.
stall_once() { # FILE
	: >"$T/trace"
	spawn gw strace -qqf -o "$T/trace" -e trace=fsync -e inject=fsync:delay_enter=600000000 \
		"$AGENT" --pin-dir "$PINS" --once -o "$1" 2>"$T/read"
	writing=$spawned
	wait_until 5 grep -q fsync "$T/trace" || not_ok "--once does not write: $(cat "$T/read")"
}
# What it traced does not end with it, and sleeps no longer then.
end_stall() {
	traced=$(tr -d ' ' <"/proc/$writing/task/$writing/children")
	stop "$writing" KILL
	kill -KILL "$traced"
	wait_until 5 is_gone "$traced"
}
is_rewritten() { [ "$(stat -c '%i' "$PROM")" != "$1" ]; }
is_busy() { log_has 'cannot be written; counting goes on: Device or resource busy'; }

# The disk of another process stalls: the agent waits for it neither where it writes the same file nor another.
disk_of_another() {
	make_device gw dev0
	start_agent -i 'dev*' -t 1
	mkdir "$T/other"
	stall_once "$T/other/x.prom"
	before=$(stat -c '%i' "$PROM")
	make_device gw dev3
	told "'dev3': counting"
	check "another file's disk stalls: the agent's is written" wait_until 5 is_rewritten "$before"
	check "it stalls still" is_running "$writing"
	end_stall
	stall_once "$PROM"
	check "the same file's disk stalls: it is said" wait_until 10 is_busy
	make_device gw dev2
	told "'dev2': counting"
	check "and --reload is heeded" agent gw --reload
	check "it stalls still" is_running "$writing"
	before=$(stat -c '%i' "$PROM")
	end_stall
	check "then the file is written again" wait_until 10 log_has 'is written again'
	check "anew" wait_until 5 is_rewritten "$before"
	stop $counting
	agent gw --detach
	check_equal "--detach leaves of its locks" "$(ls -d "$PINS" 2>/dev/null)" ''
	for device in dev0 dev3 dev2; do delete $device; done
}

# Sets $reading: an --once that waits where it looks for that pin. What it says is in $T/read.
wait_in_once() { # PIN DELAY
	faulty access delay_enter=0 --once
	looked=$(grep -n "$1" "$T/trace" | cut -d: -f1)
	: >"$T/trace"
	faulty access "$2:when=$looked" --once 2>"$T/read" &
	reading=$!
	wait_until 10 calls "$looked" || not_ok "--once does not wait"
}

# A reader has found the counters and opens them when they are gone.
forgotten_while_read() {
	for device in dev0 dev1; do make_device gw $device; done
	attach gw -i dev0 -i dev1
	send gw p-dev1 3
	delete dev0
	wait_in_once /dev0/state delay_exit=5000000
	agent gw --forget dev0
	check "the counters are forgotten before --once goes on" is_running $reading
	wait $reading
	check_equal "forgotten while --once opens it ($(cat "$T/read")): exit status" $? 0
	check_equal "the others are exported" "$(prom_sum device_receive_packets_total)" 3
	agent gw --detach
}

# A reader has opened the services, and the devices' counters are larger by then.
moved_while_read() {
	make_device gw dev0
	attach gw -i dev0
	send gw p-dev0 3
	wait_in_once /dev0/counters delay_enter=10000000
	attach gw -i dev0 -s "$T/many.csv"
	check "the counters have moved before --once goes on" is_running $reading
	wait $reading
	check_equal "moved while --once opens them: exit status, words" "$? $(cat "$T/read")" '0 '
	check_equal "the frames that it exports" "$(prom_sum device_receive_packets_total)" 3
	agent gw --detach
	delete dev0
}

# A filter does not end with its process.
top_ended() {
	make_device gw dev0
	has_filter() { [ -n "$(filters gw dev0)" ]; }
	for signal in INT TERM HUP; do
		# A shell has what runs behind it ignore SIGINT.
		spawn gw "$PYTHON" -c "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])" "$AGENT" --pin-dir "$PINS" --top -i dev0 -m clsact -t 1000
		measuring=$spawned
		wait_until 5 has_filter || not_ok "--top does not count"
		stop "$measuring" "$signal"
		check "--top is ended by SIG$signal" [ $? -ge 128 ]
		check_equal "and what it leaves" "$(hooks gw dev0)" ''
	done
	delete dev0
}

carried_twice
moved_while_read
filter_not_pinned
renaming_fails
one_direction_refused
back_while_forgotten
forgotten_while_read
disk_of_another
refused_early
top_ended
finish
