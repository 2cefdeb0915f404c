#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Which of a flow's two ports is the service: real connections, datagrams and fragments through a
# gateway, to ports that the database has and to ports that it has not. Each frame must be found under
# the port that its flow's first packet addressed, as captures on the same devices have it.
set -u
. tests/netns/lib.sh
. tests/netns/flows_lib.sh
begin tcpdump tshark dig dnsmasq
make_gateway

# Those of the built-in database that the test uses, and its own two.
SERVICES='20/tcp=ftp-data 21/tcp=ftp 22/tcp=ssh 53/tcp=domain 53/udp=domain 3690/tcp=svn 5900/tcp=rfb
	9100/tcp=pdl-datastream 16384/udp=facetime-rtp-16384 42000-42999/tcp=itunes-radio 49152-65535/tcp=xsan
	3868/sctp=diameter 5004/dccp=media'
cat >"$T/own.csv" <<-END
	Service Name,Port Number,Transport Protocol
	diameter,3868,sctp
	media,5004,dccp
END

tcp_flows() {
	by_guess=$(method guess) by_tie=$(method tie) by_database=$(method database)
	for address in $BOTH; do
		flows client talk "$address" 40 300 23456:40011 23456:20011 50001:60011 50001:40012 60001:50011 60001:65011 \
			45001:40013 45001:55013
	done
	check_equal "TCP with handshake: decided by database" $(($(method database) - by_database)) 0
	check_equal "TCP with handshake: tie" $(($(method tie) - by_tie)) 0
	check_equal "TCP with handshake: guess" $(($(method guess) - by_guess)) 0
}

udp_flows() {
	by_guess=$(method guess)
	for address in $BOTH; do
		flows client ask "$address" 40 300 23457:40021 23457:20021 51001:61021 62001:33021
	done
	check_equal "UDP: guessed, the first of each server and no more" $(($(method guess) - by_guess)) 6
}

ftp_flows() {
	for address in $BOTH; do
		flows client ftp "$address" 40031 23031 50031 passive
	done
}

# From a name server's port: to one that nobody knows, to two that have services.
port_53() {
	for address in $BOTH; do
		flows client talk "$address" 40 300 23053:53 50001:53 22:53
		ask_name_server "$address" +tcp
		ask_name_server "$address"
	done
}

fragmented() {
	for address in $BOTH; do
		flows client ask "$address" 10 4000 16384:40041 23457:40042
	done
}

crafted() {
	"$PYTHON" "$here/flows_crafted.py" >"$T/crafted"
	"$PYTHON" "$here/flows.py" replay "$run-client" c0 gwlan "$run-server" s0 gwwan "$run-gateway" \
		<"$T/crafted" >"$T/sent"
	check_equal "crafted frames that were received" "$(cat "$T/sent")" "$(wc -l <"$T/crafted")"
}

opened_and_refused() {
	for address in $BOTH; do
		flows client handshakes "$address" 9100:accepted:50 5900:refused:20 9100:aborted:5 23456:accepted:5 \
			23999:refused:5
	done
	flows client handshakes 10.2.0.99 3690:silent:10
	flows client handshakes fd02::99 3690:silent:10 53:silent:3
}

all_flows() {
	begin_phase
	attach -s "$T/own.csv"
	tcp_flows
	udp_flows
	ftp_flows
	port_53
	fragmented
	crafted
	opened_and_refused
	end_phase
	# shellcheck disable=SC2086
	compare $SERVICES
	for port in 23053 23456 45001; do
		check_equal "port $port/tcp, by" "$(methods_of $port tcp)" "handshake endpoint"
	done
	agent gateway --status >"$T/status"
	check_equal "accounts that are closed" "$(grep -c ': closed$' "$T/status")" 2
	agent gateway --detach
}

# Nothing is sent that has not been acknowledged: delayed acknowledgements have come.
is_quiet() {
	! in_ns server cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == "01" && $5 !~ /^0*:/' | grep -q .
}

middle_of_flow() {
	begin_phase
	hold 8 10.2.0.2 45001 40001
	hold 9 fd02::2 45001 40001
	wait_until 10 is_quiet || not_ok "acknowledgements are missing"
	began=$(date +%s.%N)
	attach
	more 30
	wait_until 10 is_quiet || not_ok "acknowledgements are missing"
	read_ports
	guessed=$(packets_of 40001 tcp)
	check "attached in mid-flow: $guessed packets for the lower port" [ "$guessed" -gt 0 ]
	check_equal "and for the server's" "$(packets_of 45001 tcp)" 0
	check_equal "by" "$(methods_of 40001 tcp)" guess
	flows client talk 10.2.0.2 1 100 45001:40061
	flows client talk fd02::2 1 100 45001:40061
	more 30
	release 8
	release 9
	end_phase
	read_ports
	check_equal "after a new connection to that server: for the lower port no more than before" \
		"$(packets_of 40001 tcp)" "$guessed"
	check_equal "all packets, but for those, for the server's port" "$(packets_of 45001 tcp)" \
		$(($(captured tcp 45001 "$began") - guessed))
	agent gateway --detach
}

start_servers
all_flows
middle_of_flow
finish
