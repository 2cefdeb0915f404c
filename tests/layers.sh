#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Each room stands in a layer, and a file includes headers of lower layers only. A room is a name and
# the files NAME.c, NAME.h, NAME_*.c and NAME_*.h; within a room they may include each other.
# A file that is in no room, and an inclusion upwards or sideways, are named. Besides: only the
# datapath includes libbpf, only main.c exits, and bpf/ and src/ share nothing but port_abi.h.
# An argument: the tree to check, where it is not the one this script is in.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1
layers='
0 user port_abi version utf8
1 user log names units parse_num atomic_file csv slots snapshot unclassified layout builtin json process rtnetlink kernel_features
2 user portdb pins devices measure linktype privileges watch footprint
3 user porttable capture conntrack stack
4 user catalog services
5 user report datapath
6 user prom top status cli
7 user session
8 user textfile replay audit follow
9 user commands
10 user agent
11 user main
0 bpf net
1 bpf cursor config endpoints
2 bpf parse maps
3 bpf resolve hook
4 bpf flow account
5 bpf count
6 bpf agent.bpf tc.bpf
'
bad=0
complain() {
	echo "layers: $*" >&2
	bad=1
}

# The room of a file's name and its layer; the longest room name wins. Nothing where there is none.
room_of() { # KIND NAME
	echo "$layers" | awk -v kind="$1" -v name="$2" '
		$2 == kind { for (i = 3; i <= NF; i++)
			if ((name == $i || index(name, $i "_") == 1) && length($i) > length(room)) { room = $i; layer = $1 } }
		END { if (room != "") print room, layer }'
}

check_include() { # KIND FILE ROOM LAYER HEADER
	kind=$1
	[ "$5" = port_abi ] && kind=user
	set -- "$@" $(room_of "$kind" "$5")
	[ $# = 7 ] || { complain "$2: includes $5.h, which is in no room"; return; }
	[ "$3" = "$6" ] || [ "$kind" != "$1" ] || [ "$7" -lt "$4" ] ||
		complain "$2: room $3 of layer $4 includes $5.h of layer $7"
}

check_file() { # KIND FILE
	name=$(basename "$2")
	set -- "$1" "$2" $(room_of "$1" "${name%.[ch]}")
	[ $# = 4 ] || { complain "$2: is in no room"; return; }
	for header in $(sed -n 's/^#include "\([^"]*\)\.h"$/\1/p' "$2"); do
		case $header in *.skel | vmlinux) ;; *) check_include "$@" "$header" ;; esac
	done
}

for file in src/*.[ch] include/*.h; do check_file user "$file"; done
for file in bpf/*.[ch]; do check_file bpf "$file"; done
for file in $(grep -lE '^#include <bpf/' src/*.[ch] include/*.h); do
	case $file in src/datapath*) ;; *) complain "$file: includes libbpf; only the datapath may" ;; esac
done
for file in $(grep -lE '(^|[^a-z_])_?exit\(' src/*.c); do
	[ "$file" = src/main.c ] || complain "$file: exits; only main.c may"
done
[ $bad = 0 ] && echo "layers: $(ls src/*.[ch] include/*.h bpf/*.[ch] | wc -l) files include only lower layers"
exit $bad
