#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Frames that no common program sends, each with the outcome that the contract demands, written by hand.

send DEVICE COUNT FILE   sends each row COUNT times; FILE gets "MAC OUTCOME DIRECTION NAME" lines:
                         a row's source address names it in a capture, whatever is wrong with the rest
l3                       prints "OUTCOME DIRECTION NAME HEX" lines of packets without Ethernet header
"""
import logging
import socket
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
from scapy.all import (AH, ARP, Dot1AD, Dot1Q, Ether, GRE, ICMP, IP, IPv6, LLC, PPPoE, PPPoED,  # noqa: E402
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
                       IPOption_NOP, Raw, SCTP, TCP, UDP, raw)
from scapy.contrib.mpls import MPLS  # noqa: E402

V4 = dict(src="10.1.0.2", dst="10.2.0.9")
V6 = dict(src="fd01::2", dst="fd02::9")
PORTS = bytes.fromhex("9c400035")  # 40000 to 53
LABEL = dict(label=16, ttl=9)


def ip4(**fields):
    return IP(**V4, **fields)


def ip6(**fields):
    return IPv6(**V6, **fields)


def web(**fields):
    return TCP(sport=40000, dport=80, flags="PA", **fields) / b"GET"


def dns():
    return UDP(sport=40000, dport=53) / b"query"


def ethernet(payload, ethertype):
    return Ether(type=ethertype) / Raw(raw(payload))


def destination_options(count, payload):
    """count extension headers of 8 bytes, then UDP"""
    chain = b"".join(bytes([60 if i < count - 1 else 17, 0, 1, 4, 0, 0, 0, 0]) for i in range(count))
    return ip6(nh=60) / Raw(chain + raw(payload))


def tagged(depth):
    frame = Dot1Q(vlan=1, type=0x0800) / ip4() / dns()
    for _ in range(depth - 2):
        frame = Dot1Q(vlan=1, type=0x8100) / frame
    return Ether(type=0x88A8) / Dot1AD(vlan=2, type=0x8100) / frame


def link_rows():
    to_dns = ("domain/udp", "to_server")
    return [
        (*to_dns, "one VLAN tag", Ether() / Dot1Q(vlan=5) / ip4() / dns()),
        ("http/tcp", "to_server", "one VLAN tag, IPv6", Ether() / Dot1Q(vlan=5) / ip6() / web()),
        (*to_dns, "QinQ", Ether(type=0x88A8) / Dot1AD(vlan=2) / Dot1Q(vlan=3) / ip4() / dns()),
        (*to_dns, "tag 0x9100", ethernet(Dot1Q(vlan=2) / ip4() / dns(), 0x9100)),
        (*to_dns, "four tags", tagged(4)),
        ("vlan_depth", "-", "five tags", tagged(5)),
        (*to_dns, "MPLS", ethernet(MPLS(s=1, **LABEL) / ip4() / dns(), 0x8847)),
        (*to_dns, "four labels, IPv6", ethernet(MPLS(s=0, **LABEL) / MPLS(s=0, **LABEL) / MPLS(s=0, **LABEL) /
                                                MPLS(s=1, **LABEL) / ip6() / dns(), 0x8847)),
        ("mpls_depth", "-", "five labels", ethernet(bytes.fromhex("00010009" * 5 + "45"), 0x8848)),
        ("other_l2", "-", "MPLS pseudowire", ethernet(bytes.fromhex("00010109" + "00" * 20), 0x8847)),
        (*to_dns, "PPPoE", Ether() / PPPoE(sessionid=7) / Raw(b"\x00\x21" + raw(ip4() / dns()))),
        ("http/tcp", "to_server", "PPPoE, IPv6", Ether() / PPPoE(sessionid=7) / Raw(b"\x00\x57" + raw(ip6() / web()))),
        ("pppoe", "-", "PPP LCP", Ether() / PPPoE(sessionid=7) / Raw(b"\xc0\x21\x01\x01\x00\x04")),
        ("pppoe", "-", "PPPoE discovery", Ether() / PPPoED(code=9)),
        ("llc", "-", "802.3", ethernet(LLC(dsap=0x42, ssap=0x42) / b"bpdu", 38)),
        ("arp", "-", "ARP", Ether() / ARP(psrc="10.1.0.77", pdst="10.1.0.78")),
        ("other_l2", "-", "LLDP", ethernet(b"\x02\x07\x04" * 9, 0x88CC)),
    ]


def transport_rows():
    return [
        ("ssh/tcp", "to_client", "from port 22", Ether() / ip4() / TCP(sport=22, dport=50001, flags="A")),
        ("rfb/tcp", "to_server", "two known ports, equal ranks: the lower", Ether() / ip4() /
         TCP(sport=9100, dport=5900, flags="A")),
        ("rfb/tcp", "to_client", "SYN and ACK decides", Ether() / ip4() / TCP(sport=5900, dport=80, flags="SA")),
        ("unclassified_tcp", "-", "SYN to no service", Ether() / ip6() / TCP(sport=80, dport=5555, flags="S")),
        ("domain/udp", "to_server", "both ports 53", Ether() / ip6() / UDP(sport=53, dport=53) / b"q"),
        ("unclassified_udp", "-", "port 0", Ether() / ip4() / UDP(sport=0, dport=0) / b"q"),
        ("domain/udp", "to_server", "UDP-Lite", Ether() / ip4(proto=136) / Raw(raw(dns()))),
        ("unclassified_sctp", "-", "SCTP", Ether() / ip4() / SCTP(sport=2905, dport=2905)),
        ("unclassified_dccp", "-", "DCCP", Ether() / ip6(nh=33) / Raw(PORTS + bytes(12))),
        ("http/tcp", "to_server", "IPv4 options", Ether() / ip4(options=[IPOption_NOP()] * 4) / web()),
        ("domain/udp", "to_server", "AH", Ether() / ip4(proto=51) / AH(nh=17, icv=b"\0" * 12, payloadlen=4) / dns()),
        ("domain/udp", "to_server", "AH, IPv6", Ether() / ip6(nh=51) /
         AH(nh=17, icv=b"\0" * 12, payloadlen=4) / dns()),
        ("domain/udp", "to_server", "extension headers", Ether() / ip6() / IPv6ExtHdrHopByHop() /
         IPv6ExtHdrRouting() / IPv6ExtHdrDestOpt() / dns()),
        ("domain/udp", "to_server", "eight extension headers", Ether() / destination_options(8, dns())),
        ("ipv6_ext_limit", "-", "nine extension headers", Ether() / destination_options(9, dns())),
        ("domain/udp", "to_server", "first fragment", Ether() / ip4(flags="MF", id=9) / dns()),
        ("domain/udp", "to_server", "later fragment", Ether() / ip4(frag=3, id=9, proto=17) / Raw(PORTS * 4)),
        ("fragment", "-", "later fragment without its first", Ether() / ip4(frag=3, id=10, proto=17) / Raw(PORTS * 4)),
        ("domain/udp", "to_server", "first fragment, IPv6", Ether() / ip6() / IPv6ExtHdrFragment(m=1, id=9) / dns()),
        ("domain/udp", "to_server", "later fragment, IPv6", Ether() / ip6() /
         IPv6ExtHdrFragment(offset=3, id=9, nh=17) / Raw(PORTS * 4)),
        ("fragment", "-", "later fragment without its first, IPv6", Ether() / ip6() /
         IPv6ExtHdrFragment(offset=3, id=10, nh=17) / Raw(PORTS * 4)),
        ("http/tcp", "to_server", "atomic fragment", Ether() / ip6() / IPv6ExtHdrFragment(id=9) / web()),
    ]


def other_rows():
    numbers = (("igmp", 2), ("ipip", 4), ("ipv6_encap", 41), ("esp", 50), ("ospf", 89), ("pim", 103),
               ("vrrp", 112), ("l2tp", 115), ("other_ip", 253))
    rows = [(name, "-", "protocol %d" % number, Ether() / ip4(proto=number) / Raw(PORTS * 5))
            for name, number in numbers]
    rows += [(name, "-", "next header %d" % number, Ether() / ip6(nh=number) / Raw(PORTS * 5))
             for name, number in numbers]
    return rows + [
        ("gre", "-", "GRE with a packet to port 53 in it", Ether() / ip4() / GRE() / ip4() / dns()),
        ("icmp", "-", "ICMP", Ether() / ip4() / ICMP() / b"ping"),
        ("icmpv6", "-", "ICMPv6", Ether() / ip6(nh=58) / Raw(bytes.fromhex("8000000000010001"))),
    ]


def malformed_rows():
    packet = raw(ip4() / dns())
    pad = b"\x9c\x40\x00\x35" * 6
    return [
        ("malformed", "-", "IPv4 header cut", ethernet(packet[:19], 0x0800)),
        ("malformed", "-", "IPv6 header cut", ethernet(raw(ip6() / dns())[:39], 0x86DD)),
        ("malformed", "-", "IHL 4", ethernet(b"\x44" + packet[1:], 0x0800)),
        ("malformed", "-", "header past the end", ethernet(b"\x4f" + packet[1:], 0x0800)),
        ("malformed", "-", "version 5", ethernet(b"\x55" + packet[1:], 0x0800)),
        ("malformed", "-", "version 4 as IPv6", ethernet(packet + bytes(20), 0x86DD)),
        ("malformed", "-", "TCP of 13 bytes", Ether() / ip4(proto=6) / Raw(raw(web())[:13])),
        ("malformed", "-", "ports only in the padding", Ether() / ip4(proto=17, len=22) / Raw(pad)),
        ("malformed", "-", "UDP of 3 bytes, IPv6", Ether() / ip6(nh=17) / Raw(b"abc")),
        ("domain/udp", "to_server", "total length 0", Ether() / ip4(len=0) / dns()),
        ("domain/udp", "to_server", "padding behind the packet", Ether() / ip4() / UDP(dport=53, sport=40000) / b"q" /
         Raw(bytes(17))),
        ("malformed", "-", "tag cut", ethernet(b"\0", 0x9100)),
    ]


def l3_rows():
    return [
        ("http/tcp", "to_server", "IPv4", ip4() / web()),
        ("domain/udp", "to_server", "IPv6", ip6() / dns()),
        ("ssh/tcp", "to_client", "from port 22", ip6() / TCP(sport=22, dport=50001, flags="A")),
        ("unclassified_tcp", "-", "no service", ip4() / TCP(sport=50001, dport=5555, flags="A")),
        ("icmp", "-", "ICMP", ip4() / ICMP() / b"ping"),
        ("fragment", "-", "later fragment", ip4(frag=3, proto=17) / Raw(PORTS * 4)),
        ("malformed", "-", "header cut", Raw(b"\x45\0")),
        ("malformed", "-", "IPv6 header cut", Raw(raw(ip6() / dns())[:30])),
        ("malformed", "-", "TCP of 13 bytes", ip4(proto=6) / Raw(raw(web())[:13])),
    ]


def send(device, count, path):
    rows = link_rows() + transport_rows() + other_rows() + malformed_rows()
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((device, 0))
    with open(path, "w", encoding="ascii") as out:
        for i, (outcome, direction, name, frame) in enumerate(rows):
            mac = "02:aa:00:00:00:%02x" % i
            frame.src, frame.dst = mac, "02:bb:00:00:00:01"
            print(mac, outcome, direction, name, sep="\t", file=out)
            for _ in range(int(count)):
                sock.send(raw(frame))
    print(len(rows))


def l3():
    for outcome, direction, name, packet in l3_rows():
        print(outcome, direction, name, raw(packet).hex(), sep="\t")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
