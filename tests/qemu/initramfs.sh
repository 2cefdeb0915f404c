#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# initramfs.sh KERNEL OUT: packs what runs in a virtual machine: the modules in the directory KERNEL, busybox,
# some tools, and what is built under BUILD ($O by default) with the libraries it needs. ROOT: the tools are taken
# from there and not from this machine, and what is built is for the 32-bit system there. BPFTOOL: this machine's.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
BUILD=${BUILD:-$O}
PATH=$PATH:/usr/sbin:/sbin
kernel=$1 out=$2
root=${ROOT:+$(cd "$ROOT" && pwd)}
tree=$(mktemp -d "$out.XXXXXX") || exit 1
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

list_libraries() { # FILE
	if [ -n "$root" ]; then
		"$root/lib/ld-linux.so.2" --library-path "$(echo "$root"/lib/*-linux-gnu "$root"/usr/lib/*-linux-gnu |
			tr ' ' :)" --list "$1"
	else
		ldd "$1"
	fi 2>/dev/null
}

# Libraries of another root are put where the loader looks for them by itself.
copy_program() { # FILE PLACE
	mkdir -p "$(dirname "$tree/$2")" && cp -L "$1" "$tree/$2" || exit 1
	list_libraries "$1" | awk -v root="$root" '
		/=> \// { print $3, $1 ~ /^\// ? $1 : root == "" ? $3 : "/lib/" $1 }
		/^\t\/lib/ && !/=>/ { print $1, $1 }' >>"$tree/libraries"
}

# The file that a NAME is run by.
find_tool() { # NAME
	[ -z "$root" ] || PATH=$root/bin:$root/usr/bin:$root/sbin:$root/usr/sbin # its sbin/ip is a link to /bin
	command -v "$1"
}

# Ubuntu's may be a script for bash, which looks for one of the running kernel's version: one of those is taken.
find_bpftool() {
	named=bpftool
	[ -n "$root" ] || named=${BPFTOOL:-bpftool}
	for file in "$(find_tool "$named")" "$root"/usr/lib/linux-tools/*/bpftool; do
		[ "$(head -c 4 "$file" 2>/dev/null | tail -c 3)" = ELF ] && echo "$file" && return
	done
	echo "no $named that is a program, and no script" >&2
	return 1
}

tool() { # NAME
	copy_program "$(find_tool "$1")" "usr/sbin/$1"
}

mkdir -p "$tree/bin" "$tree/t/tests" && cp "$(find_tool busybox)" "$tree/bin/busybox" || exit 1
for name in sh nsenter timeout ip ethtool; do tool $name; done
bpftool=$(find_bpftool) || exit 1
copy_program "$bpftool" usr/sbin/bpftool
if [ -n "$(find_tool wg)" ]; then tool wg; fi
for path in agent tests/reliability/send tests/qemu/ppp; do
	copy_program "$BUILD/$path" "t/build/$path"
done
sort -u "$tree/libraries" | while read -r library place; do
	mkdir -p "$tree$(dirname "$place")" && cp -L "$library" "$tree$place" || exit 1
done || exit 1
for path in tests/netns/lib.sh tests/reliability/lib.sh tests/qemu/guest; do
	mkdir -p "$tree/t/$(dirname $path)" && cp -r $path "$tree/t/$path" || exit 1
done
cp -r "$kernel/modules" "$tree/modules" && cp tests/qemu/guest/init "$tree/init" && chmod 755 "$tree/init" || exit 1
rm "$tree/libraries"
(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$out"
