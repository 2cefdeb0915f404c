#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The state that classification keeps in the kernel: marks of endpoints, their keys, the options that
# they are made with. It outlives agents and versions, ages, holds out a flood, and leaves nothing behind.
set -u
. tests/netns/lib.sh
. tests/netns/flows_lib.sh
FLOOD=200000
begin tcpdump tshark dig dnsmasq "$BPFTOOL"
make_gateway

start_agent() { # OPTION...; sets $counting
	: >"$T/agent.log"
	spawn_agent gateway -i 'gw*' -t 1 "$@" 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -q ': counting' "$T/agent.log" || not_ok "start: $(cat "$T/agent.log")"
}

map_show() { # PIN FIELD
	"$BPFTOOL" -j map show pinned "$PINS/v1/$1" | jq ".$2"
}

# The first 64 bytes of the marks: the keys, and in byte 56 the length of an epoch.
marks_head() { # [PIN DIRECTORY]
	"$BPFTOOL" -j map lookup pinned "${1:-$PINS}/v1/endpoints" key 0 0 0 0 2>/dev/null | head -c 2000 |
		sed 's/.*"value"//' | grep -o '0x[0-9a-f]*' | head -n 64 | tr '\n' ' '
}

epoch_milliseconds() {
	"$PYTHON" -c '
import sys, time
CLOCK_MONOTONIC_COARSE = 6  # its resolution is a tick
print(round(1000 * (1 << int(sys.argv[1].split()[56], 16)) * time.clock_getres(CLOCK_MONOTONIC_COARSE)))' \
		"$(marks_head)"
}

state() {
	for map in endpoints firm_clients fragments unclassified ports services gwlan/counters gwlan/handshakes \
		gwwan/counters gwwan/handshakes; do
		map_show $map id
	done | tr '\n' ' '
	marks_head | md5sum
}

same_state() { # AFTER WHAT
	now=$(state)
	check "$1: the maps and the keys are those of before: $now" [ "$now" = "$before" ]
}

# A flow whose server's port is the higher, so that only its mark tells it.
restarts() {
	printf 'Service Name,Port Number,Transport Protocol\nssh,22,tcp\ndomain,53,tcp\ndomain,53,udp\n' >"$T/few.csv"
	begin_phase
	start_agent --no-builtin -s "$T/few.csv"
	hold 8 10.2.0.2 60600 50600
	hold 9 fd02::2 60600 50600
	before=$(state)
	stop $counting KILL
	more 20
	flows client talk 10.2.0.2 10 100 60001:40071
	start_agent --no-builtin -s "$T/few.csv"
	same_state "killed and started again"
	more 20
	stop $counting
	say_another_version "$AGENT" x.x.x "$T/other"
	(AGENT=$T/other && agent gateway --attach -i 'gw*' --no-builtin -s "$T/few.csv" 2>"$T/err") ||
		not_ok "another version: $(cat "$T/err")"
	check_equal "another version: programs of it" \
		"$(agent gateway --status --json | jq -r '.devices[].program_version' | grep -c ^x)" 2
	same_state "another version"
	more 20
	flows client talk 10.2.0.2 10 100 60001:40072 50500:40073
	flows client talk fd02::2 10 100 60001:60072 50500:60073
	release 8
	release 9
	end_phase
	compare 22/tcp=ssh 53/tcp=domain 53/udp=domain
	check_equal "guesses" "$(prom_sum method_receive_packets_total 'method="guess"')" 0
	check_equal "on the LAN, where no server's SYN was received: by endpoint, all but the SYNs" \
		"$(prom_sum method_receive_packets_total 'method="endpoint"' gwlan)" \
		"$(awk -F '\t' '$15 && $17 !~ /2$/ { frames++ } END { print frames + 0 }' "$T/gwlan.tsv")"
}

# Every map, program and link that the state holds, the port table within its outer map too.
objects() {
	find "$PINS" -type f | while read -r pin; do
		case $pin in
		*/link) "$BPFTOOL" -j link show pinned "$pin" | jq -r '"link \(.id)", "prog \(.prog_id)"' ;;
		*) "$BPFTOOL" -j map show pinned "$pin" | jq -r '"map \(.id)"' ;;
		esac
	done
	echo "map $(($("$BPFTOOL" -j map dump pinned "$PINS/v1/ports" | jq -r '.[0].value | reverse | join("")' |
		sed 's/0x//2g')))" # the bytes of its id, the lowest first
	for device in gwlan gwwan; do
		"$BPFTOOL" -j prog show id "$(xdp_program gateway $device)" | jq -r '.map_ids[] | "map \(.)"'
	done
}

