#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the kernel lacks is said once in one line, and shown by --status; counting without it is right.
# The kernel here may lack nothing, so a library between the agent and it takes each feature away. And the
# memory that --status computes, beside what the kernel says of its maps.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
. tests/netns/hooks_lib.sh
CC=${CC:-cc}
begin "$CC" bpftool tc setpriv
make_lesser
add_namespace gw
make_device gw dev0
FEATURES='batch_reads frags tcx cap_bpf group_reads'

lines_for() { # FEATURE
	case $1 in
	batch_reads) echo 'kernel: has no batch reads of per-CPU maps: ' ;;
	frags) echo 'kernel: has no XDP for frames in several buffers: ' ;;
	tcx) echo 'kernel: has no tcx links: ' ;;
	cap_bpf) echo 'kernel: has no CAP_BPF and CAP_PERFMON: ' ;;
	group_reads) echo 'kernel: has no reads of maps without CAP_BPF: ' ;;
	esac
}

# ---- what this kernel has, by its own --status
there() { # FEATURE: this kernel has it
	jq -e ".kernel.$1" "$T/first" >/dev/null
}
agent gw --attach -i dev0 2>"$T/said" || not_ok "attach: $(cat "$T/said")"
agent gw --status --json >"$T/first"
check_equal 'release of the kernel' "$(jq -r .kernel.release "$T/first")" "$(uname -r)"
check_equal 'lines of a start, and features that are missing' "$(grep -c '^kernel: ' "$T/said")" \
	"$(jq '[.kernel | del(.release)[] | select(. == false)] | length' "$T/first")"
check_equal 'root is told of all' "$(jq -c '.kernel | [length, all(. != null)]' "$T/first")" '[6,true]'
if in_ns gw "$PYTHON" "$here/tcx.py" have; then has_tcx=true; else has_tcx=false; fi
check_equal 'tcx' "$(jq .kernel.tcx "$T/first")" $has_tcx
agent gw --detach

# ---- some alone, and all at once: said, shown, and counted right nevertheless
try() { # WORDS
	lesser "$1" agent gw --attach --egress -i dev0 2>"$T/said" || not_ok "without $1: $(cat "$T/said")"
	for feature in $1; do
		check_equal "without $feature: $(grep "$(lines_for "$feature")" "$T/said"): lines" \
			"$(grep -c "^$(lines_for "$feature")" "$T/said")" 1
	done
	for feature in $FEATURES; do
		case " $1 " in *" $feature "*) continue ;; esac
		! there "$feature" || ! grep "^$(lines_for "$feature")" "$T/said" ||
			not_ok "without $1: $feature is said to be missing"
	done
	send gw p-dev0 100
	lesser "$1" agent gw --status --json >"$T/status" 2>"$T/err" || not_ok "without $1: $(cat "$T/err")"
	check_equal "without $1: shown, frames, account of the domain service" \
		"$(jq -c "[.kernel.$(echo "$1" | sed 's/ /, .kernel./g')] | unique" "$T/status") $(
			jq '[.devices[] | select(.traffic == "received") | .frames] | add' "$T/status") $(
			lesser "$1" agent gw --once && prom_sum service_receive_packets_total 'service="domain"')" \
		'[false] 100 100'
	lesser "$1" agent gw --detach 2>"$T/err" || not_ok "without $1: $(cat "$T/err")"
	check_equal "without $1: left on the device" "$(hooks gw dev0)" ''
}
for feature in batch_reads frags tcx; do try "$feature"; done
try "$FEATURES"

# ---- an agent that runs, drops its rights, and looks on its own
lesser "$FEATURES" agent gw --attach --egress -i dev0 2>"$T/said"
check_equal 'without tcx: hooks' "$(lesser tcx agent gw --status --json | jq -r '[.devices[] | "\(.hook) \(.mode)"] | join(", ")')" \
	'xdp native, tc clsact'
