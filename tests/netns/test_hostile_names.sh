#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Names that others choose, of devices, services and files: whatever is in them, no output steers a terminal,
# breaks a line or a format, or is no UTF-8; and the device of such a name is counted.
set -u
. tests/netns/lib.sh
begin

ESCAPES=$(printf 'a"\\\033[31m{}\b')
BYTES=$(printf 'b\377\300\200\233[1m')
LONG=$(printf 'c\303\274\342\200\213\360\237\230\200')
add_namespace gw
number=0
for device in "$ESCAPES" "$BYTES" "$LONG"; do
	ip -n "$run-gw" link add "$device" type veth peer name peer$number || not_ok "a device cannot be named so"
	for end in "$device" peer$number; do ip -n "$run-gw" link set "$end" up; done
	number=$((number + 1))
done

# Valid UTF-8 without control characters but line feeds.
clean='
import sys, unicodedata
text = open(sys.argv[1], "rb").read().decode("utf-8")
bad = [c for c in text if unicodedata.category(c) == "Cc" and c != "\n"]
sys.exit(bad and "control characters: %r" % bad or 0)'

check_clean() { # DESCRIPTION STATUS COMMAND...: both of its streams
	what=$1 wanted=$2
	shift 2
	"$@" >"$T/out" 2>"$T/err"
	check_equal "$what: exit status" $? "$wanted"
	cat "$T/out" "$T/err" >"$T/both"
	check "$what: no control characters" "$PYTHON" -c "$clean" "$T/both"
}

check_json() { # DESCRIPTION FILTER COMMAND...
	what=$1 filter=$2
	shift 2
	check_clean "$what" 0 "$@"
	check "$what: JSON, with what is looked for" [ "$(jq "$filter" "$T/out")" = true ]
}

name=$(printf 'evil\033]0;title\007"\\\n,name') file=$T/$(printf 'file\033[2J\n"\\.csv')
printf 'Service Name,Port Number,Transport Protocol,Description\n"%s",4711,udp,"%s"\nfine,4712,udp,"%s"\n' \
	"$name" "$name" "$(printf '\033[5mdescribed\377')" >"$file"
check_clean "--check-services" 2 "$AGENT" --check-services "$file"
printf 'Service Name,Port Number,Transport Protocol,Description\nfine,4712,udp,"%s"\n' "$(printf '\033[5mdescribed\302\233')" >"$file"
accepted=0
"$AGENT" --check-services "$file" >/dev/null 2>&1 || accepted=2
check_clean "--check-services, a hostile description" $accepted "$AGENT" --check-services "$file"
printf 'Service Name,Port Number,Transport Protocol\nfine,4712,udp\n' >"$file"
check_clean "--lookup of a hostile name" 1 "$AGENT" --lookup "$name"
check_clean "a file that is not there" 2 "$AGENT" --services -s "$file.absent"
check_clean "an option of control characters" 2 "$AGENT" "--$name"
check_clean "a group of control characters" 2 "$AGENT" --attach --group "$name"
check_clean "a directory of control characters" 1 "$AGENT" --status --pin-dir "$T/$(printf '\033c\n')/x"

check_clean "a device that is not there" 1 agent gw --attach -i "$(printf 'x\033[1m')"
check_clean "--attach" 0 agent gw --attach -i 'a*' -i 'b*' -i 'c*' -s "$file"
for end in peer0 peer1 peer2; do in_ns gw "$PYTHON" "$here/traffic.py" sweep $end 4712 1 20; done
check_clean "--status" 0 agent gw --status
check_clean "--top" 0 agent gw --top
check_clean "--top by device" 0 agent gw --top --by device
check_json "--status --json" '.devices | length == 3 and all(.frames >= 20)' agent gw --status --json
check_json "--status --json: the name with quotes, whole" \
	'[.devices[].device] | index("a\"\\\u001b[31m{}\b") != null or any(startswith("a\"\\"))' agent gw --status --json
check_json "--top --json" '.frames_total >= 60' agent gw --top --json
agent gw --once || not_ok "--once" # the format has escapes for quotes, backslashes and line feeds, and for no others
check "the textfile is one that can be read" eval '"$PYTHON" "$here/promtext.py" "$PROM" >/dev/null'
check_equal "frames of the service in it" "$(prom_sum service_receive_packets_total 'service="fine"')" 60
spawn_agent gw -i 'a*' -i 'b*' -i 'c*' -t 1 2>"$T/agent.log"
wait_until 10 grep -aq ': counting' "$T/agent.log"
for device in "$BYTES" "$LONG"; do ip -n "$run-gw" link del "$device"; done
wait_until 10 grep -aq 'is gone' "$T/agent.log" || not_ok "a device is gone: $(cat -v "$T/agent.log")"
check_clean "--forget" 0 agent gw --forget "$BYTES"
stop "$spawned"
check "the log of an agent: no control characters" "$PYTHON" -c "$clean" "$T/agent.log"
check_clean "--detach" 0 eval 'agent gw --detach; status=$?; echo end; [ $status = 0 ]'
finish
