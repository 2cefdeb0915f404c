#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R14: in a textfile directory that others may write to, they put links, FIFOs, directories and sockets in the
# place of the textfile and of its temporary files. Nothing is written elsewhere, nothing waits, and the file
# is right, or it is said that it is not. First against the writing alone, which is faster, then by the agent.
# fs.protected_symlinks and its kin, if set, help in the sticky directory only: the other is without.
set -u
. tests/netns/lib.sh
ATTACK=$build/tests/reliability/textfile_attack
begin "$ATTACK" setpriv mkfifo
TRIES=50000 ATTACKER=65534
as_attacker() { setpriv --reuid $ATTACKER --regid $ATTACKER --clear-groups "$@"; }

mkdir -m 755 "$T/race"
timeout --foreground 60 "$ATTACK" $TRIES "$T/race" >"$T/attack"
raced=$?
grep -v '^tries' "$T/attack"
check_equal "the race: exit status" $raced 0
attempts=$(sed -n 's/^tries //p' "$T/attack")

add_namespace gw
connect gw dev0 gw peer0
ip -n "$run-gw" link set dev0 up
install -d -m 1777 "$T/open"
install -d -o $ATTACKER "$T/own"
echo untouched >"$T/canary"
install -o $ATTACKER -m 600 "$T/canary" "$T/own/canary"
PROM=$T/open/portacct.prom
agent gw --attach -i dev0 2>"$T/err" || not_ok "--attach: $(cat "$T/err")"

is_written() { [ -f "$PROM" ] && [ ! -L "$PROM" ] && [ "$(stat -c '%u %a %h' "$PROM")" = '0 644 1' ] && grep -q ^portacct_ "$PROM"; }
is_untouched() { [ "$(cat "$T/canary" "$T/own/canary" | xargs)" = 'untouched untouched' ]; }

in_place() { # DESCRIPTION COMMAND...: of the attacker
	what=$1
	shift
	as_attacker "$@" 2>"$T/err" || not_ok "$what cannot be put there: $(cat "$T/err")"
	attempts=$((attempts + 1))
	check "$what in its place: --once" agent gw --once
	check "$what in its place: the file is written, nothing elsewhere" eval 'is_written && is_untouched'
	rm -f "$PROM"
}

in_place "a symbolic link to a file of root" ln -s "$T/canary" "$PROM"
in_place "a symbolic link to nothing" ln -s "$T/absent" "$PROM"
in_place "a hard link to another file" ln "$T/own/canary" "$PROM"
in_place "a FIFO" mkfifo "$PROM"
in_place "a file" touch "$PROM"
in_place "a symbolic link to a terminal" ln -s /dev/tty "$PROM"
check "nothing is made by a link to nothing" [ ! -e "$T/absent" ]
as_attacker mkdir "$PROM"
check_fails "a directory in its place: --once" 1 "textfile '.*': cannot be written (choose another file with -o): Is a directory" agent gw --once
check_fails "a directory in its place: the agent" 1 "textfile '.*': cannot be written (choose another file with -o): Is a directory" agent gw -i dev0
rmdir "$PROM"
mkfifo "$PROM"
check_fails "a FIFO of root's own, which is no textfile" 1 "cannot be written" agent gw --once
rm "$PROM"
agent gw --detach
check_equal "files left" "$(ls -A "$T/open")" ''
elsewhere=1
is_untouched && [ $raced = 0 ] && elsewhere=0
echo "figure: R14 $attempts tries, $elsewhere writes elsewhere"
finish
