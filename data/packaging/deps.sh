#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# deps.sh DIR:NAMES PACKAGE...
# Installs the Debian or Ubuntu packages that are missing; a ?PACKAGE is one that the release may not have, and
# that is done without where it cannot be had. For bpftool it takes what the release has it in. The packages NAMES
# are daemons that a test starts for itself: they are unpacked under DIR and not installed, so that none of them
# is left running on the machine; what cannot be had of them is done without, too. An empty first argument: none.
set -u
unpack=$1
shift

is_installed() {
	command -v dpkg-query >/dev/null && dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# Of this very name, and not only as a name for others.
release_has() { # PACKAGE
	apt-cache show "$1" 2>/dev/null | grep -qx "Package: $1"
}

try_apt() { # COMMAND ARGUMENT...
	command=$1
	shift
	apt-get "$command" -qq -o Acquire::Retries=3 "$@"
}

install_all() { # PACKAGE...
	echo "installing $*"
	try_apt install -y --no-install-recommends "$@" >/dev/null
}

# One that fails does not keep the others away.
install_optional() { # PACKAGE...
	[ $# != 0 ] || return
	install_all "$@" && return
	for package; do
		is_installed "$package" || install_all "$package" || echo "going on without $package" >&2
	done
}

# Some versions of Ubuntu have it with the tools for a kernel, some as in Debian.
bpftool_packages() {
	if release_has bpftool || ! release_has linux-tools-generic; then
		echo bpftool
	else
		echo linux-tools-common linux-tools-generic
	fi
}

fetch_daemon() { # NAME
	rm -f "$1"_*.deb
	try_apt download -o APT::Sandbox::User=root "$1" && dpkg-deb -x "$1"_*.deb .
}

missing='' optional=''
for package; do
	case $package in
	\?*) is_installed "${package#?}" || optional="$optional ${package#?}" ;;
	*) is_installed "$package" || missing="$missing $package" ;;
	esac
done
dir=${unpack%%:*}
daemons=''
for name in ${unpack#*:}; do
	command -v "$name" >/dev/null || [ -x "$dir/usr/bin/$name" ] || daemons="$daemons $name"
done
[ -z "$missing$daemons$optional" ] && exit 0
[ -z "$missing" ] && [ "$(id -u)" != 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
	echo "portacct needs what Debian calls:$missing$daemons" >&2
	echo "on this system they have other names; what is really missing, the build will say" >&2
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "missing packages:$missing; run 'make deps' as root" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
try_apt update || echo "apt-get update failed; going on with the package lists there are" >&2
wanted='' needed=''
for package in $optional; do
	! release_has "$package" || wanted="$wanted $package"
done
for package in $missing; do
	if [ "$package" = bpftool ]; then package=$(bpftool_packages); fi
	needed="$needed $package"
done
# shellcheck disable=SC2086
[ -z "$needed" ] || install_all $needed || exit 1
# shellcheck disable=SC2086
install_optional $wanted
if [ -n "$daemons" ]; then
	mkdir -p "$dir" && cd "$dir" || exit 1
	for name in $daemons; do
		fetch_daemon "$name" || echo "going on without $name" >&2
	done
fi
