/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the metrics share: prom.c (all families), prom_services.c (those of services),
 * prom_devices.c (those of devices), prom_text.c (how a sample is written).
 */
#ifndef PROM_PRIVATE_H
#define PROM_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct measurement;
struct slots;

void prom_put_services(FILE *out, const struct measurement *measurement, struct slots *slots);
void prom_put_devices(FILE *out, const struct measurement *measurement);
/* Whether a device's transmitted frames are counted: otherwise their families are not there. */
bool prom_has_transmitted(const struct measurement *measurement);

/* HELP and TYPE; the family's name without "portacct_", and a text that needs no escapes. */
void prom_put_head(FILE *out, const char *family, const char *type, const char *help);
/* A label with any value; the separator is "{" before the first and "," before the others. */
void prom_put_label(FILE *out, const char *separator, const char *name, const char *value);
/* A sample's name and its first label, which is the device in all families that have one. */
void prom_put_start(FILE *out, const char *family, const char *device);
/* Behind the last label. */
void prom_put_end(FILE *out, uint64_t value);
void prom_put_end_ratio(FILE *out, double value);

#endif
