// SPDX-License-Identifier: GPL-2.0-only
/*
 * load FILE...: loads the objects of the kernel half in each of the ways in which the agent does,
 * with maps of their own, and tells how many instructions the verifier went through:
 *
 *	verified FILE WAY INSTRUCTIONS
 *	refused FILE WAY: REASON          and the last of what the verifier said
 *	skipped REASON                    nothing can be loaded here
 *	done KERNEL FILES WAYS            how many lines of the first two kinds were said, of so many files
 *
 * 0: all were loaded, or skipped. As the first process of a machine it loads every file in /objects
 * and turns the machine off, so that it needs nothing else there: it is linked statically.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "port_abi.h"

#define OBJECTS "/objects"
#define ENDPOINT_BITS 16 /* the table of marks; no bound of the verifier's depends on it */
#define LOG_STATS 4      /* BPF_LOG_STATS of the kernel: only what it took, Linux 5.2 */
#define LOG_ALL 1
#define LOG_BYTES (16U << 20)
#define RODATA_BYTES 4096
#define LAST_LINES 25 /* of the verifier's, where it refuses */

static char verifier_log[LOG_BYTES];
static unsigned int files_tried, ways_tried;

/* A constant of bpf/config.h for each. */
struct way {
	bool starts_at_l3, have_frags, is_replay, have_unclassified;
};

/* Of the XDP hook, as the agent loads them: a replay without frags. */
static const struct way xdp_ways[] = {
	{ .have_unclassified = true },
	{ .have_unclassified = true, .have_frags = true },
	{ .have_unclassified = true, .starts_at_l3 = true },
	{ .have_unclassified = true, .starts_at_l3 = true, .have_frags = true },
	{ .have_unclassified = true, .is_replay = true },
	{ .have_unclassified = true, .is_replay = true, .starts_at_l3 = true },
};

static const struct way tc_ways[] = {
	{ .have_unclassified = true },
	{ .have_unclassified = true, .starts_at_l3 = true },
	{ .have_unclassified = false },
	{ .have_unclassified = false, .starts_at_l3 = true },
};

static const char *name_of(const struct way *way)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s%s%s%s", way->starts_at_l3 ? "ip" : "ethernet",
		 way->have_frags ? "+frags" : "", way->is_replay ? "+replay" : "",
		 way->have_unclassified ? "" : "+noports");
	return name;
}

/* Where the constants have one of this name and size, or -1: this hook's program has none. */
static int offset_of(const struct btf *btf, const char *name, size_t size)
{
	const int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *type = section < 0 ? NULL : btf__type_by_id(btf, (__u32)section);
	const struct btf_var_secinfo *info = type ? btf_var_secinfos(type) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++, info++) {
		const struct btf_type *variable = btf__type_by_id(btf, info->type);

		if (info->size == size &&
		    !strcmp(btf__name_by_offset(btf, variable->name_off), name))
			return (int)info->offset;
	}
	return -1;
}

static bool set(const struct bpf_object *object, const char *name, const void *value, size_t size)
{
	const int offset = offset_of(bpf_object__btf(object), name, size);
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	char copy[RODATA_BYTES];
	const void *values;
	size_t len = 0;

	values = map ? bpf_map__initial_value(map, &len) : NULL;
	if (offset < 0 || !values || len > sizeof(copy) || (size_t)offset + size > len)
		return false;
	memcpy(copy, values, len);
	memcpy(copy + offset, value, size);
	return !bpf_map__set_initial_value(map, copy, len);
}

/* What a hook's program does not have, it does as if it were false. */
static bool set_bool(const struct bpf_object *object, const char *name, bool value)
{
	return set(object, name, &value, sizeof(value)) || !value;
}

static bool set_number(const struct bpf_object *object, const char *name, uint32_t value)
{
	return set(object, name, &value, sizeof(value));
}

static bool configure(struct bpf_object *object, struct bpf_program *program, const struct way *way)
{
	struct bpf_map *endpoints = bpf_object__find_map_by_name(object, "endpoints");

	if (way->have_frags)
		bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_XDP_HAS_FRAGS);
	return endpoints &&
	       !bpf_map__set_value_size(endpoints,
					sizeof(struct port_endpoints) + (1U << ENDPOINT_BITS)) &&
	       set_number(object, "endpoint_shift", 32 - ENDPOINT_BITS) &&
	       set_number(object, "endpoint_mask", (1U << ENDPOINT_BITS) - 1) &&
	       set_bool(object, "starts_at_l3", way->starts_at_l3) &&
	       set_bool(object, "have_frags", way->have_frags) &&
	       set_bool(object, "is_replay", way->is_replay) &&
	       set_bool(object, "have_unclassified", way->have_unclassified);
}

