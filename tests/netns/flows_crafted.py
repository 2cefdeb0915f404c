#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Frames that the test's hosts cannot be made to send, in the order in which they are to be received.

Prints "lan HEX" or "wan HEX" for each: SCTP and DCCP, which a kernel may lack, and fragments. All are
between 10.1.0.* or fd01::* on the LAN and 10.2.0.2 or fd02::2 on the WAN.
"""
import logging
import struct
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
from scapy.all import (Ether, IP, IPv6, IPv6ExtHdrFragment, Raw, SCTP, SCTPChunkAbort,  # noqa: E402
                       SCTPChunkData, SCTPChunkInit, SCTPChunkInitAck, TCP, UDP, raw)

REQUEST, RESPONSE, DATA, RESET = 0, 1, 2, 7


def emit(way, packet):
    print(way, raw(Ether(src="02:cc:00:00:00:01", dst="02:bb:00:00:00:01") / packet).hex())


def addresses(is_v6, way, host=2):
    lan, wan = ("fd01::%d" % host, "fd02::2") if is_v6 else ("10.1.0.%d" % host, "10.2.0.2")
    source, destination = (lan, wan) if way == "lan" else (wan, lan)
    return (IPv6 if is_v6 else IP)(src=source, dst=destination)


# ---- connections: client and server port, what is sent after the handshake and who ends it
def sctp(is_v6, way, ports, chunk):
    source, destination = ports if way == "lan" else reversed(ports)
    emit(way, addresses(is_v6, way) / SCTP(sport=source, dport=destination, tag=1) / chunk)


def association(is_v6, client, server):
    ports = client, server
    sctp(is_v6, "lan", ports, SCTPChunkInit(init_tag=1))
    sctp(is_v6, "wan", ports, SCTPChunkInitAck(init_tag=2))
    for way in ("lan", "wan", "lan", "wan"):
        sctp(is_v6, way, ports, SCTPChunkData(data=b"data"))
    sctp(is_v6, "lan", ports, SCTPChunkAbort())


def dccp(is_v6, way, ports, kind):
    source, destination = ports if way == "lan" else reversed(ports)
    acknowledgement = b"" if kind == REQUEST else bytes(8)
    code = b"" if kind == DATA else bytes(4)
    words = 4 + len(acknowledgement + code) // 4 if kind != DATA else 4
    header = struct.pack("!HHBBHBB", source, destination, words, 0, 0, kind << 1 | 1, 0) + bytes(6)
    rest = b"data" if kind == DATA else acknowledgement + code
    packet = addresses(is_v6, way)
    packet.__setattr__("nh" if is_v6 else "proto", 33)
    emit(way, packet / Raw(header + rest))


def session(is_v6, client, server):
    for way, kind in (("lan", REQUEST), ("wan", RESPONSE), ("lan", DATA), ("wan", DATA), ("lan", DATA), ("wan", RESET)):
        dccp(is_v6, way, (client, server), kind)


def connections():
    for is_v6 in (False, True):
        association(is_v6, 40000, 3868)  # a service of the test's own file
        association(is_v6, 41000, 45000)  # none, and the client's port is the lower
        sctp(is_v6, "lan", (40001, 3868), SCTPChunkInit(init_tag=1))
        sctp(is_v6, "wan", (40001, 3868), SCTPChunkAbort())  # refused
        session(is_v6, 40000, 5004)
        session(is_v6, 41000, 45000)
        dccp(is_v6, "lan", (40001, 5004), REQUEST)  # unanswered


# ---- fragments
def fragments(is_v6, identification, transport, host=2, way="lan"):
    """Three frames of one datagram."""
    data = raw(addresses(is_v6, way, host) / transport / Raw(bytes(2000)))[40 if is_v6 else 20:]
    protocol = 6 if isinstance(transport, TCP) else 17
    for offset in (0, 800, 1600):
        more = int(offset < 1600)
        packet = addresses(is_v6, way, host)
        if is_v6:
            packet /= IPv6ExtHdrFragment(nh=protocol, id=identification, offset=offset // 8, m=more)
        else:
            packet.proto, packet.id, packet.frag, packet.flags = protocol, identification, offset // 8, more
        yield way, packet / Raw(data[offset:offset + 800])


def known(source):
    return UDP(sport=source, dport=53)


def unknown(source):
    return UDP(sport=source, dport=23557)


def datagrams():
    for is_v6 in (False, True):
        for transport in (known(40100), unknown(40101)):  # the last fragment comes first
            identification = 1000 + transport.sport
            frames = list(fragments(is_v6, identification, transport))
            yield from frames[::-1] + frames[1:]
        yield from (frame for both in zip(fragments(is_v6, 2, known(40102)), fragments(is_v6, 3, unknown(40103)))
                    for frame in both)
        yield from (frame for both in zip(fragments(is_v6, 4, known(40104), host=2),
                                          fragments(is_v6, 4, unknown(40105), host=3)) for frame in both)
        yield from (frame for both in zip(fragments(is_v6, 5, unknown(40106)),
                                          fragments(is_v6, 5, known(40106), way="wan")) for frame in both)
        for i, (way, frame) in enumerate(fragments(is_v6, 7, unknown(40108))):  # on both devices
            yield ("wan" if i else way), frame
    # IPv4 alone tells datagrams of two protocols apart by the protocol too: RFC 791 section 3.2
    segment = TCP(sport=40107, dport=9100, flags="S")
    yield from (frame for both in zip(fragments(False, 6, segment), fragments(False, 6, unknown(40107)))
                for frame in both)


if __name__ == "__main__":
    connections()
    for direction, frame in datagrams():
        emit(direction, frame)
