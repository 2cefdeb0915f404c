#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A database that outgrows the maps, at a start and in a running agent, and a next layout, under traffic:
# the counters move to other maps, every frame is counted and no series is set back, wherever the start is
# killed. RELIABILITY_FULL=1: at each of its system calls that change anything, else at some of those that
# matter most, others each time. MODE: of --mode.
set -u
# shellcheck disable=SC2086
. tests/reliability/lib.sh
begin strace "$SEND"
MODE=${MODE:-native}
NEXT=$build/next/agent present=$AGENT
CALLS=bpf,rename,mkdirat,mkdir,unlinkat,unlink,rmdir
make_devices gw 2
"$PYTHON" "$here/series.py" many 3000 20000 >"$T/many.csv"

attach() { # OPTION...
	agent gw --attach -m "$MODE" "$@" 2>"$T/err"
}

# Frames that the textfile tells.
counted() {
	agent gw --once 2>"$T/once.err" || not_ok "--once: $(cat "$T/once.err")"
	prom_sum device_receive_packets_total 'device="dev0"'
}
received() { link_stat gw dev0 rx packets; }

pause() { pause_sender "$sender"; }
resume() { kill -CONT "$sender"; }

lies_aside() { [ "$(ls "$PINS" | grep -vxc lock)" != 1 ]; }
is_moved() { [ "$(agent gw --status --json | jq .capacity)" -gt 3000 ]; }

# Notes the series of the textfile that went back since the last look.
note_series() {
	grep '^[a-z_]*_total' "$PROM" | sort >"$T/series.now"
	if [ -s "$T/series.before" ]; then
		join "$T/series.before" "$T/series.now" | awk '$3 < $2 { print $1, $2, $3 }' >>"$T/set_back"
	fi
	mv "$T/series.now" "$T/series.before"
}

choose_reader() {
	if [ -e "$PINS/v2/services" ]; then AGENT=$NEXT; else AGENT=$present; fi
}

look() { # frames must not go back
	choose_reader
	frames=$(counted)
	[ "$frames" -ge "$last" ] || echo "$1: $frames after $last" >>"$T/set_back"
	last=$frames
	note_series
}

begin_state() {
	AGENT=$present
	rm -f "$T/series.before"
	: >"$T/set_back"
	pause
	first=$(received) last=0
	attach $devices || not_ok "--attach: $(cat "$T/err")"
	resume
}

# Sets $wrong to what is not as it should be.
end_state() {
	pause
	look end
	wrong=$(cat "$T/set_back")
	[ "$last" = $(($(received) - first)) ] || wrong="$wrong counted $last of $(($(received) - first))"
	agent gw --status >"$T/status" 2>&1
	[ "$(grep -c ': closed' "$T/status")" = "$(echo $devices | grep -o dev | wc -l)" ] || wrong="$wrong; not closed"
	if lies_aside; then wrong="$wrong; left $(ls "$PINS")"; fi
	agent gw --detach || wrong="$wrong; --detach"
	[ ! -e "$PINS" ] || wrong="$wrong; pins left"
	resume
}

grow() {
	AGENT=$mover
	attach $devices $database
}

grows_at_start() {
	begin_state
	in_ns gw "$PYTHON" "$here/traffic.py" sweep peer0 50001 3 5
	look before
	memory=$(agent gw --status --json | jq .memory_bytes)
	grow || not_ok "a larger database: $(cat "$T/err")"
	check "a larger database: said" grep -q 'has room for 1023 services, and 3069 are needed' "$T/err"
	check "and there is room" is_moved
	check "and the memory is told" [ "$(agent gw --status --json | jq .memory_bytes)" -gt "$memory" ]
	look after
	check_equal "unclassified ports: kept" \
		"$(agent gw --top --by port --json -t 1 | jq '[.. | objects | select(.port? // 0 | . >= 50001 and . <= 50003) | .packets_total] | add')" 15
	end_state
	check_equal "every frame is counted, no series was set back" "${wrong:-yes}" yes
}

# The agent that runs reads a larger database and has no room for it.
grows_in_agent() {
	AGENT=$present
	echo 'Service Name,Port Number,Transport Protocol,Description' >"$T/grows.csv"
	pause
	first=$(received) last=0
	rm -f "$T/series.before"
	: >"$T/set_back"
	spawn_agent gw -m "$MODE" $devices -s "$T/grows.csv" 2>"$T/agent.log"
	running=$spawned
	wait_until 10 grep -q ': counting' "$T/agent.log" || not_ok "start: $(cat "$T/agent.log")"
	resume
	look before
	cp "$T/many.csv" "$T/grows.csv"
	agent gw --reload 2>"$T/err" || not_ok "--reload: $(cat "$T/err")"
	check "a running agent: there is room" wait_until 10 is_moved
	look after
	stop "$running"
	end_state
	check_equal "a running agent: every frame is counted, no series was set back" "${wrong:-yes}" yes
}

