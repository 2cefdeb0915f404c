#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel that shows no BTF, as OpenWrt's: the agent loads and counts all the same, at each hook. Hidden where
# the kernel has it, which is told first: Debian's 32-bit kernels were built without.
. tests/qemu/guest/lib.sh
begin_guest nobtf
if [ -e /sys/kernel/btf/vmlinux ]; then
	check "this kernel has BTF: it is hidden" mount -t tmpfs none /sys/kernel/btf
else
	ok "this kernel has no BTF: no /sys/kernel/btf/vmlinux"
fi
check_equal "BTF that a library could find" \
	"$(find /sys/kernel/btf /boot /lib/modules /usr/lib/debug -type f 2>/dev/null)" ''
make_devices ns 1
for mode in native tc; do
	agent ns --attach -m $mode -i dev0 2>"$T/err"
	check "without BTF, $mode: $(tail -n 1 "$T/err")" grep -q ": counting" "$T/err"
	send ns peer0
	read_all "without BTF, $mode"
	check_equal "without BTF, $mode: services that differ from the $COUNT frames sent" "$(wrong_services receive)" none
	check_detached "without BTF, $mode"
done
