#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Captures of every format and link type, each with what becomes of its frames, written by hand.

write DIR                     writes DIR/NAME.pcap and DIR/NAME.want, the trace that NAME must give
many FILE COUNT               writes a capture of COUNT frames, to 20 unclassified ports among others
agree TRACE JSON TEXT [TSHARK]  the three outputs of one replay say the same, frame by frame and in sum;
                              and so does TSHARK: frame.len, frame.cap_len and frame.protocols of each frame
"""
import collections
import json
import struct
import sys

A4, B4 = bytes((10, 1, 0, 2)), bytes((10, 2, 0, 9))
A6, B6 = bytes.fromhex("fd01" + "0" * 27 + "2"), bytes.fromhex("fd02" + "0" * 27 + "9")
MACS = bytes.fromhex("02bb0000000102aa00000001")
SYN, ACK = 2, 16
NONE = ("-",) * 4
START = 1700000000


def udp(source, destination, payload=b"query"):
    return 17, struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload


def tcp(source, destination, flags=ACK):
    return 6, struct.pack(">HHIIBBHHH", source, destination, 1, 1, 0x50, flags, 1000, 0, 0)


def sctp(source, destination, chunk):
    return 132, struct.pack(">HHIIBBH", source, destination, 1, 0, chunk, 0, 4)


def dccp(source, destination, kind):
    return 33, struct.pack(">HHBBHBBH", source, destination, 4, 0, 0, kind << 1 | 1, 0, 0) + bytes(4)


def ip4(payload, back=False, identification=0, fragment=0, version_ihl=0x45):
    protocol, data = payload
    head = struct.pack(">BBHHHBBH", version_ihl, 0, 20 + len(data), identification, fragment, 64, protocol, 0)
    return head + (B4 + A4 if back else A4 + B4) + data


def ip6(payload, back=False, fragment=None):
    """fragment: identification and the field of offset and flag"""
    protocol, data = payload
    if fragment:
        data = struct.pack(">BBHI", protocol, 0, fragment[1], fragment[0]) + data
        protocol = 44
    head = struct.pack(">IHBB", 0x60000000, len(data), protocol, 64)
    return head + (B6 + A6 if back else A6 + B6) + data


def version(packet):
    return 6 if packet[0] >> 4 == 6 else 4


FIRST = ip4(udp(40000, 53), identification=7, fragment=0x2000)
LATER = ip4((17, bytes(40)), identification=7, fragment=2)


def packets():
    """IP packets in an order that matters, with outcome, transport, port, direction, method"""
    web, dns = ("http", "tcp", "80"), ("domain", "udp", "53")
    tcp_5555, udp_9001 = ("unclassified_tcp", "tcp", "5555"), ("unclassified_udp", "udp", "9001")
    ours, theirs = ("to_server",), ("to_client",)
    return [
        (ip4(tcp(40000, 80, SYN)), web + ours + ("handshake",)),
        (ip4(tcp(80, 40000, SYN | ACK), True), web + theirs + ("handshake",)),
        (ip4(tcp(40000, 80)), web + ours + ("database",)),
        (ip6(udp(40000, 53)), dns + ours + ("database",)),
        (ip6(udp(53, 40000), True), dns + theirs + ("database",)),
        (ip4(tcp(40001, 5555, SYN)), tcp_5555 + ours + ("handshake",)),
        (ip4(tcp(5555, 40001, SYN | ACK), True), tcp_5555 + theirs + ("handshake",)),
        (ip4(tcp(40001, 5555)), tcp_5555 + ours + ("endpoint",)),
        (ip6(tcp(6000, 7000)), ("unclassified_tcp", "tcp", "6000") + theirs + ("guess",)),
        (ip4(tcp(40002, 53)), ("unclassified_tcp", "tcp", "53") + ours + ("guess",)),
        (ip6(tcp(22, 5556, SYN)), ("unclassified_tcp", "tcp", "5556") + ours + ("handshake",)),
        (ip4(udp(9000, 9001)), udp_9001 + ours + ("guess",)),
        (ip4(udp(9001, 9000), True), udp_9001 + theirs + ("endpoint",)),
        (ip4(udp(80, 53)), dns + ours + ("database",)),
        (ip4(tcp(22, 80), True), ("ssh", "tcp", "22") + theirs + ("tie",)),
        (FIRST, dns + ours + ("database",)),
        (LATER, dns + ours + ("database",)),
        (ip4((17, bytes(40)), identification=8, fragment=2), ("fragment",) + NONE),
        (ip6(udp(53, 40000), True, (9, 1)), dns + theirs + ("database",)),
        (ip6((17, bytes(40)), True, (9, 16)), dns + theirs + ("database",)),
        (ip6((17, bytes(40)), False, (9, 16)), ("fragment",) + NONE),
        (ip4(sctp(2905, 3000, 1)), ("unclassified_sctp", "sctp", "3000") + ours + ("handshake",)),
        (ip6(dccp(2905, 3000, 0)), ("unclassified_dccp", "dccp", "3000") + ours + ("handshake",)),
        (ip4((1, bytes(8))), ("icmp",) + NONE),
        (ip6((58, bytes(8))), ("icmpv6",) + NONE),
        (ip4((47, bytes(8))), ("gre",) + NONE),
        (ip4(udp(40000, 53), version_ihl=0x44), ("malformed",) + NONE),
    ]


def ethernet(payload, ethertype=None):
    return MACS + struct.pack(">H", ethertype or (0x800, 0x86dd)[version(payload) == 6]) + payload


def tags(count):
    return b"".join(bytes.fromhex("81000005") for _ in range(count))


def link_frames():
    """What only Ethernet has"""
    packet, dns = ip4(udp(40000, 53)), ("domain", "udp", "53", "to_server", "database")
    return [
        (ethernet(tags(3)[2:] + b"\x08\x00" + packet, 0x8100), dns),
        (ethernet(tags(5)[2:] + b"\x08\x00" + packet, 0x8100), ("vlan_depth",) + NONE),
        (ethernet(bytes.fromhex("00010109") + packet, 0x8847), dns),
        (ethernet(bytes.fromhex("11000007001e0021") + packet, 0x8864), dns),
        (ethernet(bytes.fromhex("110000070006c02101010004"), 0x8864), ("pppoe",) + NONE),
        (ethernet(bytes.fromhex("0001080006040001") + bytes(20), 0x806), ("arp",) + NONE),
        (ethernet(bytes.fromhex("424203"), 38), ("llc",) + NONE),
        (ethernet(bytes.fromhex("020704"), 0x88cc), ("other_l2",) + NONE),
    ]


def null(order, family6):
    return lambda packet: struct.pack(order + "I", family6 if version(packet) == 6 else 2) + packet


def ethertype_of(packet):
    return struct.pack(">H", 0x86dd if version(packet) == 6 else 0x800)


def ppp_protocol(packet):
    return 0x57 if version(packet) == 6 else 0x21


def cooked(packet):
    return bytes.fromhex("00000001000602aa000000010000") + ethertype_of(packet) + packet


def cooked2(packet):
    return ethertype_of(packet) + bytes.fromhex("0000000000020001000602aa000000010000") + packet


def pppoe(packet):
    return struct.pack(">BBHHH", 0x11, 0, 7, 2 + len(packet), ppp_protocol(packet)) + packet


def hdlc(packet):
    return bytes.fromhex("0f00") + ethertype_of(packet) + packet


# name, link type, how a packet is framed, IP versions, and frames of that link type only; each link
# header cut short is added to all of them.
LCP = bytes.fromhex("c02101010004")
LINKS = [
    ("ethernet", 1, ethernet, (4, 6), link_frames()),
    ("raw", 101, bytes, (4, 6), [(b"\x55" + bytes(30), ("other_l2",) + NONE)]),
    ("raw-linux", 12, bytes, (4, 6), []),
    ("raw-openbsd", 14, bytes, (4, 6), []),
    ("ipv4", 228, bytes, (4,), []),
    ("ipv6", 229, bytes, (6,), []),
    ("sll", 113, cooked, (4, 6), [(cooked(bytes(28))[:14] + b"\x08\x06" + bytes(28), ("arp",) + NONE),
                                  (cooked(bytes(3))[:14] + b"\x00\x04" + b"\x42\x42\x03", ("llc",) + NONE)]),
    ("sll2", 276, cooked2, (4, 6), [(b"\x08\x06" + cooked2(bytes(28))[2:], ("arp",) + NONE)]),
    ("ppp", 9, lambda p: struct.pack(">H", ppp_protocol(p)) + p, (4, 6), [(LCP, ("pppoe",) + NONE)]),
    ("ppp-framed", 9, lambda p: struct.pack(">HH", 0xff03, ppp_protocol(p)) + p, (4, 6),
     [(b"\xff\x03" + LCP, ("pppoe",) + NONE)]),
    ("ppp-short", 9, lambda p: bytes((ppp_protocol(p),)) + p, (4, 6), [(b"\x2d" + bytes(9), ("pppoe",) + NONE)]),
    ("ppp-serial", 50, lambda p: struct.pack(">HH", 0xff03, ppp_protocol(p)) + p, (4, 6),
     [(b"\xff\x03" + LCP, ("pppoe",) + NONE)]),
    ("cisco-hdlc", 50, hdlc, (4, 6), [(bytes.fromhex("8f00803500000002"), ("other_l2",) + NONE)]),
    ("ppp-ether", 51, pppoe, (4, 6), [(bytes.fromhex("110900000004") + bytes(4), ("pppoe",) + NONE)]),
    ("null-little", 0, null("<", 30), (4, 6), [(struct.pack("<I", 7) + bytes(9), ("other_l2",) + NONE)]),
    ("null-big", 0, null(">", 10), (4, 6), [(struct.pack(">I", 7) + bytes(9), ("other_l2",) + NONE)]),
    ("loop", 108, null(">", 24), (4, 6), [(struct.pack(">I", 16) + bytes(9), ("other_l2",) + NONE)]),
]


class Record:
    """A frame, of which some bytes are kept, at a time in nanoseconds, and what becomes of it"""

    def __init__(self, frame, want, time=0, kept=None, length=None):
        self.bytes = frame[:kept]
        self.want, self.time = want, START * 10**9 + time
        self.length = len(frame) if length is None else length


def pcap(records, linktype=1, order="<", unit=1000):
    out = [struct.pack(order + "IHHiIII", 0xa1b23c4d if unit == 1 else 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype)]
    for record in records:
        out.append(struct.pack(order + "IIII", record.time // 10**9, record.time % 10**9 // unit,
                               len(record.bytes), record.length) + record.bytes)
    return b"".join(out)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))


def pcapng(records, linktype=1, order="<", unit=1000):
    resolution = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if unit == 1 else b""
    out = [block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1)),
           block(order, 1, struct.pack(order + "HHI", linktype, 0, 65535) + resolution)]
    for record in records:
        time = record.time // unit
        out.append(block(order, 6, struct.pack(order + "IIIII", 0, time >> 32, time & 0xffffffff, len(record.bytes),
                                               record.length) + record.bytes))
    return b"".join(out)


def link_records(link):
    _, linktype, frame, versions, extra = link
    rows = [(frame(packet), want) for packet, want in packets() if version(packet) in versions]
    records = [Record(data, want, i * 10**6) for i, (data, want) in enumerate(rows + extra)]
    whole = frame((ip4 if 4 in versions else ip6)(udp(40000, 53)))
    header = len(whole) - len((ip4 if 4 in versions else ip6)(udp(40000, 53)))
    return records + [Record(whole, ("malformed",) + NONE, 10**9, kept) for kept in range(header + 1)], linktype


def snapped():
    """Only the start was kept: as far as the ports it is enough, up to there it is not. Then all of it"""
    frame = ethernet(ip4(udp(40000, 53, bytes(60000))))
    enough, dns = 14 + 20 + 4, ("domain", "udp", "53", "to_server", "database")
    return [Record(frame, dns if kept >= enough else ("malformed",) + NONE, 0, kept)
            for kept in list(range(60)) + [3072, 3073, len(frame)]]


def in_time():
    """Fragments are remembered for 60 seconds, marks for 1500 at least and some 7000 at most"""
    dns, one, other = ("domain", "udp", "53", "to_server", "database"), ("unclassified_udp", "udp"), 10**9
    rows = [
        (0, FIRST, dns), (59, LATER, dns), (62, LATER, ("fragment",) + NONE),
        (100, ip4(udp(9000, 9001)), one + ("9001", "to_server", "guess")),
        (101, ip4(udp(9002, 9003)), one + ("9003", "to_server", "guess")),
        (1500, ip4(udp(9001, 9000), True), one + ("9001", "to_client", "endpoint")),
        (20000, ip4(udp(9003, 9002), True), one + ("9002", "to_server", "guess")),
    ]
    return [Record(ethernet(packet), want, seconds * other) for seconds, packet, want in rows]


def back_in_time():
    """A capture's time that goes back is no time at all: what was seen is still there"""
    dns, server = ("domain", "udp", "53", "to_server", "database"), ("unclassified_tcp", "tcp", "5555")
    rows = [
        (0, FIRST, dns), (-50, LATER, dns), (-10**6, LATER, dns), (30, LATER, dns),
        (-40, ip4(tcp(5555, 40001, SYN | ACK), True), server + ("to_client", "handshake")),
        (-10**7, ip4(tcp(40001, 5555)), server + ("to_server", "endpoint")),
        (10, ip4(tcp(40001, 5555)), server + ("to_server", "endpoint")),
    ]
    return [Record(ethernet(packet), want, seconds * 10**9) for seconds, packet, want in rows]


