# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the tests that need network namespaces. They run from the root of the tree, as root.
# Everything they make carries this run's number and is removed when the script ends, however it ends:
# namespaces, the BPF file system for the pins, the directory $T, the processes.
# shellcheck shell=sh disable=SC2034

O=${O:-build}
here=$(pwd)/tests/netns
case $O in /*) build=$O ;; *) build=$(pwd)/$O ;; esac
AGENT=${AGENT:-$build/agent}
PYTHON=${PYTHON:-/usr/bin/python3}
PATH=$PATH:/usr/sbin:/sbin:$build/debs/usr/bin
run=pa$$
failures=0
pids='' namespaces='' mounts='' T='' spawned=''

ok() { echo "ok - $*"; }
not_ok() {
	echo "not ok - $*"
	failures=$((failures + 1))
}

check() { # DESCRIPTION COMMAND...
	description=$1
	shift
	if "$@"; then ok "$description"; else not_ok "$description"; fi
}

check_equal() { # DESCRIPTION GOT WANTED
	if [ "$2" = "$3" ]; then ok "$1: $2"; else not_ok "$1: $2, wanted $3"; fi
}

# Exactly this exit status, and this sentence on standard error.
check_fails() { # DESCRIPTION STATUS PATTERN COMMAND...
	description=$1 wanted=$2 pattern=$3
	shift 3
	"$@" >"$T/out" 2>"$T/err"
	status=$?
	if [ $status = "$wanted" ] && grep -q -- "$pattern" "$T/err"; then
		ok "$description: exit $status, '$(head -1 "$T/err")'"
	else
		not_ok "$description: exit $status, '$(cat "$T/err")', wanted $wanted and '$pattern'"
	fi
}

# True as soon as the command is, false if it is not in time.
wait_until() { # SECONDS COMMAND...
	tries=$(($1 * 10 * ${PATIENCE:-1}))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

is_running() { [ -d "/proc/$1" ] && ! grep -qs '^State:.Z' "/proc/$1/status"; }
is_gone() { ! is_running "$1"; }

# The number of a process that has ended is given to another, some time. When it was started tells them apart.
started_at() { # PID; nothing where there is none
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return
	# shellcheck disable=SC2086
	set -- ${stat##*) } # from field 3 on, as the name before it may hold anything
	echo "${20}"
}

# For the background processes of this run, all of which end with it.
remember() { # PID
	pids="$pids $1:$(started_at "$1")"
}

# Whether one that was remembered has ended, and who has its number now is none of this run's.
is_anothers() { # PID
	case " $pids " in
	*" $1:$(started_at "$1") "*) return 1 ;;
	*" $1:"*) ;;
	*) return 1 ;;
	esac
}
has_ended() { is_gone "$1" || is_anothers "$1"; }

# Ends a process of this run and returns its exit status.
stop() { # PID [SIGNAL]
	is_anothers "$1" || kill -"${2:-TERM}" "$1" 2>/dev/null
	wait_until 10 has_ended "$1" || {
		echo "# process $1 does not end on SIG${2:-TERM}"
		kill -KILL "$1"
	}
	wait "$1" 2>/dev/null
}

end_remembered() {
	for pid in $pids; do
		is_anothers "${pid%:*}" || kill "${pid%:*}" 2>/dev/null
	done
	for pid in $pids; do
		wait_until 2 has_ended "${pid%:*}" || kill -KILL "${pid%:*}" 2>/dev/null
	done
}

clean_up() {
	trap '' INT TERM HUP PIPE
	end_remembered
	for name in $namespaces; do ip netns del "$name"; done
	for mount in $mounts; do umount "$mount"; done
	[ -z "$T" ] || rm -rf "$T"
}

# Ends the script if something is missing, with the line that says so.
begin() { # TOOL...
	if [ "$(id -u)" != 0 ]; then
		echo "skipped: network namespaces need root"
		exit 0
	fi
	for tool in "$AGENT" "$PYTHON" ip nsenter ethtool jq "$@"; do
		command -v "$tool" >/dev/null && continue
		echo "skipped: $tool is missing"
		exit 0
	done
	T=$(mktemp -d "${TMPDIR:-/tmp}/$run.XXXXXX") || exit 1
	chmod 755 "$T"
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP PIPE
	mkdir "$T/bpf" "$T/textfile"
	if ! mount -t bpf bpf "$T/bpf"; then
		echo "skipped: a BPF file system cannot be mounted"
		exit 0
	fi
	mounts=$T/bpf
	PINS=$T/bpf/portacct
	PROM=$T/textfile/portacct.prom
	if ! ip netns add "$run-probe" 2>/dev/null; then
		echo "skipped: network namespaces cannot be made"
		exit 0
	fi
	ip netns del "$run-probe"
}

finish() {
	[ $failures = 0 ] || echo "# $failures checks failed"
	[ $failures = 0 ]
	exit
}

# ---- namespaces: called by their short names, so that two runs do not meet
in_ns() { # NAMESPACE COMMAND...
	inside=/run/netns/$run-$1
	shift
	nsenter --net="$inside" "$@"
}

spawn() { # NAMESPACE COMMAND...; sets $spawned
	inside=/run/netns/$run-$1
	shift
	nsenter --net="$inside" "$@" &
	spawned=$!
	remember $spawned
}

# In the foreground: one that should have ended and did not is a failure, not a test that hangs.
agent() { # NAMESPACE OPTION...
	where=$1
	shift
	in_ns "$where" timeout --foreground 30 "$AGENT" --pin-dir "$PINS" -o "$PROM" "$@"
}

spawn_agent() { # NAMESPACE OPTION...
	where=$1
	shift
	spawn "$where" "$AGENT" --pin-dir "$PINS" -o "$PROM" "$@"
}

# No duplicate address detection and no router solicitations: addresses work at once.
add_namespace() { # NAMESPACE
	ip netns add "$run-$1" || exit 1
	namespaces="$namespaces $run-$1"
	ip -n "$run-$1" link set lo up
	for key in accept_dad router_solicitations; do
		for scope in all default; do
			in_ns "$1" sh -c "echo 0 >/proc/sys/net/ipv6/conf/$scope/$key"
		done
	done
}

# A veth pair. What the peer sends reaches the counted device frame by frame: the peer neither leaves
# segmentation nor checksums to it, and the counted device merges nothing before a capture sees it.
connect() { # NAMESPACE COUNTED NAMESPACE PEER [MTU]
	ip -n "$run-$1" link add "$2" mtu "${5:-1500}" type veth peer name "$4" mtu "${5:-1500}" netns "$run-$3" ||
		exit 1
	in_ns "$1" ethtool -K "$2" gro off >/dev/null
	in_ns "$3" ethtool -K "$4" tso off gso off tx off txvlan off >/dev/null
}

# A client, a gateway, a server. The gateway's devices are up, their peers are not: nothing is
# received before peers_up nor after peers_down, so that two counts have the same start and end.
make_gateway() {
	add_namespace client
	add_namespace gateway
	add_namespace server
	connect gateway gwlan client c0
	connect gateway gwwan server s0
	in_ns gateway sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip -n "$run-gateway" address add 10.1.0.1/24 dev gwlan
	ip -n "$run-gateway" address add 10.2.0.1/24 dev gwwan
	ip -n "$run-gateway" -6 address add fd01::1/64 dev gwlan
	ip -n "$run-gateway" -6 address add fd02::1/64 dev gwwan
	ip -n "$run-gateway" link set gwlan up
	ip -n "$run-gateway" link set gwwan up
}

peer_up() { # NAMESPACE DEVICE NUMBER
	ip -n "$run-$1" link set "$2" up
	ip -n "$run-$1" address add "10.$3.0.2/24" dev "$2"
	ip -n "$run-$1" -6 address add "fd0$3::2/64" dev "$2"
	ip -n "$run-$1" route add default via "10.$3.0.1"
	ip -n "$run-$1" -6 route add default via "fd0$3::1"
}

peers_up() {
	peer_up client c0 1
	peer_up server s0 2
	wait_until 5 in_ns client "$PYTHON" "$here/traffic.py" ping fd02::2 1 >/dev/null
}

peers_down() {
	ip -n "$run-client" link set c0 down
	ip -n "$run-server" link set s0 down
}

# Without IPv6 the kernel sends nothing by itself.
quiet_up() { # NAMESPACE DEVICE...
	quiet=$1
	shift
	for device; do
		in_ns "$quiet" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
		ip -n "$run-$quiet" link set "$device" up
	done
}

link_stat() { # NAMESPACE DEVICE rx|tx FIELD
	ip -n "$run-$1" -s -j link show dev "$2" | jq ".[0].stats64.$3.$4"
}

# The same program, but that it says to be another version: only where the version begins, as compilers split
# strings, and not where libbpf names versions of its own symbols.
say_another_version() { # BINARY NUMBERS OUT; NUMBERS: as many digits as it has, "9.1.0"
	numbers=$("$1" --version | sed 's/[^ ]* \([0-9.]*\).*/\1/;q')
	"$PYTHON" -c 'import re, sys
own, other = (word.encode() for word in sys.argv[1:])
sys.stdout.buffer.write(re.sub(rb"(?<!LIBBPF_)" + re.escape(own), other, sys.stdin.buffer.read()))' \
		"$numbers" "$2" <"$1" >"$3"
	chmod +x "$3"
}

# The id of the XDP program on a device; empty without one.
xdp_program() { # NAMESPACE DEVICE
	ip -n "$run-$1" -j link show dev "$2" | jq -r '.[0].xdp.prog.id // empty'
}

# Sum over the samples of a family in the textfile whose line has all the words.
prom_sum() { # FAMILY WORD...
	family=$1
	shift
	awk -v family="portacct_$family{" -v words="$*" '
		BEGIN { count = split(words, word, " ") }
		index($0, family) == 1 {
			for (i = 1; i <= count; i++) if (!index($0, word[i])) next
			sum += $NF
		}
		END { printf "%d\n", sum }' "$PROM"
}
