#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Comparisons of the textfile for test_prometheus.sh; each prints "ok - ..." or "not ok - ..." lines.

api PROM JSON           the answer of Prometheus' query API for all portacct series
pins PROM PINDIR DEVICE the pinned counters themselves, summed over the CPUs
watch PROM STOPFILE     reads the file again and again: it must be whole every time
hostile                 prints a database whose names need every escape there is
many COUNT FIRST        prints a database of COUNT services on the UDP ports from FIRST on
"""
import json
import os
import subprocess
import sys

import promtext

# include/port_abi.h
FIRST_UNCLASSIFIED, FIRST_METHOD, SUSPICIOUS, FIRST_SERVICE, NAME_BYTES = 32, 64, 72, 80, 52
BUCKETS = ("unclassified_tcp unclassified_udp unclassified_sctp unclassified_dccp arp llc vlan_depth mpls_depth pppoe "
           "other_l2 malformed ipv6_ext_limit fragment icmp igmp ipip ipv6_encap gre esp icmpv6 ospf pim vrrp l2tp "
           "other_ip").split()
METHODS = "handshake endpoint database tie guess".split()
TRANSPORTS = "tcp udp sctp dccp".split()
CONNECTIONS = "attempted accepted reset".split()


def verdict(good, text):
    print("%s - %s" % ("ok" if good else "not ok", text))
    return not good


def api(prom, answer):
    with open(answer, encoding="utf-8") as text:
        result = json.load(text)["data"]["result"]
    scraped, doubled = {}, 0
    for sample in result:
        labels = {k: v for k, v in sample["metric"].items() if k not in ("__name__", "instance", "job")}
        key = (sample["metric"]["__name__"], tuple(sorted(labels.items())))
        doubled += key in scraped
        scraped[key] = float(sample["value"][1])
    # Prometheus holds an empty label to be none
    written = {(family, tuple(sorted((k, v) for k, v in labels.items() if v))): float(value)
               for family, labels, value in promtext.read(prom)}
    wrong = [key for key in set(written) | set(scraped) if written.get(key) != scraped.get(key)]
    counted = sum(1 for value in written.values() if value)
    return verdict(not wrong and not doubled and counted > 100, "Prometheus' API: %d series, %d of them not 0, equal "
                   "the %d of the textfile; different: %s" % (len(scraped), counted, len(written), wrong[:3]))


def dump(path):
    text = subprocess.run(["bpftool", "-j", "map", "dump", "pinned", path], check=True, capture_output=True).stdout
    return json.loads(text)


def number(octets):
    return int.from_bytes(bytes(int(octet, 16) for octet in octets), "little")


def read_cells(path, width):
    """A per-CPU map's numbers by index, summed over the CPUs."""
    cells = {}
    for row in dump(path):
        values = [cpu["value"] for cpu in row["values"]]
        cells[number(row["key"])] = [sum(number(v[8 * i:8 * i + 8]) for v in values) for i in range(width)]
    return cells


def read_names(path):
    """The services map's records: the name, padded by zeros, then the transport."""
    names = {}
    for row in dump(path):
        record = bytes(int(octet, 16) for octet in row["value"])
        if record[0]:
            names[number(row["key"])] = (record[:NAME_BYTES].rstrip(b"\0").decode(), TRANSPORTS[record[NAME_BYTES]])
    return names


def add(*cells):
    return [sum(numbers) for numbers in zip(*cells)]


def expected_samples(counters, handshakes, names):
    """As the treaty has it: a service's cells by direction and whether by the database, and so on."""
    expected, by_database = {}, []
    for slot, (name, transport) in names.items():
        for i, direction in enumerate(("to_server", "to_client")):
            others, database = (counters[FIRST_SERVICE + 4 * slot + 2 * i + k] for k in (0, 1))
            expected[("service", name, transport, direction)] = add(others, database)
            by_database.append(database)
        for i, kind in enumerate(CONNECTIONS):
            if transport != "udp":
                expected[("service", name, transport, kind)] = [handshakes[slot][i], 0]
    unclassified = {(i, k): counters[FIRST_UNCLASSIFIED + 8 * i + k] for i in range(4) for k in range(5)}
    for i, bucket in enumerate(BUCKETS):
        expected[("bucket", bucket)] = add(*(unclassified[i, k] for k in range(5))) if i < 4 else counters[i]
    for k, method in enumerate(METHODS):
        services = by_database if method == "database" else [counters[FIRST_METHOD + k]]
        expected[("method", method)] = [add(*services, *(unclassified[i, k] for i in range(4)))[0], 0]
    expected[("suspicious",)] = [counters[SUSPICIOUS][0], 0]
    return expected


def told_samples(prom, device):
    told = {}
    for family, labels, value in promtext.read(prom):
        kind = family.split("_")[1]
        if labels.get("device") != device or kind not in ("service", "bucket", "method", "suspicious"):
            continue
        key = (kind, labels[kind]) if kind in labels else (kind,)
        if kind == "service":
            key += (labels["protocol"], labels.get("direction") or family.split("_")[3])
        told.setdefault(key, [0, 0])["bytes" in family] = int(value)
    return told


def pins(prom, directory, device):
    folder = "%s/v1/%s/" % (directory, device)
    expected = expected_samples(read_cells(folder + "counters", 2), read_cells(folder + "handshakes", 3),
                                read_names(directory + "/v1/services"))
    told = told_samples(prom, device)
    for key in told:  # the sum of those without series of their own, which are none but one called so
        if key[1:2] == ("other",):
            expected.setdefault(key, [0, 0])
    wrong = [(key, told.get(key), expected.get(key)) for key in set(told) | set(expected)
             if told.get(key) != expected.get(key)]
    counted = sum(1 for cell in expected.values() if cell[0])
    connections = sum(cell[0] for key, cell in expected.items() if key[-1] in CONNECTIONS)
    suspicious = expected[("suspicious",)][0]
    return verdict(not wrong and counted > 30 and connections and suspicious,
                   "%s: %d pinned counters, %d of them not 0, %d connections and %d suspicious frames among them, "
                   "equal the textfile's; different: %s" %
                   (device, len(expected), counted, connections, suspicious, wrong[:3]))


def watch(prom, stop):
    reads, versions, sizes, bad, odd = 0, set(), set(), [], set()
    while not os.path.exists(stop):
        try:
            samples = promtext.read(prom)
            sizes.add(len(samples))
            versions.update(v for family, _, v in samples if family.endswith("timestamp_seconds"))
        except (ValueError, OSError) as error:
            bad.append(error)
        odd.update(name for name in os.listdir(os.path.dirname(prom))
                   if name.endswith(".prom") and name != os.path.basename(prom))
        reads += 1
    return verdict(not bad and not odd and len(sizes) == 1 and len(versions) > 3,
                   "%d reads of %d versions of the textfile, %s samples each; cut: %s; other names in .prom: %s" %
                   (reads, len(versions), sizes, bad[:1], odd))


def rows(names, first):
    print("Service Name,Port Number,Transport Protocol,Description")
    for port, name in enumerate(names, first):
        print('"%s",%d,udp,' % (name.replace('"', '""'), port))


def hostile():
    rows(['quote"d', "back\\slash", 'end"', "\\", "\\n", 'a,b{c="d"} 1', "süß", "x" * 48, "other"], 10001)


def many(count, first):
    rows(["generated-%d" % i for i in range(int(count))], int(first))


if __name__ == "__main__":
    sys.exit(bool(globals()[sys.argv[1]](*sys.argv[2:])))
