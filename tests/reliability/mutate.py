#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes database files that are wrong, or may be, for r20_database_abuse.sh.

mutate.py DIRECTORY COUNT SEED [LINES]
Writes DIRECTORY/good.csv, and COUNT others beside it: files, links, a FIFO, a device, a directory, one that is
not there. Prints a line for each: its name, "bad" if it must be refused or "any" if that depends, and its kind.
LINES: how many the largest has.
"""
import os
import random
import re
import stat
import sys

HEADER = "Service Name,Port Number,Transport Protocol,Description\n"
CANARY = "canary,17900,udp,counted all the time\n"
SERVICES = 40


def good_rows():
    return ["made-%d,%d,%s,row %d\n" % (i, 17000 + i * 3, ("tcp", "udp")[i % 2], i) for i in range(SERVICES)]


def with_row(rng, row):
    rows = good_rows()
    rows.insert(rng.randrange(len(rows)), row)
    return (HEADER + CANARY + "".join(rows)).encode()


def may_hold_low_port(text):
    """Whether any cell may be a port below 1024 or a range with one, as where a digit has become a '-'. With
    quotes in wrong places it is not certain where cells end: whatever might end one does."""
    cells = [cell for cell in re.split(rb"[\r\n,;\t\"]", text) if re.fullmatch(rb"[0-9\s-]+", cell)]
    return any(int(number) < 1024 for cell in cells for number in re.findall(rb"[0-9]+", cell))


def flipped(rng, count):
    """The frames that R20 sends meanwhile are of services below 1024: those are left alone."""
    while True:
        text = bytearray(with_row(rng, ""))
        for _ in range(count):
            text[rng.randrange(len(HEADER), len(text))] = rng.randrange(256)
        if not may_hold_low_port(text[len(HEADER):]):
            return bytes(text)


# Kinds of contents: what a row is made to be, and whether the file must be refused for it.
BAD = {
    "port above 65535": lambda rng: with_row(rng, "x,%d,tcp,\n" % rng.choice([65536, 70000, 10 ** 9, 10 ** 30])),
    "range that goes back": lambda rng: with_row(rng, "x,%d-17000,tcp,\n" % rng.randrange(17001, 65536)),
    "range beyond the end": lambda rng: with_row(rng, "x,17000-70000,tcp,\n"),
    "letters for a port": lambda rng: with_row(rng, "x,17%s0,tcp,\n" % rng.choice("abcxz_:;.")),
    "negative port": lambda rng: with_row(rng, "x,-%d,tcp,\n" % rng.randrange(1, 65536)),
    "name too long": lambda rng: with_row(rng, "%s,17001,tcp,\n" % ("n" * rng.randrange(200, 4000))),
    "line of 1 MB": lambda rng: with_row(rng, "x,17001,tcp,%s\n" % ("d" * 1000000)),
    "quote that does not end": lambda rng: with_row(rng, 'x,17001,tcp,"d\n'),
    "NUL in a name": lambda rng: with_row(rng, "x\0y,17001,tcp,\n"),
    "no such column": lambda rng: b"a,b,c\n" + b"x,17001,tcp\n",
}
ANY = {
    "bytes changed": lambda rng: flipped(rng, rng.randrange(1, 20)),
    "one byte changed": lambda rng: flipped(rng, 1),
    "written in part": lambda rng: with_row(rng, "")[: rng.randrange(len(HEADER) + len(CANARY))],
    "row twice": lambda rng: with_row(rng, rng.choice(good_rows())),
    "ranges that overlap": lambda rng: with_row(rng, "x,16900-17900,udp,\n" + "y,17000-18000,tcp,\n"),
    "empty": lambda rng: b"",
    "rubbish": lambda rng: bytes(rng.randrange(256) for _ in range(rng.randrange(1, 5000))),
    "other line ends": lambda rng: with_row(rng, "").replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n"])),
    "byte order mark": lambda rng: "\ufeff".encode() + with_row(rng, ""),
}


def put(path, content):
    with open(path, "wb") as file:
        file.write(content)


def too_large(path, lines):
    with open(path, "wb") as file:
        file.write((HEADER + CANARY).encode())
        rest = lines
        while rest > 0:
            file.write(b"x,17001,tcp,row\n" * min(rest, 100000))
            rest -= 100000


def make_objects(directory, lines):
    """What is no plain file, a verdict each."""
    at = lambda name: os.path.join(directory, name)
    os.mkfifo(at("fifo"))
    os.mknod(at("device"), 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero
    os.mkdir(at("directory"))
    os.symlink("nowhere", at("dangling"))
    os.symlink("loop", at("loop"))
    os.symlink("fifo", at("link-to-fifo"))
    os.symlink("/etc/passwd", at("link-to-text"))
    os.symlink("/proc/self/mem", at("link-to-memory"))
    too_large(at("lines"), lines)
    for name, kind in (("fifo", "a FIFO"), ("device", "a device without end"), ("directory", "a directory"),
                       ("dangling", "a link to nothing"), ("loop", "a link to itself"), ("absent", "not there"),
                       ("link-to-fifo", "a link to a FIFO"), ("lines", "%d lines" % lines)):
        yield name, "bad", kind
    yield "link-to-text", "any", "a link to another file"
    yield "link-to-memory", "bad", "a link to a process's memory"


def main(directory, count, seed, lines="1200000"):
    rng = random.Random(int(seed))
    put(os.path.join(directory, "good.csv"), with_row(rng, ""))
    made = 0
    for line in make_objects(directory, int(lines)):
        print(*line)
        made += 1
    while made < int(count):
        verdict, kinds = ("bad", BAD) if made % 2 else ("any", ANY)
        kind = rng.choice(sorted(kinds))
        put(os.path.join(directory, "f%d" % made), kinds[kind](rng))
        print("f%d" % made, verdict, kind)
        made += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
