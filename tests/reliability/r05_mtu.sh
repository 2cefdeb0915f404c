#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R05: whatever the MTU, a device is counted, by native XDP where the kernel has frames in several buffers;
# bytes are exact, and the MTU may be raised afterwards.
set -u
. tests/netns/lib.sh
. tests/netns/hooks_lib.sh
begin strace
FRAMES=20
proven=0

add_namespace gw
set_mtu() { # DEVICE MTU
	ip -n "$run-gw" link set "$1" mtu "$2" && ip -n "$run-gw" link set "p-$1" mtu "$2"
}
pair() { # DEVICE MTU
	connect gw "$1" gw "p-$1" "$2"
	quiet_up gw "$1" "p-$1"
}
blast() { # DEVICE FRAMES BYTES
	in_ns gw "$PYTHON" "$here/traffic.py" blast "p-$1" "$2" "$3" >/dev/null
}
counted_both() { # DEVICE: "frames bytes"
	agent gw --status --json 2>/dev/null | jq -r ".devices[] | select(.device == \"$1\") | \"\(.frames) \(.bytes)\""
}

# With a frame as long as the MTU lets through, or as long as the sender can make.
each_mtu() { # MTU
	pair dev0 "$1"
	size=$(($1 + 14))
	[ $size -le 60000 ] || size=60000
	for mode in auto tc clsact; do
		attach gw -i dev0 -m $mode
		[ $mode != auto ] || check_equal "MTU $1: attached by" "$(status gw .mode)" native
		blast dev0 $FRAMES $size
		check_equal "MTU $1, -m $mode: frames of $size bytes" "$(counted_both dev0)" "$FRAMES $((FRAMES * size))"
		agent gw --detach
		proven=$((proven + FRAMES))
	done
	ip -n "$run-gw" link del dev0
}

# The admin is not kept from it by what was attached at a lower one.
raised() {
	pair dev0 1500
	for mode in auto tc clsact; do
		attach gw -i dev0 -m $mode
		bytes=0
		for mtu in 3520 9000 65535 1500; do
			check "raised to $mtu with -m $mode attached" set_mtu dev0 $mtu
			size=$((mtu > 8000 ? 8000 : mtu))
			blast dev0 $FRAMES $size
			bytes=$((bytes + FRAMES * size))
		done
		check_equal "-m $mode: all frames, all bytes" "$(counted_both dev0)" "$((4 * FRAMES)) $bytes"
		agent gw --detach
		proven=$((proven + 4 * FRAMES))
	done
}

# A driver that takes no program for frames in several buffers, made by refusing the first link: one for
# frames in one buffer takes its place, and where the MTU is too large for that, the tc hook.
first_link_refused() {
	in_ns gw strace -qq -o "$T/trace" -e trace=bpf "$AGENT" --pin-dir "$PINS" --attach -i dev0 2>/dev/null
	agent gw --detach
	number=$(grep -n BPF_LINK_CREATE "$T/trace" | head -n 1 | cut -d: -f1)
	in_ns gw strace -qq -o "$T/trace" -e trace=bpf -e "inject=bpf:error=EINVAL:when=$number" \
		"$AGENT" --pin-dir "$PINS" --attach -i dev0 2>"$T/said"
	blast dev0 $FRAMES 1000
	proven=$((proven + FRAMES))
}
one_buffer() {
	first_link_refused
	check_equal "a driver without frames in several buffers" "$(status gw .mode) $(counted_both dev0)" \
		"native $FRAMES $((FRAMES * 1000))"
	agent gw --detach
	ip -n "$run-gw" link del dev0
	pair dev0 9000
	first_link_refused
	check "and with an MTU too large for one, said: $(grep native "$T/said")" \
		grep -q 'counted at the tc hook, as native XDP is refused: .*(.*MTU' "$T/said"
	check_equal "counted there" "$(status gw .hook) $(counted_both dev0)" "tc $FRAMES $((FRAMES * 1000))"
	agent gw --detach
	attach gw -i dev0 -m generic
	blast dev0 $FRAMES 8000
	check_equal "generic, which is in one buffer: frames of 8000 bytes" "$(counted_both dev0)" "$FRAMES $((FRAMES * 8000))"
	agent gw --detach
	proven=$((proven + FRAMES))
}

for mtu in 1500 3498 3520 9000 65535; do each_mtu $mtu; done
raised
one_buffer
[ $failures = 0 ] && echo "figure: R05 MTUs of 1500 to 65535 attached, $proven frames of up to 60000 bytes exact, raised with 3 modes attached"
finish
