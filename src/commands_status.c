// SPDX-License-Identifier: GPL-2.0-only
/* --status: what is counted, beside what the interfaces say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands_private.h"
#include "devices.h"
#include "log.h"
#include "slots.h"
#include "status.h"

static uint64_t memory_of(const struct footprint *all, const struct datapath_device *device)
{
	return all->device + (device->sums ? all->base : 0);
}

static void fill_status(struct status *status, struct session *session,
			const struct measurement *measurement)
{
	for (size_t i = 0; i < datapath_count(session->datapath); i++) {
		const struct datapath_device *counted = datapath_device(session->datapath, i);

		for (size_t k = 0; k < measurement->count; k++) {
			struct measured_device *measured = &measurement->devices[k];

			if (measured->is_egress != counted->is_egress ||
			    strcmp(measured->name, counted->name))
				continue;
			status->devices[status->count++] = (struct status_device){
				.measured = measured,
				.version = counted->state.version,
				.since = counted->state.since,
				.memory = memory_of(&status->memory, counted),
			};
		}
	}
}

static void fill_agent(struct status *status, const struct datapath *datapath)
{
	const struct datapath_agent *agent = datapath_agent(datapath);

	status->agent_running = datapath_agent_runs(datapath);
	if (!agent)
		return;
	status->agent_pid = status->agent_running ? agent->pid : 0;
	status->reloads = agent->reloads;
	status->reload_failures = agent->reload_failures;
	status->last_reload = agent->last_reload;
	status->write_failures = agent->write_failures;
}

static bool is_counted(void *ctx, const struct device *device)
{
	return datapath_is_on_device(ctx, device);
}

/* As many as are possible, where the system does not tell. */
static uint32_t cpus_online(uint32_t possible)
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 ? (uint32_t)online : possible;
}

static int print_status(struct session *session, const struct measurement *measurement,
			const struct devices *all)
{
	struct datapath_options made = datapath_options_of(session->datapath);
	struct features kernel;
	struct status status = {
		.pin_dir = session->options->pin_dir,
		.services = slots_end(session->slots) - PORT_SLOT_FIRST,
		.capacity = datapath_capacity(session->datapath),
		.endpoint_cells = made.endpoint_cells,
		.endpoint_age = made.endpoint_age,
		.counts_ports = datapath_counts_unclassified(session->datapath),
		.memory = datapath_footprint(session->datapath),
		.kernel = &kernel,
		.now = (uint64_t)time(NULL),
		.all = all,
		.is_counted = is_counted,
		.is_counted_ctx = session->datapath,
	};
	int err = -ENOMEM;

	status.cpus_online = cpus_online(status.memory.cpus);
	datapath_probe(session->datapath, &kernel);
	fill_agent(&status, session->datapath);
	status.devices = calloc(measurement->count + 1, sizeof(*status.devices));
	if (status.devices) {
		fill_status(&status, session, measurement);
		err = session->options->json ? status_json_print(stdout, &status)
					     : status_print(stdout, &status);
	}
	free(status.devices);
	return commands_finish_output(err);
}

int commands_status(struct session *session)
{
	int err = session_read(session), status = EXIT_FAILED;
	struct measurement measurement;
	struct devices all;

	if (err)
		return err == -ENOENT ? commands_nothing_counted(session->options) : EXIT_FAILED;
	if (session->options->interfaces.count && !session_chosen(session)) {
		log_errorx("devices: none of those that are counted is chosen by -i");
		return EXIT_FAILED;
	}
	if (session_measure(session, &measurement))
		return EXIT_FAILED;
	if (!session_measure_interfaces(session, &measurement) && !devices_read(&all)) {
		datapath_look(session->datapath, &all);
		status = print_status(session, &measurement, &all);
		devices_free(&all);
	}
	measurement_fini(&measurement);
	return status;
}
