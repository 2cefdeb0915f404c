/* SPDX-License-Identifier: GPL-2.0-only */
/* The version of this build; the Makefile gives the checked-out revision. */
#ifndef VERSION_H
#define VERSION_H

#ifndef PORTACCT_VERSION
#define PORTACCT_VERSION "0.1.0"
#endif

#endif
