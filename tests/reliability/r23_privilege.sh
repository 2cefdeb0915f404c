#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R23: the agent needs three capabilities, keeps no others, and goes on with them: new devices, reloads,
# the textfile. Members of its group read without any, and can do nothing else.
set -u
. tests/netns/lib.sh
begin bpftool setpriv

NEEDED='bpf,+net_admin,+perfmon'
KEPT=000000c000001000     # bits 12, 38, 39 of capability.h
OVERRIDE=000000c000001002 # and bit 1
OWNER=000000c000001008    # and bit 3
GROUP=54321 NOBODY=65534
attempts=0 successes=0

if ! setpriv --bounding-set "-all,+$NEEDED" true 2>/dev/null; then
	echo "skipped: setpriv or the kernel does not know CAP_BPF"
	exit 0
fi
chmod 711 "$T/bpf"
add_namespace gw
connect gw dev0 gw peer0
for device in dev0 peer0; do
	in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
	ip -n "$run-gw" link set $device up
done
printf 'Service Name,Port Number,Transport Protocol\nfirst,4711,udp\n' >"$T/own.csv"

# Without what this script has open, so that what is not closed on exec is the agent's own.
without_files='import os, sys; os.closerange(3, 4096); os.execvp(sys.argv[1], sys.argv[1:])'

start_agent() { # [SETPRIV-OPTION...] -- AGENT-OPTION...; sets $counting
	privileges=
	while [ "$1" != -- ]; do privileges="$privileges $1" && shift; done
	shift
	: >"$T/agent.log"
	spawn gw setpriv $privileges "$PYTHON" -c "$without_files" \
		"$AGENT" --pin-dir "$PINS" -i 'dev*' -t 1 -s "$T/own.csv" "$@" 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -qE ': counting|cannot|refused' "$T/agent.log"
	check "start: $(tail -1 "$T/agent.log")" grep -q "'dev0': counting" "$T/agent.log"
	wait_until 5 grep -q 'NoNewPrivs:.1' "/proc/$counting/status"
}

capabilities() { sed -n "s/^Cap$1:[[:space:]]*//p" "/proc/$counting/status"; }

keeps() { # DESCRIPTION WANTED
	check_equal "$1: permitted, effective, bounding" "$(capabilities Prm) $(capabilities Eff) $(capabilities Bnd)" "$2 $2 $2"
	check_equal "$1: inheritable, ambient" "$(capabilities Inh) $(capabilities Amb)" '0000000000000000 0000000000000000'
	check_equal "$1: NoNewPrivs" "$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$counting/status")" 1
}

closed_on_exec() {
	count=0 open=''
	for file in "/proc/$counting/fdinfo"/*; do
		[ "${file##*/}" -gt 2 ] || continue
		flags=$(sed -n 's/^flags:[[:space:]]*//p' "$file" 2>/dev/null)
		count=$((count + 1))
		[ $((flags & 02000000)) != 0 ] || open="$open ${file##*/}"
	done
	check_equal "descriptors of $count that a child would inherit" "$open" ''
	check "it has descriptors" [ $count -gt 5 ]
}

counted() { agent gw --status --json 2>/dev/null | jq "[.devices[] | select(.device | test(\"$1\")) | .frames] | add // 0"; }
counts() { [ "$(counted "$1")" -gt 0 ]; }
is_written_anew() { [ -n "$(find "$PROM" -newer "$T/reference" 2>/dev/null)" ]; }

# Everything that the agent does in its life, with what is left to it.
goes_on() { # DESCRIPTION FRAMES: what the second service has counted then
	connect gw dev1 gw peer1
	for device in dev1 peer1; do
		in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
		ip -n "$run-gw" link set $device up
	done
	check "$1: a device that appears is attached" wait_until 10 grep -q "'dev1': counting" "$T/agent.log"
	in_ns gw "$PYTHON" "$here/traffic.py" sweep peer1 4711 1 50
	check "$1: and counted" wait_until 5 counts dev1
	printf 'Service Name,Port Number,Transport Protocol\nsecond,4712,udp\nfirst,4711,udp\n' >"$T/own.csv"
	check "$1: a reload" agent gw --reload
	in_ns gw "$PYTHON" "$here/traffic.py" sweep peer0 4712 1 50
	touch "$T/reference"
	check "$1: the textfile is written" wait_until 5 is_written_anew
	check "$1: with the reloaded service" [ "$(prom_sum service_receive_packets_total 'service="second"')" = "$2" ]
	ip -n "$run-gw" link del dev1
}

as_member() { in_ns gw setpriv --reuid $NOBODY --regid $NOBODY --groups $GROUP "$@"; }
as_stranger() { in_ns gw setpriv --reuid $NOBODY --regid $NOBODY --clear-groups "$@"; }

attempt() { # COMMAND...: must fail
	attempts=$((attempts + 1))
	"$@" >/dev/null 2>&1 || return
	successes=$((successes + 1))
	not_ok "succeeds: $*"
}

