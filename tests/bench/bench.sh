#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Measures what portacct costs: a packet in the kernel, the agent's own work, its memory. Needs
# root. All of it happens in a network namespace, on a device and in a directory of its own, removed
# at the end. The exit status is 0 unless something could not be measured; of a budget it only says
# whether it is kept.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
name=portacct-bench-$$
budget_kb=16384
work='' pids=''

skip() {
	echo "skipped: $*"
	exit 1
}

clean_up() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	[ -e "/run/netns/$name" ] && ip netns del "$name"
	[ -n "$work" ] && rm -rf "$work"
}

prepare() {
	[ "$(id -u)" = 0 ] || skip 'loading BPF programs needs root'
	for tool in ip nsenter unshare; do
		command -v $tool >/dev/null ||
			skip "$tool is missing (packages iproute2, util-linux)"
	done
	trap clean_up EXIT
	trap 'exit 130' INT TERM
	work=$(mktemp -d) || exit 1
	mkdir "$work/bpffs" || exit 1
	ip netns add "$name" || skip 'no network namespace can be made here'
	inside ip link add bench0 type veth peer name bench1 ||
		skip 'no veth device can be made here'
	inside ip link set bench0 up && inside ip link set bench1 up
}

inside() {
	nsenter --net="/run/netns/$name" "$@"
}

memory_of() { # PID FIELD: kB
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status" 2>/dev/null
}

# The agent with its built-in database, its pins on a file system that only it sees.
start_agent() {
	unshare --mount sh -c 'mount -t bpf bpf "$1/bpffs" && shift && exec "$@"' sh "$work" \
		nsenter --net="/run/netns/$name" "$O/agent" -i bench0 -t 1 -o "$work/agent.prom" \
		--pin-dir "$work/bpffs/portacct" >"$work/agent.log" 2>&1 &
	agent=$!
	pids="$pids $agent"
}

measure_memory() {
	start_agent
	"$O/tests/bench/bench" idle &
	idle=$!
	sleep 100 &
	nothing=$!
	pids="$pids $idle $nothing"
	sleep 2.5
	rss=$(memory_of "$agent" VmRSS) peak=$(memory_of "$agent" VmHWM)
	if [ -z "$rss" ] || [ ! -s "$work/agent.prom" ]; then
		sed 's/^/agent: /' "$work/agent.log" >&2
		skip 'the agent does not run'
	fi
	verdict='within budget'
	[ "$peak" -le $budget_kb ] || verdict='over budget'
	echo
	echo "$verdict: the agent's memory with the built-in database in $budget_kb kB:" \
		"VmRSS $rss kB, VmHWM $peak kB after two intervals"
	echo "  (VmRSS of a process with the same libraries that does nothing:" \
		"$(memory_of "$idle" VmRSS) kB; of sleep: $(memory_of "$nothing" VmRSS) kB)"
}

prepare
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
echo "$("$O/agent" --version | head -n 1), kernel $(uname -r), $(nproc) CPUs: ${model:-$(uname -m)}"
echo
status=0
inside "$O/tests/bench/bench" packets "$O/tests/bench" bench0 || status=1
inside "$O/tests/bench/bench" agent bench0 "$work" || status=1
measure_memory
exit $status
