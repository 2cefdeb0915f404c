// SPDX-License-Identifier: GPL-2.0-only
/* What the agent itself costs with a large database: each step beside something that any program
 * would pay. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "cli.h"
#include "generated.h"
#include "portdb.h"
#include "portdb_load.h"
#include "porttable.h"
#include "session.h"
#include "slots.h"
#include "textfile.h"
#include "timing.h"

#define ROUNDS 11
#define SERVICES GENERATED_MAX
#define BUDGET_LOAD_MS 50.0
#define BUDGET_TEXTFILE_MS 20.0

enum step {
	PARSE,
	SCAN,
	COMPILE,
	COPY_TABLE,
	CATALOG,
	COPY_NAMES,
	PUSH,
	FILL_PAGES,
	READ,
	COPY_COUNTERS,
	TEXTFILE_SOME,
	WRITE_SOME,
	TEXTFILE_ALL,
	WRITE_ALL,
	STEPS,
};

struct userhalf {
	double wall[STEPS][ROUNDS], cpu[STEPS][ROUNDS];
	size_t round;
	char csv[PATH_MAX], prom[PATH_MAX], plain[PATH_MAX];
	size_t csv_bytes, some_bytes, all_bytes;
};

struct stopwatch {
	double wall, cpu;
};

static struct stopwatch now(void)
{
	return (struct stopwatch){ timing_wall_ns(), timing_cpu_ns() };
}

static void note(struct userhalf *half, enum step step, struct stopwatch start)
{
	half->cpu[step][half->round] = timing_cpu_ns() - start.cpu;
	half->wall[step][half->round] = timing_wall_ns() - start.wall;
}

/* Makes the compiler believe that memory is read, so that it does not leave a copy out. */
static void use(void *memory)
{
	asm volatile("" : : "r"(memory) : "memory");
}

static int write_database(struct userhalf *half)
{
	FILE *out = fopen(half->csv, "w");
	long size;
	int err;

	if (!out)
		return -errno;
	err = generated_write(out, SERVICES);
	size = ftell(out);
	if (fclose(out) || size < 0)
		return -EIO;
	half->csv_bytes = (size_t)size;
	return err;
}

/* The least that reading such a file takes: every byte read, every comma and line end found. */
static int scan(struct userhalf *half)
{
	const struct stopwatch start = now();
	char *text = malloc(half->csv_bytes + 1);
	FILE *in = fopen(half->csv, "r");
	volatile size_t found = 0;
	int err = 0;

	if (!text || !in || fread(text, 1, half->csv_bytes, in) != half->csv_bytes)
		err = -EIO;
	if (!err) {
		text[half->csv_bytes] = '\0';
		for (const char *at = text; (at = strpbrk(at, ",\n")); at++)
			found = found + 1;
	}
	if (in)
		fclose(in);
	free(text);
	note(half, SCAN, start);
	return err;
}

static void copy_table(struct userhalf *half, const struct porttable *table)
{
	struct porttable *copy = malloc(sizeof(*copy));
	struct stopwatch start;

	if (!copy)
		return;
	memset(copy, 1, sizeof(*copy));
	start = now();
	memcpy(copy, table, sizeof(*copy));
	use(copy);
	note(half, COPY_TABLE, start);
	free(copy);
}

static void copy_names(struct userhalf *half, const struct portdb *db)
{
	const struct stopwatch start = now();
	const size_t count = portdb_count(db);
	char **names = calloc(count, sizeof(*names));

	for (size_t i = 0; names && i < count; i++)
		names[i] = strdup(portdb_entry(db, i)->name);
	note(half, COPY_NAMES, start);
	for (size_t i = 0; names && i < count; i++)
		free(names[i]);
	free(names);
}

/* Memory as large as the kernel's table, got and written once. */
static int fill_pages(struct userhalf *half)
{
	const size_t size = PORT_TABLE_ENTRIES * 8;
	const struct stopwatch start = now();
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return -errno;
	memset(pages, 1, size);
	use(pages);
	note(half, FILL_PAGES, start);
	munmap(pages, size);
	return 0;
}

