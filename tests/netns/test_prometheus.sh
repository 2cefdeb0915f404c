#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The textfile through the real node_exporter and a real Prometheus, up to the answer of its HTTP API,
# against the counters in the kernel; and the textfile itself: names that need escapes, the limit of
# series, readers that read while it is written.
set -u
. tests/netns/lib.sh
begin bpftool curl promtool prometheus prometheus-node-exporter setpriv

add_namespace gateway
connect gateway in0 gateway out0
connect gateway in1 gateway out1
for device in in0 in1; do
	in_ns gateway sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
	ip -n "$run-gateway" link set $device up
done

# Traffic to every crafted outcome and to ports of the databases below, then silence.
send_frames() {
	for device in out0 out1; do
		ip -n "$run-gateway" link set $device up
		in_ns gateway "$PYTHON" "$here/frames.py" send $device 3 "$T/frames" >/dev/null
	done
	in_ns gateway "$PYTHON" "$here/traffic.py" sweep out0 10001 40 1
	in_ns gateway "$PYTHON" "$here/traffic.py" sweep out1 20 4000 2
	ip -n "$run-gateway" link set out0 down
	ip -n "$run-gateway" link set out1 down
}

compare() { # series.py's VERB ARGUMENT...
	"$PYTHON" "$here/series.py" "$@" || failures=$((failures + 1))
}

start_daemons() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups true 2>/dev/null || return 1
	spawn gateway setpriv --reuid=nobody --regid=nogroup --clear-groups "$(command -v prometheus-node-exporter)" \
		--web.listen-address=127.0.0.1:9199 --web.disable-exporter-metrics --collector.disable-defaults \
		--collector.textfile --collector.textfile.directory="$T/textfile" 2>"$T/exporter.log"
	cat >"$T/prometheus.yml" <<-END
		global: {scrape_interval: 1s, scrape_timeout: 1s}
		scrape_configs: [{job_name: node, static_configs: [{targets: ["127.0.0.1:9199"]}]}]
	END
	spawn gateway "$(command -v prometheus)" --config.file="$T/prometheus.yml" --storage.tsdb.path="$T/data" \
		--web.listen-address=127.0.0.1:9198 --log.level=warn 2>"$T/prometheus.log"
}

query() { # EXPRESSION FILE
	in_ns gateway curl -fsG http://127.0.0.1:9198/api/v1/query --data-urlencode "query=$1" >"$2" 2>/dev/null
}

# A scrape later than the file's last version has arrived.
has_scraped() {
	query portacct_last_write_timestamp_seconds "$T/answer" &&
		[ "$(jq -r '.data.result[0].value[1] // "0" | tonumber' "$T/answer")" = \
			"$(awk '/^portacct_last_write/ { print $2 }' "$PROM" | jq .)" ]
}

through_prometheus() {
	"$PYTHON" "$here/series.py" hostile >"$T/hostile.csv"
	spawn_agent gateway -i 'in*' -t 1 -s "$T/hostile.csv" 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 [ -s "$PROM" ] || not_ok "the agent starts: $(cat "$T/agent.log")"
	start_daemons
	send_frames
	stop $counting
	compare pins "$PROM" "$PINS" in0
	compare pins "$PROM" "$PINS" in1
	wait_until 40 has_scraped || not_ok "Prometheus answers: $(tail -qn 1 "$T/prometheus.log" "$T/exporter.log")"
	query '{__name__=~"portacct_.*"}' "$T/answer"
	compare api "$PROM" "$T/answer"
	query 'node_textfile_scrape_error' "$T/answer"
	check_equal "node_textfile_scrape_error" "$(jq -r '.data.result[0].value[1]' "$T/answer")" 0
	in_ns gateway curl -fs http://127.0.0.1:9198/api/v1/metadata >"$T/answer"
	check_equal "type in Prometheus' metadata" \
		"$(jq -r '.data.portacct_service_receive_bytes_total[0].type' "$T/answer")" counter
}

