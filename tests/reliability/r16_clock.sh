#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R16: an agent that stands still for seconds, as in a suspend, and a clock that jumps by years, forth and
# back: no counter goes back, all that was sent is counted, and the textfile is written again. The clock is
# the agent's own: a library before libc's adds what a file says to the time of day.
set -u
. tests/reliability/lib.sh
begin "$SEND" clang
make_devices gw 1
YEARS=315360000 # ten, in seconds
backwards=0 steps=0

make_clock() {
	clang -shared -fPIC -O2 -x c - -o "$T/clock.so" <<-'END'
	#define _GNU_SOURCE
	#include <stdio.h>
	#include <stdlib.h>
	#include <sys/syscall.h>
	#include <time.h>
	#include <unistd.h>

	static long offset(void)
	{
		const char *path = getenv("CLOCK_OFFSET");
		FILE *file = path ? fopen(path, "re") : NULL;
		long seconds = 0;

		if (file && fscanf(file, "%ld", &seconds) != 1)
			seconds = 0;
		if (file)
			fclose(file);
		return seconds;
	}
	int clock_gettime(clockid_t clock, struct timespec *now)
	{
		long result = syscall(SYS_clock_gettime, clock, now);

		if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
			now->tv_sec += offset();
		return (int)result;
	}
	time_t time(time_t *out)
	{
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		if (out)
			*out = now.tv_sec;
		return now.tv_sec;
	}
	END
}

last_write() { awk '$1 == "portacct_last_write_timestamp_seconds" { printf "%d\n", $2 }' "$PROM"; }

# No counter of the textfile is less than in the one before.
note_textfile() { # WHAT
	is_parseable || not_ok "$1: the textfile cannot be parsed"
	now=$(prom_sum device_receive_packets_total)
	if [ "$now" -lt "${last:-0}" ]; then
		backwards=$((backwards + 1))
		not_ok "$1: $now frames after $last"
	fi
	last=$now
}

is_by_that_clock() { # SECONDS
	away=$(($(last_write) - $(date +%s) - $1))
	[ ${away#-} -le 60 ]
}
with_clock() { LD_PRELOAD=$T/clock.so CLOCK_OFFSET=$T/offset "$@"; }

step_clock() { # SECONDS
	steps=$((steps + 1))
	echo "$1" >"$T/offset.new" && mv "$T/offset.new" "$T/offset"
	check "a clock that is $1 s off: the textfile is written, by that clock" wait_until 10 is_by_that_clock "$1"
	note_textfile "a clock that is $1 s off"
	(with_clock agent gw --status) >"$T/status" || not_ok "--status by that clock"
	check "--status: $(grep since "$T/status" | head -1 | xargs)" grep -qE '^  since .*\([0-9][0-9dhms]{0,9}\)$' "$T/status"
}

make_clock || not_ok "the clock's library is not built"
echo 0 >"$T/offset"
export LD_PRELOAD="$T/clock.so" CLOCK_OFFSET="$T/offset"
spawn_agent gw -i dev0 -t 1 2>"$T/agent.log"
counting=$spawned
unset LD_PRELOAD
wait_until 10 [ -s "$PROM" ] || not_ok "nothing is written: $(cat "$T/agent.log")"
spawn gw "$SEND" -r 5000 peer0 >"$T/sent"
sending=$spawned
for offset in $YEARS -$YEARS -1700000000 0; do
	step_clock $offset
done

# Still for some seconds, twice as long as an interval.
kill -STOP $counting
before=$(textfile_id)
sleep 2
check "stopped: the textfile is not written" [ "$(textfile_id)" = "$before" ]
kill -CONT $counting
check "goes on: it is" wait_until 10 is_rewritten "$before"
note_textfile "after the stop"
stop $sending
wait_for_counts 10
note_textfile "at the end"
sent=$(sender_said "$T/sent" sent)
missing=$((sent - last))
check_equal "frames missing of $sent" $missing 0
check_equal "counters that went back" $backwards 0
stop $counting
echo "figure: R16 $steps steps of the clock and a stop survived, $backwards counters went back, $missing of $sent frames missing"
agent gw --detach
finish
