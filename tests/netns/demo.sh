#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# demo.sh AGENT: a client, a gateway and a server in network namespaces, real traffic between client and
# server, and what the agent on the gateway says of it. Removes everything again.
set -u
AGENT=$1
. tests/netns/lib.sh
case $AGENT in /*) ;; *) AGENT=$(pwd)/$AGENT ;; esac
command -v "$PYTHON" >/dev/null || PYTHON=$(command -v python3)
begin

has() { command -v "$1" >/dev/null || ! echo "skipped: $1 is missing, so $2"; }

# Twice the same: a test of the gateway's two devices, and something to look at.
traffic() {
	i=0
	while [ ! -e "$T/enough" ]; do
		i=$((i + 1))
		if command -v curl >/dev/null; then
			in_ns client curl -gs -o /dev/null "http://10.2.0.2/file" "http://[fd02::2]/file"
		else
			in_ns client "$PYTHON" -c 'import urllib.request as u; u.urlopen("http://10.2.0.2/file").read()'
		fi
		in_ns client "$PYTHON" "$here/traffic.py" talk 10.2.0.2 22 200000
		if $with_dns; then
			in_ns client dig +short +tries=1 @10.2.0.2 "n$i.demo"
			in_ns client dig +short +tries=1 @fd02::2 "n$i.demo"
		else
			in_ns client "$PYTHON" "$here/traffic.py" datagrams 10.2.0.2 53 5 60
		fi
		in_ns client "$PYTHON" "$here/traffic.py" ping fd02::2 3
	done >/dev/null 2>&1
}

servers() {
	mkdir "$T/www"
	head -c 1000000 /dev/urandom >"$T/www/file"
	spawn server "$PYTHON" -m http.server --bind :: --directory "$T/www" 80 >/dev/null 2>&1
	spawn server "$PYTHON" "$here/traffic.py" greet 22
	with_dns=false
	if has dnsmasq "nothing answers to DNS" && has dig "DNS is asked by plain datagrams"; then
		with_dns=true
		spawn server dnsmasq -k -C /dev/null --no-hosts --no-resolv --user=root --pid-file= \
			--address=/demo/10.9.9.9 2>/dev/null
	fi
	with_iperf=false
	if has iperf3 "no traffic of its own"; then
		with_iperf=true
		spawn server iperf3 -s -p 9100 >/dev/null 2>&1
		spawn server iperf3 -s -p 16384 >/dev/null 2>&1
	fi
}

load() { # seconds of it, beside the rest
	traffic &
	remember $!
	$with_iperf || return 0
	spawn client iperf3 -c 10.2.0.2 -p 9100 -b 40M -t 8 >/dev/null 2>&1
	spawn client iperf3 -c fd02::2 -p 16384 -u -b 4M -l 400 -t 8 >/dev/null 2>&1
}

echo "== client 10.1.0.2 -- gateway, counting on gwlan and gwwan -- server 10.2.0.2"
make_gateway
peers_up
servers
spawn_agent gateway -i 'gw*' -t 1 >/dev/null
counting=$spawned
wait_until 10 test -s "$PROM" || exit 1
sleep 0.5
load
echo "== agent --top -t 4"
agent gateway --top -t 4
echo "== agent --top -t 2 --by device"
agent gateway --top -t 2 --by device
touch "$T/enough"
stop $counting
echo "== head of the textfile for node_exporter, without what is 0"
grep -v ' 0$' "$PROM" | head -20
echo "== agent --status"
agent gateway --status
agent gateway --detach
