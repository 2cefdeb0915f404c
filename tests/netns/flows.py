#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Flows with ports of the test's choice, for test_flows.sh. Exit status 1 where one does not work.

serve PROTOCOL/PORT...                       echoes on all of them, IPv4 and IPv6, says "ready"
talk ADDRESS ROUNDS BYTES PORT:SOURCE...     TCP to each port from port SOURCE (0: any), ended by the client
ask ADDRESS ROUNDS BYTES PORT:SOURCE...      the same by UDP
hold ADDRESS PORT SOURCE FIFO                TCP; a line read from FIFO is as many rounds, then "done"; 0 ends it
handshakes ADDRESS PORT:KIND:COUNT...        KIND: accepted, refused, aborted (by a RST), silent (no answer)
ftpd                                         an FTP server: PORT, PASV, EPRT, EPSV and RETR
ftp ADDRESS ACTIVE... passive                fetches a file to each of the ports, then one passively
replay LAN LANDEVICE WAN WANDEVICE GATEWAY   sends the rows of flows_crafted.py, one counted before the next
flood DEVICE COUNT                           UDP frames of random addresses and ports
"""
import contextlib
import ctypes
import ftplib
import os
import random
import selectors
import socket
import struct
import sys
import time

FTP_FILE = bytes(range(256)) * 200


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def client(address, kind, source):
    sock = socket.socket(family_of(address), kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(10)
    sock.bind(("", int(source)))
    return sock


# ---- servers
def listen_tcp(port):
    sock = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)
    sock.setblocking(False)
    return sock


def listen_udp(port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind(("::", port))
    return sock


def serve_tcp(events, sock):
    if events.get_key(sock).data == "listener":
        peer, _ = sock.accept()
        peer.settimeout(10)
        events.register(peer, selectors.EVENT_READ, "peer")
        return
    with contextlib.suppress(ConnectionError):
        data = sock.recv(65536)
        if data:
            sock.sendall(data)
            return
    events.unregister(sock)
    sock.close()


def serve(*ports):
    events = selectors.DefaultSelector()
    for protocol, port in (port.split("/") for port in ports):
        sock = listen_tcp(int(port)) if protocol == "tcp" else listen_udp(int(port))
        events.register(sock, selectors.EVENT_READ, "listener")
    print("ready", flush=True)
    while True:
        for key, _ in events.select():
            if key.fileobj.type == socket.SOCK_STREAM:
                serve_tcp(events, key.fileobj)
            else:
                key.fileobj.sendto(*key.fileobj.recvfrom(65536))


# ---- clients
def read_exactly(sock, count):
    while count:
        data = sock.recv(count)
        if not data:
            raise ConnectionError("ended early")
        count -= len(data)


def rounds(sock, count, size):
    for _ in range(int(count)):
        sock.sendall(bytes(int(size)))
        read_exactly(sock, int(size))


def end(sock):
    """Both sides have closed when it returns, so nothing is on its way any more."""
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(65536):
        pass
    sock.close()


def connect(address, port, source):
    sock = client(address, socket.SOCK_STREAM, source)
    sock.connect((address, int(port)))
    return sock


def talk(address, count, size, *flows):
    for flow in flows:
        sock = connect(address, *flow.split(":"))
        rounds(sock, count, size)
        end(sock)


def ask(address, count, size, *flows):
    for port, source in (flow.split(":") for flow in flows):
        with client(address, socket.SOCK_DGRAM, source) as sock:
            sock.connect((address, int(port)))
            for _ in range(int(count)):
                sock.send(bytes(int(size)))
                if len(sock.recv(65536)) != int(size):
                    sys.exit(1)


def hold(address, port, source, fifo):
    sock = connect(address, port, source)
    count = 1
    with open(fifo, encoding="ascii") as lines:
        while count:
            rounds(sock, count, 100)
            print("done", flush=True)
            count = int(next(lines))
    end(sock)


def handshake(address, port, kind):
    with client(address, socket.SOCK_STREAM, 0) as sock:
        if kind == "silent":
            sock.setblocking(False)
            sock.connect_ex((address, port))
        elif kind == "refused":
            with contextlib.suppress(ConnectionRefusedError):
                sock.connect((address, port))
                sys.exit(1)
        else:
            sock.connect((address, port))
            rounds(sock, 1, 1)
            if kind == "aborted":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                end(sock)


def handshakes(address, *wanted):
    for port, kind, count in (item.split(":") for item in wanted):
        for _ in range(int(count)):
            handshake(address, int(port), kind)


# ---- FTP: RFC 959 and RFC 2428, as much as moves a file
class FtpSession:
    def __init__(self, sock):
        self.sock, self.active, self.passive = sock, None, None

    def say(self, line):
        self.sock.sendall(line.encode() + b"\r\n")

    def address(self, end_of):
        """IPv4 in its own form, as the socket is one of IPv6."""
        return end_of[0].replace("::ffff:", "")

    def listen(self):
        self.passive = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        return self.passive.getsockname()[1]

    def open_data(self):
        if self.passive:
            with self.passive:
                data, _ = self.passive.accept()
            self.passive = None
            return data
        data = client(self.active[0], socket.SOCK_STREAM, 20)
        data.connect(self.active)
        return data

    def retrieve(self):
        self.say("150 here it comes")
        data = self.open_data()
        data.sendall(FTP_FILE)
        end(data)
        self.say("226 done")

    def command(self, word, argument):
        if word == "PORT":
            numbers = argument.split(",")
            self.active = ".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])
            self.say("200 so be it")
        elif word == "EPRT":
            self.active = argument.split("|")[2], int(argument.split("|")[3])
            self.say("200 so be it")
        elif word == "PASV":
            port = self.listen()
            host = self.address(self.sock.getsockname()).replace(".", ",")
            self.say("227 Entering Passive Mode (%s,%d,%d)" % (host, port // 256, port % 256))
        elif word == "EPSV":
            self.say("229 Entering Extended Passive Mode (|||%d|)" % self.listen())
        elif word == "RETR":
            self.retrieve()
        else:
            self.say({"USER": "331 who is there", "PASS": "230 come in", "QUIT": "221 bye"}.get(word, "200 fine"))

    def run(self):
        self.say("220 ready")
        with self.sock.makefile("r", encoding="ascii") as lines:
            for line in lines:
                word, _, argument = line.strip().partition(" ")
                self.command(word.upper(), argument)


def ftpd():
    listener = socket.create_server(("::", 21), family=socket.AF_INET6, dualstack_ipv6=True)
    print("ready", flush=True)
    while True:
        peer, _ = listener.accept()
        with peer:
            FtpSession(peer).run()


class FtpClient(ftplib.FTP):
    """Asks for its data at a port of the test's choice."""
    port_wanted = 0

    def makeport(self):
        sock = socket.create_server(("", self.port_wanted), family=self.af)
        host = self.sock.getsockname()[0]
        if self.af == socket.AF_INET:
            self.sendport(host, self.port_wanted)
        else:
            self.sendeprt(host, self.port_wanted)
        sock.settimeout(10)
        return sock


