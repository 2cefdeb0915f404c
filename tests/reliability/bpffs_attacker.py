#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Puts things in the place of a directory of pins, without pause, until the file named second exists.

bpffs_attacker.py PIN-DIR STOP-FILE
Beside PIN-DIR it has a directory of its own, PIN-DIR.trap, which is put in the place itself, or by a
symbolic link. Prints how many tries there were, and how many of them there were while the place was
somebody else's.
"""
import os
import sys

place, stop = sys.argv[1:]
trap = place + "_trap"
link = place + "_link"
tries = foreign = 0


def attempt(call, *names):
    global tries
    tries += 1
    try:
        call(*names)
        return True
    except OSError:
        return False


attempt(os.mkdir, trap, 0o777)
attempt(os.mkdir, trap + "/v1", 0o777)
attempt(os.chmod, trap, 0o777)
while not os.path.exists(stop):
    attempt(os.symlink, trap, place)
    attempt(os.unlink, place)
    attempt(os.rename, trap, place)
    attempt(os.rename, place, trap)
    attempt(os.symlink, trap, link)
    attempt(os.rename, link, place)
    attempt(os.mkdir, place + "/v1", 0o777)
    attempt(os.symlink, "/", place + "/v1")
    attempt(os.rename, place + "/v1", place + "/v2")
    attempt(os.chmod, place + "/v1", 0o777)
    attempt(os.unlink, place)
    try:
        foreign += os.lstat(place).st_uid != os.getuid()
    except OSError:
        pass
print(tries, foreign)
