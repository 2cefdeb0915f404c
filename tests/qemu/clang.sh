#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# clang.sh [VERSION...]
# The kernel half as each clang that can be had builds it, for each BPF processor in CPUS, loaded in
# each way in which the agent does (load.c), on this kernel and on those of Debian's that kernels.sh
# knows, under QEMU. A line for each compiler, processor and kernel, as tests/bpf/verified.sh judges
# them, and a table of how many instructions the verifier went through; ACCEPT=1 puts these numbers
# into tests/golden/verified.tsv. The compilers: those that are installed, or unpacked by
# clang_deps.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
CPUS=${CPUS:-v2 v3}
SECONDS_EACH=1800 # a machine that hangs is ended
PATH=$PATH:/usr/sbin:/sbin:$(mkdir -p "$O/clang/bin" && cd "$O/clang/bin" && pwd)
folder=$O/clang/objects
NUMBERS=$O/clang/numbers
STRICT=1
bad=0
. tests/bpf/verified.sh

not_ok() {
	echo "not ok - $*"
	bad=1
}

# The numbers of those that the package sources have, and of those that are there from elsewhere.
numbers() {
	{
		(IFS=:; for dir in $PATH; do ls "$dir" 2>/dev/null; done)
		apt-cache pkgnames clang- 2>/dev/null
	} | grep -x 'clang-[0-9]*' | cut -d- -f2 | sort -un
}

