// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "atomic_file.h"
#include "audit.h"
#include "commands.h"
#include "devices.h"
#include "log.h"
#include "portdb.h"
#include "portdb_load.h"
#include "replay.h"
#include "services.h"
#include "session.h"
#include "slots.h"
#include "status.h"
#include "textfile.h"
#include "top.h"
#include "top_json.h"

/* A reader that has seen enough, as head(1), is no failure. */
int commands_finish_output(int err)
{
	int reason = err == -EIO && errno ? errno : err;

	if (!err || reason == EPIPE)
		return EXIT_DONE;
	log_error(reason, "standard output: cannot be written");
	return EXIT_FAILED;
}

void commands_tell_devices(const struct datapath *datapath, const char *what)
{
	for (size_t i = 0; i < datapath_count(datapath); i++) {
		const struct datapath_device *device = datapath_device(datapath, i);

		if (device->ifindex)
			log_info("device '%s': %s (%s XDP)", device->name, what,
				 datapath_mode_name(device->state.mode));
		else
			log_info("device '%s': is gone; its counters are kept", device->name);
	}
}

bool commands_use_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (!no_colour || !*no_colour);
}

static int nothing_counted(const struct cli_options *options)
{
	log_errorx("pin directory '%s': nothing is counted: start the agent, or use --attach",
		   options->pin_dir);
	return EXIT_FAILED;
}

/*
 * Looks at what is counted already; where nothing is, or nothing of what is asked for, counts for
 * itself as long as the command runs.
 */
static int open_for_top(struct session *session)
{
	int err = session_read(session);

	if (err && err != -ENOENT)
		return err;
	if (!err && session_chosen(session))
		return 0;
	datapath_close(session->datapath);
	session->datapath = NULL;
	catalog_fini(&session->catalog);
	return session_count(session, DATAPATH_PRIVATE);
}

static void wait_interval(const struct cli_options *options)
{
	struct timespec rest = { .tv_sec = options->interval ? options->interval
							     : CLI_TOP_INTERVAL_DEFAULT };

	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}

static int print_top(const struct cli_options *options, const struct measurement *measurement)
{
	struct report report;
	int err = report_build(&report, measurement, options->key, options->sort);

	if (err) {
		log_error(err, "report");
		return EXIT_FAILED;
	}
	if (options->json)
		err = top_json_print(stdout, &report, measurement, options->top_rows);
	else
		err = top_print(stdout, &report, measurement, options->top_rows,
				commands_use_colour());
	report_free(&report);
	return commands_finish_output(err);
}

static int run_top(struct session *session)
{
	struct measurement before, now;
	int status = EXIT_FAILED;

	session->by_port = session->options->key == REPORT_PORT;
	if (open_for_top(session) || session_measure(session, &before))
		return EXIT_FAILED;
	wait_interval(session->options);
	if (!session_measure(session, &now)) {
		measurement_compare(&now, &before);
		status = print_top(session->options, &now);
		measurement_fini(&now);
	}
	measurement_fini(&before);
	return status;
}

static int run_once(struct session *session)
{
	const char *path = session->options->textfile;
	struct measurement measurement;
	int err = atomic_file_prepare(path), read_error;

	if (!err) {
		read_error = session_read(session);
		if (read_error)
			return read_error == -ENOENT ? nothing_counted(session->options)
						     : EXIT_FAILED;
		if (textfile_update(session, &measurement, &err))
			return EXIT_FAILED;
		measurement_fini(&measurement);
	}
	if (!err)
		return EXIT_DONE;
	log_error(err, "textfile '%s': cannot be written", path);
	return EXIT_FAILED;
}

static int run_attach(struct session *session)
{
	if (session_count(session, DATAPATH_WRITE))
		return EXIT_FAILED;
	commands_tell_devices(session->datapath, "counting");
	return EXIT_DONE;
}

static int run_detach(const struct cli_options *options)
{
	int err = datapath_detach(options->pin_dir);

	if (err == -ENOENT) {
		log_info("pin directory '%s': nothing is counted", options->pin_dir);
		return EXIT_DONE;
	}
	if (err)
		return EXIT_FAILED;
	err = textfile_remove(options->textfile);
	if (!err)
		return EXIT_DONE;
	log_error(err, "textfile '%s': cannot be removed", options->textfile);
	return EXIT_FAILED;
}

/* What the interface says it received since counting began; nothing if it is another one by now. */
static void compare_interface(struct status_device *device, const struct datapath_device *counted,
			      const struct devices *devices)
{
	const struct device *interface = devices_find(devices, counted->name);

	if (!interface || !device->is_attached || interface->ifindex != counted->ifindex ||
	    interface->receive_packets < counted->state.base_packets)
		return;
	device->has_interface = true;
	device->base_frames = counted->state.base_counted;
	device->interface_packets = interface->receive_packets - counted->state.base_packets;
	device->interface_bytes = interface->receive_bytes - counted->state.base_bytes;
}

