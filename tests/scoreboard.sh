#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The table of the checks R01 to R25.
#
#   scoreboard.sh collect        makes $O/scoreboard.md of what the last runs left in $O/check
#   scoreboard.sh write          puts that table between the marks in tests/README.md
#   scoreboard.sh check [FILE]   whether FILE (tests/README.md) has a row for each check, with its test, and a
#                                figure or the reason why there is none; says what is wrong, a line each
#
# A check's test is tests/reliability/rNN_*.sh; its figure is what it prints behind "figure: RNN ".
set -u
cd "$(dirname "$0")/.." || exit 1
O=${O:-build}
table=$O/scoreboard.md
readme=tests/README.md
begin='<!-- scoreboard: made by a run -->'
end='<!-- end of scoreboard -->'
checks='R01 load: all that is sent is counted
R02 crash: killed at each system call that matters
R03 upgrade, downgrade, another layout of the state
R04 hooks: which is chosen, and that it counts alike
R05 MTU and jumbo frames
R06 stacked devices
R07 devices come, go, are renamed and made anew
R08 watch: a device that stops to receive
R09 conflicts: other agents and other programs
R10 link types
R11 frames of any kind against a reference
R12 hostile start: what is missing or forbidden
R13 textfile faults
R14 textfile attacks
R15 attacks on the pinned state
R16 clock steps and stopped processes
R17 numbers: wrap, restart, services that change
R18 processors, and reading while counting
R19 reload in one step
R20 bad databases
R21 the verifier, by compiler
R22 exposition: what Prometheus reads
R23 least privilege
R24 cost in the path of a packet
R25 soak: random faults under load'

test_of() { # RNN
	for file in tests/reliability/"$(echo "$1" | tr R r)"_*.sh; do
		[ -e "$file" ] && echo "$file"
	done | head -n 1
}

# What stands in a cell of the table.
cell() { sed "s,$(pwd)/,,g" | tr '|' '/' | awk '{ printf "%s%s", (NR > 1 ? "; " : ""), $0 }'; }

figure_of() { # RNN LOG: the figure, and what could not run
	{
		sed -n "s/^figure: $1 //p" "$2"
		grep -a '^skipped: ' "$2"
	} 2>/dev/null | cell
}

result_of() { # RESULT-FILE
	[ -e "$1" ] || { echo 'not run'; return; }
	awk '{ print $3 ? "failed" : $2 ? "passed, " $2 : "skipped" }' "$1"
}

row() { # RNN WHAT
	file=$(test_of "$1")
	base=$O/check/$(echo "$file" | tr / _)
	if [ -z "$file" ]; then
		echo "| $1 | $2 | | none | missing |"
	else
		echo "| $1 | $2 | $(figure_of "$1" "$base.log") | \`$file\` | $(result_of "$base.result") |"
	fi
}

collect() {
	{
		echo '| check | of what | figure of the last run | test | result |'
		echo '|---|---|---|---|---|'
		echo "$checks" | while read -r check what; do row "$check" "$what"; done
	} >"$table"
}

write() {
	[ -s "$table" ] || { echo "$table is not there: run the tests first" >&2; return 1; }
	awk -v begin="$begin" -v end="$end" -v table="$table" '
		$0 == end { inside = 0 }
		!inside { print }
		$0 == begin { inside = 1; while ((getline line < table) > 0) print line }' "$readme" >"$readme.new" &&
		mv "$readme.new" "$readme"
}

check_row() { # RNN FILE
	found=$(grep -c "^| $1 |" "$2")
	[ "$found" = 1 ] || { echo "$1: has $found rows in $2"; return; }
	file=$(test_of "$1")
	[ -n "$file" ] || { echo "$1: has no test tests/reliability/$(echo "$1" | tr R r)_*.sh"; return; }
	grep "^| $1 |" "$2" | awk -F ' *[|] *' -v file="\`$file\`" '
		$5 != file { print $2 ": names " $5 ", not " file }
		$4 == "" { print $2 ": has no figure, and no reason why it could not run" }
		$6 !~ /^passed/ && $4 !~ /skipped: / { print $2 ": its result is: " $6 }'
}

check() { # FILE
	said=$(echo "$checks" | while read -r check what; do check_row "$check" "$1"; done)
	[ -z "$said" ] || { echo "$said"; return 1; }
}

case ${1:-} in
collect) collect ;;
write) write ;;
check) check "${2:-$readme}" ;;
*) sed -n '3,8s/^# *//p' "$0" >&2 && exit 2 ;;
esac
