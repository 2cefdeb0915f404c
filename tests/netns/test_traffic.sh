#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Real traffic of real programs through a gateway, counted by the agent on both of its devices and
# captured on the same devices. Every packet and byte must be found under the service that the test
# knows it to belong to.
set -u
. tests/netns/lib.sh
begin tcpdump tshark iperf3 curl dig dnsmasq
make_gateway
connect gateway other gateway beside # devices that the pattern must leave alone
ip -n "$run-gateway" link set other up

SERVERS='22/tcp=ssh 53/tcp=domain 53/udp=domain 80/tcp=http 9100/tcp=pdl-datastream 16384/udp=facetime-rtp-16384'

traffic() { # NAMESPACE VERB ARGUMENT...
	where=$1
	shift
	in_ns "$where" "$PYTHON" "$here/traffic.py" "$@"
}

start_servers() {
	mkdir "$T/www"
	head -c 16000000 /dev/urandom >"$T/www/file"
	large=$(head -c 2000 /dev/zero | tr '\0' x | sed 's/.\{200\}/,&/g')
	spawn server "$PYTHON" -m http.server --bind :: --directory "$T/www" 80 >"$T/http.log" 2>&1
	spawn server dnsmasq -k -C /dev/null --no-hosts --no-resolv --user=root --pid-file= \
		--address=/test/10.9.9.9 --txt-record="large.test$large" >"$T/dns.log" 2>&1
	spawn server "$PYTHON" "$here/traffic.py" greet 22
	for port in 9100 16384 5201; do
		spawn server iperf3 -s -p $port >/dev/null 2>&1
	done
	wait_until 10 has_servers || echo "# not all servers listen"
}

has_servers() {
	listening=$(in_ns server sh -c 'cat /proc/net/tcp /proc/net/tcp6')
	for port in 0016 0035 0050 238C 4000 1451; do # in hexadecimal
		echo "$listening" | grep -q ":$port [0F:]* 0A" || return 1
	done
}

start_capture() { # NAMESPACE DEVICE
	spawn "$1" tcpdump -i "$2" -Q in -n -s 256 -B 131072 -Z root -w "$T/$2.pcap" 2>"$T/$2.log"
	eval "capture_$2=$spawned"
	wait_until 10 grep -q 'listening on' "$T/$2.log"
}

has_captured() { # PID LOG PACKETS
	kill -USR1 "$1"
	sleep 0.1
	grep -q "^tcpdump: $3 packets captured" "$2"
}

# Only when all that the device received is captured, as tcpdump does not empty its buffer at its end.
end_capture() { # NAMESPACE DEVICE
	eval "pid=\$capture_$2"
	wait_until 5 has_captured "$pid" "$T/$2.log" "$(link_stat "$1" "$2" rx packets)"
	stop "$pid" INT
	check_equal "$2: frames that the capture dropped" \
		"$(awk '/dropped by kernel/ { drops = $1 } END { print drops }' "$T/$2.log")" 0
}

get_file() { # URL
	sum=$(in_ns client curl -gsS --max-time 20 "$1" | sha256sum)
	check "$1: 16 MB arrive as they were sent" [ "$sum" = "$(sha256sum <"$T/www/file")" ]
}

# What the kernel dropped at the ends, for a full socket buffer or a full queue of a device there.
dropped_at_ends() {
	for end in client server; do
		in_ns $end awk '/^Udp:/ { value = $6 } /^Udp6RcvbufErrors/ { value += $2 } END { print value }' \
			/proc/net/snmp /proc/net/snmp6
	done
	for device in client:c0 server:s0 gateway:gwlan gateway:gwwan; do
		link_stat "${device%:*}" "${device#*:}" rx dropped
		link_stat "${device%:*}" "${device#*:}" tx dropped
	done
}

# What does not arrive must be missing for one of those, not for the agent.
paced_udp() { # OPTION...
	before=$(dropped_at_ends | awk '{ sum += $1 } END { print sum }')
	in_ns client iperf3 -J -u -b 8M -l 250 -t 2 "$@" >"$T/udp.json"
	after=$(dropped_at_ends | awk '{ sum += $1 } END { print sum }')
	check "iperf3 -u $*: of $(jq .end.sum.packets "$T/udp.json") datagrams lost: $(jq .end.sum.lost_packets "$T/udp.json"), \
dropped at the ends: $((after - before))" \
		[ "$(jq .end.sum.lost_packets "$T/udp.json")" -le $((after - before)) ]
}

