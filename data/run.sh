#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run.sh AGENT: what `make run` does once AGENT is built. IFACE, RUN_SECONDS, TEXTFILE_DIR from the environment.
set -euf # -f: IFACE may hold patterns, which are for the agent
agent=$1
if [ "$(id -u)" != 0 ]; then
	echo "make run: root is needed to attach to network devices: sudo make run" >&2
	exit 1
fi
# systemd mounts this at boot; where nothing has, the agent could not keep its counters.
grep -qs ' /sys/fs/bpf bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf
install -d "$TEXTFILE_DIR"
set -- "$agent" -o "$TEXTFILE_DIR/portacct.prom"
# shellcheck disable=SC2153
for device in $IFACE; do
	set -- "$@" -i "$device"
done
[ -z "$RUN_SECONDS" ] || set -- timeout --foreground --preserve-status "$RUN_SECONDS" "$@"
exec "$@"
