#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The layers hold, and a copy of the tree in which they do not is found out.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT

said=$(sh tests/layers.sh 2>&1) && echo "ok - $said" || { echo "not ok - $said"; bad=1; }

break_and_check() { # WHAT FILE LINE EXPECTED
	rm -rf "${copy:?}"/* && cp -r src include bpf "$copy"
	printf '%s\n' "$3" >>"$copy/$2"
	if sh tests/layers.sh "$copy" 2>&1 | grep -q "$4"; then
		echo "ok - found: $1"
	else
		echo "not ok - not found: $1"
		bad=1
	fi
}

break_and_check 'an inclusion upwards' src/slots.c '#include "report.h"' 'includes report.h of layer'
break_and_check 'an inclusion sideways' include/slots.h '#include "snapshot.h"' 'includes snapshot.h of layer'
break_and_check 'a file in no room' src/drawer.c 'int drawer;' 'is in no room'
break_and_check 'libbpf outside the datapath' src/agent.c '#include <bpf/bpf.h>' 'only the datapath may'
break_and_check 'an exit outside main.c' src/agent.c 'void f(void) { exit(1); }' 'only main.c may'
break_and_check 'user code in the kernel half' bpf/parse.h '#include "log.h"' 'which is in no room'
exit $bad