make_traffic() {
	get_file http://10.2.0.2/file
	get_file 'http://[fd02::2]/file'
	for i in 1 2 3 4 5 6 7 8 9 10; do
		in_ns client dig +short +tries=1 @10.2.0.2 "n$i.test" >"$T/dig"
		in_ns client dig +short +tries=1 +bufsize=4096 @fd02::2 large.test TXT >>"$T/dig"
		in_ns client dig +short +tcp @10.2.0.2 large.test TXT >>"$T/dig"
	done
	check "DNS answers" grep -q x "$T/dig"
	traffic client talk 10.2.0.2 22 300000
	traffic client talk fd02::2 22 300000
	in_ns client iperf3 -c 10.2.0.2 -p 9100 -n 50M >/dev/null
	in_ns client iperf3 -c fd02::2 -p 5201 -n 40M -R >/dev/null
	paced_udp -c 10.2.0.2 -p 16384
	paced_udp -c fd02::2 -p 5201 -R
	traffic client datagrams 10.2.0.2 53 20 4000  # fragments
	traffic client datagrams fd02::2 16384 20 4000
	traffic client ping 10.2.0.2 20
	traffic client ping fd02::2 20
	in_ns client "$PYTHON" "$here/frames.py" send c0 25 "$T/frames" >/dev/null
	in_ns server "$PYTHON" "$here/frames.py" send s0 25 "$T/frames" >/dev/null
}

check_interface() { # DEVICE: the agent's sums against the interface's own
	packets=$(prom_sum device_receive_packets_total "device=\"$1\"")
	bytes=$(prom_sum device_receive_bytes_total "device=\"$1\"")
	check_equal "$1: packets, against the interface's rx_packets" "$packets" "$(link_stat gateway "$1" rx packets)"
	check_equal "$1: bytes, against its rx_bytes + 14 a packet, as it leaves out the Ethernet header" "$bytes" \
		$(($(link_stat gateway "$1" rx bytes) + 14 * packets))
	services=$(prom_sum service_receive_packets_total "device=\"$1\"")
	check_equal "$1: $services in services + those in buckets" \
		$((services + $(prom_sum bucket_receive_packets_total "device=\"$1\""))) "$packets"
}

check_capture() { # DEVICE
	agent gateway --top --json -i "$1" >"$T/$1.json"
	tshark -n -r "$T/$1.pcap" -o ip.defragment:FALSE -o ipv6.defragment:FALSE -o tcp.desegment_tcp_streams:FALSE \
		-T fields -E occurrence=f -e frame.len -e eth.src -e frame.protocols -e ip.frag_offset \
		-e ipv6.fraghdr.offset -e tcp.srcport -e tcp.dstport -e udp.srcport -e udp.dstport \
		-e ip.src -e ip.dst -e ip.id -e ipv6.src -e ipv6.dst -e ipv6.fraghdr.ident 2>/dev/null >"$T/$1.tsv"
	# shellcheck disable=SC2086
	"$PYTHON" "$here/oracle.py" "$1" "$T/frames" "$PROM" "$T/$1.json" $SERVERS <"$T/$1.tsv" ||
		failures=$((failures + 1))
}

mixed_traffic() {
	start_servers
	spawn_agent gateway -i 'gw*' -t 1 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 [ -s "$PROM" ] || not_ok "the agent starts: $(cat "$T/agent.log")"
	start_capture gateway gwlan
	start_capture gateway gwwan
	peers_up
	make_traffic
	peers_down
	end_capture gateway gwlan
	end_capture gateway gwwan
	stop $counting
	check_capture gwlan
	check_capture gwwan
	check_interface gwlan
	check_interface gwwan
	total=$(prom_sum device_receive_packets_total)
	check "$total packets counted, at least 100000" [ "$total" -ge 100000 ]
	check_equal "devices that the pattern chose" "$(grep -c ^portacct_device_info "$PROM")" 2
	agent gateway --detach
}

