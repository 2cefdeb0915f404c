#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The command line as a user meets it: help, errors and exit statuses, what each option changes, what is
# printed to a pipe, a terminal and a program.
set -u
. tests/netns/lib.sh
begin script

add_namespace gw
connect gw averylongname00 gw peer0
connect gw dev1 gw peer1
for device in averylongname00 dev1 peer0 peer1; do
	in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
	ip -n "$run-gw" link set $device up
done
esc=$(printf '\033')

help_text() {
	"$AGENT" --help >"$T/help" 2>"$T/err"
	check_equal "--help: exit status" $? 0
	check "--help: on standard output, $(wc -l <"$T/help") lines" [ -s "$T/help" ]
	check "--help: nothing on standard error" [ ! -s "$T/err" ]
	check_equal "--help: lines of more than 100 columns" "$(awk 'length > 100' "$T/help" | wc -l)" 0
	if [ -e README.md ]; then
		awk '/^```/ { inside = 0 } inside || /^Usage: agent/ { inside = 1; print }' README.md >"$T/readme"
		check "README.md: its help block is that of --help" cmp "$T/help" "$T/readme"
	else
		echo "skipped: there is no README.md to hold --help against"
	fi
	check "--version" [ "$("$AGENT" --version | grep -c '^portacct .*libbpf')" = 1 ]
}

usage_errors() {
	while read -r line; do
		# shellcheck disable=SC2086
		"$AGENT" --pin-dir "$PINS" $line >"$T/out" 2>"$T/err"
		check_equal "agent $line: '$(cat "$T/err")': exit, lines on standard error, on standard output" \
			"$? $(wc -l <"$T/err") $(wc -l <"$T/out")" '2 1 0'
	done <<-END
		--frobnicate
		extra
		-i
		--top=0
		--top=x
		-t 0 --top
		-t 1.5 --top
		-m fast --top
		--by colour --top
		--sort name --top
		--top x
		--audit=0
		--trace
		--endpoints 100K
		--endpoint-age 0
		--unclassified-ports maybe
		--top --once
		--max-series -1
		--lookup 70000/tcp
		--check-services $T/missing
		--help=yes
	END
}

# Everything --top prints, for every key, from frames of all kinds under the longest names there are.
top_output() {
	name=abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJK
	head='Service Name,Port Number,Transport Protocol,Encryption'
	printf '%s\n%s,53,udp,none\nsüß-ünïcode-☃☃☃☃☃☃☃,80,tcp,tls\nhinted,5555,udp,none\n' "$head" \
		"$name" >"$T/long.csv"
	agent gw --attach -i 'averylong*' -i dev1 -s "$T/long.csv" 2>"$T/err" || not_ok "attach: $(cat "$T/err")"
	in_ns gw "$PYTHON" "$here/frames.py" send peer1 2 "$T/frames" >/dev/null
	in_ns gw "$PYTHON" "$here/traffic.py" pace peer0 2000 "$T/enough" >"$T/sent" &
	sending=$!
	remember $sending
	wait_until 10 is_sending || not_ok "nothing is sent"
	jobs_left=
	for key in service port protocol device encryption method bucket; do
		agent gw --top=40 -s "$T/long.csv" --by $key >"$T/top.$key" 2>&1 &
		jobs_left="$jobs_left $!"
		agent gw --top -s "$T/long.csv" --by $key --json >"$T/json.$key" 2>&1 &
		jobs_left="$jobs_left $!"
	done
	agent gw --top 2 --sort packets >"$T/top.sorted" 2>&1 &
	jobs_left="$jobs_left $!"
	agent gw --top=40 --sort connections >"$T/connections" 2>&1 &
	jobs_left="$jobs_left $!"
	agent gw --top=200000 -s "$T/long.csv" --by port --json >"$T/ports" 2>&1 &
	jobs_left="$jobs_left $!"
	agent gw --top=40 --by port -i dev1 >"$T/ports.dev1" 2>&1 &
	jobs_left="$jobs_left $!"
	start=$(date +%s%N)
	agent gw --top -t 2 --json -i dev1 >"$T/json.two"
	took=$((($(date +%s%N) - start) / 1000000))
	script -qec "$(terminal_command --top)" /dev/null >"$T/tty"
	NO_COLOR=1 script -qec "$(terminal_command --top)" /dev/null >"$T/tty.plain"
	touch "$T/enough"
	# shellcheck disable=SC2086
	wait $sending $jobs_left
	look_at_top
	look_at_json
	look_at_connections
	look_at_ports
	agent gw --detach
}

is_sending() { [ "$(link_stat gw peer0 tx packets)" -gt 100 ]; }

holds() { jq -e "$@" >"$T/held" 2>&1; } # FILTER FILE

terminal_command() { echo "nsenter --net=/run/netns/$run-gw $AGENT --pin-dir $PINS -o $PROM $*"; }

widest() { # FILE...: in characters
	"$PYTHON" -c 'import sys
print(max(len(line.rstrip("\n")) for name in sys.argv[1:] for line in open(name, encoding="utf-8")))' "$@"
}

