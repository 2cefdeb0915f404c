#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R20: databases that are wrong in any way, given to an agent that counts, by a reload, and to a start over
# what is counted. One that is refused changes nothing: its reason is named in few lines, the table of before
# goes on, and the counts of all others are those of what was sent. Nothing blocks and no memory or descriptor
# is kept.
#
#   SEED=n  the databases of that run, by the time unless told (printed)
set -u
. tests/reliability/lib.sh
begin "$SEND" bpftool
count=200 lines=1200000
[ "$FULL" = 1 ] && count=300 lines=10000000
make_devices gw 2
mkdir "$T/files"
seed=${SEED:-$(date +%s)}
echo "# seed $seed"
"$PYTHON" tests/reliability/mutate.py "$T/files" $count "$seed" $lines >"$T/list" || not_ok "the files are not made"
wrong=0 refused=0 taken=0 most_lines=0

use() { # NAME: as the database that the agent reads
	rm -rf "$T/db.csv"
	[ ! -e "$T/files/$1" ] && [ ! -L "$T/files/$1" ] || mv "$T/files/$1" "$T/db.csv"
}
use_good() {
	rm -rf "$T/db.csv"
	cp "$T/files/good.csv" "$T/db.csv"
}
table_in_force() { bpftool -j map dump pinned "$PINS/v1/ports"; }
descriptors() { kept_descriptors "$counting"; }

complain() {
	wrong=$((wrong + 1))
	not_ok "$name ($kind): $*"
}

# Whether it is refused must be what it says when asked; what must be refused is, with the reason.
try() { # NAME VERDICT KIND...
	name=$1 verdict=$2
	shift 2
	kind=$*
	use "$name"
	log_lines=$(wc -l <"$T/agent.log")
	agent gw --reload 2>"$T/err"
	status=$?
	log_lines=$(($(wc -l <"$T/agent.log") - log_lines))
	[ $log_lines -le "$most_lines" ] || most_lines=$log_lines
	if [ $status = 0 ]; then
		taken=$((taken + 1))
		[ "$verdict" = any ] || complain "is not refused"
	else
		refused=$((refused + 1))
		[ $status = 1 ] || complain "exit status $status of --reload: $(cat "$T/err")"
		tail -n $log_lines "$T/agent.log" | grep -q 'db.csv' || complain "no reason is named: $(tail -n $log_lines "$T/agent.log")"
	fi
	[ "$verdict" = bad ] || ask
}

ask() {
	agent gw --check-services "$T/db.csv" >/dev/null 2>&1
	case $status$? in
	00 | 12) ;;
	*) complain "exit status $status of --reload, but $? when asked" ;;
	esac
}

# Those that are refused leave the canary where it was: all that is sent to it counts for it.
try_all() { # VERDICT
	while read -r name verdict kind; do
		[ "$verdict" = "$1" ] && try "$name" "$verdict" "$kind" </dev/null
	done <"$T/list"
}

use_good
start_agent gw -i 'dev*' -t 1 -s "$T/db.csv"
opened=$(descriptors) table=$(table_in_force)
spawn gw "$SEND" -r 5000 peer0 >"$T/sent"
mixed=$spawned
spawn gw "$SEND" -r 2000 -p 17900 peer1 >"$T/canary"
canary=$spawned
try_all bad
stop $canary
check_equal "the table in force, after $refused files that were refused" "$(table_in_force)" "$table"
agent gw --once
check_equal "frames counted for the service of the good database, while $refused others were refused" \
	"$(prom_sum service_receive_packets_total 'device="dev1"' 'service="canary"')" "$(sender_said "$T/canary" sent)"
try_all any
stop $mixed
agent gw --once
for service in https http ssh domain ntp; do
	check_equal "frames of $service, whatever the files were" \
		"$(prom_sum service_receive_packets_total 'device="dev0"' "service=\"$service\"")" "$(sender_said "$T/sent" $service)"
done
missing=$(($(sender_said "$T/sent" sent) + $(sender_said "$T/canary" sent) - $(prom_sum device_receive_packets_total)))
check_equal "frames missing" $missing 0
check_equal "files taken or refused otherwise than they should, of $((taken + refused))" $wrong 0
check_equal "refusals in the textfile" "$(awk '$1 == "portacct_reload_failures_total" { print $2 }' "$PROM")" $refused
check "most lines in the log for one file: $most_lines, no more than 25" [ $most_lines -le 25 ]
check_equal "descriptors of the agent, before and after" "$(descriptors)" "$opened"
memory=$(awk '/^VmHWM/ { print $2 }' "/proc/$counting/status")
check "the most memory it had: $memory kB, no more than 65536" [ "$memory" -le 65536 ]
stop $counting

# A start over what is counted.
before=$(find "$PINS" | sort | cksum) program=$(xdp_program gw dev0) table=$(table_in_force)
refused_start() { # WHAT
	check_fails "a start over what is counted, the database $1" 2 'db.csv' agent gw --attach -i 'dev*' -s "$T/db.csv"
	rm -rf "$T/db.csv"
}
use_good
printf 'x,99999,tcp,\n' >>"$T/db.csv"
refused_start "a file with a bad row"
refused_start "not there"
mkfifo "$T/db.csv"
refused_start "a FIFO"
check_equal "those starts: pins, program, table" \
	"$(find "$PINS" | sort | cksum) $(xdp_program gw dev0) $(table_in_force)" "$before $program $table"
echo "figure: R20 $((taken + refused)) mutated databases tried, $refused refused, $missing frames missing, $memory kB at most"
agent gw --detach
finish
