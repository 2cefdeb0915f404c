#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# fetch.sh DIR ARCH PACKAGE...
# Unpacks Debian packages of another architecture, and all that they depend on, under DIR: from the
# machine's own package sources, by a package state in DIR.apt, so that the machine itself stays as it
# is. ARCH - means the machine's own: then only what is not installed is fetched. What is there
# already is not fetched again. DIR/lib and its like lead into DIR/usr, as on an installed system: packages have
# their files in the one or the other, by release. Prints one line, the reason, where it fails.
set -u
dir=$1 arch=$2
shift 2
[ "$(cat "$dir/.packages" 2>/dev/null)" = "$*" ] && [ -L "$dir/lib" ] && exit 0

give_up() { # REASON
	echo "$1"
	rm -rf "$dir"
	exit 1
}

for tool in apt-get dpkg dpkg-deb; do
	command -v $tool >/dev/null || give_up "$tool is missing"
done
own=$(dpkg --print-architecture)
status=/var/lib/dpkg/status
rm -rf "$dir"
mkdir -p "$dir" "$dir.apt/lists/partial" "$dir.apt/cache/archives/partial" || give_up "$dir: cannot be made"
dir=$(cd "$dir" && pwd)
if [ "$arch" = - ]; then
	arch=$own
else
	status=$dir.apt/status
	: >"$status"
fi
cat >"$dir.apt/apt.conf" <<-END
	Dir::State "$dir.apt";
	Dir::State::lists "$dir.apt/lists";
	Dir::State::status "$status";
	Dir::Cache "$dir.apt/cache";
	APT::Architecture "$arch";
	APT::Architectures { "$arch"; };
	APT::Install-Recommends "false";
	APT::Sandbox::User "$(id -un)";
	Acquire::Languages "none";
	Acquire::Retries "2";
END
export APT_CONFIG="$dir.apt/apt.conf" DEBIAN_FRONTEND=noninteractive
# One source that fails need not matter: the next step tells.
timeout --foreground -k 5 250 apt-get update -qq >"$dir.apt/log" 2>&1
timeout --foreground -k 5 "${FETCH_SECONDS:-1200}" apt-get install -qq -y --download-only "$@" >>"$dir.apt/log" 2>&1 ||
	give_up "packages of $arch cannot be had: $(grep '^E:' "$dir.apt/log" | head -n 1 | grep . || echo 'not in time')"
for name in bin sbin lib lib64; do
	mkdir -p "$dir/usr/$name" && ln -s "usr/$name" "$dir/$name" || give_up "$dir: cannot be made"
done
# dpkg-deb -x would put a directory in the place of a link.
for package in "$dir.apt"/cache/archives/*.deb; do
	[ -e "$package" ] || continue
	dpkg-deb --fsys-tarfile "$package" | tar -x -C "$dir" --keep-directory-symlink ||
		give_up "$package: cannot be unpacked"
done
rm -rf "$dir.apt/lists" "$dir.apt/cache"
echo "$*" >"$dir/.packages"
