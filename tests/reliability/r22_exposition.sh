#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R22: every exported file is taken by promtool, by a strict reader and by node_exporter's textfile collector,
# whole and with the same numbers: with and without transmitted frames, with hostile names of services and of
# devices, with a device that has vanished, with services summed as other. A spoiled file is refused.
# shellcheck disable=SC2317
set -u
. tests/reliability/lib.sh
begin "$SEND" curl promtool prometheus-node-exporter setpriv
LISTEN=127.0.0.1:9197
COUNT=200 # frames at a time: a veth holds 256, so none is refused
files=0 series=0 refused=0

# Names that need each escape there is; the last two differ in what is written for a byte that is no UTF-8.
ESCAPES=$(printf 'd"\\n\033[1m{}') BYTE=$(printf 'd\377') TEXT='d\xff'

add_hostile_devices() {
	number=1
	for name in "$ESCAPES" "$BYTE" "$TEXT"; do
		ip -n "$run-gw" link add "$name" type veth peer name peer$number netns "$run-gw" || exit 1
		for device in "$name" peer$number; do
			# shellcheck disable=SC2016
			in_ns gw sh -c 'echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6"' sh "$device"
			ip -n "$run-gw" link set "$device" up
		done
		number=$((number + 1))
	done
}

# Received by all devices, and transmitted by two of them.
send_some() {
	for device in peer0 peer1 peer2 peer3 dev0 "$TEXT"; do
		in_ns gw "$SEND" -r 20000 -c $COUNT "$device" >/dev/null || not_ok "sending on '$device'"
	done
}

start_exporter() {
	mkdir "$T/collected"
	spawn gw setpriv --reuid=nobody --regid=nogroup --clear-groups "$(command -v prometheus-node-exporter)" \
		--web.listen-address=$LISTEN --web.disable-exporter-metrics --collector.disable-defaults \
		--collector.textfile --collector.textfile.directory="$T/collected" 2>"$T/exporter.log"
}
scrape() { in_ns gw curl -fs "http://$LISTEN/metrics" >"$T/scraped"; }

by_promtool() { promtool check metrics <"$1" >"$T/said" 2>&1; }
by_reader() { "$PYTHON" "$here/promtext.py" "$1" >"$T/said" 2>&1; }
# What it passes on is what is in the file, number by number.
by_collector() {
	cp "$1" "$T/collected/portacct.prom"
	scrape && grep -q '^node_textfile_scrape_error 0$' "$T/scraped" &&
		"$PYTHON" tests/reliability/same_samples.py "$1" "$T/scraped" >"$T/said" 2>&1
}

take() { # NAME: the textfile as it is
	if ! cp "$PROM" "$T/$1.prom"; then
		not_ok "$1: no textfile"
		return
	fi
	before=$refused
	for reader in by_promtool by_reader by_collector; do
		: >"$T/said"
		$reader "$T/$1.prom" && continue
		refused=$((refused + 1))
		not_ok "$1: refused $reader: $(head -c $COUNT "$T/said")"
	done
	count=$(grep -vc '^#' "$T/$1.prom")
	files=$((files + 1)) series=$((series + count))
	[ $refused != $before ] ||
		ok "$1: $count series in $(grep -c '^# HELP' "$T/$1.prom") families, taken by all three readers"
}

families() { sed -n 's/^# TYPE portacct_\([a-z_]*\) \(.*\)/\1 \2/p' "$T/$1.prom" | sort | xargs; }
readme() { # MARK: the rows of README's table that have this behind the name
	sed -n "s/^| \`\([a-z_]*\)\`$1 | \(counter\|gauge\).*/\1 \2/p" README.md | sort | xargs
}
has() { # NAME TEXT...: each text is in the file
	name=$1
	shift
	for text; do
		grep -qF -- "$text" "$T/$name.prom" && continue
		not_ok "$name: no '$text'"
		return 1
	done
	ok "$name: $# texts that it must have"
}
has_not() { # NAME TEXT
	if grep -qF -- "$2" "$T/$1.prom"; then not_ok "$1: has '$2'"; else ok "$1: no '$2'"; fi
}
is_let_go() { grep -qF 'portacct_device_attached{device="d\\x5cxff"} 0' "$PROM"; }

