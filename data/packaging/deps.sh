#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# deps.sh DIR:NAMES PACKAGE...
# Installs the Debian or Ubuntu packages that are missing; ?PACKAGE only where the release has it. The packages NAMES are daemons that a test
# starts for itself: they are unpacked under DIR and not installed, so that none of them is left
# running on the machine. An empty first argument: none.
set -u
unpack=$1
shift

is_installed() {
	command -v dpkg-query >/dev/null && dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

missing= optional=
for package; do
	case $package in
	\?*) is_installed "${package#?}" || optional="$optional ${package#?}" ;;
	*) is_installed "$package" || missing="$missing $package" ;;
	esac
done
dir=${unpack%%:*}
daemons=
for name in ${unpack#*:}; do
	command -v "$name" >/dev/null || [ -x "$dir/usr/bin/$name" ] || daemons="$daemons $name"
done
[ -z "$missing$daemons$optional" ] && exit 0
[ -z "$missing$daemons" ] && [ "$(id -u)" != 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
	echo "portacct needs what Debian calls:$missing$daemons" >&2
	echo "on this system they have other names; what is really missing, the build will say" >&2
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "missing packages:$missing$daemons; run 'make deps' as root" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || echo "apt-get update failed; going on with the package lists there are" >&2
wanted=
for package in $optional; do
	apt-cache show "$package" >/dev/null 2>&1 && wanted="$wanted $package"
done
if [ -n "$missing" ]; then
	echo "installing$missing"
	# shellcheck disable=SC2086
	apt-get install -qq -y --no-install-recommends $missing >/dev/null || exit 1
fi
if [ -n "$wanted" ]; then
	echo "installing$wanted"
	# shellcheck disable=SC2086
	apt-get install -qq -y --no-install-recommends $wanted >/dev/null || echo "going on without$wanted" >&2
fi
if [ -n "$daemons" ]; then
	mkdir -p "$dir" && cd "$dir" || exit 1
	for name in $daemons; do
		apt-get download -qq -o APT::Sandbox::User=root "$name" && dpkg-deb -x "$name"_*.deb . || exit 1
	done
fi
