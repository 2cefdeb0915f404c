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

FIRST_SERVICE, FIRST_METHOD, NAME_BYTES = 48, 32, 52  # include/port_abi.h
BUCKETS = ("unclassified_tcp unclassified_udp unclassified_sctp unclassified_dccp arp llc vlan_depth mpls_depth pppoe "
           "other_l2 malformed ipv6_ext_limit fragment icmp igmp ipip ipv6_encap gre esp icmpv6 ospf pim vrrp l2tp "
           "other_ip").split()
METHODS = "handshake database tie guess".split()
TRANSPORTS = "tcp udp sctp dccp".split()


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


def read_counters(path):
    cells = {}
    for row in dump(path):
        values = [cpu["value"] for cpu in row["values"]]
        cells[number(row["key"])] = [sum(number(v[i:i + 8]) for v in values) for i in (0, 8)]
    return cells


def read_names(path):
    """The services map's records: the name, padded by zeros, then the transport."""
    names = {}
    for row in dump(path):
        record = bytes(int(octet, 16) for octet in row["value"])
        if record[0]:
            names[number(row["key"])] = (record[:NAME_BYTES].rstrip(b"\0").decode(), TRANSPORTS[record[NAME_BYTES]])
    return names


def expected_samples(counters, names):
    expected = {}
    for slot, (name, transport) in names.items():
        for i, direction in enumerate(("to_server", "to_client")):
            cell = counters[FIRST_SERVICE + 2 * slot + i]
            expected[("service", name, transport, direction)] = cell
    for i, bucket in enumerate(BUCKETS):
        expected[("bucket", bucket)] = counters[i]
    for i, method in enumerate(METHODS):
        expected[("method", method)] = [counters[FIRST_METHOD + i][0], 0]
    return expected


def pins(prom, directory, device):
    counters = read_counters("%s/v1/%s/counters" % (directory, device))
    expected = expected_samples(counters, read_names(directory + "/v1/services"))
    told = {}
    for family, labels, value in promtext.read(prom):
        kind = family.split("_")[1]
        if labels.get("device") != device or kind not in ("service", "bucket", "method"):
            continue
        key = (kind, labels[kind]) + ((labels["protocol"], labels["direction"]) if kind == "service" else ())
        told.setdefault(key, [0, 0])["bytes" in family] = int(value)
    wrong = [(key, told.get(key), cell) for key, cell in expected.items() if told.get(key) != cell]
    counted = sum(1 for cell in expected.values() if cell[0])
    return verdict(not wrong and counted > 30, "%s: %d pinned counters, %d of them not 0, equal the textfile's; "
                   "different: %s" % (device, len(expected), counted, wrong[:3]))


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
