/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words that users see for the treaty's enums: labels of the metrics, columns, JSON values.
 * Every value has a word; a number outside the enum gives "?".
 */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>

#include "port_abi.h"

const char *transport_name(unsigned int transport);
/*
 * The transport of that name, in any case; PORT_TRANSPORTS if there is none. text need not end in
 * NUL.
 */
unsigned int transport_from_name(const char *text, size_t len);
const char *bucket_name(unsigned int bucket);
const char *direction_name(unsigned int direction);
const char *method_name(unsigned int method);

#endif
