# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the tests that load the kernel half as several compilers build it. Judges what
# tests/qemu/load.c says of objects that are called HOOK.NUMBER.CPU.o: xdp.14.v3.o was built by
# clang-14 with -mcpu=v3. All must load, in all ways that the kernel knows, with LIMIT instructions
# verified at the most; and no line may be lacking, as one may be lost on a machine's console. What is
# more than a tenth above what GOLDEN has for that compiler, processor, kernel and hook is told, and
# fails with STRICT=1: another patch level of the compiler or the kernel than the one that GOLDEN comes
# from has other numbers. With ACCEPT=1 GOLDEN is not looked at.
# shellcheck shell=sh
LIMIT=150000
GOLDEN=tests/golden/verified.tsv

# judge LOG: a line for each compiler and processor. Appends "NUMBER CPU KERNEL HOOK MOST" to the
# file $NUMBERS, with tabs. A line of the log may stand behind what a machine's firmware wrote.
judge() {
	kernel=$(sed -n 's/^done \([0-9]*\.[0-9]*\).*/\1/p' "$1")
	if [ -z "$kernel" ]; then
		echo "not ok - $(basename "$1" .log): ended before all was loaded; its last lines:"
		tail -n 20 "$1"
		return 1
	fi
	said=$(sed -n 's/^done [^ ]* \([0-9]* [0-9]*\)$/\1/p' "$1")
	before=$GOLDEN
	[ "${ACCEPT:-0}" != 1 ] || before=/dev/null
	awk -v kernel="$kernel" -v limit=$LIMIT -v golden="$before" -v numbers="$NUMBERS" \
		-v strict="${STRICT:-0}" -v said="$said" '
		function add(text) { wrong[row] = wrong[row] (wrong[row] ? "; " : "") text }
		BEGIN {
			while ((getline line < golden) > 0) {
				split(line, field, "\t")
				stored[field[1] " " field[2] " " field[3] " " field[4]] = field[5]
			}
		}
		match($0, /(verified|refused) (xdp|tc)\.[0-9]+\.v[0-9]+\.o /) {
			split(substr($0, RSTART), word, " ")
			split(word[2], part, ".")
			row = part[2] " " part[3]
			if (!(row in tried)) order[++rows] = row
			tried[row]++
			ways++
			if (!seen[word[2]]++) objects++
			if (word[1] == "refused") {
				sub(":$", "", word[3])
				add("refuses " part[1] " " word[3])
				next
			}
			n = word[4] + 0
			if (n > most[row]) most[row] = n
			if (n > by_hook[row " " part[1]]) by_hook[row " " part[1]] = n
		}
		function check_hook(hook,    n, before, text) {
			n = by_hook[row " " hook]
			before = stored[row " " kernel " " hook]
			if (n == 0) { add("nothing of " hook " was loaded"); return }
			split(row, part, " ")
			printf "%s\t%s\t%s\t%s\t%d\n", part[1], part[2], kernel, hook, n >> numbers
			if (!before || n <= before * 1.1)
				return
			text = hook " has grown by more than a tenth, from " before " to " n
			if (strict)
				add(text " (make check-clang ACCEPT=1, if it must)")
			else
				print "# clang-" part[1] " -mcpu=" part[2] " on Linux " kernel ": " text
		}
		END {
			for (i = 1; i <= rows; i++) {
				row = order[i]
				check_hook("xdp")
				check_hook("tc")
				split(row, part, " ")
				if (most[row] > limit)
					add(most[row] " instructions, more than " limit)
				name = "clang-" part[1] " -mcpu=" part[2] " on Linux " kernel
				if (row in wrong) {
					print "not ok - " name ": " wrong[row]
					failed = 1
					continue
				}
				print "ok - " name ": loads in " tried[row] " ways, at most " \
					most[row] " instructions verified"
			}
			if (!rows) {
				print "not ok - Linux " kernel ": nothing was loaded"
				failed = 1
			} else if (said != objects " " ways) {
				print "not ok - Linux " kernel ": of files and ways to load them it tells " objects " " \
					ways ", and tried " said
				failed = 1
			}
			exit failed
		}' "$1" && return
	grep -A 8 'refused ' "$1" | head -n 60
	return 1
}