look_at_top() {
	check "--top: widest line of all keys: $(widest "$T"/top.*) columns" [ "$(widest "$T"/top.*)" -le 80 ]
	check "--top into a file: no escape" [ -z "$(grep -l "$esc" "$T"/top.*)" ]
	check "--top on a terminal: colour" grep -q "$esc\[" "$T/tty"
	check "--top on a terminal with NO_COLOR: none" [ "$(grep -c "$esc" "$T/tty.plain")" = 0 ]
	check "--top on a terminal with NO_COLOR: the same table" grep -q PROTO "$T/tty.plain"
	check_equal "--top 2: rows" "$(tail -n +4 "$T/top.sorted" | wc -l)" 2
	check_equal "--by: different tables of 7 keys" \
		"$(for key in "$T"/top.*; do sed -n 4p "$key" | cut -c1-17; done | sort -u | wc -l)" 7
	check "-t 2: measured for $took ms" [ $took -ge 2000 ]
	check_equal "-i dev1: devices" "$(jq -c '[.devices[].device]' "$T/json.two")" '["dev1"]'
}

look_at_json() {
	bad=
	for json in "$T"/json.*; do
		jq -e '(.frames | type == "number") and (.bytes | type == "number") and (.services | type == "array") and
			(.buckets | length == 25) and (.methods | length == 5) and
			(.services[0] | has("service", "transport", "encryption", "to_server", "to_client"))' \
			"$json" >"$T/out" 2>&1 || bad="$bad $json: $(cat "$T/out" "$json" | head -c 300)"
	done
	check "--top --json: 8 documents with the contract's keys$bad" [ -z "$bad" ]
	check "--json: no escape" [ -z "$(grep -l "$esc" "$T"/json.*)" ]
	check_equal "--json: names of the database given" "$(jq -r .services[0].service "$T/json.service")" "$name"
	check "--json: services + buckets = frames" holds \
		'([.services[].packets_total] | add) + ([.buckets[].packets_total] | add) == .frames_total' "$T/json.service"
	agent gw --status --json >"$T/status"
	check "--status --json: two devices" holds '.devices | length == 2' "$T/status"
}

# frames.py has two frames each: 5900 accepts a connection, port 80 asks for one to 5555, which is of no service.
look_at_connections() {
	check "--sort connections: columns" grep -q '^SERVICE .* ATTEMPTED ACCEPTED   RESET ATT.TOTAL ' "$T/connections"
	check "--sort connections: widest line: $(widest "$T/connections") columns" [ "$(widest "$T/connections")" -le 80 ]
	check "--json: connections of a service" holds \
		'[.services[] | select(.service == "rfb") | .connections.accepted_total] == [2]' "$T/json.service"
	check "--json: connections of all devices, of services or not" holds \
		'.connections.attempted_total == ([.devices[].connections.attempted_total] | add) and
		.connections.attempted_total >= 2 + ([.services[].connections.attempted_total] | add)' "$T/json.service"
	check "--status --json: connections" holds '.devices | map(select(.device == "dev1"))[0] |
		.connections.accepted == 2 and .connections.attempted >= 2' "$T/status"
	check "--status --json: suspicious frames" holds \
		'[.devices[] | .suspicious_source_port_frames] | add == 2' "$T/status"
	check "--status --json: what is counted with" holds \
		'.unclassified_ports and .endpoint_cells == 1048576 and .endpoint_age_seconds >= 1000' "$T/status"
}

look_at_ports() {
	check "--by port: rows are all frames of the interval and in total" holds \
		'([.rows[].packets] | add) == .frames and ([.rows[].packets_total] | add) == .frames_total and
		([.rows[].bytes] | add) == .bytes and ([.rows[].bytes_total] | add) == .bytes_total' "$T/ports"
	check "--by port: nothing is negative" holds '[.rows[] | .packets, .bytes, .packets_total] | min >= 0' "$T/ports"
	check "--by port: an unclassified port, its method and hint" holds '[.rows[] | select(.label == "5555/tcp")] |
		.[0].methods == ["handshake"] and .[0].hint == "udp: hinted" and .[0].packets_total == 2' "$T/ports"
	check "--by port: no bucket beside its ports" holds \
		'[.rows[] | select(.label == "unclassified_tcp") | .packets_total] == []' "$T/ports"
	check "--by port: the same for a person" grep -q '^5555/tcp   *handshake udp: hinted ' "$T/top.port"
	check "--by port of some devices: $(tail -1 "$T/ports.dev1")" grep -q '^note: .* leave out -i$' "$T/ports.dev1"
	check "--by port of some devices: the bucket" grep -q '^unclassified_tcp ' "$T/ports.dev1"
}

