#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The C library of small routers; `make check-port` has other processors and byte orders, too.
exec sh tests/port/musl.sh
