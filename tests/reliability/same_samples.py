#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""same_samples.py TEXTFILE SCRAPED: whether what an exporter passes on is what the textfile says.

Of the scraped ones only portacct's samples are compared, as numbers of 64 bits, which is what an exporter has.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(sys.argv[0]), "../netns"))
import promtext  # noqa: E402


def samples(path):
    return {(family, tuple(sorted(labels.items()))): float(value)
            for family, labels, value in promtext.read(path) if family.startswith("portacct_")}


if __name__ == "__main__":
    written, scraped = samples(sys.argv[1]), samples(sys.argv[2])
    wrong = [key for key in set(written) | set(scraped) if written.get(key) != scraped.get(key)]
    if wrong or not written:
        sys.exit("%d written, %d passed on, %d of them different: %s" %
                 (len(written), len(scraped), len(wrong), wrong[:2]))
