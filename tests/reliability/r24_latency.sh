#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R24: what counting adds to a round trip over a veth pair, against an empty XDP program on the same device,
# which is what the hook itself costs; the two in turn, so that the machine's moods fall on both, and on one
# processor, as to wake another takes longer than all the rest. Measured and printed, nothing is asserted of it:
# the machine decides. The cost of a packet in the program is what `make bench` measures.
set -u
. tests/reliability/lib.sh
PINGPONG=$build/tests/reliability/pingpong
begin "$PINGPONG" bpftool clang taskset
rounds=8000 turns=5
[ "$FULL" = 1 ] && rounds=50000 turns=21
add_namespace near
add_namespace far
connect near dev0 far peer0
quiet_up near dev0
quiet_up far peer0
ip -n "$run-near" address add 10.8.0.1/24 dev dev0
ip -n "$run-far" address add 10.8.0.2/24 dev peer0
echo '__attribute__((section("xdp.frags"), used)) int pass(void *ctx) { return 2; }' |
	clang -target bpf -O2 -x c - -c -o "$T/bare.o" || not_ok "the bare program is not built"
bpftool prog load "$T/bare.o" "$T/bpf/bare" type xdp || not_ok "the bare program is not loaded"
processor=$(awk '$1 == "Cpus_allowed_list:" { sub("[-,].*", "", $2); print $2 }' /proc/self/status)
spawn far taskset -c "$processor" "$PINGPONG" 10.8.0.2 443
answers() { in_ns near "$PINGPONG" 10.8.0.2 443 1 >/dev/null 2>&1; }
wait_until 10 answers || not_ok "no answer"

measure() { # NAME
	in_ns near taskset -c "$processor" "$PINGPONG" 10.8.0.2 443 $rounds >>"$T/$1" || not_ok "$1: no answer"
}
median() { sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }
difference() { # COLUMN: median over the turns of counting less bare, in ns
	paste "$T/counting" "$T/bare" | awk -v column="$1" '{ print $column - $(column + 2) }' | median
}

turn=0
while [ $turn -lt $turns ]; do
	in_ns near bpftool net attach xdpdrv pinned "$T/bpf/bare" dev dev0
	measure bare
	in_ns near bpftool net detach xdpdrv dev dev0
	agent near --attach -i dev0 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"
	measure counting
	frames=$(agent near --status --json | jq '.devices[0].frames')
	[ "$frames" -ge $rounds ] || not_ok "counted $frames frames of $rounds answers"
	agent near --detach
	turn=$((turn + 1))
done
check_equal "turns measured with the agent and with an empty program" \
	"$(wc -l <"$T/counting") $(wc -l <"$T/bare")" "$turns $turns"
p50=$(difference 1) p99=$(difference 2)
echo "figure: R24 a round trip of $(awk '{ print $1 }' "$T/bare" | median) ns takes $p50 ns more at the median, $p99 ns at p99, \
counted than with an empty program"
finish
