#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# agent --audit on a gateway whose connection tracking knows which way each flow began: what agrees,
# what does not (on purpose), and that what counts is left alone.
set -u
. tests/netns/lib.sh
begin nft

UNKNOWN_PORTS='20000 40001 40002 40003 45678' # of no service
KNOWN_PORTS='53 80 9100'

converse() { # NAMESPACE VERB ARGUMENT...
	where=$1
	shift
	in_ns "$where" "$PYTHON" "$here/audit_traffic.py" "$@"
}

spawn_converse() { # NAME NAMESPACE VERB ARGUMENT...; its words go to $T/NAME
	words=$T/$1 where=$2
	shift 2
	spawn "$where" "$PYTHON" "$here/audit_traffic.py" "$@" >"$words" 2>&1
}

# A connection that stays: to port 4000N from the lower port 3000N.
keep() { # N COUNT
	spawn_converse "kept$1" client keep 10.2.0.2 "4000$1" "3000$1" "$T/go" "$2"
	wait_until 10 grep -q connected "$T/kept$1" || not_ok "connection $1: $(cat "$T/kept$1")"
}

track() {
	in_ns gateway nft -f - <<-END
		table inet tracking {
			chain forward {
				type filter hook forward priority 0;
				ct state invalid counter accept
			}
		}
	END
}

masquerade() {
	in_ns gateway nft -f - <<-END
		table ip nat {
			chain postrouting {
				type nat hook postrouting priority 100;
				oifname "gwwan" masquerade
			}
		}
	END
}

# An audit that goes on until it is told to end. It takes signals last, when all else is ready.
start_audit() { # NAME OPTION...
	name=$1
	shift
	spawn_agent gateway --audit=60 "$@" >"$T/$name" 2>"$T/$name.log"
	eval "audit_$name=$spawned"
	wait_until 10 is_auditing "$spawned" || not_ok "the audit starts: $(cat "$T/$name.log")"
}

is_auditing() { [ -n "$(find "/proc/$1/fd" -lname '*signalfd*' 2>/dev/null)" ]; }

end_audit() { # NAME
	eval "pid=\$audit_$1"
	stop "$pid" INT
	check_equal "$1: exit status after SIGINT ($(cat "$T/$1.log"))" $? 0
}

counted_by_method() { agent gateway --top --json | jq -c '[.methods[] | {(.method): .packets_total}] | add'; }

json() { jq -r "$2" "$T/$1"; }

make_traffic() {
	touch "$T/go"
	for port in $KNOWN_PORTS 20000; do
		converse client connect 10.2.0.2 "$port" 15 || not_ok "connect $port"
		converse client connect fd02::2 "$port" 15 || not_ok "connect fd02::2 $port"
		converse client ask 10.2.0.2 "$port" 25 || not_ok "ask $port"
		converse client ask fd02::2 "$port" 25 || not_ok "ask fd02::2 $port"
	done
	converse client refused 10.2.0.2 25000 20 || not_ok "refused"
	converse client refused fd02::2 25000 20 || not_ok "refused fd02::2"
	converse client ask 10.2.0.2 45678 30 25500 || not_ok "ask from a port that has an entry"
	for number in 1 2 3; do
		wait_until 10 grep -q 'done' "$T/kept$number" || not_ok "connection $number"
	done
}

check_sums() { # NAME
	check_equal "$1: frames = compared + without ports + not tracked + midway + beyond" \
		"$(json "$1" '.compared.frames + .without_ports + .not_tracked + .midway + .beyond_room')" \
		"$(json "$1" .frames)"
	check_equal "$1: methods sum up to what was compared" \
		"$(json "$1" '[([.methods[].frames] | add), ([.methods[].agree] | add)] | @csv')" \
		"$(json "$1" '[.compared.frames, .compared.agree] | @csv')"
	check_equal "$1: disagreements sum up to the rest" \
		"$(json "$1" '[.disagreements[].frames] | add // 0')" "$(json "$1" '.compared.frames - .compared.agree')"
	check_equal "$1: frames lost on the way" "$(json "$1" .lost)" 0
}

# The same frames, each audit by itself: in words what JSON has in numbers.
check_text() { # TEXT JSON
	check_equal "frames in words" \
		"$(awk '/frames seen/ { sub(/.*s: /, ""); seen = $1 } /compared with/ { compared = $1 }
			/not tracked/ { untracked = $1 } /met midway/ { print compared, untracked, $1 }' "$T/$1")" \
		"$(json "$2" '[.compared.frames, .not_tracked, .midway] | join(" ")')"
	check_equal "methods in words" \
		"$(awk '/^METHOD/ { on = 1; next } /^all/ { on = 0 } on { printf "%s %s %s;", $1, $2, $3 }' "$T/$1")" \
		"$(json "$2" '[.methods[] | "\(.method) \(.frames) \(.agree);"] | join("")')"
	check_equal "disagreements in words" \
		"$(awk '/^PROTO/ { on = 1; next } /^conntrack/ { on = 0 } on { $1 = $1; printf "%s;", $0 }' "$T/$1")" \
		"$(json "$2" '[.disagreements[] | "\(.transport) \(.counted.port) \(.counted.service // "-") " +
			"\(.conntrack.port) \(.conntrack.service // "-") \(.frames) \(.flows);"] | join("")')"
}

