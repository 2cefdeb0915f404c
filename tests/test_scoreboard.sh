#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# tests/README.md has the table of R01 to R25, each with the test that there is, and a figure or the reason
# why there is none. Figures differ from run to run and are not compared.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
copy=$(mktemp)
trap 'rm -f "$copy"' EXIT

if said=$(sh tests/scoreboard.sh check); then
	echo "ok - tests/README.md: $(grep -c '^| R[0-9][0-9] |' tests/README.md) checks, each with its test"
else
	echo "$said" | sed 's/^/not ok - /'
	bad=1
fi

break_and_check() { # WHAT SED-PROGRAM EXPECTED
	sed "$2" tests/README.md >"$copy"
	if sh tests/scoreboard.sh check "$copy" | grep -q "$3"; then
		echo "ok - found: $1"
	else
		echo "not ok - not found: $1"
		bad=1
	fi
}

break_and_check 'a missing row' '/^| R11 /d' 'R11: has 0 rows'
break_and_check 'another test' '/^| R11 /s/r11_[a-z]*/r11_other/' 'R11: names .*r11_other'
break_and_check 'a row without a figure' '/^| R11 /s/^\(| R11 | [^|]*|\)[^|]*|/\1 |/' 'R11: has no figure'
break_and_check 'a failure' '/^| R11 /s/[^|]*|$/ failed |/' 'R11: its result is: failed'
exit $bad
