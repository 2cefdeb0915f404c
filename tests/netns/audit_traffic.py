#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Conversations for the test of the audit.

serve PORT...                             echoes TCP and UDP on each port, IPv4 and IPv6
keep ADDRESS PORT FROM GOFILE COUNT       a TCP connection from port FROM: says "connected", and when
                                          GOFILE exists exchanges COUNT messages and says "done"
connect ADDRESS PORT COUNT                COUNT connections of three messages each
refused ADDRESS PORT COUNT                COUNT connections that must be refused
ask ADDRESS PORT COUNT [FROM]             COUNT datagrams from one port, each answered
"""
import os
import selectors
import socket
import sys
import time


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(kind, port):
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        sock.listen(128)
    return sock


def serve(*ports):
    selector = selectors.DefaultSelector()

    def accept(sock):
        peer, _ = sock.accept()
        selector.register(peer, selectors.EVENT_READ, echo)

    def echo(sock):
        data = sock.recv(4096)
        if data:
            sock.sendall(data)
        else:
            selector.unregister(sock)
            sock.close()

    def answer(sock):
        data, peer = sock.recvfrom(4096)
        sock.sendto(data, peer)

    for port in ports:
        selector.register(listen(socket.SOCK_STREAM, int(port)), selectors.EVENT_READ, accept)
        selector.register(listen(socket.SOCK_DGRAM, int(port)), selectors.EVENT_READ, answer)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            key.data(key.fileobj)


def exchange(sock, count):
    for i in range(int(count)):
        message = b"message %d" % i
        sock.sendall(message)
        if sock.recv(4096) != message:
            sys.exit(1)


def keep(address, port, source, gofile, count):
    with socket.create_connection((address, int(port)), 5, ("", int(source))) as sock:
        exchange(sock, 3)
        print("connected", flush=True)
        while not os.path.exists(gofile):
            time.sleep(0.05)
        exchange(sock, count)
    print("done", flush=True)


def connect(address, port, count):
    for _ in range(int(count)):
        with socket.create_connection((address, int(port)), 5) as sock:
            exchange(sock, 3)


def refused(address, port, count):
    for _ in range(int(count)):
        try:
            socket.create_connection((address, int(port)), 5).close()
            sys.exit(1)
        except ConnectionRefusedError:
            pass


def ask(address, port, count, source=0):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.bind(("", int(source)))
        sock.connect((address, int(port)))
        for i in range(int(count)):
            message = b"question %d" % i
            sock.send(message)
            if sock.recv(4096) != message:
                sys.exit(1)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