# As fast as can be, half of it larger than the counted device takes: what it did not get, it did not count.
unpaced_traffic() {
	add_namespace flood
	connect flood fl0 flood fl1
	ip -n "$run-flood" link set fl0 mtu 1000 up
	agent flood --attach -i fl0 2>/dev/null
	ip -n "$run-flood" link set fl1 up
	traffic flood blast fl1 150000 60 >"$T/sent.1" &
	first=$!
	traffic flood blast fl1 150000 1514 >"$T/sent.2"
	wait $first
	ip -n "$run-flood" link set fl1 down
	agent flood --once
	sent=$(($(cat "$T/sent.1") + $(cat "$T/sent.2")))
	counted=$(prom_sum service_receive_packets_total 'service="domain"')
	dropped=$(link_stat flood fl1 tx dropped)
	check_equal "unpaced: counted $counted + dropped by the sending device $dropped, of sent" $((counted + dropped)) $sent
	agent flood --detach
}

jumbo_frames() {
	add_namespace jumbo
	add_namespace sender
	for i in 0 1; do
		connect jumbo ju$i sender se$i 9000
		ip -n "$run-jumbo" address add "10.3.$i.1/24" dev ju$i
		ip -n "$run-jumbo" link set ju$i up
	done
	agent jumbo --attach -i ju0 -i ju1 2>"$T/err" || not_ok "attach at MTU 9000: $(cat "$T/err")"
	spawn jumbo iperf3 -s -p 9100 >/dev/null 2>&1
	for i in 0 1; do
		ip -n "$run-sender" link set se$i up
		ip -n "$run-sender" address add "10.3.$i.2/24" dev se$i
	done
	traffic sender datagrams 10.3.0.1 53 1000 8000
	wait_until 5 in_ns sender iperf3 -c 10.3.1.1 -p 9100 -n 20M >/dev/null
	ip -n "$run-sender" link set se0 down
	ip -n "$run-sender" link set se1 down
	agent jumbo --once
	check_equal "jumbo: bytes of 1000 datagrams of 8000 + 42" \
		"$(prom_sum service_receive_bytes_total 'service="domain"' 'protocol="udp"')" 8042000
	counted=$(prom_sum device_receive_packets_total 'device="ju1"')
	check_equal "jumbo: bytes of TCP in $counted frames" "$(prom_sum device_receive_bytes_total 'device="ju1"')" \
		$(($(link_stat jumbo ju1 rx bytes) + 14 * counted))
	check "jumbo: larger than a page" [ "$(($(link_stat jumbo ju1 rx bytes) / counted))" -gt 4096 ]
	agent jumbo --detach
}

# A device without Ethernet header: packets start at the IP version.
l3_device() {
	add_namespace l3
	"$PYTHON" "$here/frames.py" l3 >"$T/l3.rows"
	spawn l3 "$PYTHON" "$here/traffic.py" tun tun0 "$T/l3.rows" "$T/l3.go" >"$T/l3.log"
	wait_until 10 grep -q ready "$T/l3.log"
	in_ns l3 sh -c 'echo 1 >/proc/sys/net/ipv6/conf/tun0/disable_ipv6'
	ip -n "$run-l3" link set tun0 up
	check_fails "tun: no native XDP" 1 'cannot be attached in native mode: .*driver' agent l3 --attach -m native -i tun0
	agent l3 --attach -m generic -i tun0 2>"$T/err" || not_ok "attach to tun: $(cat "$T/err")"
	touch "$T/l3.go"
	wait_until 10 grep -q written "$T/l3.log"
	agent l3 --once
	agent l3 --top --json >"$T/l3.json"
	check_equal "tun: packets refused by the device" "$(grep -c refused "$T/l3.log")" 0
	# The same comparison, with the rows for a capture: their length, and each named by its number.
	awk -F'\t' '{ print NR FS $1 FS $2 FS $3 }' "$T/l3.rows" >"$T/frames"
	awk -F'\t' '{ print length($4) / 2 FS NR FS FS FS FS FS FS FS }' "$T/l3.rows" |
		"$PYTHON" "$here/oracle.py" tun0 "$T/frames" "$PROM" "$T/l3.json" || failures=$((failures + 1))
	agent l3 --detach
}

mixed_traffic
unpaced_traffic
jumbo_frames
l3_device
finish