all_gone() {
	while read -r kind id; do
		"$BPFTOOL" "$kind" show id "$id" >/dev/null 2>&1 && return 1
	done <"$T/objects"
	return 0
}

memory() {
	objects | sort -u >"$T/objects"
	told=$(agent gateway --status --json | jq .memory_bytes)
	held=$(while read -r kind id; do
		[ "$kind" != map ] || "$BPFTOOL" -j map show id "$id" | jq .bytes_memlock
	done <"$T/objects" | awk '{ sum += $1 } END { print sum }')
	check "--status: $told bytes in maps, at least 4/5 of the kernel's $held" [ $((told * 5)) -ge $((held * 4)) ]
	check "and no more than that and a tenth" [ $((told * 10)) -le $((held * 11)) ]
	agent gateway --detach
	check "--detach: all $(wc -l <"$T/objects") maps, programs and links are gone" wait_until 10 all_gone
}

# Kernels before 6.9 take no 4M cells in one piece.
attach_largest() { # OPTION...; sets $cells
	for cells in 4 2; do
		agent gateway --attach -i 'gw*' --endpoints ${cells}M "$@" 2>"$T/err" && return
		grep -q 'this kernel takes no' "$T/err" && continue
		not_ok "--attach --endpoints "${cells}M" $*: $(cat "$T/err")"
		return
	done
}

options() {
	check_fails "a size that is no power of 2" 2 'not a power of 2' agent gateway --attach -i 'gw*' --endpoints 3M
	attach_largest --endpoint-age 2 --unclassified-ports off
	check_equal "--endpoints ${cells}M: bytes of a value" "$(map_show endpoints bytes_value)" $((64 + (cells << 20)))
	epoch=$(epoch_milliseconds)
	check "--endpoint-age 2: $epoch ms an epoch, of which a mark lives at least two" [ $((2 * epoch)) -ge 2000 ]
	check "and at most four" [ $((4 * epoch)) -le 8000 ]
	check_equal "--unclassified-ports off: ports counted" "$(map_show unclassified max_entries)" 1
	refusals
	attach --endpoints "${cells}M" --endpoint-age 2 --unclassified-ports off
	attach
	same_state "the same options, and none"
}

refusals() {
	before=$(state) programs=$(xdp_program gateway gwlan)-$(xdp_program gateway gwwan)
	for option in 'endpoints 1M' 'endpoint-age 1500' 'unclassified-ports on'; do
		# shellcheck disable=SC2086
		check_fails "--$option over it" 1 "option '--${option% *}': differs" agent gateway --attach -i 'gw*' --$option
	done
	same_state "three refusals"
	check_equal "three refusals: the programs" "$(xdp_program gateway gwlan)-$(xdp_program gateway gwwan)" "$programs"
}

# TCP, a flow after the other; sets $by_database and $by_endpoint, the packets of it.
by_method() { # FLOW...
	by_database=$(method database) by_endpoint=$(method endpoint)
	flows client talk 10.2.0.2 10 100 "$@"
	by_database=$(($(method database) - by_database)) by_endpoint=$(($(method endpoint) - by_endpoint))
}

# A mark that became too old between two packets of a flow shows in both numbers.
is_fast_again() {
	source=$((source + 1))
	by_method 22:$source
	[ $by_database -gt 0 ] && [ $by_endpoint = 0 ]
}

# On a busy machine the script may stand still for longer than a mark is sure to live. What is counted wrongly
# then tells nothing: five times it is tried again.
milliseconds() { date +%s%3N; }
is_in_time() { # MILLISECONDS
	[ "$1" -lt $((2 * epoch)) ] && return
	echo "# marks live $((2 * epoch)) ms without use, and for up to $1 ms there was none"
	return 1
}

# Sets $took.
behind_client() {
	took=$(milliseconds)
	by_method 23053:22 22:40091
	took=$(($(milliseconds) - took))
}

# Sets $longest: no two packets of a flow that is used by this are farther apart.
use() { # COMMAND...
	begins=$(milliseconds)
	"$@"
	gap=$(($(milliseconds) - used))
	[ $gap -le $longest ] || longest=$gap
	used=$begins
}

# A connection from a firm port, in use for longer than marks last without use. Sets $own: packets of it that
# are counted for the port's own service.
use_on() {
	used=$(milliseconds) longest=0
	use hold 8 10.2.0.2 23053 22
	use hold 9 fd02::2 23053 22
	agent gateway --once
	before=$(prom_sum service_receive_packets_total 'service="ssh"')
	until=$(($(date +%s) + 6))
	while [ "$(date +%s)" -lt $until ]; do
		use more 1
	done
	use release 8
	use release 9
	agent gateway --once
	own=$(($(prom_sum service_receive_packets_total 'service="ssh"') - before))
}

