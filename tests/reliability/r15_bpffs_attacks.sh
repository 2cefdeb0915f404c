#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R15: on a BPF file system that everybody may write to, an unprivileged user prepares what the agent will
# find, or changes what it has made: it refuses and says why, or is not affected. Nothing of the agent's ever
# comes to lie in the other's hands. The same for pins of a wrong kind, which only root could put there.
set -u
. tests/netns/lib.sh
begin bpftool setpriv

ATTACKER=65534
STARTS=8
attempts=0 successes=0
as_attacker() { setpriv --reuid $ATTACKER --regid $ATTACKER --clear-groups "$@"; }

B=$T/open
mkdir "$B"
mount -t bpf -o mode=1777 bpf "$B" || exit 1
mounts="$mounts $B"
PINS=$B/portacct
add_namespace gw
connect gw dev0 gw peer0
for device in dev0 peer0; do
	in_ns gw sh -c "echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6"
	ip -n "$run-gw" link set $device up
done

attempt() { # COMMAND...: the attacker's, must fail
	attempts=$((attempts + 1))
	as_attacker "$@" >/dev/null 2>&1 || return
	successes=$((successes + 1))
	not_ok "succeeds: $*"
}

is_attached() { [ -n "$(xdp_program gw dev0)" ]; }
is_detached() { ! is_attached; }
pins_of_agent() { find "$B" -name services -o -name counters -o -name link; }

refused() { # DESCRIPTION PATTERN
	attempts=$((attempts + 1))
	for command in '--attach -i dev0' --status --detach; do
		# shellcheck disable=SC2086
		check_fails "$1: $command" 1 "$2" agent gw $command
	done
	check "$1: nothing attached, nothing pinned" [ -z "$(pins_of_agent)$(xdp_program gw dev0)" ]
}

# But for what the kernel has put there.
clear_all() { find "$B" -mindepth 1 ! -name '*.debug' -delete; }

prepared() {
	as_attacker mkdir -m 700 "$PINS"
	refused "a directory of the attacker" "owned by user $ATTACKER.*remove it"
	as_attacker mkdir -m 777 "$PINS/v1"
	as_attacker chmod 777 "$PINS"
	refused "one that is open to all, with v1 in it" 'not trusted'
	clear_all
	as_attacker mkdir -m 777 "$B/trap"
	as_attacker ln -s "$B/trap" "$PINS"
	refused "a symbolic link to the attacker's directory" 'a symbolic link.* is in its place'
	check "the trap is empty" [ -z "$(ls -A "$B/trap")" ]
	as_attacker ln -snf "$B/absent" "$PINS"
	refused "a symbolic link to nothing" 'a symbolic link.* is in its place'
	check "nothing is made there" [ ! -e "$B/absent" ]
	clear_all
	mkdir -m 700 "$B/victim" "$B/victim/v1"
	as_attacker ln -s "$B/victim" "$PINS"
	refused "a symbolic link to a directory of root" 'a symbolic link.* is in its place'
	check "that one is as it was" [ "$(find "$B/victim" | wc -l)" = 2 ]
	clear_all
	bpftool map create "$B/theirs" type array key 4 value 56 entries 1024 name services
	chown $ATTACKER "$B/theirs"
	as_attacker mv "$B/theirs" "$PINS"
	refused "a map" 'is in its place'
	clear_all
	mkdir -m 700 "$PINS"
	chmod 777 "$PINS"
	as_attacker mkdir -m 700 "$PINS/v1"
	refused "a directory of root's that was loosened, with the attacker's v1" 'owned by user 0 with mode 0777'
	chmod 700 "$PINS"
	refused "the attacker's v1, tightened too late" "v1': not trusted: owned by user $ATTACKER"
	clear_all
	as_attacker mkdir -m 755 "$B/above"
	PINS=$B/above/portacct
	refused_above=$(agent gw --attach -i dev0 2>&1) && not_ok "in the attacker's directory: $refused_above"
	check "in the attacker's directory: $refused_above" [ "${refused_above#*lets others replace it}" != "$refused_above" ]
	PINS=$B/portacct
	check "and nothing is made there" [ -z "$(ls -A "$B/above")" ]
	clear_all
}

has_begun() { [ -n "$(ls "$B")" ]; }