def ftp(address, *modes):
    with FtpClient(address, "me", "secret", timeout=10) as session:
        for mode in modes:
            blocks = []
            session.set_pasv(mode == "passive")
            session.port_wanted = 0 if mode == "passive" else int(mode)
            session.retrbinary("RETR file", blocks.append)
            if b"".join(blocks) != FTP_FILE:
                sys.exit(1)


# ---- frames
def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/run/netns/" + namespace, "rb") as inside:
        if libc.setns(inside.fileno(), 0x40000000):  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")


def open_packet(device):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((device, 0))
    return sock


def received(table, device):
    """table: /proc/net/dev, opened where the device is"""
    table.seek(0)
    line = next(line for line in table if line.split(":")[0].strip() == device)
    return int(line.split(":")[1].split()[1])


def replay(lan, lan_peer, lan_device, wan, wan_peer, wan_device, gateway):
    """Each is received, and so counted, before the next is sent: else the order of two devices is chance."""
    rows = [line.split() for line in sys.stdin]
    enter(gateway)
    with open("/proc/thread-self/net/dev", encoding="ascii") as table:
        enter(lan)
        ways = {"lan": (open_packet(lan_peer), lan_device)}
        enter(wan)
        ways["wan"] = (open_packet(wan_peer), wan_device)
        for way, frame in rows:
            sock, device = ways[way]
            before, deadline = received(table, device), time.monotonic() + 10
            sock.send(bytes.fromhex(frame))
            while received(table, device) == before:
                if time.monotonic() > deadline:
                    sys.exit("%s: not received: %s" % (device, frame))
    print(len(rows))


def flood(device, count):
    """Of ports without a service. Nobody has the MAC address, so nothing answers or forwards."""
    sock = open_packet(device)
    ethernet = bytes.fromhex("02bbbbbbbbbb" "02cccccccccc" "0800")
    start = ethernet + struct.pack("!BBHHHBBH", 0x45, 0, 46, 0, 0, 64, 17, 0)
    for _ in range(int(count)):
        ports = struct.pack("!HH", random.randrange(20000, 65536), random.randrange(20000, 65536))
        with contextlib.suppress(OSError):  # the device is full; it counts that itself
            sock.send(start + os.urandom(8) + ports + b"\0\x1a\0\0" + bytes(18))
    print(count)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