static int push(struct userhalf *half, struct session *session)
{
	struct stopwatch start;
	int err = datapath_open(&session->datapath, NULL, DATAPATH_PRIVATE);

	if (err)
		return err;
	start = now();
	err = datapath_prepare(session->datapath, session->slots, &(struct datapath_options){});
	if (!err)
		err = datapath_publish(session->datapath, session->table);
	note(half, PUSH, start);
	return err;
}

/* Database to kernel, as the agent does it when it starts. */
static int load(struct userhalf *half, const struct cli_options *options)
{
	struct session session;
	struct stopwatch start = now();
	int err = session_init(&session, options);

	note(half, PARSE, start);
	start = now();
	if (!err)
		err = session_compile(&session);
	note(half, COMPILE, start);
	start = now();
	if (!err)
		err = catalog_init(&session.catalog, session.db, session.slots);
	note(half, CATALOG, start);
	if (!err)
		err = push(half, &session);
	if (!err) {
		copy_table(half, session.table);
		copy_names(half, session.db);
	}
	session_fini(&session);
	return err;
}

/* A gateway that has seen all of its services, with numbers of some length. */
static void fill_counters(struct measurement *measurement)
{
	for (size_t i = 0; i < measurement->count; i++) {
		struct snapshot *total = &measurement->devices[i].total;

		for (uint32_t cell = 0; cell < PORT_INDEX_END(total->slots_end); cell++) {
			total->cells[cell].packets = 1000000007ULL + cell;
			total->cells[cell].bytes = 1000000000039ULL + cell;
		}
	}
}

static void copy_counters(struct userhalf *half)
{
	const size_t size = PORT_INDEX_END(SERVICES) * sizeof(struct port_counter) *
			    (size_t)sysconf(_SC_NPROCESSORS_CONF);
	char *from = calloc(1, size), *to = malloc(size);
	const struct stopwatch start = now();

	if (from && to) {
		memcpy(to, from, size);
		use(to);
	}
	note(half, COPY_COUNTERS, start);
	free(from);
	free(to);
}

/* As many bytes written, synced and renamed, without a thought given to what they are. */
static int write_plain(struct userhalf *half, enum step step, size_t size)
{
	char *data = malloc(size + 1), other[PATH_MAX + 4];
	struct stopwatch start;
	int fd, err = 0;

	if (!data)
		return -ENOMEM;
	memset(data, 'x', size);
	snprintf(other, sizeof(other), "%s.tmp", half->plain);
	start = now();
	fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || fsync(fd) || close(fd) ||
	    rename(other, half->plain))
		err = -EIO;
	note(half, step, start);
	free(data);
	return err;
}

static int measure_textfile(struct userhalf *half, struct session *session, enum step step)
{
	const enum step plain = step == TEXTFILE_ALL ? WRITE_ALL : WRITE_SOME;
	size_t *bytes = step == TEXTFILE_ALL ? &half->all_bytes : &half->some_bytes;
	struct measurement measurement;
	struct stat written;
	struct stopwatch start = now();
	int err = session_measure(session, &measurement);

	note(half, READ, start);
	if (err)
		return err;
	fill_counters(&measurement);
	start = now();
	err = textfile_write(session, &measurement, 0.001);
	note(half, step, start);
	measurement_fini(&measurement);
	if (!err && stat(half->prom, &written))
		err = -errno;
	*bytes = err ? 0 : (size_t)written.st_size;
	return err ? err : write_plain(half, plain, *bytes);
}

/* One session for all rounds, as an agent writes the file again and again; the first write warms
 * up. */
static int textfiles(struct userhalf *half, const struct cli_options *options, enum step step)
{
	struct session session;
	int err = session_init(&session, options);

	if (!err)
		err = session_count(&session, DATAPATH_PRIVATE);
	half->round = 0;
	if (!err)
		err = measure_textfile(half, &session, step);
	for (; !err && half->round < ROUNDS; half->round++) {
		err = measure_textfile(half, &session, step);
		copy_counters(half);
	}
	session_fini(&session);
	return err;
}

static double wall_ms(struct userhalf *half, enum step step)
{
	return timing_median(half->wall[step], ROUNDS) / 1e6;
}

