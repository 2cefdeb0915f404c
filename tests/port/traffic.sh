#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# traffic.sh WHAT AGENT: the test of real traffic with another build of the agent, one line for all.
set -u
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
AGENT=$2 sh tests/netns/test_traffic.sh >"$log" 2>&1
status=$?
counted=$(sed -n 's/^ok - \([0-9]* packets counted\),.*/\1/p' "$log")
if [ $status = 0 ] && [ -n "$counted" ]; then
	echo "ok - $1: real traffic: $counted, $(grep -c '^ok - ' "$log") checks"
elif [ $status = 0 ] && grep -q '^skipped: ' "$log"; then
	echo "skipped: $1: real traffic: $(sed -n 's/^skipped: //p' "$log" | head -n 1)"
else
	cat "$log"
	echo "not ok - $1: real traffic"
	exit 1
fi