# Who reads for the textfile has opened the counters, and waits while they move: at its second lock, behind that
# on a temporary file.
writer_meanwhile() {
	begin_state
	pause
	look before
	: >"$T/trace"
	in_ns gw strace -qqy -o "$T/trace" -e trace=flock -e inject=flock:delay_enter=10000000:when=2 \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" --once 2>"$T/err" &
	writer=$!
	wait_until 10 grep -q "/lock/" "$T/trace" || not_ok "the writer does not wait"
	resume
	grow || not_ok "a larger database: $(cat "$T/err")"
	pause
	look moved
	check "the counters have moved before the writer goes on" is_running $writer
	wait $writer || not_ok "a writer that waited: $(cat "$T/err")"
	note_series
	check_equal "a writer that opened the old maps: its file has the later sums" \
		"$(prom_sum device_receive_packets_total 'device="dev0"')" "$last"
	resume
	end_state
	check_equal "and no series was set back" "${wrong:-yes}" yes
}

# Nothing is left of a move that was cut off when all of it is ended.
detach_meanwhile() {
	for call in 'rename 1' 'unlinkat 2'; do
		attach $devices || not_ok "--attach: $(cat "$T/err")"
		# shellcheck disable=SC2086
		set -- $call
		in_ns gw strace -qqf -o "$T/trace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
			"$mover" --pin-dir "$PINS" -o "$PROM" --attach -m "$MODE" $devices $database 2>/dev/null &&
			not_ok "is not killed at $call"
		agent gw --detach || not_ok "--detach"
		check "killed at $call, then --detach: no pins" [ ! -e "$PINS" ]
		check "and no program" [ -z "$(xdp_program gw dev0)$(in_ns gw tc filter show dev dev0 ingress)" ]
	done
}

# ---- killed at system call $2, the $3rd
crash() { # CALL NUMBER; sets $wrong, and $survived where there was no such call
	begin_state
	look before
	in_ns gw strace -qqf -o "$T/trace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		"$mover" --pin-dir "$PINS" -o "$PROM" --attach -m "$MODE" $devices $database 2>/dev/null
	survived=$?
	look "killed at $1 $2"
	grow || echo "the next start: $(cat "$T/err")" >>"$T/set_back"
	end_state
	is_killed=$([ "$survived" != 0 ] && echo 1 || echo 0)
}

# All calls of a growth that is not killed: "CALL NUMBER" lines.
list_calls() {
	begin_state
	in_ns gw strace -qqf -o "$T/trace" -e "trace=$CALLS" \
		"$mover" --pin-dir "$PINS" -o "$PROM" --attach -m "$MODE" $devices $database 2>/dev/null
	end_state
	sed -n 's/^[0-9]* *\([a-z]*\)(\([A-Z_]*\).*/\1 \2/p' "$T/trace" |
		awk '{ print $1, ++count[$1], $2 }' >"$T/calls"
}

crashes() { # WHAT COUNT
	list_calls
	grep -E 'bpf .*(OBJ_PIN|LINK_UPDATE|PROG_LOAD|MAP_UPDATE)|^[^b]' "$T/calls" >"$T/chosen"
	[ "$FULL" = 1 ] && cp "$T/calls" "$T/chosen"
	all=$(wc -l <"$T/chosen")
	[ "$FULL" = 1 ] || shuf -n "$2" "$T/chosen" >"$T/tried"
	[ "$FULL" = 1 ] && cp "$T/chosen" "$T/tried"
	tried=0 killed=0 bad=0
	while read -r call number what; do
		crash "$call" "$number"
		tried=$((tried + 1)) killed=$((killed + is_killed))
		[ -z "$wrong" ] && continue
		bad=$((bad + 1))
		echo "# killed at $call $number ($what): $wrong"
	done <"$T/tried"
	check_equal "$1: killed at $killed of $all system calls, the next start completes it: wrong" $bad 0
	crash_points=$((crash_points + killed))
}

spawn gw "$SEND" -r 10000 peer0 >"$T/sent"
sender=$spawned
devices='-i dev0 -i dev1' mover=$present database="-s $T/many.csv" crash_points=0
grows_at_start
grows_in_agent
devices='-i dev0'
writer_meanwhile
detach_meanwhile
crashes 'larger maps' "${CRASHES:-4}"
if [ -x "$NEXT" ]; then
	mover=$NEXT database=''
	crashes 'the next layout' "${CRASHES:-3}"
else
	echo "skipped: $NEXT is missing: make O=$O/next ABI_NEXT=1"
fi
stop "$sender"
finish
