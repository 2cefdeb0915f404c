#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# initramfs.sh KERNEL OUT: packs what runs in a virtual machine: the modules in the directory KERNEL, busybox,
# some tools, and what is built under $O with the libraries it needs.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
PATH=$PATH:/usr/sbin:/sbin
kernel=$1 out=$2
tree=$(mktemp -d "$out.XXXXXX") || exit 1
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

copy_program() { # FILE PLACE
	mkdir -p "$(dirname "$tree/$2")" && cp -L "$1" "$tree/$2" || exit 1
	ldd "$1" 2>/dev/null | awk '/=> \// { print $3 } /^\t\/lib/ { print $1 }' >>"$tree/libraries"
}

tool() { # NAME
	copy_program "$(command -v "$1")" "usr/sbin/$1"
}

mkdir -p "$tree/bin" "$tree/t/tests" && cp "$(command -v busybox)" "$tree/bin/busybox" || exit 1
for name in sh nsenter timeout ip ethtool bpftool; do tool $name; done
if command -v wg >/dev/null; then tool wg; fi
for path in agent tests/reliability/send tests/qemu/ppp; do
	copy_program "$O/$path" "t/build/$path"
done
sort -u "$tree/libraries" | while read -r library; do
	mkdir -p "$tree$(dirname "$library")" && cp -L "$library" "$tree$library" || exit 1
done || exit 1
for path in tests/netns/lib.sh tests/reliability/lib.sh tests/qemu/guest; do
	mkdir -p "$tree/t/$(dirname $path)" && cp -r $path "$tree/t/$path" || exit 1
done
cp -r "$kernel/modules" "$tree/modules" && cp tests/qemu/guest/init "$tree/init" && chmod 755 "$tree/init" || exit 1
rm "$tree/libraries"
(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$out"
