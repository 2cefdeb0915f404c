#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Pinned counters, written as if they had been counted. By libbpf, as per-CPU values need it.

fill PINS DEVICE                     another number for every cell of a device's counters and connections
set PINS DEVICE SERVICE/TRANSPORT DIRECTION PACKETS BYTES   those of a service
increase < NUMBERS                   what Prometheus' increase() makes of these values, one a line
"""
import ctypes
import sys

# include/port_abi.h, include/slots.h
FIRST_SERVICE, NAME_BYTES, RECORD_BYTES = 80, 52, 56
TRANSPORTS = "tcp udp sctp dccp".split()
DIRECTIONS = "to_server to_client".split()

bpf = ctypes.CDLL("libbpf.so.1", use_errno=True)


def open_map(path):
    fd = bpf.bpf_obj_get(path.encode())
    if fd < 0:
        sys.exit("%s: cannot be opened" % path)
    return fd


def update(fd, index, numbers, cpus):
    """The numbers are those of the first CPU; the others have counted nothing."""
    key = ctypes.c_uint32(index)
    value = (ctypes.c_uint64 * (len(numbers) * cpus))(*numbers)
    return bpf.bpf_map_update_elem(fd, ctypes.byref(key), value, ctypes.c_uint64(0))


def lookup(fd, index, size):
    key, value = ctypes.c_uint32(index), ctypes.create_string_buffer(size)
    return bpf.bpf_map_lookup_elem(fd, ctypes.byref(key), value), value.raw


def fill(pins, device):
    cpus = bpf.libbpf_num_possible_cpus()
    for name, width in (("counters", 2), ("handshakes", 3)):
        fd, index = open_map("%s/v1/%s/%s" % (pins, device, name)), 0
        while update(fd, index, [1 + 3 * index + 100003 * i for i in range(width)], cpus) == 0:
            index += 1
        print(name, index)


def slot_of(pins, service, transport):
    fd, slot = open_map(pins + "/v1/services"), 1
    while True:
        err, record = lookup(fd, slot, RECORD_BYTES)
        if err or not record[0]:
            sys.exit("%s/%s: has no slot" % (service, transport))
        if record[:NAME_BYTES].rstrip(b"\0").decode() == service and TRANSPORTS[record[NAME_BYTES]] == transport:
            return slot
        slot += 1


def set(pins, device, service, direction, packets, octets):  # pylint: disable=redefined-builtin
    slot = slot_of(pins, *service.rsplit("/", 1))
    index = FIRST_SERVICE + 4 * slot + 2 * DIRECTIONS.index(direction) + 1
    fd = open_map("%s/v1/%s/counters" % (pins, device))
    if update(fd, index, [int(packets), int(octets)], bpf.libbpf_num_possible_cpus()):
        sys.exit("counters: cannot be written")


def increase():
    """A value below its predecessor is a counter that began anew: all of it is added."""
    total, before = 0, None
    for line in sys.stdin:
        value = float(line)
        if before is not None:
            total += value - before if value >= before else value
        before = value
    print(int(total))


if __name__ == "__main__":
    sys.exit(globals()[sys.argv[1]](*sys.argv[2:]))