static double cpu_ms(struct userhalf *half, enum step step)
{
	return timing_median(half->cpu[step], ROUNDS) / 1e6;
}

/* The step that follows is what it is held against. */
static void print_row(struct userhalf *half, enum step step, const char *what, const char *beside)
{
	const double cpu = cpu_ms(half, step), other = cpu_ms(half, step + 1);

	printf("%-26s %8.2f %8.2f | %8.2f %8.2f %7.1f  %s\n", what, wall_ms(half, step), cpu,
	       wall_ms(half, step + 1), other, cpu / other, beside);
}

static void print_table(struct userhalf *half)
{
	printf("\nms by the clock and of CPU time, medians of %d runs, beside something that any "
	       "program would pay;\n"
	       "ratio of CPU times. %d services, %zu bytes of CSV in the registry's format.\n\n",
	       ROUNDS, SERVICES, half->csv_bytes);
	printf("%-26s %8s %8s | %8s %8s %7s  %s\n", "step", "clock", "CPU", "clock", "CPU", "ratio",
	       "beside");
	print_row(half, PARSE, "parse", "read the file, find its commas and line ends");
	print_row(half, COMPILE, "compile", "memcpy of the table");
	print_row(half, CATALOG, "catalog", "strdup of the names");
	print_row(half, PUSH, "push", "get and fill as much memory as the kernel's table");
	print_row(half, READ, "read the counters", "memcpy of as many per-CPU cells");
	print_row(half, TEXTFILE_SOME, "textfile, 512 in series",
		  "write, fsync, rename as many bytes");
	print_row(half, TEXTFILE_ALL, "textfile, all in series",
		  "write, fsync, rename as many bytes");
	printf("(textfiles of %zu and %zu bytes)\n\n", half->some_bytes, half->all_bytes);
}

static void print_verdict(double budget, const char *what, double wall, double cpu)
{
	printf("%s: %s in %.0f ms: %.1f ms by the clock, %.1f ms of CPU time\n",
	       bench_verdict(wall <= budget), what, budget, wall, cpu);
}

static void print_verdicts(struct userhalf *half)
{
	static const enum step load_steps[] = { PARSE, COMPILE, CATALOG, PUSH };
	double wall = 0, cpu = 0;

	for (size_t i = 0; i < sizeof(load_steps) / sizeof(load_steps[0]); i++) {
		wall += wall_ms(half, load_steps[i]);
		cpu += cpu_ms(half, load_steps[i]);
	}
	print_verdict(BUDGET_LOAD_MS, "load, compile and push (the sum)", wall, cpu);
	print_verdict(BUDGET_TEXTFILE_MS, "one textfile with --max-series 512",
		      wall_ms(half, TEXTFILE_SOME), cpu_ms(half, TEXTFILE_SOME));
	print_verdict(BUDGET_TEXTFILE_MS, "one textfile with all services in series",
		      wall_ms(half, TEXTFILE_ALL), cpu_ms(half, TEXTFILE_ALL));
}

static int measure_all(struct userhalf *half, struct cli_options *options)
{
	int err = write_database(half);

	for (half->round = 0; !err && half->round < ROUNDS; half->round++) {
		err = load(half, options);
		if (!err)
			err = scan(half);
		if (!err)
			err = fill_pages(half);
	}
	options->max_series = 512;
	if (!err)
		err = textfiles(half, options, TEXTFILE_SOME);
	options->max_series = SERVICES;
	return err ? err : textfiles(half, options, TEXTFILE_ALL);
}

int userhalf_bench(const char *device, const char *directory)
{
	static struct userhalf half;
	struct cli_options options = {
		.interfaces = { .items = { device }, .count = 1 },
		.services = { .items = { half.csv }, .count = 1 },
		.no_builtin = true,
		.textfile = half.prom,
	};
	int err;

	snprintf(half.csv, sizeof(half.csv), "%s/generated.csv", directory);
	snprintf(half.prom, sizeof(half.prom), "%s/portacct.prom", directory);
	snprintf(half.plain, sizeof(half.plain), "%s/plain", directory);
	err = measure_all(&half, &options);
	if (!err) {
		print_table(&half);
		print_verdicts(&half);
	}
	return err;
}