static void fill_status(struct status *status, struct session *session,
			const struct measurement *measurement, const struct devices *devices)
{
	for (size_t i = 0; i < datapath_count(session->datapath); i++) {
		const struct datapath_device *counted = datapath_device(session->datapath, i);

		for (size_t k = 0; k < measurement->count; k++) {
			struct status_device *device = &status->devices[status->count];

			if (strcmp(measurement->devices[k].name, counted->name))
				continue;
			*device = (struct status_device){
				.measured = &measurement->devices[k],
				.version = counted->state.version,
				.since = counted->state.since,
				.is_attached = counted->ifindex != 0,
			};
			compare_interface(device, counted, devices);
			status->count++;
		}
	}
}

static int print_status(struct session *session, const struct measurement *measurement,
			const struct devices *devices)
{
	struct datapath_options made = datapath_options_of(session->datapath);
	struct status status = {
		.pin_dir = session->options->pin_dir,
		.agent_running = datapath_agent_runs(session->datapath),
		.services = slots_end(session->slots) - PORT_SLOT_FIRST,
		.capacity = datapath_capacity(session->datapath),
		.endpoint_cells = made.endpoint_cells,
		.endpoint_age = made.endpoint_age,
		.counts_ports = datapath_counts_unclassified(session->datapath),
		.memory_bytes = datapath_memory_bytes(session->datapath),
		.now = (uint64_t)time(NULL),
	};
	int err = -ENOMEM;

	status.devices = calloc(measurement->count + 1, sizeof(*status.devices));
	if (status.devices) {
		fill_status(&status, session, measurement, devices);
		err = session->options->json ? status_json_print(stdout, &status)
					     : status_print(stdout, &status);
	}
	free(status.devices);
	return commands_finish_output(err);
}

static int run_status(struct session *session)
{
	struct measurement measurement;
	struct devices devices;
	int err = session_read(session), status;

	if (err)
		return err == -ENOENT ? nothing_counted(session->options) : EXIT_FAILED;
	if (session->options->interfaces.count && !session_chosen(session)) {
		log_errorx("devices: none of those that are counted is chosen by -i");
		return EXIT_FAILED;
	}
	if (session_measure(session, &measurement))
		return EXIT_FAILED;
	/* After the counters, as no more than what the interface received can have been counted. */
	status = EXIT_FAILED;
	if (!devices_read(&devices)) {
		status = print_status(session, &measurement, &devices);
		devices_free(&devices);
	}
	measurement_fini(&measurement);
	return status;
}

static int run_services(struct session *session)
{
	if (session_compile(session))
		return EXIT_FAILED;
	return commands_finish_output(
		services_print(stdout, session->db, session->table, session->options->json));
}

static int run_lookup(struct session *session)
{
	int err = session_compile(session);

	if (err)
		return EXIT_FAILED;
	err = services_lookup(stdout, session->db, session->table, session->options->argument,
			      session->options->json);
	if (err == -ENOENT)
		return EXIT_FAILED;
	if (err != -EINVAL)
		return commands_finish_output(err);
	log_errorx(
		"option '--lookup': '%s' is not a port from 1 to 65535 of tcp, udp, sctp or dccp",
		session->options->argument);
	return EXIT_USAGE;
}

/* A capture that cannot be read is a bad file, like a database. */
static int run_replay(struct session *session)
{
	int err = replay_run(session, stdout);

	if (err == -EINVAL)
		return EXIT_USAGE;
	return err && err != -EIO ? EXIT_FAILED : commands_finish_output(err);
}

static int run_audit(struct session *session)
{
	int err = audit_run(session, stdout);

	return err && err != -EIO ? EXIT_FAILED : commands_finish_output(err);
}

static int dispatch(struct session *session)
{
	switch (session->options->command) {
	case CLI_TOP:
		return run_top(session);
	case CLI_ONCE:
		return run_once(session);
	case CLI_ATTACH:
		return run_attach(session);
	case CLI_STATUS:
		return run_status(session);
	case CLI_SERVICES:
		return run_services(session);
	case CLI_LOOKUP:
		return run_lookup(session);
	case CLI_REPLAY:
		return run_replay(session);
	case CLI_AUDIT:
		return run_audit(session);
	default:
		return EXIT_USAGE;
	}
}

static void report(void *ctx, const char *message)
{
	(void)ctx;
	log_errorx("%s", message);
}

/* The file alone, whatever else would be loaded: its own errors are asked for. */
static int run_check(const struct cli_options *options)
{
	struct portdb *db = portdb_new(report, NULL);
	int status = EXIT_FAILED;

	if (db)
		status = portdb_load_file(db, options->argument) ? EXIT_USAGE : EXIT_DONE;
	if (status == EXIT_DONE) {
		printf("%s: %zu entries, %zu rows passed over\n", options->argument,
		       portdb_count(db), portdb_passed_over(db, 0));
		status = commands_finish_output(fflush(stdout) ? -EIO : 0);
	}
	portdb_free(db);
	return status;
}

int commands_run(const struct cli_options *options)
{
	struct session session;
	int err, status;

	if (options->command == CLI_DETACH)
		return run_detach(options);
	if (options->command == CLI_CHECK_SERVICES)
		return run_check(options);
	err = session_init(&session, options);
	status = err == -ENOMEM ? EXIT_FAILED : err ? EXIT_USAGE : dispatch(&session);
	session_fini(&session);
	return status;
}