# Three connections between ports without an entry, the client's the lower one, which is what is
# guessed: 1 began before connection tracking, 2 before the agent, 3 before the audit.
plain_gateway() {
	peers_up
	# shellcheck disable=SC2086
	spawn_converse served server serve $KNOWN_PORTS $UNKNOWN_PORTS
	wait_until 10 grep -q ready "$T/served" || not_ok "the server: $(cat "$T/served")"
	keep 1 40
	track 2>"$T/err" || {
		echo "skipped: no connection tracking by nftables here: $(head -1 "$T/err")"
		exit 0
	}
	keep 2 40
	printf 'Service Name,Port Number,Transport Protocol\ntest-client,25500,udp\n' >"$T/services.csv"
	agent gateway --attach -i 'gw*' -s "$T/services.csv" 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"
	keep 3 40
	start_audit text
	start_audit json --json
	before=$(counted_by_method)
	make_traffic
	after=$(counted_by_method)
	end_audit text
	end_audit json
	sed 's/^/# /' "$T/text"

	check_sums json
	check_text text json
	compared=$(json json .compared.frames)
	check "$compared frames compared, at least 1000" [ "$compared" -ge 1000 ]
	check_equal "frames of the connection that conntrack met midway" "$(json json '.midway > 80')" true
	check_equal "frames not tracked" "$(json json .not_tracked)" 0
	for method in handshake endpoint database tie guess; do
		check_equal "$method: frames, as the live program has counted meanwhile" \
			"$(json json "[.methods[] | select(.method == \"$method\").frames] + [if \"$method\" == \"guess\" then .midway else 0 end] | add")" \
			"$(jq -n "$after.$method - $before.$method")"
	done
	check_equal "handshakes agree" "$(json json '[.methods[] | select(.method == "handshake")][0] | .frames == 280 and .agree == .frames')" true
	check_equal "endpoints agree, but for the client that was taken for a server" \
		"$(json json '[.methods[] | select(.method == "endpoint")][0] | .frames - .agree')" 59
	check_equal "what differs is what must: a TCP connection older than the agent" \
		"$(json json '[.disagreements[] | select(.transport == "tcp") | [.counted.port, .conntrack.port, .flows]] | @json')" \
		'[[30002,40002,1]]'
	check_equal "and UDP from a port with an entry to one without" \
		"$(json json '[.disagreements[] | select(.transport == "udp") | [.counted.port, .counted.service, .conntrack.port, .frames, .flows]] | @json')" \
		'[[25500,"test-client",45678,60,1]]'
	check_left_alone
}

# Nothing is counted that no device has received.
check_left_alone() {
	peers_down
	check_equal "frames counted, against those that the devices received since" \
		"$(agent gateway --status --json | jq '[.devices[].frames] | add')" \
		"$(agent gateway --status --json | jq '[.devices[].interface_frames] | add')"
	check_equal "devices counted" "$(agent gateway --status --json | jq -c '[.devices[].device]')" '["gwlan","gwwan"]'
	agent gateway --detach
}

nat_gateway() {
	masquerade 2>"$T/err" || {
		echo "skipped: no masquerading by nftables here: $(head -1 "$T/err")"
		return
	}
	peers_up 2>/dev/null # some addresses are still there
	agent gateway --attach -i 'gw*' 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"
	start_audit nat --json
	for port in $KNOWN_PORTS 20000; do
		converse client connect 10.2.0.2 "$port" 15 || not_ok "connect $port"
		converse client ask 10.2.0.2 "$port" 25 || not_ok "ask $port"
	done
	end_audit nat
	check_sums nat
	check "masqueraded: the server has seen the gateway's address" \
		[ "$(in_ns gateway sh -c 'cat /proc/net/nf_conntrack' | grep -c 'dst=10.2.0.1')" -gt 0 ]
	check_equal "masqueraded: at least 600 frames compared, all agree" \
		"$(json nat '.compared | .frames >= 600 and .agree == .frames')" true
	check_equal "masqueraded: frames not tracked" "$(json nat .not_tracked)" 0
	check_equal "devices that -i chooses" "$(agent gateway --audit=1 --json -i 'gwl*' | jq -c .devices)" '["gwlan"]'
}

# What cannot be compared, or no longer.
troubles() {
	add_namespace quiet
	connect quiet q0 quiet q1
	check_fails "nothing counted" 1 'nothing is counted' agent quiet --audit=1
	ip -n "$run-quiet" link set q0 up
	ip -n "$run-quiet" link set q1 up
	agent quiet --attach -i q0 -i q1 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"
	check_fails "no flow is tracked" 1 'conntrack: knows no flow' agent quiet --audit=1
	check_fails "no counted device is chosen" 1 'chosen by -i' agent quiet --audit=1 -i lo
	check_fails "a namespace without the counted devices" 1 'captured from' agent gateway --audit=1
}

# The report comes with what there was, whatever goes meanwhile.
vanishing() {
	start_audit vanish --json
	vanishing=$spawned
	converse client connect 10.2.0.2 80 5 || not_ok "connect"
	agent gateway --detach
	converse client connect 10.2.0.2 80 5 || not_ok "connect"
	sleep 3
	in_ns gateway test -s "$T/vanish" && not_ok "the audit ended with the counting"
	ip -n "$run-gateway" link del gwwan
	sleep 0.2
	ip -n "$run-gateway" link del gwlan
	wait_until 10 is_gone "$vanishing"
	wait "$vanishing"
	check_equal "devices are gone ($(head -1 "$T/vanish.log")): exit status" $? 0
	check_sums vanish
	check_equal "devices are gone: what had been seen is reported" \
		"$(json vanish '.compared | .frames >= 100 and .agree == .frames')" true
}

make_gateway
plain_gateway
nat_gateway
vanishing
troubles
finish
