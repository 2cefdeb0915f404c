#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Captures through the kernel half's program: of every format and link type, written here with what
# becomes of each frame; damaged ones; real ones, where there are any. No device is touched by it, and
# no pinned state, whether or not an agent is counting.
# PORTACCT_CAPTURES: a folder with real captures. UPDATE_GOLDEN=1 writes the golden files.
set -u
. tests/netns/lib.sh
begin

C=$T/captures
mkdir "$C"
"$PYTHON" "$here/captures.py" write "$C" || exit 1
cat >"$T/three.csv" <<END
Service Name,Port Number,Transport Protocol,Encryption
http,80,tcp,none
ssh,22,tcp,native
domain,53,udp,none
END
example=$C/pcapng-little-1000.pcap

replay() { "$AGENT" --no-builtin -s "$T/three.csv" --replay "$@"; }

# The trace that was written by hand, and the other two outputs with it.
as_written() {
	have_tshark=$(command -v tshark)
	[ -n "$have_tshark" ] || echo "skipped: tshark is missing, which knows the link types too"
	for capture in "$C"/*.pcap; do
		name=$(basename "$capture" .pcap)
		[ "$name" = truncated ] && continue
		replay "$capture" --trace >"$T/trace" 2>"$T/err" || not_ok "$name: exit $?: $(cat "$T/err")"
		if cmp -s "$T/trace" "$C/$name.want"; then
			ok "$name: the trace is as written by hand, $(wc -l <"$T/trace") lines"
		else
			not_ok "$name: $(diff "$C/$name.want" "$T/trace" | head -5)"
		fi
		outputs_agree "$name" "$capture" replay
	done
}

# A frame's length and protocols as tshark has them, where it is there.
outputs_agree() { # NAME CAPTURE COMMAND...
	what=$1 file=$2
	shift 2
	"$@" "$file" --json >"$T/json" 2>"$T/err" || not_ok "$what: --json: exit $?: $(cat "$T/err")"
	"$@" "$file" >"$T/text" 2>"$T/err" || not_ok "$what: exit $?: $(cat "$T/err")"
	set --
	if [ -n "$have_tshark" ]; then
		tshark -r "$file" -T fields -e frame.len -e frame.cap_len -e frame.protocols >"$T/tshark" 2>"$T/err" ||
			not_ok "$what: tshark: $(cat "$T/err")"
		set -- "$T/tshark"
	fi
	if said=$("$PYTHON" "$here/captures.py" agree "$T/trace" "$T/json" "$T/text" "$@" 2>&1); then
		ok "$what: --trace, --json, text and what tshark sees agree: $said"
	else
		not_ok "$what: $(echo "$said" | tail -1)"
	fi
}

# From the earliest frame to the latest, wherever they are.
time_spans() {
	check_equal "in-time: seconds" "$(replay "$C/in-time.pcap" --json | jq .seconds)" 20000
	check_equal "back-in-time: seconds" "$(replay "$C/back-in-time.pcap" --json | jq .seconds)" 10000030
}

golden() {
	for kind in txt json; do
		option=
		[ $kind = json ] && option=--json
		# shellcheck disable=SC2086
		replay "$example" $option | sed "s|$C/||" >"$T/replay.$kind"
		[ -z "${UPDATE_GOLDEN:-}" ] || cp "$T/replay.$kind" tests/golden/
		check "the golden file replay.$kind" cmp "$T/replay.$kind" tests/golden/replay.$kind
	done
}

# From wherever it comes.
streams() {
	want=$C/pcapng-little-1000.want
	replay - --trace <"$example" >"$T/trace"
	check "standard input" cmp "$T/trace" "$want"
	cat "$example" | replay /dev/stdin --trace >"$T/trace"
	check "a pipe" cmp "$T/trace" "$want"
	mkfifo "$T/fifo"
	cat "$example" >"$T/fifo" &
	replay "$T/fifo" --trace >"$T/trace"
	check "a FIFO" cmp "$T/trace" "$want"
	replay "$example" --endpoints 64K --endpoint-age 60 --trace >"$T/trace"
	check "a table of marks of another size" cmp "$T/trace" "$want"
	check_equal "--unclassified-ports off: ports of the JSON" \
		"$(replay "$example" --unclassified-ports off --json | jq -c .unclassified_ports)" null
	"$PYTHON" "$here/captures.py" many "$T/many.pcap" 100000
	check_equal "100,000 frames: frames, closed" \
		"$(replay "$T/many.pcap" --json | jq -c '[.frames, .closed]')" '[100000,true]'
	check_equal "20 unclassified ports: lines of them" \
		"$(replay "$T/many.pcap" | sed -n '/^UNCLASSIFIED/,/^and 5 more$/p' | grep -c '/udp \|^and')" 16
	{ replay "$T/many.pcap" --trace; echo $? >"$T/status"; } 2>"$T/err" | head -1 >"$T/trace"
	check_equal "--trace | head -1: exit status, errors" "$(cat "$T/status") $(cat "$T/err")" '0 '
	for option in --trace --json --no-builtin; do
		check_fails "a full disk, $option" 1 'standard output: cannot be written: No space left' \
			sh -c "exec \"\$@\" >/dev/full" - "$AGENT" -s "$T/three.csv" --replay "$example" $option
	done
}

# Bad captures: a line each, exit status 2; what came before the damage is told.
damaged() {
	check_fails "no such file" 2 "^capture '$T/missing': cannot be opened: No such file" replay "$T/missing"
	check_fails "a directory" 2 "^capture '$T': cannot be opened: Is a directory" replay "$T"
	check_fails "a database" 2 "^capture '$T/three.csv': is no pcap or pcapng file: " replay "$T/three.csv"
	: >"$T/nothing"
	check_fails "an empty file" 2 "^capture '$T/nothing': is no pcap or pcapng file: " replay "$T/nothing"
	printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\377\377\0\0\177\0\0\0' >"$T/radio.pcap"
	check_fails "802.11" 2 "^capture '$T/radio.pcap': link type IEEE802_11_RADIO (802.11 plus radiotap header) is not" \
		replay "$T/radio.pcap"
	for option in --trace --json --no-builtin; do
		check_fails "a cut file, $option" 2 "^capture '$C/truncated.pcap': cannot be read on: truncated" \
			replay "$C/truncated.pcap" $option
		check_equal "a cut file, $option: lines on standard error" "$(wc -l <"$T/err")" 1
		cp "$T/out" "$T/cut$option"
	done
	check "a cut file: the frames before the cut are traced" cmp "$T/cut--trace" "$C/truncated.want"
	frames=$(($(wc -l <"$C/truncated.want") - 1))
	check_equal "a cut file: frames, closed" "$(jq -c '[.frames, .closed]' "$T/cut--json")" "[$frames,true]"
	check_equal "a cut file: the account's end" \
		"$(tail -1 "$T/cut--no-builtin" | grep -o "= $frames frames, .*: closed" | grep -c .)" 1
	printf 'Service Name,Port Number,Transport Protocol\n"a\tb",80,tcp\n' >"$T/tab.csv"
	check_fails "a service's name with a tab in it" 2 "tab.csv:2:.*control character" \
		"$AGENT" --no-builtin -s "$T/tab.csv" --replay "$example" --trace
	if command -v setpriv >/dev/null; then
		chmod -R a+rX "$T/captures" "$T/three.csv"
		check_fails "without privileges" 1 'Operation not permitted' \
			setpriv --reuid 65534 --clear-groups --inh-caps=-all "$AGENT" --replay "$example"
		check_equal "without privileges: lines on standard error" "$(wc -l <"$T/err")" 1
	else
		echo "skipped: setpriv is missing, to give up privileges"
	fi
}

state() { # what there is to be touched
	ip -n "$run-gw" -j link show | jq -c '[.[] | [.ifname, .xdp]]'
	find "$T/bpf" | sort
	agent gw --status --json 2>&1 | jq -c '[.services, .capacity, .devices]'
}

nothing_touched() {
	add_namespace gw
	connect gw dev1 gw peer1
	for device in dev1 peer1; do
		in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
		ip -n "$run-gw" link set $device up
	done
	state >"$T/before" 2>/dev/null
	agent gw --no-builtin -s "$T/three.csv" --replay "$example" --trace >"$T/trace"
	state >"$T/after" 2>/dev/null
	check "no agent: the trace" cmp "$T/trace" "$C/pcapng-little-1000.want"
	check "no agent: no program, no pin" cmp "$T/before" "$T/after"
	spawn_agent gw -i dev1 -t 1 >"$T/agent.out" 2>"$T/agent.err"
	wait_until 10 [ -s "$PROM" ] || not_ok "the agent does not start: $(cat "$T/agent.err")"
	state >"$T/before"
	agent gw --no-builtin -s "$T/three.csv" --replay "$example" --trace >"$T/trace"
	state >"$T/after"
	check "an agent counts: the trace" cmp "$T/trace" "$C/pcapng-little-1000.want"
	check "an agent counts: its program, pins and counters are as they were" cmp "$T/before" "$T/after"
	check "an agent counts: there is something to touch" grep -q dev1/link "$T/before"
	stop "$spawned"
	check_equal "an agent counts: its exit status" $? 0
	agent gw --detach 2>/dev/null
}

real_captures() {
	captures=${PORTACCT_CAPTURES:-../shared/captures}
	if ! ls "$captures"/*.pcap* >/dev/null 2>&1; then
		echo "skipped: no captures"
		return
	fi
	for capture in "$captures"/*.pcap*; do
		name=$(basename "$capture")
		"$AGENT" --replay "$capture" --trace >"$T/trace" 2>"$T/err" || not_ok "$name: exit $?: $(cat "$T/err")"
		outputs_agree "$name" "$capture" "$AGENT" --replay
	done
}

as_written
time_spans
golden
streams
damaged
nothing_touched
real_captures
finish