reads_as_member() {
	as_member "$AGENT" --pin-dir "$PINS" --top --json >"$T/top" 2>"$T/err" || not_ok "--top: $(cat "$T/err")"
	check_equal "--top of a member: frames" "$(jq .frames_total "$T/top")" "$(counted .)"
	as_member "$AGENT" --pin-dir "$PINS" --status >"$T/status" 2>"$T/err" || not_ok "--status: $(cat "$T/err")"
	check "--status of a member: an agent runs" grep -q '^agent  *running' "$T/status"
	check "--status of a member: the device counts" grep -q 'counting  *yes' "$T/status"
	install -d -o $NOBODY "$T/member"
	as_member "$AGENT" --pin-dir "$PINS" --once -o "$T/member/x.prom" 2>"$T/err" || not_ok "--once: $(cat "$T/err")"
	check "--once of a member" grep -q '^portacct_service_receive_packets_total.* 50$' "$T/member/x.prom"
	attempts=$((attempts + 1))
	check_fails "--top of who is no member" 1 'members of the agent.*Permission denied' \
		as_stranger "$AGENT" --pin-dir "$PINS" --top
}

writes_as_member() {
	for map in services agent unclassified endpoints ports firm_clients fragments dev0/counters dev0/state; do
		attempt as_member bpftool map update pinned "$PINS/v1/$map" key 0 0 0 0 value 0 0 0 0
		attempt as_member rm -f "$PINS/v1/$map"
		attempt as_member chmod 666 "$PINS/v1/$map"
		attempt as_member mv "$PINS/v1/$map" "$PINS/v1/dev0/moved"
	done
	for map in endpoints ports firm_clients fragments; do
		attempt as_member bpftool map dump pinned "$PINS/v1/$map"
	done
	attempt as_member bpftool link detach pinned "$PINS/v1/dev0/link"
	attempt as_member bpftool link show pinned "$PINS/v1/dev0/link"
	attempt as_member rm -f "$PINS/v1/dev0/link"
	attempt as_member mkdir "$PINS/v1/dev9"
	attempt as_member mv "$PINS/v1" "$PINS/v0"
	attempt as_member flock -n "$PINS" true
	attempt as_member flock -n "$PINS/lock" true
	for command in --detach --attach --reload '--forget dev0'; do
		# shellcheck disable=SC2086
		attempt as_member "$AGENT" --pin-dir "$PINS" $command
	done
	check "the agent runs on" is_running $counting
	check "the link is there" [ -n "$(xdp_program gw dev0)" ]
}

start_agent --bounding-set "-all,+$NEEDED" --groups $GROUP -- -o "$PROM" --group $GROUP
keeps "started with three capabilities" $KEPT
closed_on_exec
goes_on "with three capabilities" 50
reads_as_member
writes_as_member
stop $counting

start_agent -- -o "$PROM"
keeps "started with all" $KEPT
check "without --group it is closed again" [ "$(stat -c '%a %g' "$PINS" "$PINS/v1" "$PINS/v1/services" | xargs)" = '700 0 700 0 600 0' ]
attempt as_member "$AGENT" --pin-dir "$PINS" --top
goes_on "started with all" 100
stop $counting

install -d -o $NOBODY "$T/foreign"
start_agent -- -o "$T/foreign/x.prom"
keeps "a textfile in another user's directory" $OVERRIDE
check "it is said" grep -q 'CAP_DAC_OVERRIDE is kept' "$T/agent.log"
check "it is written" wait_until 5 [ -s "$T/foreign/x.prom" ]
stop $counting

# In a sticky directory of another user, in place of a third one's file.
install -d -m 1777 -o $NOBODY "$T/sticky"
install -o 12345 -m 644 /dev/null "$T/sticky/x.prom"
start_agent -- -o "$T/sticky/x.prom"
keeps "a textfile in place of another user's" $OWNER
check "it is said" grep -q 'CAP_FOWNER is kept' "$T/agent.log"
check "it is written" wait_until 5 [ -s "$T/sticky/x.prom" ]
stop $counting

# Another user's directory comes when the right to it is given up: it is said, and what helps.
mkdir "$T/later"
start_agent -- -o "$T/later/x.prom"
check "a textfile in its own directory" wait_until 5 [ -s "$T/later/x.prom" ]
mv "$T/later" "$T/gone"
check "that is gone: said" wait_until 5 grep -q 'counting goes on: No such file' "$T/agent.log"
install -d -o $NOBODY "$T/later"
check "that is another user's then: said, and what helps" \
	wait_until 5 grep -q 'counting goes on (restart the agent: .*): Permission denied' "$T/agent.log"
stop $counting
start_agent -- -o "$T/later/x.prom"
keeps "it helps" $OVERRIDE
check "it is written" wait_until 5 [ -s "$T/later/x.prom" ]
stop $counting
agent gw --detach
check_equal "tries of an unprivileged user that succeeded" $successes 0
echo "figure: R23 3 capabilities kept, $successes of $attempts tries by unprivileged users succeed"
finish
