#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R17: counters are told to the last digit however large they are, and go on over restarts, larger maps,
# and services that leave the database and come back; increase() sees the frames that came, and no more.
set -u
. tests/reliability/lib.sh
begin "$SEND"
restarts=10
[ "$FULL" = 1 ] && restarts=50
make_devices gw 1

rows() { # SERVICE...: on the ports from 20001 on
	echo 'Service Name,Port Number,Transport Protocol,Description'
	port=20000
	for service; do
		port=$((port + 1))
		[ "$service" = - ] || echo "$service,$port,udp,"
	done
}
send() { # PORT COUNT
	in_ns gw "$PYTHON" "$here/traffic.py" sweep peer0 "$1" 1 "$2"
}
start() { agent gw --attach -i dev0 -s "$T/rows.csv" "$@" 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"; }
value() { # SERVICE DIRECTION packets|bytes, as the text has it
	grep "^portacct_service_receive_$3_total{.*service=\"$1\",.*direction=\"$2\"" "$PROM" | sed 's/.* //'
}
set_counter() { "$PYTHON" tests/reliability/counters.py set "$PINS" dev0 "$@" || not_ok "set $*"; }

# As text, since a shell counts to 2^63 and an awk to 2^53.
large_values() {
	set_counter small/udp to_client 4294967295 9007199254740993
	set_counter large/udp to_client 9007199254740993 18446744073709550616
	set_counter huge/udp to_client 18446744073709550616 18446744073709550616
}
values() {
	for service in small large huge; do
		echo "$service $(value $service to_client packets) $(value $service to_client bytes)"
	done
}
wanted() {
	echo "small 4294967295 9007199254740993"
	echo "large 9007199254740993 18446744073709550616"
	echo "huge 18446744073709550616 18446744073709550616"
}
same_text() { # DESCRIPTION
	agent gw --once || not_ok "--once"
	wanted >"$T/wanted"
	values >"$T/values"
	cmp -s "$T/wanted" "$T/values" || diff "$T/wanted" "$T/values"
	check "$1: the text is exact" cmp -s "$T/wanted" "$T/values"
}

# Frames to the small one's port at each step; the shell adds below 2^53, and so does increase().
over_restarts() {
	sent=0 number=0
	value small to_server packets >"$T/samples"
	while [ $number -lt $restarts ]; do
		send 20001 $((number % 3 + 1))
		sent=$((sent + number % 3 + 1)) number=$((number + 1))
		start
		agent gw --once || not_ok "--once"
		value small to_server packets >>"$T/samples"
	done
	increase=$("$PYTHON" tests/reliability/counters.py increase <"$T/samples")
	check_equal "$restarts restarts: increase() and frames sent" "$increase" $sent
	check_equal "values that are lower than before" "$(sort -nc "$T/samples" 2>&1 | wc -l)" 0
}

left_and_back() {
	rows - large huge >"$T/rows.csv"
	start --no-builtin
	send 20001 5
	same_text "a service that left the database"
	check_equal "its frames are no longer its own" "$(value small to_server packets)" $sent
	rows new large huge >"$T/rows.csv"
	start --no-builtin
	send 20001 7
	agent gw --once
	check_equal "another one on its port begins at" "$(value new to_server packets)" 7
	check_equal "and not with" "$(value small to_server packets)" $sent
	rows small large huge >"$T/rows.csv"
	start
	send 20001 11
	same_text "a service that came back"
	check_equal "it goes on from where it was" "$(value small to_server packets)" $((sent + 11))
	check_equal "and the other one stays" "$(value new to_server packets)" 7
}

larger_maps() {
	"$PYTHON" "$here/series.py" many 2000 30000 >"$T/many.csv"
	start -s "$T/many.csv"
	check "larger maps" grep -q 'moves the counters to larger maps' "$T/err"
	same_text "larger maps"
	send 20001 13
	agent gw --once
	check_equal "and they count on" "$(value small to_server packets)" $((sent + 24))
}

rows small large huge >"$T/rows.csv"
start
large_values
same_text 'beyond 2^32, 2^53 and close to 2^64'
over_restarts
same_text "$restarts restarts"
left_and_back
larger_maps
agent gw --detach
[ $failures = 0 ] && echo "figure: R17 6 counters up to 2^64-1000 exact over $restarts restarts, a service that left and came back, and larger maps; increase() is $increase for $sent frames"
finish