LACKS=$FEATURES LD_PRELOAD=$T/lesser.so spawn_agent gw -i dev0 --egress -t 1 2>"$T/log" >/dev/null
wait_until 10 grep -q 'counting (native' "$T/log"
send gw p-dev0 20
lesser "$FEATURES" agent gw --status >"$T/text"
check_equal 'an agent: lines of --status' "$(grep -c '^  has no ' "$T/text")" 5
check_equal 'an agent: capabilities, CAP_NET_ADMIN and CAP_SYS_ADMIN' \
	"$(sed -n 's/^CapEff:\t0*//p' "/proc/$spawned/status")" 201000
stop "$spawned"
check_equal 'an agent: exit status' $? 0
check_equal 'an agent: lines of what is missing' "$(grep -c '^kernel: has no ' "$T/log")" 5
check_equal 'an agent: frames' "$(counted gw dev0)" 20
agent gw --detach

# ---- a member of the group cannot ask for all
as_member() { in_ns gw setpriv --reuid 65534 --regid 65534 --groups 54321 "$@"; }
agent gw --attach -i dev0 --group 54321 2>"$T/said" || not_ok "attach: $(cat "$T/said")"
chmod 755 "$T/bpf"
if there group_reads; then
	as_member "$AGENT" --pin-dir "$PINS" --status --json >"$T/member" 2>"$T/err" || not_ok "--status: $(cat "$T/err")"
	check_equal 'a member: of frags, tcx, batch reads; all memory, the device'"'"'s' \
		"$(jq -c '[.kernel.frags, .kernel.tcx, .kernel.batch_reads, .memory_bytes, .devices[0].memory_bytes]' "$T/member")" \
		"$(jq -c '[null, null, .kernel.batch_reads, null, .devices[0].memory_bytes]' "$T/first")"
else
	echo 'skipped: members of the group cannot read here'
fi

# ---- memory, as the kernel accounts for it; the table of ports lies in another map
kernel_bytes() { # DIRECTORY
	for pin in $(find "$1" -type f ! -name link); do
		bpftool -j map show pinned "$pin" 2>/dev/null | jq '.bytes_memlock // 0'
	done | awk '{ sum += $1 } END { print sum + 0 }'
}
near() { # A B: within 10 %; kernels before 6.4 count whole pages, and not all of a hash table
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b * 0.9 && a <= b * 1.1) }'
}
told=$(agent gw --status --json | jq .memory_bytes)
kernel=$(($(kernel_bytes "$PINS") + 262144 * 8))
check "memory: $told bytes told, $kernel by the kernel" near "$told" "$kernel"
told=$(agent gw --status --json | jq '.devices[0].memory_bytes')
kernel=$(kernel_bytes "$(find "$PINS" -type d -name dev0)")
check "memory of the device: $told bytes told, $kernel by the kernel" near "$told" "$kernel"
check_equal 'processors' "$(agent gw --status --json | jq -c .processors_online)" "$(getconf _NPROCESSORS_ONLN)"
few_processors() { [ "$(agent gw --status --json | jq .processors_possible)" -le 64 ]; }
is_small=false # as maps of many processors are not
if few_processors; then
	is_small=true
	check_equal 'advice on the memory' "$(agent gw --status --json | jq -c .memory_advice)" null
fi
agent gw --detach

# ---- much memory: one line that says what to change
if [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 2000000 ] && $is_small && there group_reads; then
	agent gw --attach -i dev0 --endpoints 256M 2>"$T/said"
	check_equal 'much memory' "$(grep '^memory: ' "$T/said" | sed 's/about [0-9]* MB/about N MB/')" \
		'memory: the maps take about N MB; the table of marks takes 268 MB of it: --detach, then start with smaller --endpoints'
	agent gw --status >"$T/text"
	check 'and in --status' grep -q '^            the table of marks takes 268 MB of it' "$T/text"
	agent gw --detach
else # of kernels before 5.15 that is too large a piece
	echo 'skipped: 256M cells are too much here'
fi

# ---- not enough of it: refused whole, and it is said what takes less
check_fails 'no memory' 1 "map 'endpoints': cannot be created (less is taken with --unclassified-ports off, smaller --endpoints, fewer services or devices): Cannot allocate memory" \
	lesser memory agent gw --attach -i dev0 --endpoints 64M
check_equal 'no memory: left on the device' "$(hooks gw dev0)" ''
check 'with less, it starts' lesser memory agent gw --attach -i dev0 --endpoints 16M
agent gw --detach
finish
