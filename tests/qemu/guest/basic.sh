#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The life of an agent on a veth device: native XDP and the tc hook on transmit, then the tc hook alone.
. tests/qemu/guest/lib.sh
begin_guest basic

own_database() { # ROW...
	echo 'Service Name,Port Number,Transport Protocol'
	for row; do echo "$row"; done
}

has_reloaded() { agent ns --status | grep -q '^reloads  *1 done'; }

start() { # MODE
	start_agent ns -m "$1" -i dev0 --egress -t 1 -s "$T/own.csv"
	wait_until 10 [ -s "$PROM" ] || not_ok "$1: no textfile: $(cat "$T/agent.log")"
}

# Both directions, exactly.
count() { # MODE
	send ns peer0
	wait_for_counts 10
	check_equal "$1: received: services that differ from the $COUNT frames sent" "$(wrong_services receive)" none
	send ns dev0
	wait_for_counts 10
	check_equal "$1: transmitted: services that differ from the $COUNT frames sent" "$(wrong_services transmit)" none
}

# By the kernel's version, as Debian takes none of it into earlier ones.
lacks() {
	! is_before 5 13 || echo 'batch reads of per-CPU maps'
	! is_before 5 18 || echo 'XDP for frames in several buffers'
	! is_before 6 6 || echo 'tcx links'
	! is_before 5 19 || echo 'reads of maps without CAP_BPF'
}

features_in() { # FILE: those said to be missing, in one line
	sed -n 's/^\(kernel: has no\|  has no  *\) \([^:]*\):.*/\2/p' "$1" | tr '\n' ,
}

check_features() { # MODE
	wanted=$(lacks | tr '\n' ,)
	check_equal "$1: the start says what the kernel lacks" "$(features_in "$T/agent.log")" "$wanted"
	check_equal "$1: --status says so too" "$(features_in "$T/status")" "$wanted"
}

transmitted() { in_ns ns awk '$1 == "peer0:" { print $11 }' /proc/net/dev; }
is_sending() { [ "$(transmitted)" -gt "$sent" ]; }

look() { # MODE
	agent ns --status >"$T/status" 2>&1
	check "$1: --status: $(grep -m 1 'hook, mode' "$T/status" | sed 's/^ *hook, mode *//; s/ (.*//')" \
		grep -qE "hook, mode  (xdp, $1|tc, (tcx|clsact))" "$T/status"
	check_equal "$1: --status: accounts that close" "$(grep -c 'by method.*: closed' "$T/status")" 2
	check_features "$1"
	spawn ns "$SEND" -r 1000 peer0 >"$T/sent.top"
	sent=$(transmitted)
	wait_until 10 is_sending || not_ok "$1: nothing is sent"
	agent ns --top=5 -t 1 >"$T/top" 2>&1
	check "$1: --top shows traffic" grep -qE '^(https|domain) .* [1-9][0-9.k]* ' "$T/top"
	stop $spawned
	extra=$(taken "$T/sent.top")
}

# What the database gains is counted under its new name; one with an error changes nothing.
reload() { # MODE
	own_database late,9999,sctp >"$T/own.csv"
	kill -HUP "$counting"
	check "$1: SIGHUP: the database is read anew" wait_until 10 has_reloaded
	send ns peer0
	wait_for_counts 10
	check_equal "$1: after that the new service counts" \
		"$(prom_sum service_receive_packets_total 'service="late"')" "$(sender_said "$T/sent" unclassified_sctp)"
	echo wrong >"$T/own.csv"
	check_fails "$1: --reload of a wrong file" 1 . agent ns --reload
	own_database >"$T/own.csv"
}

# Killed and started again under traffic: the kernel counts on, the next one adopts.
crash() { # MODE
	spawn ns "$SEND" -r 1000 peer0 >"$T/sent.crash"
	sending=$spawned
	stop "$counting" KILL 2>/dev/null
	sleep 0.5
	start "$1"
	stop "$sending"
	wait_for_counts 10
	sent=$((2 * COUNT + extra + $(taken "$T/sent.crash")))
	check_equal "$1: killed and adopted: frames counted of $sent" \
		"$(prom_sum device_receive_packets_total)" $((sent - $(dropped)))
}

end() { # MODE
	stop "$counting"
	check_equal "$1: SIGTERM ends the agent with" $? 0
	check_detached "$1"
}

make_devices ns 1
own_database >"$T/own.csv"
start native
check "native: $(grep -m 1 counting "$T/agent.log")" grep -q "'dev0': counting (native XDP)" "$T/agent.log"
count native
look native
reload native
crash native
end native

agent ns --attach -m tc -i dev0 2>"$T/err" || not_ok "tc: --attach: $(cat "$T/err")"
hook=$(sed -n 's/.*counting (\(.*\))$/\1/p' "$T/err")
send ns peer0
read_all "$hook"
check_equal "$hook: services that differ from the $COUNT frames sent" "$(wrong_services receive)" none
check_detached "$hook"
