#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels.sh 5.10|6.1|...|newest[-i386]
# Puts a kernel of Debian's and the modules that the tests want into $O/kernels/NAME, unless they are there:
# vmlinuz, release (what uname -r says), and modules/ with a list "order" to load them by. The package is the
# one that linux-image-amd64 depends on, of that version, in any release that still has it; "newest": of all.
# With -i386, the 32-bit one of linux-image-686.
# apt gets it, by an own list of sources and with own state: the machine's is not touched. What is the newest is
# asked again after a day; where nobody answers, the one that is there will do. Exit status 1: it cannot be had; the
# last line of standard error says why. With 0, too, it says what could not be read.
set -u
cd "$(dirname "$0")/../.." || exit 1
version=${1%-i386}
O=${O:-build}
case $O in /*) root=$O/kernels ;; *) root=$(pwd)/$O/kernels ;; esac
arch=amd64 metapackage=linux-image-amd64 apt=$root/apt place=$root/$1
[ "$1" = "$version" ] || arch=i386 metapackage=linux-image-686 apt=$root/apt-i386
SECONDS_EACH=250 # a mirror that takes longer for the lists, or for a kernel, cannot be used
FRESH=1440 # minutes: for so long lists of packages are what the mirror has
NUMBERED='5.10 6.1 6.12' # that check.sh asks for besides: the newest is to be none of them
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org}
KEYS=/usr/share/keyrings/debian-archive-keyring.gpg
# Those of the devices that are tested; what they need comes with them.
WANTED='veth sch_ingress cls_bpf dummy 8021q bonding wireguard ipip sit ip_gre ip6_gre pppoe
	xfrm_user xfrm_interface esp4 crypto_null authenc echainiv'
work='' unread=''
PATH=$PATH:/usr/sbin:/sbin

is_there() { [ "$(cat "$place/wanted" 2>/dev/null)" = "$WANTED" ]; }
is_fresh() { [ -n "$(find "$1" -mmin -$FRESH 2>/dev/null)" ]; } # FILE

fail() {
	echo "$*${unread:+; not read: $unread}" >&2
	is_there && exit 0
	exit 1
}

clean_up() { [ -z "$work" ] || rm -rf "$work"; }

run_apt() { # COMMAND ARGUMENT...
	command=$1
	shift
	timeout --foreground -k 5 $SECONDS_EACH "$command" -qq \
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o Dir::State::status=/dev/null \
		-o APT::Architecture=$arch -o APT::Architectures=$arch -o APT::Sandbox::User=root \
		-o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=20 "$@"
}

# Those of which apt says so. Most of it is a warning only: its exit status is 0 then.
suites_unread() {
	sed -n 's#^[WE]: Failed to fetch .*/dists/\([^/]*\)/.*#\1#p
		s#^E: The repository .* \([^ ]*\) Release. .*#\1#p' "$apt/log" | sort -u | paste -sd ' '
}

tell_unread() { [ -z "$unread" ] || echo "not read: $unread" >&2; }

# Once for all versions. A release that is gone from the mirror, or is just being changed there, does not keep
# the others from being read, but all are tried again the next time.
read_sources() {
	! is_fresh "$apt/is_read" || return 0
	rm -f "$apt/is_read"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	while read -r path suite; do
		echo "deb [signed-by=$KEYS] $MIRROR/$path $suite main"
	done >"$apt/sources.list" <<-END
		debian-security bullseye-security
		debian-security bookworm-security
		debian bookworm
		debian-security trixie-security
		debian trixie-backports
	END
	run_apt apt-get update >"$apt/log" 2>&1
	status=$?
	unread=$(suites_unread)
	[ $status = 0 ] || unread=${unread:-some, as apt-get ended with $status}
	[ -n "$unread" ] || : >"$apt/is_read"
	find "$apt/lists" -name '*_Packages*' | grep -q .
}

# Of the versions of the metapackage, which come the highest first, the first that fits: the image's name.
image_of() { # VERSION
	run_apt apt-cache show $metapackage 2>/dev/null | awk -v wanted="$1." '
		/^Version:/ { fits = wanted == "newest." || index($2, wanted) == 1 }
		/^Depends:/ && fits && match($0, /linux-image-[0-9][^ ,]*/) {
			print substr($0, RSTART, RLENGTH)
			exit
		}'
}

find_image() { # sets $image, $release
	read_sources || fail "no lists of packages: $(grep -m 1 '^[WE]:' "$apt/log")"
	image=$(image_of "$version")
	release=${image#linux-image-}
	[ -n "$image" ] || fail "no $metapackage of version $version in the package sources"
	[ "$version" = newest ] || return 0
	case " $NUMBERED " in
	*" $(echo "$release" | cut -d. -f1,2) "*) fail "the newest, $release, is one that is tried by its number" ;;
	esac
}

# The image, and the packages that hold its parts where it has been split.
packages_of() { # IMAGE
	run_apt apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances "$1" | grep -E '^linux-(image|binary|modules)-[0-9]' | sort -u
}

unpack() { # IMAGE
	rm -rf "$work/tree" "$work"/*.deb
	mkdir "$work/tree" || return
	packages=$(packages_of "$1")
	# shellcheck disable=SC2086
	(cd "$work" && run_apt apt-get download $packages) >"$apt/log" 2>&1 || return
	for package in "$work"/*.deb; do
		dpkg-deb -x "$package" "$work/tree" || return
	done
}

# In the order in which they are to be loaded, uncompressed. What is built in is told as such.
collect_modules() { # RELEASE
	[ -d "$work/tree/lib/modules" ] || ln -s usr/lib "$work/tree/lib"
	depmod -b "$work/tree" "$1" 2>"$apt/log" || return
	mkdir "$work/new/modules" && : >"$work/new/modules/order"
	for module in $WANTED; do
		modprobe -d "$work/tree" -S "$1" --show-depends "$module" 2>>"$work/lacking"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
		name=$(basename "$path" | sed 's/\.ko.*//')
		case $path in
		*.xz) xz -dc "$path" ;;
		*.zst) zstd -dcq "$path" ;;
		*) cat "$path" ;;
		esac >"$work/new/modules/$name.ko" || exit 1
		echo "$name" >>"$work/new/modules/order"
	done
}

if is_there && { [ "$version" != newest ] || is_fresh "$place/wanted"; }; then exit 0; fi
for tool in apt-get dpkg-deb depmod xz; do
	command -v $tool >/dev/null || fail "$tool is missing"
done
[ -e $KEYS ] || fail "$KEYS is missing"
mkdir -p "$root" || exit 1
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE
work=$(mktemp -d "$root/new.XXXXXX") && mkdir "$work/new" || exit 1
find_image
if is_there && [ "$(cat "$place/release")" = "$release" ]; then
	[ -n "$unread" ] || touch "$place/wanted"
	tell_unread
	exit 0
fi
if ! unpack "$image"; then # the mirror may have gone on to others since the lists were read
	rm -f "$apt/is_read"
	find_image
	unpack "$image" || fail "$image cannot be had: $(tail -n 1 "$apt/log")"
fi
collect_modules "$release" || fail "$image: its modules cannot be read"
cp "$(find "$work/tree" -name "vmlinuz*" -type f | head -n 1)" "$work/new/vmlinuz" || fail "$image holds no kernel"
echo "$release" >"$work/new/release"
echo "$WANTED" >"$work/new/wanted"
[ -z "$unread" ] || touch -d @0 "$work/new/wanted" # one that was not read may have a newer one
rm -rf "$place"
mv "$work/new" "$place" || exit 1
tell_unread
