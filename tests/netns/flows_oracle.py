#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whole flows, as captures have them, against what was counted for each of their frames.

compare PROM TOP CAPTURE... SERVICE...
    TOP is what --top --by port --json prints. CAPTURE is DEVICE=FILE, with tshark's FIELDS; SERVICE is
    PORT/PROTOCOL=NAME or FIRST-LAST/PROTOCOL=NAME.
    A flow's service is the port that its first packet addressed, on whichever device; the rules by which
    the agent finds that out are not known here. Prints "ok - ..." and "not ok - ..." lines.
fields
    Prints what tshark is to be asked for.
"""
import collections
import json
import sys

import promtext

FIELDS = ("frame.time_epoch frame.len frame.protocols ip.src ip.dst ipv6.src ipv6.dst ip.proto ip.id "
          "ip.frag_offset ip.flags.mf ipv6.fraghdr.ident ipv6.fraghdr.offset ipv6.fraghdr.more tcp.srcport "
          "tcp.dstport tcp.flags udp.srcport udp.dstport sctp.srcport sctp.dstport sctp.chunk_type "
          "dccp.srcport dccp.dstport dccp.type").split()
TRANSPORTS = ("tcp", "udp", "sctp", "dccp")
EVENTS = ("attempted", "accepted", "reset")
SCTP_CHUNKS = {1: "attempted", 2: "accepted", 6: "reset"}
DCCP_TYPES = {0: "attempted", 1: "accepted", 7: "reset"}


def fields():
    print(*("-e " + field for field in FIELDS))


# ---- captures
class Frame:
    def __init__(self, device, line):
        field = dict(zip(FIELDS, line.rstrip("\n").split("\t")))
        self.device, self.time, self.bytes = device, float(field["frame.time_epoch"]), int(field["frame.len"])
        self.source, self.destination = (field["ip.src"], field["ip.dst"]) if field["ip.src"] else (
            field["ipv6.src"], field["ipv6.dst"])
        layers = field["frame.protocols"].split(":")
        inner = [layer for layer in layers if layer in TRANSPORTS + ("icmp", "icmpv6", "igmp")]
        self.transport = inner[0] if inner and inner[0] in TRANSPORTS else None
        self.datagram, self.is_later = self.read_fragment(field)
        if self.transport:
            self.ports = tuple(int(field["%s.%sport" % (self.transport, side)]) for side in ("src", "dst"))
            self.event = self.read_event(field)

    def read_fragment(self, field):
        if field["ipv6.fraghdr.ident"]:
            offset, more = field["ipv6.fraghdr.offset"], field["ipv6.fraghdr.more"]
            key = (self.source, self.destination, field["ipv6.fraghdr.ident"])
        elif field["ip.id"]:
            offset, more = field["ip.frag_offset"], field["ip.flags.mf"]
            key = (self.source, self.destination, field["ip.id"], field["ip.proto"])
        else:
            return None, False
        is_later = int(offset) > 0
        return (key if is_later or more in ("1", "True") else None), is_later

    def read_event(self, field):
        if self.transport == "sctp":
            return SCTP_CHUNKS.get(int(field["sctp.chunk_type"]))
        if self.transport == "dccp":
            return DCCP_TYPES.get(int(field["dccp.type"]))
        if self.transport == "udp":
            return None
        flags = int(field["tcp.flags"], 16)
        if flags & 4:
            return "reset"
        return ("accepted" if flags & 16 else "attempted") if flags & 2 else None

    def ends(self):
        return (self.source, self.ports[0]), (self.destination, self.ports[1])


def read_captures(captures):
    frames = []
    for device, path in captures:
        with open(path, encoding="ascii") as lines:
            frames += [Frame(device, line) for line in lines]
    return sorted(frames, key=lambda frame: frame.time)


class Services:
    def __init__(self, words):
        self.of, self.firm = {}, set()
        for word in words:
            numbers, name = word.split("=")
            numbers, transport = numbers.split("/")
            first, last = (numbers.split("-") * 2)[:2]
            for port in range(int(first), int(last) + 1):
                self.of[(transport, port)] = name
            if first == last and int(first) < 1024:
                self.firm.add((transport, int(first)))

    def name(self, transport, port):
        return self.of.get((transport, port), "unclassified_" + transport)


class Wanted:
    """What must have been counted."""
    def __init__(self, services):
        self.services = services
        self.counts = collections.defaultdict(lambda: [0, 0])
        self.ports = collections.defaultdict(lambda: [0, 0])
        self.events, self.suspicious = collections.Counter(), collections.Counter()
        self.flows, self.first = {}, {}

    def add(self, cell, frame):
        cell[0] += 1
        cell[1] += frame.bytes

    def count(self, frame, transport, server, direction):
        name = self.services.name(transport, server[1])
        is_known = not name.startswith("unclassified")
        self.add(self.counts[(frame.device, name, *((transport, direction) if is_known else ("-", "-")))], frame)
        if not is_known and transport in ("tcp", "udp"):
            self.add(self.ports[(transport, server[1])], frame)

    def count_later(self, frame):
        if frame.datagram in self.first:
            self.count(frame, *self.first[frame.datagram])
        else:
            self.add(self.counts[(frame.device, "fragment", "-", "-")], frame)

    def count_frame(self, frame):
        ends = frame.ends()
        server = self.flows.setdefault((frame.transport, frozenset(ends)), ends[1])
        direction = "to_server" if ends[1] == server else "to_client"
        self.count(frame, frame.transport, server, direction)
        if frame.datagram:
            self.first[frame.datagram] = frame.transport, server, direction
        if frame.event:
            name = self.services.name(frame.transport, server[1])
            self.events[(frame.device, name, frame.transport, frame.event)] += 1
        self.suspect(frame)

    def suspect(self, frame):
        ports = [(frame.transport, port) for port in frame.ports]
        names = [self.services.of.get(port) for port in ports]
        if frame.event == "attempted" and ports[0] in self.services.firm and names[0] != names[1]:
            self.suspicious[frame.device] += 1

    def read(self, frames):
        for frame in frames:
            if frame.is_later:
                self.count_later(frame)
            elif frame.transport:
                self.count_frame(frame)


# ---- what was counted
def counted_frames(samples):
    counts = collections.defaultdict(lambda: [0, 0])
    for family, labels, value in samples:
        for i, unit in enumerate(("packets", "bytes")):
            if family == "portacct_service_receive_%s_total" % unit:
                counts[(labels["device"], labels["service"], labels["protocol"], labels["direction"])][i] = int(value)
            elif family == "portacct_bucket_receive_%s_total" % unit:
                counts[(labels["device"], labels["bucket"], "-", "-")][i] = int(value)
    return {key: cell for key, cell in counts.items() if cell != [0, 0]}


def counted_events(samples):
    start, events = "portacct_service_connections_", {}
    for family, labels, value in samples:
        if family.startswith(start) and value != "0":
            event = family[len(start):].split("_")[0]
            events[(labels["device"], labels["service"], labels["protocol"], event)] = int(value)
    return events


def counted_suspicions(samples):
    return {labels["device"]: int(value) for family, labels, value in samples
            if family == "portacct_suspicious_source_port_packets_total" and value != "0"}


def top_ports(document):
    return {(row["transport"], row["port"]): [row["packets_total"], row["bytes_total"]]
            for row in document["rows"] if "port" in row}


def top_events(document):
    """Those of unclassified ports too, which have no series of their own."""
    return {(row["device"], event): row["connections"][event + "_total"] for row in document["devices"]
            for event in EVENTS if row["connections"][event + "_total"]}


def is_without_ports(key):
    return key[2] == "-" and key[1] != "fragment" and not key[1].startswith("unclassified")


def report(what, wanted, counted, zero):
    for key in sorted(set(wanted) | set(counted)):
        want, have = wanted.get(key, zero), counted.get(key, zero)
        text = " ".join(str(part) for part in (key if isinstance(key, tuple) else (key,)) if part != "-")
        print("%s - %s: %s: %s%s" % ("ok" if want == have else "not ok", what, text, have,
                                     "" if want == have else ", in the capture " + str(want)))


def compare(prom, top_path, *words):
    is_capture = [word for word in words if "/" not in word.split("=")[0]]
    wanted = Wanted(Services(word for word in words if word not in is_capture))
    wanted.read(read_captures(word.split("=") for word in is_capture))
    samples = promtext.read(prom)
    with open(top_path, encoding="utf-8") as text:
        top = json.load(text)
    of_devices = collections.Counter()
    for (device, _, _, event), count in wanted.events.items():
        of_devices[(device, event)] += count
    report("packets and bytes", wanted.counts,
           {key: cell for key, cell in counted_frames(samples).items() if not is_without_ports(key)}, [0, 0])
    report("unclassified port", wanted.ports, top_ports(top), [0, 0])
    report("connections", {key: count for key, count in wanted.events.items() if not key[1].startswith("unclassified")},
           counted_events(samples), 0)
    report("connections of a device", of_devices, top_events(top), 0)
    report("suspicious", wanted.suspicious, counted_suspicions(samples), 0)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