def save(directory, name, capture, records):
    with open("%s/%s.pcap" % (directory, name), "wb") as out:
        out.write(capture)
    with open("%s/%s.want" % (directory, name), "w", encoding="ascii") as out:
        print("#frame", "outcome", "transport", "port", "direction", "method", "bytes", sep="\t", file=out)
        for i, record in enumerate(records, 1):
            print(i, *record.want, record.length, sep="\t", file=out)


def write(directory):
    for link in LINKS:
        records, linktype = link_records(link)
        save(directory, "link-" + link[0], pcap(records, linktype), records)
    records, _ = link_records(LINKS[0])
    for kind in pcap, pcapng:
        for order in "<>":
            for unit in 1000, 1:
                name = "%s-%s-%d" % (kind.__name__, "little" if order == "<" else "big", unit)
                save(directory, name, kind(records, 1, order, unit), records)
    for name, records in (("snapped", snapped()), ("in-time", in_time()), ("back-in-time", back_in_time()),
                          ("empty", [])):
        save(directory, name, pcap(records), records)
    records, _ = link_records(LINKS[0])
    save(directory, "truncated", pcap(records)[:-5], records[:-1])


def many(path, count):
    rows = [packet for packet, _ in packets()[:5]] + [ip4(udp(40000, port)) for port in range(9100, 9120)]
    records = [Record(ethernet(rows[i % len(rows)]), None, i * 1000) for i in range(int(count))]
    with open(path, "wb") as out:
        out.write(pcap(records))


