#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check.sh [VERSION[:PART,...]...]
# Boots kernels of Debian's under QEMU, each with the agent that is built, and prints what was found there, a
# line a check. A PART is a script in guest/, and with =ARGUMENT+... it has arguments; without any, all run.
# A VERSION that ends in -i386 is a 32-bit kernel: with the agent that tests/port/check.sh has built for it.
# What the machine writes to its console decides, and without its last line it has failed; QEMU's exit status
# says nothing. Under KVM where that works, else emulated, which is slower and good enough: no check asks for
# times.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
export O
ALL='5.10 6.1 6.12 newest'
PARTS=basic,kinds,machine,nobtf
SECONDS_EACH=1500 # a machine that hangs is ended; on a busy host one takes 700
SECONDS_IN_ALL=${SECONDS_IN_ALL:-0} # with the packages, for a test that is ended itself; 0: no limit
began=$(date +%s)
PATH=$PATH:/usr/sbin:/sbin
bad=0

not_ok() {
	echo "not ok - $*"
	bad=1
}

# On a busy machine an emulated timer may seem broken to the kernel: it is not to look. In the background, so that
# a signal to this shell is acted upon at once and ends the machine.
boot() { # VERSION PARTS SECONDS LOG ACCELERATION...
	booted=$1 to_run=$2 seconds=$3 console=$4
	shift 4
	: >"$console" # not of an earlier run
	nice -n 10 timeout -k 5 "$seconds" qemu-system-x86_64 "$@" -smp 2,maxcpus=4 -m 768 -nographic -no-reboot \
		-nic none -kernel "$O/kernels/$booted/vmlinuz" \
		-initrd "$O/kernels/initramfs.$booted.$$" \
		-append "console=ttyS0 panic=-1 quiet loglevel=4 mitigations=off no_timer_check portacct.parts=$to_run" \
		</dev/null >"$console.raw" 2>&1 &
	machine=$!
	wait $machine
	machine=''
	tr -d '\r' <"$console.raw" >"$console"
	rm -f "$console.raw"
}

end_machine() {
	[ -z "$machine" ] || { kill "$machine" && wait "$machine"; } 2>/dev/null
}

# A machine with KVM need not be able to use it. Whether it can is tried once as long as it is up. Emulated, both
# processors run in one thread: with one each, QEMU 7.2 once ran an int3 that the kernel had put into
# bpf_dispatcher_xdp_func() for a moment, after that moment. Two machines run at a time, so it takes no longer.
find_acceleration() { # VERSION; sets $acceleration
	answer=$O/kernels/acceleration-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$answer" ]; then
		rm -f "$O"/kernels/acceleration-*
		kind='tcg,thread=single -cpu max'
		if [ -w /dev/kvm ]; then
			boot "$1" none 5 "$O/kernels/kvm.log" -accel kvm -cpu host
			! grep -q '^T END' "$O/kernels/kvm.log" || kind='kvm -cpu host'
		fi
		echo "$kind" >"$answer"
	fi
	acceleration=$(cat "$answer")
}

# Begins each line with the kernel's version. A marker may stand behind what the firmware wrote.
report() { # VERSION LOG
	sed -n "s/^.*T PASS /ok - $1: /p; s/^.*T FAIL /not ok - $1: /p; s/^.*T SKIP /skipped: $1: /p" "$2"
	! grep -q 'T FAIL ' "$2" || bad=1
	if ! grep -q '^T END' "$2"; then
		not_ok "$1: the machine ended, or was ended after $seconds_left s, before its tests; its last lines:"
		tail -n 30 "$2"
	elif ! grep -q '^T END 0 failed' "$2"; then
		not_ok "$1: $(sed -n 's/^T END //p' "$2")"
	elif ! grep -q 'T PASS ' "$2"; then
		not_ok "$1: nothing was checked"
	fi
}