# Whoever is first: either the agent counts with what is root's, or it refuses.
raced() {
	as_attacker "$PYTHON" "$(pwd)/tests/reliability/bpffs_attacker.py" "$PINS" "$T/stop" >"$T/tries" &
	attacking=$!
	remember $attacking
	started=0 unsafe=0
	wait_until 10 has_begun || not_ok "the attacker does nothing"
	for _ in $(seq $STARTS); do
		if agent gw --attach -i dev0 2>"$T/err"; then
			started=$((started + 1))
			[ "$(stat -c '%u %a' "$PINS" "$PINS/v1" | xargs)" = '0 700 0 700' ] && is_attached || unsafe=$((unsafe + 1))
			agent gw --detach 2>/dev/null || unsafe=$((unsafe + 1))
		fi
		is_detached || unsafe=$((unsafe + 1))
		[ -z "$(pins_of_agent)" ] || unsafe=$((unsafe + 1))
	done
	touch "$T/stop"
	wait $attacking
	read -r raced _ <"$T/tries"
	attempts=$((attempts + raced)) successes=$((successes + unsafe))
	check_equal "$STARTS starts against $raced tries of the attacker, $started of them won: unsafe ones" $unsafe 0
	clear_all
}

# With an agent that runs; by its directory's owner and mode nobody else can do anything in it.
running() {
	agent gw --attach -i dev0 2>/dev/null || not_ok "start"
	spawn_agent gw -i dev0 -t 1 2>"$T/agent.log"
	wait_until 5 grep -q counting "$T/agent.log" || not_ok "start: $(cat "$T/agent.log")"
	before=$(find "$B" | sort | cksum) program=$(xdp_program gw dev0)
	for name in "$PINS" "$PINS/v1" "$PINS/v1/services" "$PINS/v1/dev0" "$PINS/v1/dev0/link"; do
		attempt rm -rf "$name"
		attempt mv "$name" "$B/mine"
		attempt mv -T "$name" "$name.old"
		attempt chmod 777 "$name"
		attempt chown $ATTACKER "$name"
		attempt ln -s "$B" "$name/evil"
		attempt mkdir "$name/evil"
		attempt ln "$name" "$B/hard"
		attempt ls "$name/"
		attempt bpftool map dump pinned "$name"
		attempt bpftool link detach pinned "$name"
		attempt flock -n "$name" true
	done
	as_attacker mkdir "$B/mine"
	attempt mv -T "$B/mine" "$PINS"
	rmdir "$B/mine"
	attempt "$AGENT" --pin-dir "$PINS" --detach
	attempt "$AGENT" --pin-dir "$PINS" --top
	check_equal "a running agent: pins and program afterwards" "$(find "$B" | sort | cksum) $(xdp_program gw dev0)" "$before $program"
	check "it runs on" is_running "$spawned"
	stop "$spawned"
}

# Not by who is unprivileged: but it must neither be believed nor written to, nor end what counts.
wrong_kind() {
	program=$(xdp_program gw dev0)
	for pin in services endpoints firm_clients fragments agent unclassified dev0/counters dev0/handshakes dev0/state; do
		attempts=$((attempts + 1))
		mv "$PINS/v1/$pin" "$B/kept"
		bpftool map create "$PINS/v1/$pin" type array key 4 value 16 entries 3 name wrong
		check_fails "a foreign map in the place of $pin" 1 "not a map of this program\|is of another size\|'endpoints': cannot be read" agent gw --attach -i dev0
		rm "$PINS/v1/$pin"
		mv "$PINS/v1/dev0/link" "$PINS/v1/$pin"
		check_fails "a link in the place of $pin" 1 'not a map of this program\|is of another size' \
			agent gw --status
		mv "$PINS/v1/$pin" "$PINS/v1/dev0/link"
		mkdir "$PINS/v1/$pin"
		check_fails "a directory in the place of $pin" 1 "cannot be opened" agent gw --attach -i dev0
		rmdir "$PINS/v1/$pin"
		mv "$B/kept" "$PINS/v1/$pin"
		check_equal "$pin: the program that counts" "$(xdp_program gw dev0)" "$program"
	done
	agent gw --attach -i dev0 2>"$T/err" || not_ok "all as before: $(cat "$T/err")"
	agent gw --detach
	check "--detach: nothing is left" [ -z "$(pins_of_agent)$(xdp_program gw dev0)" ]
}

prepared
raced
running
wrong_kind
check_equal "tries that succeeded" $successes 0
echo "figure: R15 $attempts tries on a BPF file system open to all, $successes succeed"
finish
