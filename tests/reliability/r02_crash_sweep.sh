#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R02: SIGKILL at each system call by which a start, an export, a reload, a stop or a --detach changes
# something that outlives the process. A first run that is not killed is traced: its calls are the points. After each kill
# the next command goes on from there, no series has gone back, nothing is left over; and of all frames that
# came in meanwhile, from the first kill to the last, none is missing.
# RELIABILITY_FULL=1: at every call of these kinds, whether it changes anything or not, and by every hook.
set -u
. tests/reliability/lib.sh
begin "$SEND" strace bpftool
CALLS=bpf,/^send,/renameat,write,fsync,fchmod,/mkdir,openat,/unlink,rmdir,flock
make_devices gw 2
points=0 survived=0 backwards=0 leftovers=0 reloads=''

# What makes no difference to the next process is left out: reading, and descriptors of the process's own.
changes='BPF_(OBJ_PIN|MAP_UPDATE|LINK_|PROG_ATTACH|PROG_DETACH)|O_CREAT|RTM_(NEW|DEL)|mkdir|rename|fsync|fchmod|unlink|rmdir|write'
[ "$FULL" = 1 ] && changes=.

# A line "CALL N" for each point of a trace, behind the line with the words if there are any: the Nth call of
# that name.
points_of() { # TRACE WORDS
	awk -v changes="$changes" -v words="$2" '
		$0 !~ /^[a-z0-9_]+\(/ { next }
		{
			name = $0
			sub(/\(.*/, "", name)
			count[name]++
		}
		words != "" && !begun { begun = index($0, words); next }
		$0 ~ changes { print name, count[name] }' "$1"
}

# Both run the agent under strace to its end and return its exit status.
command_to_end() { # TRACE INJECTION AGENT-OPTION...
	trace=$1 injection=$2
	shift 2
	{ in_ns gw strace -qq -o "$trace" -e trace=$CALLS ${injection:+-e "inject=$injection"} \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" "$@"; } >/dev/null 2>"$T/killed.log"
}

# One that is told to stop as soon as it has written the textfile, and before that to reload if $reloads.
life_to_end() { # TRACE INJECTION AGENT-OPTION...
	trace=$1 injection=$2
	shift 2
	rm -f "$PROM"
	spawn gw strace -qq -o "$trace" -e trace=$CALLS ${injection:+-e "inject=$injection"} \
		"$AGENT" --pin-dir "$PINS" -o "$PROM" "$@" 2>"$T/killed.log"
	tracer=$spawned
	wait_until 20 has_written_or_ended || not_ok "$what: neither writes nor ends"
	if [ -n "$reloads" ]; then
		signal_traced HUP
		wait_until 20 has_reloaded_or_ended || not_ok "$what: neither reloads nor ends"
	fi
	signal_traced TERM
	wait_until 20 is_gone "$tracer" || not_ok "$what: does not stop"
	{ wait "$tracer"; } 2>/dev/null
}
has_written_or_ended() { [ -s "$PROM" ] || is_gone "$tracer"; }
has_reloaded_or_ended() { grep -q 'is reloaded' "$T/killed.log" || is_gone "$tracer"; }
signal_traced() { kill -"$1" "$(cat "/proc/$tracer/task/$tracer/children" 2>/dev/null)" 2>/dev/null; }

went_back() { # EARLIER LATER: prints the series of counters that decreased or vanished
	awk '/^#/ || !/_total\{/ { next }
		FNR == NR { was[$1] = $2; next }
		{ now[$1] = $2 }
		END { for (series in was) if (!(series in now) || now[series] + 0 < was[series] + 0) print series }' "$1" "$2"
}

is_left_over() { # WHAT THINGS
	leftovers=$((leftovers + 1))
	not_ok "$1: left over: $2"
}

# One more export: compared with the last one, and nothing beside it.
check_export() { # WHAT
	agent gw --once 2>"$T/err" || { not_ok "$1: the next --once: $(cat "$T/err")"; return 1; }
	went=$([ ! -s "$T/last" ] || went_back "$T/last" "$PROM")
	cp "$PROM" "$T/last"
	if [ -n "$went" ]; then
		backwards=$((backwards + 1))
		not_ok "$1: went back: $(echo "$went" | head -3)"
		return 1
	fi
	[ "$(ls -A "$T/textfile")" = portacct.prom ] && [ "$(cd "$PINS" && find . | sort)" = "$all_pins" ] && return
	is_left_over "$1" "$(ls -A "$T/textfile") $(cd "$PINS" && find . | sort)"
	return 1
}

attached() { # WHAT
	agent gw --attach -m "$mode" -i "$device" 2>"$T/err" && return
	not_ok "$1: the next start: $(cat "$T/err")"
	return 1
}

no_program() { ! in_ns gw bpftool -j net list dev "$device" | grep -q '"devname"'; }
detached() { # WHAT
	agent gw --detach 2>"$T/err" || { not_ok "$1: the next --detach: $(cat "$T/err")"; return 1; }
	wait_until 5 no_program && [ ! -e "$PINS" ] && return # the kernel frees a link some time after its last name
	is_left_over "$1" "$(find "$PINS") $(in_ns gw bpftool -j net list dev "$device")"
	return 1
}

# On a device that has no other traffic: 20 frames are counted, and all ends clean.
works_from_there() { # WHAT
	attached "$1" || return
	before=$(agent gw --status --json | jq '.devices[0].frames')
	in_ns gw "$SEND" -c 20 "peer${device#dev}" >/dev/null
	counted=$(($(agent gw --status --json | jq '.devices[0].frames') - before))
	[ $counted = 20 ] || { not_ok "$1: counted $counted of 20 frames"; return 1; }
	detached "$1"
}

# Kills at each point. BEFORE makes ready for a kill; AFTER says whether what is left is good.
sweep() { # NAME RUNNER WORDS BEFORE AFTER AGENT-OPTION...
	name=$1 runner=$2 words=$3 before_kill=$4 after_kill=$5 points_before=$points what=$1
	shift 5
	$before_kill "$name"
	$runner "$T/trace" '' "$@" || not_ok "$name: the run that is not killed: $(tail -1 "$T/killed.log")"
	points_of "$T/trace" "$words" >"$T/points"
	$after_kill "$name" || not_ok "$name: after a run that is not killed"
	while read -r call nth; do
		what="$name, $call $nth"
		$before_kill "$what"
		$runner /dev/null "$call:signal=KILL:when=$nth" "$@" </dev/null
		[ $? -ge 128 ] || continue # a call that did not come this time
		points=$((points + 1))
		$after_kill "$what" </dev/null && survived=$((survived + 1))
	done <"$T/points"
	check "$name: killed at $((points - points_before)) system calls" [ $points -gt "$points_before" ]
}

always() { :; }
adopted() { attached "$1" && check_export "$1"; }
# Half removed, in turn: removed wholly, or counted with again.
removed_or_used() {
	turn=$((1 - ${turn:-0}))
	if [ $turn = 0 ]; then works_from_there "$1"; else detached "$1"; fi
}

# With another pinned state, on a device that is not counted in between: from nothing, and to nothing.
PINS=$T/bpf/other device=dev1
agent gw --pin-dir "$T/bpf/portacct" --attach -i dev0 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"
spawn gw "$SEND" -r 8000 -s "$(date +%s)" peer0 >"$T/sent"
sending=$spawned
modes=auto
[ "$FULL" = 1 ] && modes='auto generic tc clsact'
for mode in $modes; do
	sweep "first start, $mode" command_to_end '' always works_from_there --attach -m $mode -i dev1
	sweep "detach, $mode" command_to_end '' attached removed_or_used --detach
done
mode=auto

# Over the state that counts all that is sent.
PINS=$T/bpf/portacct device=dev0
agent gw --once 2>"$T/err"
all_pins=$(cd "$PINS" && find . | sort)
sweep "start" command_to_end '' always adopted --attach -i dev0
sweep "export" command_to_end '' always check_export --once
sweep "agent's export and stop" life_to_end ': counting' always check_export -i dev0 -t 60
printf 'Service Name,Port Number,Transport Protocol\nown,17001,tcp\n' >"$T/db.csv"
reloads=yes
sweep "reload" life_to_end renameat always check_export -i dev0 -t 60 -s "$T/db.csv"
stop "$sending"
check_export "the end"
sent=$(sender_said "$T/sent" sent)
missing=$((sent - $(prom_sum device_receive_packets_total)))
check_equal "frames missing of $sent" $missing 0
check_equal "points survived of $points" $survived $points
check_equal "series that went back, things left over" "$backwards $leftovers" '0 0'
echo "figure: R02 $survived of $points crash points survived, $missing of $sent frames missing"
agent gw --detach
finish
