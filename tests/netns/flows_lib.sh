# SPDX-License-Identifier: GPL-2.0-only
# Sourced by test_flows.sh and test_marks.sh behind lib.sh: flows between a client and a server through a
# gateway, and captures of what the gateway's two devices received.
# shellcheck shell=sh disable=SC2034,SC2154

BPFTOOL=${BPFTOOL:-bpftool}
FLOODER=02:cc:cc:cc:cc:cc # as flows.py has it; not captured
BOTH='10.2.0.2 fd02::2'

flows() { # NAMESPACE VERB ARGUMENT...
	where=$1
	shift
	in_ns "$where" timeout --foreground 30 "$PYTHON" "$here/flows.py" "$@" || not_ok "$where: flows.py $*"
}

start_servers() {
	spawn server "$PYTHON" "$here/flows.py" serve tcp/22 tcp/9100 tcp/23053 tcp/23456 tcp/45001 tcp/50001 tcp/50500 \
		tcp/60001 tcp/60600 udp/16384 udp/23457 udp/51001 udp/62001 >"$T/servers.log"
	spawn server "$PYTHON" "$here/flows.py" ftpd >"$T/ftpd.log"
	spawn server dnsmasq -k -C /dev/null --no-hosts --no-resolv --user=root --pid-file= --address=/test/10.9.9.9 \
		>"$T/dns.log" 2>&1
	wait_until 10 grep -q ready "$T/servers.log" || not_ok "the servers do not start"
	wait_until 10 grep -q ready "$T/ftpd.log" || not_ok "the FTP server does not start"
}

attach() { # OPTION...
	agent gateway --attach -i 'gw*' "$@" 2>"$T/err" || not_ok "--attach $*: $(cat "$T/err")"
}

ask_name_server() { # ADDRESS [+tcp]
	in_ns client dig +short +tries=1 +time=5 "@$1" name.test ${2:+"$2"} >"$T/dig"
	check "DNS ${2:-+udp} of $1: $(cat "$T/dig")" grep -qx 10.9.9.9 "$T/dig"
}

# ---- what was counted
read_ports() { # as of now, for the next two
	agent gateway --top=100000 --by port --json >"$T/top.json"
}
packets_of() { # PORT PROTOCOL: unclassified
	jq "[.rows[] | select(.port == $1 and .transport == \"$2\") | .packets_total] | add // 0" "$T/top.json"
}
methods_of() { # PORT PROTOCOL
	jq -r ".rows[] | select(.port == $1 and .transport == \"$2\") | .methods | join(\" \")" "$T/top.json"
}
method() { # NAME: frames of both devices, as of now
	agent gateway --once
	prom_sum method_receive_packets_total "method=\"$1\""
}

# ---- a phase: captures and counters that begin and end with nothing on the way
hosts_up() {
	for host in client:c0:1 server:s0:2; do
		IFS=: read -r name device net <<-END
			$host
		END
		ip -n "$run-$name" link set "$device" up
		ip -n "$run-$name" address replace "10.$net.0.2/24" dev "$device"
		ip -n "$run-$name" -6 address replace "fd0$net::2/64" dev "$device" nodad
		ip -n "$run-$name" route replace default via "10.$net.0.1"
		ip -n "$run-$name" -6 route replace default via "fd0$net::1"
	done
	wait_until 5 in_ns client "$PYTHON" "$here/traffic.py" ping fd02::2 1 >/dev/null 2>&1
	wait_until 5 in_ns client "$PYTHON" "$here/traffic.py" ping 10.2.0.2 1 >/dev/null 2>&1
}

start_capture() { # DEVICE
	eval "base_$1=$(link_stat gateway "$1" rx packets)"
	: >"$T/$1.log"
	spawn gateway tcpdump -i "$1" -Q in -n -s 128 -B 32768 -Z root -w "$T/$1.pcap" \
		not ether src $FLOODER 2>"$T/$1.log"
	eval "capture_$1=$spawned"
	wait_until 10 grep -q 'listening on' "$T/$1.log" || not_ok "tcpdump on $1: $(cat "$T/$1.log")"
}

has_captured() { # DEVICE
	eval "kill -USR1 \$capture_$1"
	sleep 0.1
	eval "received=\$(($(link_stat gateway "$1" rx packets) - base_$1))"
	grep -q "^tcpdump: $received packets captured" "$T/$1.log"
}

end_capture() { # DEVICE
	wait_until 10 has_captured "$1" || not_ok "$1: the capture is not whole: $(tail -n 1 "$T/$1.log")"
	eval "stop \$capture_$1 INT"
}

read_capture() { # DEVICE
	# shellcheck disable=SC2046
	tshark -n -r "$T/$1.pcap" -o ip.defragment:FALSE -o ipv6.defragment:FALSE -o tcp.desegment_tcp_streams:FALSE \
		-T fields -E occurrence=f $("$PYTHON" "$here/flows_oracle.py" fields) 2>/dev/null >"$T/$1.tsv"
}

begin_phase() {
	start_capture gwlan
	start_capture gwwan
	hosts_up
}

end_phase() {
	peers_down
	agent gateway --once
	end_capture gwlan
	end_capture gwwan
	read_capture gwlan &
	reader=$!
	read_capture gwwan
	wait $reader
	for device in gwlan gwwan; do
		check "$device: $(wc -l <"$T/$device.tsv") frames captured" [ -s "$T/$device.tsv" ]
	done
}

# By the columns of FIELDS in flows_oracle.py.
captured() { # PROTOCOL PORT [SINCE]: frames from and to it, on both devices
	column=15
	[ "$1" = tcp ] || column=18
	cat "$T/gwlan.tsv" "$T/gwwan.tsv" |
		awk -F '\t' -v a=$column -v port="$2" -v since="${3:-0}" \
			'$1 > since && ($a == port || $(a + 1) == port) { frames++ } END { print frames + 0 }'
}

compare() { # SERVICE...
	read_ports
	"$PYTHON" "$here/flows_oracle.py" compare "$PROM" "$T/top.json" "gwlan=$T/gwlan.tsv" "gwwan=$T/gwwan.tsv" "$@" \
		>"$T/result"
	check "the comparison ends" [ $? = 0 ]
	cat "$T/result"
	failures=$((failures + $(grep -c '^not ok' "$T/result")))
}

# ---- flows that last, each with a number that is a file descriptor of this script's
has_done() { # NUMBER TIMES
	[ "$(grep -c done "$T/hold$1.log")" -ge "$2" ]
}

hold() { # NUMBER ADDRESS PORT SOURCE
	[ -p "$T/hold$1" ] || mkfifo "$T/hold$1"
	eval "exec $1<>\"\$T/hold$1\""
	spawn client "$PYTHON" "$here/flows.py" hold "$2" "$3" "$4" "$T/hold$1" >"$T/hold$1.log"
	eval "holder$1=$spawned"
	wait_until 10 has_done "$1" 1 || not_ok "a connection from $4 to $2 port $3"
}

more() { # ROUNDS
	for number in 8 9; do
		times=$(($(grep -c done "$T/hold$number.log") + 1))
		echo "$1" >&$number
		wait_until 10 has_done $number $times || not_ok "flow $number goes on"
	done
}

release() { # NUMBER
	echo 0 >&"$1"
	eval "exec $1>&-"
	eval "wait_until 10 is_gone \$holder$1" || not_ok "flow $1 ends"
}
