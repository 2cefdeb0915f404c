# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the reliability tests that send paced traffic through veth pairs; brings tests/netns/lib.sh.
# shellcheck shell=sh disable=SC2034
. tests/netns/lib.sh
SEND=$build/tests/reliability/send
FULL=${RELIABILITY_FULL:-0} # 1: the numbers of the scoreboard, whatever time they take

# A namespace whose devices dev0, dev1, ... receive what is sent on peer0, peer1, ...; nothing else comes.
make_devices() { # NAMESPACE COUNT
	add_namespace "$1"
	number=0
	while [ $number -lt "$2" ]; do
		connect "$1" dev$number "$1" peer$number
		quiet_up "$1" dev$number peer$number
		number=$((number + 1))
	done
}

# A number of the lines that the sender printed: sent, bytes, refused, or a service.
sender_said() { # FILE WORD
	awk -v word="$2" '$1 == word { print $2 }' "$1"
}

# Until it sends no more and what it sent has arrived: veth delivers in the sender's own context, or soon
# after.
is_stopped() { grep -qs '^State:[^A-Za-z]*[Tt]' "/proc/$1/status"; }
pause_sender() { # PID
	kill -STOP "$1"
	wait_until 10 is_stopped "$1" || not_ok "the sender does not stop"
	sleep 0.1
}

# Sets $counting and waits until it counts, or has said why not. Its words are in $T/agent.log.
start_agent() { # NAMESPACE OPTION...
	: >"$T/agent.log"
	spawn_agent "$@" 2>>"$T/agent.log"
	counting=$spawned
	wait_until 10 grep -qE ': counting|cannot|refused' "$T/agent.log" || not_ok "start: $(cat "$T/agent.log")"
}

# Those that a process keeps open: the fewest of several looks, as an export opens some for an instant.
kept_descriptors() { # PID
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		ls "/proc/$1/fd" 2>/dev/null | wc -l
		sleep 0.03
	done | sort -n | head -1
}

# Changes whenever the textfile is written anew.
textfile_id() { stat -c '%i %Y' "$PROM" 2>/dev/null; }
is_rewritten() { [ -s "$PROM" ] && [ "$(textfile_id)" != "$1" ]; }
wait_for_textfile() { # SECONDS: until it has been written once more from now
	id_before=$(textfile_id)
	wait_until "$1" is_rewritten "$id_before"
}

# Until it tells all that is counted by now: what is written first may have been read from the kernel before.
wait_for_counts() { # SECONDS, twice
	wait_for_textfile "$1" && wait_for_textfile "$1"
}

# Whether Prometheus could read the textfile; says the line where it could not.
is_parseable() { "$PYTHON" "$here/promtext.py" "${1:-$PROM}" >/dev/null; }