the_file() {
	promtool check metrics <"$PROM" >"$T/lint" 2>&1
	check_equal "promtool check metrics: exit status ($(head -c 200 "$T/lint"))" $? 0
	check_equal "families and types in README's table, and in the file" \
		"$(sed -n 's/^| `\([a-z_]*\)` | \(counter\|gauge\).*/\1 \2/p' README.md | sort | xargs)" \
		"$(sed -n 's/^# TYPE portacct_\([a-z_]*\) \(.*\)/\1 \2/p' "$PROM" | sort | xargs)"
	samples=$("$PYTHON" "$here/promtext.py" "$PROM")
	check "$samples samples in $(grep -c '^# HELP' "$PROM") families: none twice, HELP and TYPE once for each" \
		[ "$samples" -gt 500 ]
	check_equal "mode of the textfile" "$(stat -c %a "$PROM")" 644
	check_equal "files in its directory" "$(ls -A "$T/textfile")" portacct.prom
	check "a known service without traffic is told as 0" \
		grep -q 'packets_total{device="in0",service="telnet",protocol="tcp",direction="to_client"} 0$' "$PROM"
	check "connections are told as 0, too" grep -q \
		'connections_attempted_total{device="in0",service="telnet",protocol="tcp"} 0$' "$PROM"
	check_equal "series of connections over UDP" "$(grep -c '_connections_.*protocol="udp"' "$PROM")" 0
	check "a name with quotes and braces" grep -qF 'service="a,b{c=\"d\"} 1",' "$PROM"
	agent gateway --detach
}

is_newer() { [ -n "$(find "$PROM" -newer "$T/reference")" ]; }

own_series() { sed -n 's/^portacct_service_info{service="\([^"]*\)",protocol="\([^"]*\)".*/\1 \2/p' "$PROM"; }

check_sum() { # DESCRIPTION
	check_equal "$1: services, other and buckets against the devices' frames" \
		$(($(prom_sum service_receive_packets_total) + $(prom_sum bucket_receive_packets_total))) \
		"$(prom_sum device_receive_packets_total)"
}

limit_of_series() {
	"$PYTHON" "$here/series.py" many 4000 1 >"$T/many.csv"
	PINS=$T/bpf/many
	spawn_agent gateway -i 'in*' -t 1 -s "$T/many.csv" --no-builtin --max-series 20 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -q counting "$T/agent.log"
	send_frames
	stop $counting
	first=$(own_series)
	check_equal "4000 services, --max-series 20: services with series" "$(own_series | grep -c .)" 20
	check "the rest is in other: $(prom_sum service_receive_packets_total 'service="other"') frames" \
		[ "$(prom_sum service_receive_packets_total 'service="other"')" -gt 7000 ]
	check_equal "services over the limit" "$(awk '/^portacct_services_over_limit/ { print $2 }' "$PROM")" 3980
	check_sum "--max-series 20"
	before=$(prom_sum service_receive_packets_total 'service="other"')
	spawn_agent gateway -i 'in*' -t 1 -s "$T/many.csv" --no-builtin --max-series 20 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -q counting "$T/agent.log"
	send_frames
	touch "$T/reference"
	wait_until 10 is_newer
	stop $counting KILL
	agent gateway --once -s "$T/many.csv" --no-builtin --max-series 20
	check_equal "the same services after a restart" "$(own_series | cksum)" "$(echo "$first" | cksum)"
	check "no sum set back: other has $(prom_sum service_receive_packets_total 'service="other"') after $before" \
		[ "$(prom_sum service_receive_packets_total 'service="other"')" -gt "$before" ]
	check_sum "after the restart"
	promtool check metrics <"$PROM" >/dev/null 2>&1
	check_equal "promtool check metrics" $? 0
}

# Readers while the agent writes each second and --once beside it as often as it can.
reading_while_written() {
	spawn_agent gateway -i 'in*' -t 1 -s "$T/many.csv" --no-builtin --max-series 20 2>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -q counting "$T/agent.log"
	"$PYTHON" "$here/series.py" watch "$PROM" "$T/enough" >"$T/watched" &
	watching=$!
	remember $watching
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		agent gateway --once -s "$T/many.csv" --no-builtin --max-series 20 || not_ok "--once beside an agent"
	done
	touch "$T/enough"
	wait $watching || failures=$((failures + 1))
	cat "$T/watched"
	check_equal "files left in the directory" "$(ls -A "$T/textfile")" portacct.prom
	stop $counting
}

through_prometheus
the_file
limit_of_series
reading_while_written
finish