# -m, --pin-dir and -o are seen by what they leave; what the table does on a terminal as well.
run_options() {
	agent gw --attach -i dev1 -m generic --pin-dir "$T/bpf/other" 2>"$T/err"
	check "-m generic: $(cat "$T/err")" grep -q 'counting (generic' "$T/err"
	check "--pin-dir" [ -e "$T/bpf/other/v1/dev1/link" ]
	check_equal "--pin-dir: the default one of the run" "$([ -e "$PINS" ] && echo there || echo absent)" absent
	agent gw --once --pin-dir "$T/bpf/other" -o "$T/textfile/second.prom"
	check "-o" grep -q 'portacct_device_info{device="dev1",hook="xdp",mode="generic"} 1' "$T/textfile/second.prom"
	agent gw --detach --pin-dir "$T/bpf/other" -o "$T/textfile/second.prom"
	agent gw --attach -i dev1 --endpoints 64K --endpoint-age 60 --unclassified-ports off 2>"$T/err"
	agent gw --status --json >"$T/status"
	check "--endpoints, --endpoint-age, --unclassified-ports" holds '.endpoint_cells == 65536 and
		.endpoint_age_seconds >= 60 and .endpoint_age_seconds < 120 and (.unclassified_ports | not)' "$T/status"
	agent gw --top --by port >"$T/out"
	check "--by port without: $(tail -1 "$T/out")" grep -q '^note: .*--unclassified-ports on$' "$T/out"
	agent gw --detach
	run_on_terminal "the agent on a terminal" 'SERVICE.*PROTO'
	run_on_terminal "the agent on a terminal, by port" 'PORT .*ATTEMPTED' --by port --sort connections
	agent gw --detach
}

has_tables() { [ "$(grep -c "$1" "$T/tty")" -ge 2 ]; }

# Until it has written two tables. The shell that script starts becomes the agent, so that it can be ended.
run_on_terminal() { # DESCRIPTION PATTERN-OF-A-TABLE OPTION...
	description=$1 pattern=$2
	shift 2
	: >"$T/tty"
	script -qec "echo \$\$ >$T/agent.pid; exec $(terminal_command -i dev1 -t 1 "$@")" /dev/null >"$T/tty" &
	terminal=$!
	remember $terminal
	wait_until 30 has_tables "$pattern"
	ok_so_far=$?
	kill "$(cat "$T/agent.pid")"
	wait $terminal
	check "$description: $(grep -c "$pattern" "$T/tty") tables" [ $ok_so_far = 0 ]
}

database() {
	check_equal "--lookup 465/tcp" "$("$AGENT" --lookup 465/tcp | head -1)" 'submissions 465/tcp'
	check_equal "--lookup of an alias" "$("$AGENT" --lookup smtps | head -1)" 'submissions 465/tcp'
	"$AGENT" --lookup 6/tcp >"$T/out"
	check_equal "--lookup of a port without entry ($(cat "$T/out")): exit status" $? 1
	"$AGENT" --lookup 443/tcp --json >"$T/out"
	check "--lookup 443/tcp --json: one object with the contract's keys" holds '.service == "https" and .first == 443 and
		.last == 443 and .encryption == "tls" and .transport == "tcp" and (.aliases | type == "array") and
		has("reference", "description")' "$T/out"
	check_equal "--lookup 53 --json: an array" \
		"$("$AGENT" --lookup 53 --json | jq -c '[.[].transport] | sort')" '["tcp","udp"]'
	"$AGENT" --services --json >"$T/out"
	check_equal "--services --json: entries" \
		"$(jq '.entries | length' "$T/out")" "$("$AGENT" --services | tail -n +2 | wc -l)"
	printf 'Service Name,Port Number,Transport Protocol\nmine,465,tcp\n' >"$T/mine.csv"
	check_equal "-s: a later file wins" "$("$AGENT" -s "$T/mine.csv" --lookup 465/tcp | head -1)" 'mine 465/tcp'
	check_equal "--no-builtin: entries" \
		"$("$AGENT" -s "$T/mine.csv" --no-builtin --services --json | jq '.entries | length')" 1
	printf 'ssh 22/tcp secure\nweb 80/tcp\n' >"$T/services"
	check_equal "-s: the format of /etc/services" \
		"$("$AGENT" --no-builtin -s "$T/services" --lookup 80/tcp | head -1)" 'web 80/tcp'
	"$AGENT" --check-services data/services.csv >"$T/out" 2>&1
	check_equal "--check-services of a good file: exit status, output" "$? $(cat "$T/out")" \
		'0 data/services.csv: 73 entries, 0 rows passed over'
	printf 'Service Name,Port Number,Transport Protocol\na,0,tcp\nb,9-8,tcp\nc,5,ftp\n' >"$T/bad.csv"
	"$AGENT" --check-services "$T/bad.csv" 2>"$T/err"
	check_equal "--check-services: exit status, and where the errors are" \
		"$? $(grep -o 'bad.csv:[0-9]*:[0-9]*:' "$T/err" | xargs)" '2 bad.csv:2:3: bad.csv:3:3: bad.csv:4:5:'
	"$PYTHON" "$here/series.py" many 6000 1 >"$T/many.csv"
	{ "$AGENT" -s "$T/many.csv" --services; echo $? >"$T/status"; } 2>"$T/err" | head -1 >/dev/null
	check_equal "--services | head -1: exit status, errors" "$(cat "$T/status") $(cat "$T/err")" '0 '
}

help_text
usage_errors
top_output
run_options
database
finish
