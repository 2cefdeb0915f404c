#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check.sh [ARCH...]
# Builds for other architectures (i386, s390x and mipsel by default; armhf, arm64, ppc64el) with
# warnings as errors, and runs the unit tests there: on this processor if it can, else under
# qemu-user. So for the C library musl, on this architecture (musl.sh). What is built for i386 runs on
# a 32-bit kernel, too (tests/qemu/check.sh). Compilers, libraries and the emulator are Debian's and lie
# under $O/port: nothing is installed.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
mkdir -p "$O/port" && port=$(cd "$O/port" && pwd) || exit 1
bad=0
LIBRARIES='libc6-dev libc-bin libbpf-dev libelf-dev zlib1g-dev libmnl-dev libjansson-dev libpcap-dev
	libcap-dev libcmocka-dev bpftool'
# What qemu-user does not pass on to the kernel: bpf(), rtnetlink's groups, conntrack, packet sockets.
KERNEL=' test_capture_device test_conntrack test_datapath_live test_devices_read test_devices_watch
	test_pins_group test_pins_mounted test_pins_versions '
# What runs in a virtual machine beside the agent.
GUEST='busybox-static dash util-linux coreutils iproute2 ethtool bpftool'
# Of tests/bpf those that load nothing.
HOST_TESTS='test_reference test_reference_rules test_generate'

ok() { echo "ok - $arch: $*"; }
not_ok() { # WHAT, said more of in $log
	cat "$log"
	echo "not ok - $arch: $*"
	bad=1
}

# Debian's names: of the compiler's target, of the folder of libraries; qemu's; the BPF target.
describe() { # ARCH
	bpf=bpfel
	case $1 in
	i386) triplet=i686-linux-gnu folder=i386-linux-gnu cpu=i386 ;;
	s390x) triplet=s390x-linux-gnu folder=$triplet cpu=s390x bpf=bpfeb ;;
	armhf) triplet=arm-linux-gnueabihf folder=$triplet cpu=arm ;;
	arm64) triplet=aarch64-linux-gnu folder=$triplet cpu=aarch64 ;;
	mipsel) triplet=mipsel-linux-gnu folder=$triplet cpu=mipsel ;;
	ppc64el) triplet=powerpc64le-linux-gnu folder=$triplet cpu=ppc64le ;;
	*) return 1 ;;
	esac
}

fetch() { # DIR ARCH PACKAGE...: false, and says so, where it cannot
	reason=$(sh tests/port/fetch.sh "$@") && return
	echo "skipped: $arch: $reason"
	return 1
}

build() { # GOAL...
	PKG_CONFIG_LIBDIR="$root/usr/lib/$folder/pkgconfig:$root/usr/share/pkgconfig" \
		PKG_CONFIG_SYSROOT_DIR="$root" PATH="$tools/usr/bin:$PATH" \
		LD_LIBRARY_PATH="$tools/usr/lib/$(gcc -print-multiarch)" \
		make -s O="$out" WERROR=1 BPF_TARGET="$bpf" BPFTOOL="$bpftool" \
		CC="$triplet-gcc --sysroot=$root" LDFLAGS="$loader" "$@" >"$log" 2>&1
}

# Programs name the libraries under the root, and i386's their loader too: it is not in its place here.
set_loader() {
	loader="-Wl,--disable-new-dtags -Wl,-rpath,$root/lib/$folder:$root/usr/lib/$folder"
	[ "$arch" != i386 ] || loader="$loader -Wl,--dynamic-linker=$root/lib/ld-linux.so.2"
}

# $run: what a program of the architecture is run by; nothing where this processor runs it itself.
set_runner() {
	run=
	if [ "$arch" = i386 ] && "$root/lib/ld-linux.so.2" --help >/dev/null 2>&1; then return; fi
	fetch "$port/qemu" - qemu-user-static || return 1
	run="$port/qemu/usr/bin/qemu-$cpu-static -L $root"
}

same_output() { # WORD...: the agent says what the one of this machine says
	# shellcheck disable=SC2086
	$run "$out/agent" "$@" >"$out/said" 2>"$log" && "$O/agent" "$@" >"$out/wanted" 2>>"$log" &&
		cmp "$out/said" "$out/wanted" >>"$log" 2>&1
}

number_passed() { # as cmocka tells it, or 0
	sed -n 's/^\[  PASSED  \] \([0-9]*\) test(s).*/\1/p' "$log" | tail -n 1 | grep . || echo 0
}

run_tests() {
	programs=0 passed=0 left_out=0
	for test in "$out"/tests/unit/test_* $host_tests; do
		case $test in *.o | *.d) continue ;; esac
		name=${test##*/}
		if [ -n "$run" ] && [ "${KERNEL#*[ 	]"$name"[ 	
]}" != "$KERNEL" ]; then
			left_out=$((left_out + 1))
			continue
		fi
		programs=$((programs + 1))
		# shellcheck disable=SC2086
		timeout -k 10 300 $run "$test" >"$log" 2>&1 </dev/null || not_ok "$name passes"
		passed=$((passed + $(number_passed)))
	done
	[ $left_out = 0 ] ||
		echo "skipped: $arch: $left_out test programs: qemu-user does not pass their system calls on"
	: >"$log"
	if [ $passed -gt 0 ]; then
		ok "$passed tests of $programs programs pass${run:+ under qemu-user}"
	else
		not_ok 'a test passes'
	fi
}

# On a kernel of the architecture itself. Debian's for i386 is the one that has no BTF, too.
run_kernel() {
	[ "$arch" = i386 ] || return 0
	# shellcheck disable=SC2086
	fetch "$port/i386/guest" i386 $GUEST || return 0
	sh tests/qemu/check.sh 6.1-i386:basic,nobtf || bad=1
}

check_arch() {
	if ! describe "$arch"; then
		echo "skipped: $arch: not one of i386 s390x armhf arm64 mipsel ppc64el"
		return
	fi
	root=$port/$arch/root tools=$port/$arch/tools out=$port/$arch/out log=$port/$arch/log
	# shellcheck disable=SC2086
	fetch "$root" "$arch" $LIBRARIES && fetch "$tools" - "gcc-$triplet" && set_runner || return
	mkdir -p "$out"
	set_loader
	bpftool=${BPFTOOL:-bpftool}
	# libbpf reads objects of its own byte order only, before 1.6.
	[ $bpf = bpfel ] || bpftool="$run $root/usr/sbin/bpftool"
	host_tests=$(for name in $HOST_TESTS; do echo "$out/tests/bpf/$name"; done)
	# shellcheck disable=SC2086
	if ! build all unit-tests "$out/tests/reliability/send" "$out/tests/qemu/ppp" $host_tests; then
		not_ok 'builds without a warning'
		return
	fi
	ok "builds without a warning, the kernel half for $bpf"
	run_tests
	for words in '--services' '--services --json' '--lookup https --json'; do
		# shellcheck disable=SC2086
		if same_output $words; then
			ok "agent $words prints what it does on this machine"
		else
			not_ok "agent $words prints what it does on this machine"
		fi
	done
	[ -n "$run" ] || sh tests/port/traffic.sh "$arch" "$out/agent" || bad=1
	run_kernel
}

[ $# != 0 ] || set -- i386 s390x mipsel musl
for arch; do
	case $arch in
	musl) sh tests/port/musl.sh || bad=1 ;;
	*) check_arch ;;
	esac
done
exit $bad
