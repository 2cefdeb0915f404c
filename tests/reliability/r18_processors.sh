#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R18: counters of each processor, read while all of them count: no number ever goes back, packets and bytes
# of a pair differ by few frames, and what is read at the end is what was sent.
set -u
. tests/reliability/lib.sh
READ_OFTEN=$build/tests/reliability/read_often
begin "$SEND" "$READ_OFTEN" taskset
cells=10000000
[ "$FULL" = 1 ] && cells=200000000
FRAME=100 # bytes of what is sent
make_devices gw 2
agent gw --attach -i 'dev*' 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"

cpus=$(getconf _NPROCESSORS_ONLN)
possible=$(cat /sys/devices/system/cpu/possible) online=$(cat /sys/devices/system/cpu/online)
if [ "$possible" = "$online" ]; then
	echo "skipped: processors that are possible but not online: all of $possible are"
else
	ok "processors that are possible are $possible, online are $online: those that are not count 0"
fi

# One on each processor, into both devices.
senders='' cpu=0
while [ $cpu -lt "$cpus" ] && [ $cpu -lt 4 ]; do
	spawn gw taskset -c $cpu "$SEND" -r 20000 -p $((53 + cpu % 2 * 70)) peer0 peer1 >"$T/sent.$cpu"
	senders="$senders $spawned"
	cpu=$((cpu + 1))
done
has_begun() { [ "$(agent gw --status --json | jq '[.devices[].frames] | add')" -gt 0 ]; }
wait_until 10 has_begun || not_ok "nothing is counted"

# A reader that stands still between the two halves of a pair finds them far apart. That is chance; what is
# the program's fault is there each time.
rounds=0 backwards=0
until [ $rounds = 5 ]; do
	rounds=$((rounds + 1))
	in_ns gw "$READ_OFTEN" "$PINS" $FRAME $cells >"$T/read" 2>"$T/err" || not_ok "reading: $(cat "$T/err")"
	backwards=$((backwards + $(sender_said "$T/read" backwards)))
	[ "$(sender_said "$T/read" skew)" -gt 64 ] || break
done
for sender in $senders; do stop "$sender"; done
changed=$(sender_said "$T/read" changed) skew=$(sender_said "$T/read" skew)
check "$cells cells read, $changed of them changed since the last time" [ "$changed" -gt 100 ]
check_equal "cells that went back" $backwards 0
check "packets and bytes of a pair differ by $skew frames at most, no more than 64, in round $rounds" \
	[ "$skew" -le 64 ]
agent gw --once
sent=0
for file in "$T"/sent.*; do sent=$((sent + $(sender_said "$file" sent))); done
check_equal "frames of $cpu senders on as many processors" "$(prom_sum device_receive_packets_total)" $sent
check_equal "and bytes" "$(prom_sum device_receive_bytes_total)" $((sent * FRAME))
missing=$((sent - $(prom_sum device_receive_packets_total)))
echo "figure: R18 $cells cells read during traffic, $backwards went back, pairs differ by $skew \
frames at most, $missing of $sent frames missing"
agent gw --detach
finish
