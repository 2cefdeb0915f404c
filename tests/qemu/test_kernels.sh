#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One other kernel, without some of the tunnels; `make check-kernels` has all, and more kernels.
# Before run.sh ends the test, which then could not tell why.
export SECONDS_IN_ALL=880
exec sh tests/qemu/check.sh 6.1:basic,kinds=vlan+dummy+bond+gre_to_any+wireguard+pppoe,machine,nobtf
