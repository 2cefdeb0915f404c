#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The tc hook by tcx (Linux 6.6), which older tools know nothing of: by bpf(2).

query DEVICE ingress|egress       the ids of the programs, in their order
attach DEVICE ingress|egress PIN  the pinned program, behind those that there are
have                              exit status 0 if the kernel has tcx
"""
import ctypes
import os
import socket
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}[os.uname().machine]
OBJ_GET, PROG_ATTACH, PROG_QUERY = 7, 8, 16
TYPES = {"ingress": 46, "egress": 47}
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attr):
    buffer = ctypes.create_string_buffer(attr, 128)
    result = libc.syscall(SYS_BPF, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result, buffer.raw


def query(device, direction):
    """union bpf_attr.query: target, type, two flags, address and number of ids."""
    ids = (ctypes.c_uint32 * 64)()
    attr = struct.pack("=IIIIQI", socket.if_nametoindex(device), TYPES[direction], 0, 0,
                       ctypes.addressof(ids), len(ids))
    _, answer = bpf(PROG_QUERY, attr)
    count = struct.unpack_from("=I", answer, 24)[0]
    return list(ids[:count])


def attach(device, direction, pin):
    path = ctypes.create_string_buffer(pin.encode())
    program, _ = bpf(OBJ_GET, struct.pack("=QII", ctypes.addressof(path), 0, 0))
    bpf(PROG_ATTACH, struct.pack("=IIII", socket.if_nametoindex(device), program,
                                 TYPES[direction], 0))


if __name__ == "__main__":
    if sys.argv[1] == "have":
        try:
            query("lo", "ingress")
        except OSError:
            sys.exit(1)
    elif sys.argv[1] == "query":
        print(*query(*sys.argv[2:]))
    else:
        attach(*sys.argv[2:])
