# SPDX-License-Identifier: GPL-2.0-only
# Sourced by what runs in the virtual machine; brings tests/reliability/lib.sh. What is there of a host is
# busybox, ip, ethtool, bpftool and what was built.
# shellcheck shell=sh disable=SC2034
O=build
PATIENCE=6 # all is emulated, and the host may have other work
. tests/reliability/lib.sh
PPP=$build/tests/qemu/ppp
COUNT=1000

# The markers that check.sh looks for. A name is one line. What fails is also counted for the last line.
ok() { echo "T PASS $*"; }
not_ok() {
	echo "T FAIL $*" | tr '\n' ' ' && echo
	echo >>/run/failed
}
skip() { echo "T SKIP $*"; }

# Only to know what the kernel itself shows, or lacks.
is_before() { # MAJOR MINOR
	uname -r | awk -F '[.-]' -v major="$1" -v minor="$2" '{ exit !($1 < major || ($1 == major && $2 < minor)) }'
}

begin_guest() { # NAME
	T=/tmp/$1
	PINS=/sys/fs/bpf/portacct PROM=$T/textfile/portacct.prom
	mkdir -p "$T/textfile"
}

agent() { # NAMESPACE OPTION...
	where=$1
	shift
	in_ns "$where" timeout 300 "$AGENT" --pin-dir "$PINS" -o "$PROM" "$@"
}

# What was sent may still be on its way when the sender ends: in a queue, or encrypted by other processors.
has_arrived() { # NAME
	agent ns --once 2>"$T/err" || {
		not_ok "$1: --once: $(cat "$T/err")"
		return 0
	}
	[ "$(prom_sum device_receive_packets_total)" -ge "$(sender_said "$T/sent" sent)" ]
}
read_all() { # NAME: the textfile, once all that was sent has come, or after some time
	wait_until 2 has_arrived "$1"
}

# Frames that the queue of peer0 had no room for; older kernels do not tell the sender.
dropped() { in_ns ns awk '$1 == "peer0:" { print $13 }' /proc/net/dev; }
taken() { # FILE: frames that the sender gave to peer0
	echo $(($(sender_said "$1" sent) + $(sender_said "$1" refused)))
}

programs() { bpftool prog show 2>&1 || echo "bpftool prog show fails: $?"; }

# What the kernel would show if anything of the agent were left; or that it cannot be asked.
what_is_left() {
	find /sys/fs/bpf -mindepth 1
	programs | grep 'portacct\|bpftool.* fails'
	for namespace in /run/netns/*; do
		nsenter --net="$namespace" ip -o link show | grep xdp
		nsenter --net="$namespace" ip -o link show | grep clsact
	done
}

check_detached() { # WHAT, which is still attached
	programs | grep -q portacct || not_ok "$1: bpftool shows no program of the agent's: $(programs)"
	agent ns --detach >"$T/out" 2>&1 || not_ok "$1: --detach: $(cat "$T/out")"
	check_equal "$1: nothing is left behind" "$(what_is_left)" ''
}

send() { # SENDER-NAMESPACE OPTION...
	from=$1
	shift
	in_ns "$from" "$SEND" -r 5000 -c $COUNT "$@" >"$T/sent" 2>"$T/err" ||
		not_ok "send $*: $(cat "$T/err")"
}

# Services whose number is not what was sent; "none". FACTOR: so many times.
wrong_services() { # receive|transmit [FACTOR]
	wrong=''
	for service in https http ssh domain ntp; do
		wanted=$(($(sender_said "$T/sent" $service) * ${2:-1}))
		got=$(prom_sum "service_$1_packets_total" "service=\"$service\"")
		[ "$got" = $wanted ] || wrong="$wrong $service($got,not,$wanted)"
	done
	wanted=$(($(sender_said "$T/sent" unclassified_sctp) * ${2:-1}))
	got=$(prom_sum "bucket_$1_packets_total" 'bucket="unclassified_sctp"')
	[ "$got" = $wanted ] || wrong="$wrong sctp($got,not,$wanted)"
	[ -z "$wrong" ] || wrong="$wrong; buckets:$(buckets)"
	echo "${wrong:-none}"
}

buckets() {
	sed -n 's/^portacct_bucket_[rt][a-z]*_packets_total{.*bucket="\([a-z0-9_]*\)"} \([1-9][0-9]*\)$/ \1=\2/p' \
		"$PROM" | tr -d '\n'
}