def read_trace(path):
    with open(path, encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    assert rows[0][0] == "#frame" and len(rows[0]) == 7, rows[0]
    assert [row[0] for row in rows[1:]] == [str(i) for i in range(1, len(rows))], "frame numbers"
    assert all(len(row) == 7 for row in rows), "seven columns"
    return rows[1:]


def sum_trace(rows):
    counts, methods, ports = collections.Counter(), collections.Counter(), collections.Counter()
    for _, outcome, transport, port, direction, method, size in rows:
        is_bucket = direction == "-" or outcome == "unclassified_" + transport
        key = (outcome,) if is_bucket else (outcome, transport, direction)
        counts[key + ("packets",)] += 1
        counts[key + ("bytes",)] += int(size)
        if method != "-":
            methods[method] += 1
        if is_bucket and transport in ("tcp", "udp"):
            ports[(int(port), transport, "packets")] += 1
            ports[(int(port), transport, "bytes")] += int(size)
            ports[(int(port), transport, method)] = 1
    return counts, methods, ports


def sum_json(document):
    counts, methods, ports = collections.Counter(), collections.Counter(), collections.Counter()
    for row in document["services"]:
        assert row["packets"] == row["packets_total"] and row["bytes"] == row["bytes_total"], row
        for direction in ("to_server", "to_client"):
            for what in ("packets", "bytes"):
                counts[(row["service"], row["transport"], direction, what)] += row[direction][what]
    for row in document["buckets"]:
        for what in ("packets", "bytes"):
            counts[(row["bucket"], what)] += row[what]
    for row in document["methods"]:
        methods[row["method"]] += row["packets"]
    for row in document["unclassified_ports"]:
        for what in ("packets", "bytes"):
            ports[(row["port"], row["transport"], what)] += row[what]
        for method in row["methods"]:
            ports[(row["port"], row["transport"], method)] = 1
    return +counts, +methods, ports


def read_text(path):
    """The tables of the text as {heading: {(label, transport): numbers}}, and its last line"""
    tables, rows = {}, {}
    with open(path, encoding="utf-8") as lines:
        text = [line.rstrip("\n") for line in lines]
    assert max(map(len, text)) <= 80, "at most 80 columns"
    for line in (line for line in text[2:-2] if not line.startswith("and ")):
        if line.split()[0].isupper():
            rows = tables[line.split()[0]] = {}
        elif "UNCLASSIFIED" in tables:
            rows[line[:12].strip()] = [int(number) for number in line[12:39].split()]
        else:
            numbers = [word for word in line[33:].split() if word.isdigit()]
            rows[(line[:18].strip(), line[19:24].strip())] = [int(number) for number in numbers]
    return tables, text[-1]


def agree_text(tables, document):
    for heading, array, key in (("SERVICE", "services", "service"), ("BUCKET", "buckets", "bucket")):
        wanted = {(row[key], row.get("transport", "")): [row["packets"], row["bytes"]] for row in document[array]}
        assert tables.get(heading, {}) == wanted, (heading, tables.get(heading), wanted)
    wanted = {(row["method"], ""): [row["packets"]] for row in document["methods"] if row["packets"]}
    assert tables.get("METHOD", {}) == wanted, (tables.get("METHOD"), wanted)
    wanted = {"%d/%s" % (row["port"], row["transport"]): [row["packets"], row["bytes"]]
              for row in document["unclassified_ports"][:15]}
    assert tables.get("UNCLASSIFIED", {}) == wanted, (tables.get("UNCLASSIFIED"), wanted)


# Where parsing ends by the rules, though there is more.
LIMITS = ("vlan_depth", "mpls_depth", "ipv6_ext_limit")


def agree_tshark(rows, path):
    """tshark's length of each frame; and its transport, unless that is inside of something else"""
    transports = 0
    with open(path, encoding="ascii") as lines:
        fields = [line.rstrip("\n").split("\t") for line in lines]
    assert len(fields) == len(rows), "%d frames of %d" % (len(rows), len(fields))
    for row, (length, kept, protocols) in zip(rows, fields):
        assert row[6] == length, (row, length)
        is_cut = row[1] in LIMITS or kept != length and row[1] == "malformed"
        layers = protocols.split(":")
        found = [layer for layer in layers if layer in ("tcp", "udp", "sctp", "dccp", "icmp", "icmpv6", "gre", "esp")]
        if found and found[0] in ("tcp", "udp", "sctp", "dccp") and not is_cut:
            assert row[2] == found[0], (row, protocols)
            transports += 1
    return transports


def agree(trace, document, text, tshark=None):
    rows = read_trace(trace)
    with open(document, encoding="utf-8") as data:
        document = json.load(data)
    assert document["frames"] == len(rows), "frames of the JSON"
    assert document["bytes"] == sum(int(row[6]) for row in rows), "bytes of the JSON"
    assert document["closed"] is True, "closed"
    for ours, theirs in zip(sum_trace(rows), sum_json(document)):
        assert ours == theirs, (ours, theirs)
    tables, account = read_text(text)
    agree_text(tables, document)
    assert account.endswith("= %d frames, %d bytes: closed" % (document["frames"], document["bytes"])), account
    told = "%d of them of transports that tshark sees too" % agree_tshark(rows, tshark) if tshark else "no tshark"
    print("%d frames, %d bytes, %s" % (document["frames"], document["bytes"], told))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
