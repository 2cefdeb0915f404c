#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A strict reader of the Prometheus text format, version 0.0.4, as the agent's textfile may use it.

promtext.py FILE    reads it; what is wrong goes to standard error, exit status 1
"""
import re
import sys

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? ([0-9.e+-]+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"')


def unescape(text):
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def parse(text):
    """Samples as (family, labels, value). Raises ValueError for whatever a strict reader refuses."""
    samples, seen, heads, current = [], set(), {}, None
    if not text.endswith("\n"):
        raise ValueError("the last line is cut")
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if line.startswith("# "):
            kind, family = line.split(" ")[1:3]
            if kind not in ("HELP", "TYPE") or (kind, family) in heads:
                raise ValueError("line %d: %s of %s twice or unknown" % (number, kind, family))
            heads[(kind, family)], current = line, family
            continue
        match = SAMPLE.fullmatch(line)
        if not match or match[1] != current or ("HELP", current) not in heads or ("TYPE", current) not in heads:
            raise ValueError("line %d: not a sample of %s: %s" % (number, current, line))
        labels = {name: unescape(value) for name, value in LABEL.findall(match[2] or "")}
        series = (match[1], tuple(sorted(labels.items())))
        if series in seen:
            raise ValueError("line %d: the same series twice: %s" % (number, line))
        seen.add(series)
        samples.append((match[1], labels, match[3]))
    return samples


def read(path):
    with open(path, encoding="utf-8", newline="") as text:
        return parse(text.read())


if __name__ == "__main__":
    try:
        print(len(read(sys.argv[1])))
    except ValueError as error:
        sys.exit("%s: %s" % (sys.argv[1], error))