with_transmitted() {
	start_agent gw -i 'd*' -t 1 --egress -s "$T/hostile.csv"
	send_some
	wait_for_counts 10 || not_ok "no textfile: $(cat "$T/agent.log")"
	take transmitted
	check_equal "families and types of README's table, and with --egress" "$(readme '[ ()e]*')" \
		"$(families transmitted)"
	has transmitted 'service="quote\"d"' 'service="back\\slash"' 'service="a,b{c=\"d\"} 1"' \
		"device=\"d\\\"\\\\n$(printf '\033')[1m{}\"" 'device="d\\xff"' 'device="d\\x5cxff"' \
		'portacct_device_attached{device="dev0"} 1' 'portacct_device_transmit_attached{device="dev0"} 1' \
		'portacct_device_transmit_packets_total{device="dev0"} '$COUNT \
		'portacct_device_transmit_packets_total{device="d\\x5cxff"} '$COUNT \
		'portacct_device_receive_packets_total{device="d\\xff"} '$COUNT \
		'portacct_device_coverage_ratio{device="dev0"} 1.000000' \
		'portacct_device_transmit_coverage_ratio{device="dev0"} 1.000000' \
		'portacct_device_account_difference_packets{device="dev0"} 0'
	ip -n "$run-gw" link del "$TEXT"
	wait_until 10 is_let_go || not_ok "a vanished device is told as attached: $(cat "$T/agent.log")"
	take vanished
	has vanished 'portacct_device_attached{device="d\\x5cxff"} 0' \
		'portacct_device_receive_packets_total{device="d\\x5cxff"} '$COUNT
	has_not vanished 'portacct_device_coverage_ratio{device="d\\x5cxff"}'
	stop "$counting"
	agent gw --detach
}

received_only() {
	agent gw -i 'd*' --attach -s "$T/hostile.csv" 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"
	in_ns gw "$SEND" -r 20000 -c $COUNT peer0 >/dev/null
	agent gw --once -s "$T/hostile.csv" || not_ok "--once"
	take received
	check_equal "families and types of README's table, and without --egress" "$(readme '')" "$(families received)"
	agent gw --detach
}

summed_as_other() {
	agent gw -i dev0 --attach -s "$T/hostile.csv" 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"
	in_ns gw "$SEND" -r 20000 -c $COUNT peer0 >/dev/null
	agent gw --once -s "$T/hostile.csv" --max-series 2 || not_ok "--once --max-series 2"
	take limited
	has limited 'service="other",protocol="tcp"' 'portacct_services_over_limit '
	check_equal "services with series of their own" "$(grep -c '^portacct_service_info{' "$T/limited.prom")" 2
	agent gw --detach
}

# The readers can refuse. promtool does not look for a series that comes twice.
refuses() { # WHAT LINE READER...
	what=$1
	{ cat "$T/limited.prom" && echo "$2"; } >"$T/bad.prom"
	shift 2
	for reader; do
		if $reader "$T/bad.prom"; then not_ok "$what: taken $reader"; else ok "$what: refused $reader"; fi
	done
}

spoiled() {
	refuses "a series twice" "$(tail -n 1 "$T/limited.prom")" by_reader by_collector
	refuses "a HELP twice" "$(grep -m 1 '^# HELP' "$T/limited.prom")" by_promtool by_reader by_collector
}

make_devices gw 1
add_hostile_devices
"$PYTHON" "$here/series.py" hostile >"$T/hostile.csv"
start_exporter
wait_until 20 scrape || not_ok "node_exporter: $(tail -n 1 "$T/exporter.log")"
with_transmitted
received_only
summed_as_other
spoiled
echo "figure: R22 $files files, $series series, $refused refused"
finish
