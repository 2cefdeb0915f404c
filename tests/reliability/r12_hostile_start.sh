#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R12: starts that cannot work: the message names the cause and the remedy, the exit status is 1, nothing is
# attached and nothing pinned. Each in a mount namespace of its own, so that nothing of it meets the machine.
set -u
. tests/netns/lib.sh
begin setpriv unshare prlimit bpftool

add_namespace gw
connect gw dev0 gw peer0
ip -n "$run-gw" link set dev0 up
refused=0
is_attached() { [ -n "$(xdp_program gw dev0)" ]; }

# SETUP is a line of shell that runs before the agent, in its mount namespace.
check_refused() { # DESCRIPTION PATTERN SETUP WORD... -- OPTION...
	what=$1 pattern=$2 setup=$3 prefix=''
	shift 3
	while [ "$1" != -- ]; do prefix="$prefix $1" && shift; done
	shift
	# shellcheck disable=SC2086
	check_fails "$what" 1 "$pattern" timeout --foreground 20 unshare -m sh -c "$setup"'
		inside=$1 prefix=$2
		shift 2
		exec nsenter --net="$inside" $prefix "$@"' sh "/run/netns/$run-gw" "$prefix" \
		"$AGENT" --pin-dir "$PINS" -i dev0 -o "$PROM" "$@"
	check "$what: one line" [ "$(wc -l <"$T/err")" = 1 ]
	check "$what: nothing attached, nothing pinned, no textfile" \
		[ -z "$(xdp_program gw dev0)$(find "$T/bpf" -name portacct)$(ls -A "$T/textfile")" ]
	refused=$((refused + 1))
}

# ---- the BPF file system
mkdir "$T/plain"
no_bpffs='not on a BPF file system: mount -t bpf bpf /sys/fs/bpf'
check_refused "a plain directory" "$no_bpffs" : -- --pin-dir "$T/plain/portacct"
check_refused "a tmpfs in its place" "$no_bpffs" "mount -t tmpfs tmpfs $T/bpf;" --
check_refused "nothing mounted there" "$no_bpffs" "umount $T/bpf;" --
check_refused "sysfs, as after ip netns exec" "$no_bpffs.*nsenter --net" "umount -l /sys/fs/bpf 2>/dev/null;" -- --pin-dir /sys/fs/bpf/portacct
check_refused "a directory that is not there" "cannot open '$T/absent'.*No such file" : -- --pin-dir "$T/absent/portacct"
check_refused "a BPF file system that is read-only" 'read-only: mount -o remount,rw.*ReadWritePaths=' "mount -o remount,bind,ro $T/bpf;" --
check_refused "read-only /sys, as of a systemd unit" 'read-only: mount -o remount,rw.*ReadWritePaths=' \
	"mount --rbind $T/bpf /sys/fs/bpf; mount -o remount,bind,ro /sys/fs/bpf; mount -o remount,bind,ro /sys;" \
	-- --pin-dir /sys/fs/bpf/portacct
check "nothing is made in a plain directory" [ -z "$(ls -A "$T/plain")" ]

# ---- capabilities, root's or not
all='CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON'
for missing in bpf net_admin perfmon; do
	name=CAP_$(echo $missing | tr '[:lower:]' '[:upper:]')
	check_refused "without $name" "missing: $name; run as root, or with $all.*\(Operation not permitted\|Permission denied\)" \
		: setpriv --bounding-set "-all,+bpf,+net_admin,+perfmon,-$missing" --
done
check_refused "root without any" "missing: CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON; run as root, or with $all" : setpriv --bounding-set -all --
user='setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all'
chmod 777 "$T/textfile"
chmod 1777 "$T/bpf"
check_refused "another user, kernel.unprivileged_bpf_disabled=$(cat /proc/sys/kernel/unprivileged_bpf_disabled)" \
	"missing: CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON; run as root, or with $all): Operation not permitted" : $user --
chmod 700 "$T/bpf"
check_refused "another user, and a directory that is closed" 'only root.*Permission denied' : $user --
chmod 755 "$T/textfile"

# ---- what else may be in the way
check_refused "a textfile directory that is not there" "textfile '.*': cannot be written (make its directory, or choose another file with -o): No such file" : -- -o "$T/absent/x.prom"
check_refused "one that is read-only" "textfile '.*': cannot be written (choose another file with -o): Read-only file system" \
	"mount --bind $T/textfile $T/textfile; mount -o remount,bind,ro $T/textfile;" --
mkdir "$T/textfile.d"
chmod 555 "$T/textfile.d"
chown 65534 "$T/textfile.d"
check_refused "one that is not to be written to" "textfile '.*': cannot be written (choose another file with -o): Permission denied" : \
	setpriv --bounding-set -dac_override -- -o "$T/textfile.d/x.prom"
check_refused "one that is a file" "textfile '.*': cannot be written (make its directory, or choose another file with -o): Not a directory" : -- -o "$T/err/x.prom"
for command in '' --attach; do
	# shellcheck disable=SC2086
	check_refused "a group that it is not in, and no right to join or give ${command:-as an agent}" \
		"option '--group': .* cannot be given to group '54321' (run as root, or as a member of that group): Operation not permitted" : \
		setpriv --clear-groups --bounding-set -all,+bpf,+net_admin,+perfmon -- --group 54321 $command
done
check_fails "a group that is not there" 2 "option '--group': no group 'absent'" agent gw -i dev0 --group absent
check "a group that is not there: nothing attached, nothing pinned" [ -z "$(xdp_program gw dev0)$(find "$T/bpf" -name portacct)" ]

# ---- what must not matter
start() { # DESCRIPTION WORD...: it counts, and ends all of it
	what=$1
	shift
	in_ns gw "$@" "$AGENT" --pin-dir "$PINS" --attach -i dev0 2>"$T/err"
	check "$what: $(cat "$T/err")" is_attached
	agent gw --detach
}
start "no memory to lock" prlimit --memlock=0:0
start "no memory to lock, and no right to change that" prlimit --memlock=0:0 setpriv --bounding-set -sys_resource
start "few descriptors" prlimit --nofile=64:64

# ---- a second one
spawn_agent gw -i dev0 2>"$T/agent.log"
first=$spawned
wait_until 10 is_attached || not_ok "the first agent: $(cat "$T/agent.log")"
program=$(xdp_program gw dev0) pins=$(find "$T/bpf" | sort | cksum)
for command in '' --attach --detach; do
	# shellcheck disable=SC2086
	check_fails "a second agent ${command:-that runs}" 1 'in use: another agent is counting with it: stop it first' \
		agent gw $command $([ "$command" = --detach ] || echo -i dev0)
	refused=$((refused + 1))
done
check_equal "the first: program and pins" "$(xdp_program gw dev0) $(find "$T/bpf" | sort | cksum)" "$program $pins"
check "it runs" is_running "$first"
stop "$first"

# In a mount namespace of its own an agent finds no pins, and another's program on the device.
check_fails "a device that an agent of another mount namespace counts" 1 "another XDP program is on it: id $program" \
	unshare -m sh -c "umount $T/bpf; mount -t bpf bpf $T/bpf; exec nsenter --net=/run/netns/$run-gw $AGENT --pin-dir $PINS --attach -m native -i dev0"
refused=$((refused + 1))
agent gw --detach
echo "figure: R12 $refused starts refused with cause and remedy, nothing left of any"
finish
