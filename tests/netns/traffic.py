#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Traffic for the tests in namespaces, where no common program makes it.

ping ADDRESS COUNT                 echo requests, each answered, or exit status 1
greet PORT                         a TCP server with an SSH banner, IPv4 and IPv6
talk ADDRESS PORT BYTES            reads the banner, sends BYTES
datagrams ADDRESS PORT COUNT BYTES UDP datagrams at a rate that the receiver bears
blast DEVICE COUNT BYTES           UDP frames to port 53 as fast as can be, prints how many
sweep DEVICE FIRST COUNT TIMES     a UDP frame to each of COUNT ports, TIMES times
pace DEVICE RATE STOPFILE          UDP frames to port 53 until STOPFILE exists, prints how many
segments DEVICE RATE STOPFILE SOURCE DESTINATION  TCP frames without a handshake between two ports, likewise
tun DEVICE ROWS GOFILE             makes an L3 device, writes the packets of ROWS once GOFILE exists
"""
import errno
import fcntl
import os
import socket
import struct
import sys
import time


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def ping(address, count):
    is_v6 = ":" in address
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if is_v6 else socket.IPPROTO_ICMP
    sock = socket.socket(family, socket.SOCK_RAW, protocol)
    sock.settimeout(1)
    answer = 129 if is_v6 else 0
    for sequence in range(int(count)):
        payload = struct.pack("!HH", os.getpid() & 0xFFFF, sequence) + b"x" * 48
        start = struct.pack("!BB", 128 if is_v6 else 8, 0)
        check = 0 if is_v6 else checksum(start + b"\0\0" + payload)
        sock.sendto(start + struct.pack("!H", check) + payload, (address, 0))
        while True:
            data = sock.recv(2048)
            data = data if is_v6 else data[20:]
            if data[0] == answer and data[4:8] == payload[:4]:
                break


def greet(port):
    sock = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        peer, _ = sock.accept()
        with peer:
            peer.sendall(b"SSH-2.0-test\r\n")
            while peer.recv(65536):
                pass


def talk(address, port, size):
    with socket.create_connection((address, int(port)), 5) as sock:
        if not sock.recv(64).startswith(b"SSH-"):
            sys.exit(1)
        sock.sendall(b"x" * int(size))


def datagrams(address, port, count, size):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        for i in range(int(count)):
            try:
                sock.sendto(b"x" * int(size), (address, int(port)))
            except ConnectionRefusedError:
                pass
            if i % 20 == 19:
                time.sleep(0.002)


def udp_frame(size, port=53):
    payload = size - 14
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, payload, 0, 0, 64, 17, 0,
                         bytes([10, 1, 0, 2]), bytes([10, 2, 0, 9]))
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    udp = struct.pack("!HHHH", 40000, port, payload - 20, 0)
    ethernet = bytes.fromhex("02bbbbbbbbbb") + bytes.fromhex("02cccccccccc") + b"\x08\x00"
    return ethernet + header + udp + bytes(payload - 28)


def open_packet(device):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((device, 0))
    return sock


def send_surely(sock, frame):
    """A veth that is full refuses a frame, and takes it once its other end has read some."""
    for _ in range(20000):
        try:
            sock.send(frame)
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            time.sleep(0.001)
    sys.exit("a device takes nothing any more")


def blast(device, count, size):
    """A frame that the device drops is answered by ENOBUFS; it has been handed over all the same."""
    sock, frame = open_packet(device), udp_frame(int(size))
    for _ in range(int(count)):
        try:
            sock.send(frame)
        except OSError:
            pass
    print(count)


def sweep(device, first, count, times):
    sock = open_packet(device)
    for i in range(int(count) * int(times)):
        send_surely(sock, udp_frame(60 + i % 200, int(first) + i % int(count)))
        if i % 100 == 99:
            time.sleep(0.002)


def tcp_frame(source, destination):
    tcp = struct.pack("!HHIIBBHHH", source, destination, 1, 1, 5 << 4, 0x10, 1024, 0, 0) + b"x" * 40
    start = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, socket.IPPROTO_TCP, 0)
    addresses = bytes([192, 0, 2, 1, 198, 51, 100, 1])
    start = start[:10] + struct.pack("!H", checksum(start + addresses))
    return b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00" + start + addresses + tcp


def segments(device, rate, stop, source, destination):
    pace(device, rate, stop, tcp_frame(int(source), int(destination)))


def pace(device, rate, stop, frame=None):
    sock, sent = open_packet(device), 0
    frame = frame or udp_frame(100)
    per_step = max(1, int(rate) // 500)
    while not os.path.exists(stop):
        for _ in range(per_step):
            send_surely(sock, frame)
            sent += 1
        time.sleep(0.002)
    print(sent)


def tun(device, rows, go):
    """Says "ready" when the device is there, and "written" after the packets; keeps the device."""
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", device.encode(), 0x1001))  # IFF_TUN | IFF_NO_PI
    print("ready", flush=True)
    while not os.path.exists(go):
        time.sleep(0.05)
    with open(rows, encoding="ascii") as lines:
        for line in lines:
            try:
                os.write(fd, bytes.fromhex(line.split()[-1]))
            except OSError as error:
                print("refused", line.split()[0], error, flush=True)
    print("written", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
