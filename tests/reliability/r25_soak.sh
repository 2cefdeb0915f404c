#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# R25: the soak, for two minutes. `make soak` is the same for half an hour.
set -u
cd "$(dirname "$0")/../.." || exit 1
SOAK_SECONDS=${SOAK_SECONDS:-120} exec sh tests/reliability/soak.sh