/* 0, or a negative errno. What the verifier said is in verifier_log then. */
static int load(const char *file, const struct way *way, unsigned int log_level)
{
	struct bpf_object *object = bpf_object__open(file);
	struct bpf_program *program = object ? bpf_object__next_program(object, NULL) : NULL;
	int err = -EINVAL;

	verifier_log[0] = '\0';
	if (!program) {
		err = errno ? -errno : -ENOENT;
	} else if (configure(object, program, way)) {
		bpf_program__set_log_buf(program, verifier_log, sizeof(verifier_log));
		bpf_program__set_log_level(program, log_level);
		err = bpf_object__load(object);
	}
	bpf_object__close(object);
	return err;
}

/* "processed N insns (limit ...)", as bpf_prog_info has it since Linux 5.16 only. 0: unsaid. */
static unsigned long instructions(void)
{
	const char *said = strstr(verifier_log, "processed ");

	return said ? strtoul(said + strlen("processed "), NULL, 10) : 0;
}

static void print_last_lines(void)
{
	const char *at = verifier_log + strlen(verifier_log);
	int lines = 0;

	while (at > verifier_log && (at[-1] != '\n' || ++lines <= LAST_LINES))
		at--;
	printf("%s\n", at);
}

static bool try_way(const char *file, const struct way *way)
{
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	int err = load(file, way, LOG_STATS);
	const unsigned long verified = instructions();

	ways_tried++;
	if (!err && verified) {
		printf("verified %s %s %lu\n", base, name_of(way), verified);
		return true;
	}
	printf("refused %s %s: %s\n", base, name_of(way),
	       err ? strerror(-err) : "the verifier does not say what it took");
	if (err) {
		load(file, way, LOG_ALL);
		print_last_lines();
	}
	return false;
}

static bool is_of_tc(const char *file)
{
	struct bpf_object *object = bpf_object__open(file);
	const struct bpf_program *program = object ? bpf_object__next_program(object, NULL) : NULL;
	const bool is = program && bpf_program__type(program) == BPF_PROG_TYPE_SCHED_CLS;

	bpf_object__close(object);
	return is;
}

/* The agent asks the kernel the same before it loads a program for frames in several buffers. */
static bool kernel_has_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

static bool try_file(const char *file)
{
	const bool tc = is_of_tc(file), has_frags = kernel_has_frags();
	const struct way *ways = tc ? tc_ways : xdp_ways;
	const size_t count =
		tc ? sizeof(tc_ways) / sizeof(tc_ways[0]) : sizeof(xdp_ways) / sizeof(xdp_ways[0]);
	bool ok = true;

	files_tried++;
	for (size_t i = 0; i < count; i++)
		if (has_frags || !ways[i].have_frags)
			ok = try_way(file, &ways[i]) && ok;
	return ok;
}

static bool try_folder(const char *path)
{
	struct dirent **entries;
	const int count = scandir(path, &entries, NULL, alphasort);
	bool ok = count > 0;
	char file[512];

	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		ok = (entries[i]->d_name[0] == '.' || try_file(file)) && ok;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return ok;
}

static void say_done(void)
{
	struct utsname name;

	uname(&name);
	printf("done %s %u %u\n", name.release, files_tried, ways_tried);
}

static const char *obstacle(void)
{
	if (geteuid() != 0)
		return "loading a BPF program needs root";
	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL) != 1)
		return "this kernel or container loads no XDP programs";
	return NULL;
}

static int print_warning(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vprintf(format, arguments) : 0;
}

int main(int argc, char **argv)
{
	const char *why;
	bool ok = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(print_warning);
	if (getpid() == 1) {
		try_folder(OBJECTS);
		say_done();
		reboot(RB_POWER_OFF);
		return 1;
	}
	why = obstacle();
	if (why) {
		printf("skipped %s\n", why);
		return 0;
	}
	for (int i = 1; i < argc; i++)
		ok = try_file(argv[i]) && ok;
	say_done();
	return ok ? 0 : 1;
}
