# SPDX-License-Identifier: GPL-2.0-only
# Sourced behind lib.sh by the tests of the hooks: what is on a device, and what an agent counts there.
# shellcheck shell=sh disable=SC2034
ADDRESS=02:bb:bb:bb:bb:bb # that traffic.py sends to

have_tcx() { in_ns "$1" "$PYTHON" "$here/tcx.py" have; }
tcx_programs() { in_ns "$1" "$PYTHON" "$here/tcx.py" query "$2" "$3" 2>/dev/null; } # NAMESPACE DEVICE ingress|egress
filters() { # NAMESPACE DEVICE: one word for each filter of either direction
	for direction in ingress egress; do
		in_ns "$1" tc -j filter show dev "$2" $direction 2>/dev/null |
			jq -r '.[] | select(.options) | "'$direction':\(.kind):\(.options.handle // .options.bpf_name // "")"'
	done | xargs
}
qdisc() { in_ns "$1" tc -j qdisc show dev "$2" | jq -r '.[] | select(.kind == "clsact" or .kind == "ingress") | .kind'; }
# All that can be on a device: empty where there is nothing.
hooks() { # NAMESPACE DEVICE
	echo "$(xdp_program "$1" "$2") $(tcx_programs "$1" "$2" ingress) $(tcx_programs "$1" "$2" egress) $(filters "$1" "$2") $(qdisc "$1" "$2")" | xargs
}

rename() { # DEVICE NEW..., in gw
	while [ $# -gt 1 ]; do
		ip -n "$run-gw" link set "$1" down
		ip -n "$run-gw" link set "$1" name "$2"
		quiet_up gw "$2"
		shift 2
	done
}
make_device() { # NAMESPACE DEVICE; the peer is p-DEVICE
	connect "$1" "$2" "$1" "p-$2"
	quiet_up "$1" "$2" "p-$2"
}
send() { # NAMESPACE DEVICE COUNT: frames to domain/udp
	in_ns "$1" "$PYTHON" "$here/traffic.py" sweep "$2" 53 1 "$3"
}

attach() { # NAMESPACE OPTION...; its words are in $T/said
	agent "$@" --attach 2>"$T/said" || not_ok "attach $*: $(cat "$T/said")"
}
status() { # NAMESPACE JQ-FILTER of a device
	agent "$1" --status --json 2>"$T/err" | jq -r "[.devices[] | $2] | join(\" \")"
}
counted() { # NAMESPACE DEVICE [received|transmitted]
	agent "$1" --status --json 2>"$T/err" |
		jq "[.devices[] | select(.device == \"$2\" and .traffic == \"${3:-received}\") | .frames] | add // 0"
}

# A program that lets everything pass to the next one, pinned as $T/bpf/foreign_TYPE.
load_foreign() { # xdp|tc
	case $1 in
	xdp) section=xdp type=xdp verdict=2 ;;
	*) section=tc type=classifier verdict=-1 ;;
	esac
	echo "__attribute__((section(\"$section\"), used)) int foreign(void *ctx) { return $verdict; }" |
		clang -target bpf -O2 -g -x c - -c -o "$T/foreign_$1.o" &&
		bpftool prog load "$T/foreign_$1.o" "$T/bpf/foreign_$1" type $type ||
		not_ok "the foreign $1 program is not loaded"
}

# A library that takes features of the kernel away from the agent; ends the script where there is none.
make_lesser() {
	$CC -shared -fPIC -o "$T/lesser.so" tests/netns/lesser_kernel.c -ldl 2>"$T/err" && return
	echo "skipped: the library that takes features away is not built: $(head -1 "$T/err")"
	exit 0
}
lesser() { # WORDS COMMAND...: with a kernel that lacks these
	words=$1
	shift
	LACKS=$words LD_PRELOAD=$T/lesser.so "$@"
}
