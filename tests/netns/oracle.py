#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a capture says was received, against what the agent counted.

oracle.py DEVICE FRAMES PROM JSON [PORT/TRANSPORT=SERVICE]...  <tshark's fields

Reads on standard input a line for each captured frame: frame.len, eth.src, frame.protocols,
ip.frag_offset, ipv6.fraghdr.offset, source and destination port of TCP and of UDP, and whatever else
tells one fragmented datagram from another: a later fragment belongs to the frame with offset 0 that has
the same there. It knows which ports the test's servers listen on, and nothing of the rules by which the
agent finds that out. FRAMES names the outcome of frames by their source address. Prints "ok - ..." and
"not ok - ..." lines.
"""
import collections
import json
import sys

import promtext

BUCKETS = ("icmp", "icmpv6", "arp", "igmp")


def read_frames(path):
    with open(path, encoding="ascii") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return {mac: (outcome, direction, name) for mac, outcome, direction, name in rows}


def by_port(transport, source, destination, servers):
    """The side that a server of the test listens on; none: no service, and so no direction."""
    for port, direction in ((destination, "to_server"), (source, "to_client")):
        if (port, transport) in servers:
            return servers[(port, transport)] + "/" + transport, direction
    return "unclassified_" + transport, "-"


def by_layers(fields, servers):
    for layer in fields[2].split(":"):
        if layer in BUCKETS:
            return layer, "-"
        if layer == "tcp":
            return by_port("tcp", fields[5], fields[6], servers)
        if layer == "udp":
            return by_port("udp", fields[7], fields[8], servers)
    return "unknown to the test: " + fields[2], "-"


def classify(fields, servers, firsts):
    """firsts: what became of the first fragments so far, by their datagram"""
    datagram = tuple(fields[9:])
    if any(field not in ("", "0") for field in fields[3:5]):
        return firsts.get(datagram, ("fragment", "-"))
    outcome = by_layers(fields, servers)
    if any(datagram):
        firsts[datagram] = outcome
    return outcome


def read_capture(lines, frames, servers):
    counts = collections.defaultdict(lambda: [0, 0])
    crafted, firsts = collections.Counter(), {}
    for line in lines:
        fields = line.rstrip("\n").split("\t")
        if fields[1] in frames:
            outcome, direction, name = frames[fields[1]]
            crafted[name] += 1
        else:
            outcome, direction = classify(fields, servers, firsts)
        cell = counts[(outcome, direction)]
        cell[0] += 1
        cell[1] += int(fields[0])
    return dict(counts), crafted


def read_prom(path, device):
    counts = collections.defaultdict(lambda: [0, 0])
    for family, labels, value in promtext.read(path):
        kind = family.split("_")[1]
        if labels.get("device") != device or kind not in ("service", "bucket") or "_receive_" not in family:
            continue
        key = ((labels["service"] + "/" + labels["protocol"], labels["direction"]) if kind == "service"
               else (labels["bucket"], "-"))
        counts[key]["bytes" in family] += int(value)
    return {key: cell for key, cell in counts.items() if cell != [0, 0]}


def read_json(path):
    with open(path, encoding="utf-8") as text:
        document = json.load(text)
    counts = {}
    for row in document["services"]:
        for direction in ("to_server", "to_client"):
            counts[(row["service"] + "/" + row["transport"], direction)] = [
                row[direction]["packets_total"], row[direction]["bytes_total"]]
    for row in document["buckets"]:
        counts[(row["bucket"], "-")] = [row["packets_total"], row["bytes_total"]]
    return {key: cell for key, cell in counts.items() if cell != [0, 0]}


def compare(device, wanted, counted):
    """counted: (name, counts) of each way in which the agent tells its numbers"""
    failed = False
    for key in sorted(set(wanted).union(*(counts for _, counts in counted))):
        cell = wanted.get(key, [0, 0])
        wrong = ["%s %s" % (name, counts.get(key, [0, 0])) for name, counts in counted
                 if counts.get(key, [0, 0]) != cell]
        what = key[0] if key[1] == "-" else " ".join(key)
        print("%s - %s: %s: %d packets, %d bytes in the capture%s" %
              ("not ok" if wrong else "ok", device, what, *cell, "; but " + ", ".join(wrong) if wrong else ""))
        failed = failed or bool(wrong)
    return failed


def main(device, frames, prom, top, *ports):
    servers = {tuple(port.split("=")[0].split("/")): port.split("=")[1] for port in ports}
    wanted, crafted = read_capture(sys.stdin, read_frames(frames), servers)
    counted = [("textfile", read_prom(prom, device)), ("--top --json", read_json(top))]
    failed = compare(device, wanted, counted)
    if crafted:
        print("ok - %s: %d kinds of crafted frames, %d in all, had the outcome of the table" %
              (device, len(crafted), sum(crafted.values())))
    total = [sum(cell[i] for cell in wanted.values()) for i in (0, 1)]
    print("# %s captured %d packets %d bytes" % (device, *total))
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
