#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One other kernel, and what of it takes little time; `make check-kernels` has all.
exec sh tests/qemu/check.sh 6.1:basic,kinds=gre_to_any+wireguard+pppoe
