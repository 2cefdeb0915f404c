// SPDX-License-Identifier: GPL-2.0-only
#include "builtin.h"

__asm__(".section .rodata\n"
	".global builtin_services\n"
	".global builtin_services_end\n"
	"builtin_services:\n"
	".incbin \"" SERVICES_CSV "\"\n"
	"builtin_services_end:\n"
	".byte 0\n"
	".previous\n");