# What a machine may take: less where much has been used up before.
find_seconds() { # sets $seconds_left
	seconds_left=$SECONDS_EACH
	[ "$SECONDS_IN_ALL" != 0 ] || return 0
	rest=$((SECONDS_IN_ALL - $(date +%s) + began))
	[ $rest -gt 0 ] || rest=1
	[ $rest -ge $seconds_left ] || seconds_left=$rest
}

# What the machine wrote is left in VERSION.log.
check_kernel() { # VERSION PARTS
	started=$(date +%s)
	find_seconds
	# shellcheck disable=SC2086
	boot "$1" "$2" $seconds_left "$O/kernels/$1.log" -accel $acceleration
	report "$1" "$O/kernels/$1.log"
	echo "# $1 is $(cat "$O/kernels/$1/release"), $(($(date +%s) - started)) s"
}

# What is built for the kernel, and the tools that go with it, where they are not this machine's.
find_built() { # VERSION; sets $built, $tools
	built=$O tools=''
	case $1 in *-i386) ;; *) return 0 ;; esac
	built=$O/port/i386/out tools=$O/port/i386/guest
	if [ ! -x "$built/agent" ] || [ ! -x "$built/tests/reliability/send" ] || [ ! -e "$tools/.packages" ]; then
		echo "skipped: $1: nothing is built for it: make check-port PORTS=i386"
		return 1
	fi
}

# A mirror that takes half of the time, where there is a limit, leaves too little for the machine.
fetch() { # VERSION
	timeout -k 5 $((SECONDS_IN_ALL / 2)) sh tests/qemu/kernels.sh "$1" &
	machine=$!
	wait $machine
	fetched=$?
	machine=''
	[ $fetched -lt 124 ] || echo "its package cannot be had in $((SECONDS_IN_ALL / 2)) s" >&2
	return $fetched
}

prepare() { # VERSION
	find_built "$1" || return
	if ! fetch "$1" 2>"$O/kernels/why"; then
		echo "skipped: $1: $(tail -n 1 "$O/kernels/why")"
		return 1
	fi
	sed "s/^/# $1: /" "$O/kernels/why"
	if ! BUILD=$built ROOT=$tools sh tests/qemu/initramfs.sh "$O/kernels/$1" "$O/kernels/initramfs.$1.$$"; then
		not_ok "$1: what is to run there cannot be packed"
		return 1
	fi
	find_acceleration "$1"
}

wait_for() { # VERSION=PROCESS
	wait "${1#*=}" || bad=1
	cat "$O/kernels/${1%%=*}.said"
}

# Two machines at a time, each of which keeps one processor busy for the most part. What they say is
# printed one after the other.
check_all() { # KERNEL...
	for kernel; do
		version=${kernel%%:*} parts=${kernel#*:}
		[ "$version" != "$kernel" ] || parts=$PARTS
		prepare "$version" || continue
		(
			trap end_machine EXIT
			trap 'exit 143' TERM
			bad=0
			check_kernel "$version" "$parts"
			exit $bad
		) >"$O/kernels/$version.said" 2>&1 &
		running="$running $version=$!"
		case $running in
		' '*' '*)
			first=${running# }
			wait_for "${first%% *}"
			running=" ${first#* }"
			;;
		esac
	done
	for kernel in $running; do wait_for "$kernel"; done
	running=''
}

clean_up() {
	end_machine
	for kernel in $running; do kill "${kernel#*=}" && wait "${kernel#*=}"; done 2>/dev/null
	rm -f "$O"/kernels/initramfs.*.$$*
}

if [ "$(uname -m)" != x86_64 ]; then
	echo "skipped: the machine is no x86_64, whose kernels these are"
	exit 0
fi
for tool in qemu-system-x86_64 busybox cpio ip ethtool "${BPFTOOL:-bpftool}"; do
	command -v "$tool" >/dev/null && continue
	echo "skipped: $tool is missing"
	exit 0
done
mkdir -p "$O/kernels"
machine='' # process of the one that this shell waits for
running='' # VERSION=PROCESS of each that has one
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE
# shellcheck disable=SC2086
[ $# != 0 ] || set -- $ALL
check_all "$@"
exit $bad
