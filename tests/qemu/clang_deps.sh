#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Unpacks every clang of Debian's that is not installed under $O/clang/root, with the libraries that it wants
# and the machine lacks, as apt finds them, and makes $O/clang/bin/clang-N, which runs it. Nothing is installed.
# Exit status 1: one cannot be had.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
case $O in /*) root=$O/clang ;; *) root=$(pwd)/$O/clang ;; esac
bad=0

download() { # PACKAGE
	rm -rf "$root/debs"
	mkdir -p "$root/debs/partial"
	apt-get install -qq -y --download-only --no-install-recommends -o Debug::NoLocking=1 -o Acquire::Retries=3 \
		-o APT::Sandbox::User=root -o Dir::Cache::archives="$root/debs" "$1" >/dev/null
}

# Without what only programs for other targets are linked with.
unpack() {
	for deb in "$root"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$root/root" --exclude='*.a' --exclude='*/lib/linux/*' --exclude='./usr/share/*' || return
	done
	rm -rf "$root/debs"
}

make_command() { # NUMBER
	cat >"$root/bin/clang-$1" <<-END
		#!/bin/sh
		LD_LIBRARY_PATH=$root/root/usr/lib/$(uname -m)-linux-gnu exec $root/root/usr/lib/llvm-$1/bin/clang "\$@"
	END
	chmod 755 "$root/bin/clang-$1"
	"$root/bin/clang-$1" --version >/dev/null
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
	echo 'skipped: this machine has no apt, which is to fetch the compilers'
	exit 0
fi
mkdir -p "$root/root" "$root/bin"
for name in $(apt-cache pkgnames clang- | grep -x 'clang-[0-9]*' | sort -V); do
	command -v "$name" >/dev/null && continue
	"$root/bin/$name" --version >/dev/null 2>&1 && continue
	echo "unpacking $name under $root"
	if ! download "$name" || ! unpack || ! make_command "${name#clang-}"; then
		rm -f "$root/bin/$name"
		echo "$name cannot be had" >&2
		bad=1
	fi
done
exit $bad