# ---- the objects: HOOK.NUMBER.CPU.o
build() { # NUMBER CPU
	tree=$O/clang/$1-$2
	rm -f "$tree"/*.bpf.o
	if ! make -s -j2 O="$tree" CLANG="clang-$1" BPF_CPU="$2" WERROR=1 \
		"$tree/agent.bpf.o" "$tree/tc.bpf.o" >"$O/clang/log" 2>&1; then
		not_ok "clang-$1 -mcpu=$2 builds the kernel half"
		cat "$O/clang/log"
		return
	fi
	cp "$tree/agent.bpf.o" "$folder/xdp.$1.$2.o" && cp "$tree/tc.bpf.o" "$folder/tc.$1.$2.o" || bad=1
}

build_all() {
	rm -rf "$folder"
	mkdir -p "$folder"
	for number in $(numbers); do
		if ! command -v "clang-$number" >/dev/null; then
			echo "skipped: clang-$number is not installed; make check-clang-deps unpacks it"
			continue
		fi
		for cpu in $CPUS; do build "$number" "$cpu"; done
	done
	[ -n "$(ls "$folder")" ] || { echo 'skipped: no clang of a numbered version'; exit $bad; }
}

# ---- the kernels: what load.c says on each, in $O/clang/NAME.log
try_here() {
	"$O/tests/qemu/load" "$folder"/*.o >"$O/clang/here.log" 2>&1
	why=$(sed -n 's/^skipped //p' "$O/clang/here.log")
	if [ -n "$why" ]; then
		echo "skipped: this kernel: $why"
	else
		judge "$O/clang/here.log" || bad=1
	fi
}

# What check.sh found out, where it ran before.
acceleration() {
	cat "$O/kernels/acceleration-$(cat /proc/sys/kernel/random/boot_id)" 2>/dev/null ||
		echo 'tcg,thread=single -cpu max'
}

# Where the loader looks for them; none where load is linked statically.
copy_libraries() { # TREE
	ldd "$O/tests/qemu/load" 2>/dev/null | awk '/=> \// { print $3 } /^\t\/lib/ && !/=>/ { print $1 }' |
		while read -r library; do
			mkdir -p "$1$(dirname "$library")" && cp -L "$library" "$1$library" || exit 1
		done
}

pack() { # OUT
	tree=$(mktemp -d "$O/clang/tree.XXXXXX") || return
	cp "$O/tests/qemu/load" "$tree/init" && copy_libraries "$tree" && cp -r "$folder" "$tree/objects" &&
		(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$1"
	packed=$?
	rm -rf "$tree"
	return $packed
}

try_kernel() { # VERSION
	if ! sh tests/qemu/kernels.sh "$1" 2>"$O/clang/why"; then
		echo "skipped: no kernel $1: $(tail -n 1 "$O/clang/why")"
		return
	fi
	sed "s/^/# $1: /" "$O/clang/why"
	# shellcheck disable=SC2046
	nice -n 15 timeout -k 5 $SECONDS_EACH qemu-system-x86_64 -accel $(acceleration) -smp 2 -m 768 \
		-nographic -no-reboot -nic none -kernel "$O/kernels/$1/vmlinuz" -initrd "$O/clang/initramfs" \
		-append 'console=ttyS0 panic=-1 quiet loglevel=4 mitigations=off' </dev/null 2>&1 |
		tr -d '\r' >"$O/clang/$1.log"
	judge "$O/clang/$1.log" || bad=1
}

try_kernels() { # VERSION...
	if [ "$(uname -m)" != x86_64 ]; then
		echo 'skipped: the kernels under QEMU: they are for x86_64'
		return
	fi
	for tool in qemu-system-x86_64 cpio; do
		command -v $tool >/dev/null && continue
		echo "skipped: the kernels under QEMU: $tool is missing"
		return
	done
	pack "$O/clang/initramfs" || { not_ok 'the objects can be packed'; return; }
	for kernel; do try_kernel "$kernel"; done
	rm -f "$O/clang/initramfs"
}

# ---- what came of it
# "xdp tc" of each compiler and processor on each kernel.
print_table() {
	sort -t "$(printf '\t')" -k1,1n -k2,2 -k3,3V -k4,4r "$NUMBERS" | awk -F '\t' '
		{
			row = "clang-" $1 " | " $2
			if (!(row in seen)) { seen[row] = 1; order[++rows] = row }
			if (!($3 in known)) { known[$3] = 1; kernels[++columns] = $3 }
			at[row " " $3] = at[row " " $3] (at[row " " $3] ? ", " : "") $5
		}
		function later(a, b,    x, y) {
			split(a, x, "."); split(b, y, ".")
			return x[1] + 0 > y[1] + 0 || (x[1] == y[1] && x[2] + 0 > y[2] + 0)
		}
		END {
			for (i = 1; i <= columns; i++)
				for (j = 1; j < columns; j++)
					if (later(kernels[j], kernels[j + 1])) {
						swap = kernels[j]; kernels[j] = kernels[j + 1]; kernels[j + 1] = swap
					}
			head = "| compiler | -mcpu |"; line = "|---|---|"
			for (i = 1; i <= columns; i++) { head = head " Linux " kernels[i] " |"; line = line "---|" }
			print head; print line
			for (i = 1; i <= rows; i++) {
				text = "| " order[i] " |"
				for (j = 1; j <= columns; j++) {
					cell = at[order[i] " " kernels[j]]
					text = text " " (cell ? cell : "-") " |"
				}
				print text
			}
		}'
}

# What was not measured this time stays as it is.
accept() {
	{ cat "$NUMBERS"; grep -v '^#' $GOLDEN 2>/dev/null; } |
		awk -F '\t' '!seen[$1 FS $2 FS $3 FS $4]++' |
		sort -t "$(printf '\t')" -k1,1n -k2,2 -k3,3V -k4,4r >"$O/clang/golden" || return
	{
		echo '# Instructions verified, at most, by clang, -mcpu, Linux and hook.'
		echo '# Written by: make check-clang ACCEPT=1'
		cat "$O/clang/golden"
	} >$GOLDEN
	echo "written: $GOLDEN"
}

trap 'rm -rf "$O/clang/initramfs" "$O"/clang/tree.*' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE
: >"$NUMBERS"
build_all
try_here
[ $# != 0 ] || set -- 5.10 6.1 6.12 newest
try_kernels "$@"
echo "Instructions that the verifier went through, at most: XDP's program, tc's"
print_table
[ "${ACCEPT:-0}" != 1 ] || [ $bad != 0 ] || accept
exit $bad