# Whether it came out as it must, or was in time and so counts as it is.
has_evidence() { # VERB; sets $rounds
	rounds=$((rounds + 1))
	$1
	case $1 in
	behind_client) [ "$by_database" = 0 ] || is_in_time $took ;;
	use_on) [ $own = 0 ] || is_in_time $longest ;;
	esac
}
try() { # VERB
	rounds=0
	until has_evidence "$1"; do
		[ $rounds -lt 5 ] || return
	done
}

# To a firm port, as long as a client has lately come from that port, and afterwards.
fast_path() {
	hosts_up
	by_method 22:40090
	check "to a firm port: $by_database packets by database" [ "$by_database" -gt 0 ]
	check_equal "to a firm port: by endpoint" "$by_endpoint" 0
	if try behind_client; then
		check "after a client from that port: $by_endpoint packets by endpoint" [ "$by_endpoint" -gt 0 ]
		check_equal "after a client from that port: by database" "$by_database" 0
	else
		echo "skipped: after a client from that port: the machine is too busy"
	fi
	source=40100
	check "the fast path is back: all by database, none by endpoint" wait_until 20 is_fast_again
	if try use_on; then
		check_equal "a client from that port, in use for 6 seconds: packets for the port's own service" $own 0
	else
		echo "skipped: a client from that port, in use for 6 seconds: the machine is too busy"
	fi
	check "unclassified frames, not by port: $(prom_sum bucket_receive_packets_total unclassified_tcp)" \
		[ "$(prom_sum bucket_receive_packets_total unclassified_tcp)" -gt 0 ]
	peers_down
	agent gateway --detach
}

all_keys() { # of heads on standard input, a line each
	tr ' ' '\n' | grep . | paste -d ' ' - - - - - - - - | grep -v '^\(0x00 *\)*$' | awk 'NR % 8'
}

two_states() {
	agent gateway --attach -i gwlan 2>/dev/null
	(PINS=$T/bpf/other PROM=$T/textfile/other.prom && agent gateway --attach -i gwwan 2>/dev/null)
	one=$(marks_head) other=$(marks_head "$T/bpf/other")
	check_equal "two states: keys of 8 bytes, none of which is another or 0" \
		"$(echo "$one$other" | all_keys | sort -u | wc -l)" 14
	(PINS=$T/bpf/other && agent gateway --detach)
	agent gateway --detach
}

written_cells() {
	"$BPFTOOL" -j map lookup pinned "$PINS/v1/endpoints" key 0 0 0 0 |
		grep -o '0x[0-9a-f]*' | tail -n 65536 | grep -vc 0x00
}

textfile_is_newer() { [ "$PROM" -nt "$T/sent" ]; }

# So many that most endpoints look marked: then the marks tell nothing, and the other rules decide.
flooded() {
	begin_phase
	start_agent --endpoints 64K
	dropped=$(link_stat client c0 tx dropped)
	flows client flood c0 $FLOOD >"$T/sent"
	dropped=$(($(link_stat client c0 tx dropped) - dropped))
	base_gwlan=$((base_gwlan + FLOOD - dropped))
	cells=$(written_cells)
	check "random datagrams: $cells of 65536 cells are written" [ "$cells" -gt 50000 ]
	for address in $BOTH; do
		flows client talk "$address" 50 100 23456:40095 22:40096
		ask_name_server "$address" +tcp
		ask_name_server "$address"
	done
	check "the agent is alive" is_running $counting
	check "and writes" wait_until 10 textfile_is_newer
	end_phase
	stop $counting
	check_equal "random datagrams: sent, less $dropped that the device dropped" \
		"$(prom_sum bucket_receive_packets_total unclassified_udp)" $((FLOOD - dropped))
	read_ports
	check_equal "a lower port that no service has" "$(packets_of 23456 tcp)" "$(captured tcp 23456)"
	for service in 22:tcp:ssh 53:tcp:domain 53:udp:domain; do
		IFS=: read -r port protocol name <<-END
			$service
		END
		check_equal "$name/$protocol" "$(captured "$protocol" "$port")" \
			"$(prom_sum service_receive_packets_total "service=\"$name\"" "protocol=\"$protocol\"")"
	done
	agent gateway --status >"$T/status"
	check_equal "accounts that are closed" "$(grep -c ': closed$' "$T/status")" 2
	agent gateway --detach
}

start_servers
restarts
memory
options
fast_path
two_states
flooded
finish
