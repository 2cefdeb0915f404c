// SPDX-License-Identifier: GPL-2.0-only
/* How a session takes a measurement. */
#include <errno.h>
#include <fnmatch.h>

#include "log.h"
#include "porttable.h"
#include "session.h"
#include "slots.h"

static bool is_chosen(const struct session *session, const char *device)
{
	const struct cli_list *patterns = &session->options->interfaces;

	for (size_t i = 0; i < patterns->count; i++)
		if (!fnmatch(patterns->items[i], device, 0))
			return true;
	return !patterns->count;
}

/* --top shows what is received, or what is transmitted: a frame that is forwarded is both. */
static bool shows_one_side(const struct session *session)
{
	return session->options->command == CLI_TOP;
}

/* A writer exports every device it holds; who only reads may look at some. */
static bool is_measured(const struct session *session, const struct datapath_device *device)
{
	if (shows_one_side(session) && device->is_egress != session->options->egress)
		return false;
	return session->options->command == CLI_RUN || session->options->command == CLI_ONCE ||
	       is_chosen(session, device->name);
}

size_t session_chosen(const struct session *session)
{
	size_t chosen = 0;

	for (size_t i = 0; i < datapath_count(session->datapath); i++)
		chosen += is_measured(session, datapath_device(session->datapath, i));
	return chosen;
}

static int fill(struct session *session, struct measurement *measurement)
{
	struct measured_device *measured = measurement->devices;
	int err = 0;

	for (size_t i = 0; !err && i < datapath_count(session->datapath); i++) {
		const struct datapath_device *device = datapath_device(session->datapath, i);

		if (!is_measured(session, device))
			continue;
		measured_set_name(measured, device->name);
		measured->hook = datapath_hook_label(device->state.mode);
		measured->mode = datapath_mode_label(device->state.mode);
		measured->is_egress = device->is_egress;
		err = datapath_read(session->datapath, i, &measured->total);
		measured++;
	}
	return err;
}

/*
 * The table of the loaded database, for those who only read: the services that it has and the
 * pinned state has not get no slots by that.
 */
static int compile_aside(struct session *session)
{
	struct slots *slots = slots_new();
	int err = slots ? porttable_compile(session->db, slots, session->table) : -ENOMEM;

	slots_free(slots);
	session->has_table = !err;
	return err;
}

static int read_ports(struct session *session, struct measurement *measurement)
{
	int err = session->has_table ? 0 : compile_aside(session);

	if (!err)
		err = measurement_add_ports(measurement);
	if (err) {
		log_error(err, "measurement");
		return err;
	}
	measurement->ports->db = session->db;
	measurement->ports->table = session->table;
	return datapath_read_unclassified(session->datapath, &measurement->ports->total);
}

/* Ports are counted of received frames alone. */
static bool are_all_measured(const struct session *session)
{
	for (size_t i = 0; i < datapath_count(session->datapath); i++) {
		const struct datapath_device *device = datapath_device(session->datapath, i);

		if (!device->is_egress && !is_measured(session, device))
			return false;
	}
	return true;
}

int session_measure_ports(struct session *session, struct measurement *measurement)
{
	if (!datapath_counts_unclassified(session->datapath))
		measurement->by_port = MEASURED_UNCOUNTED;
	else if (!are_all_measured(session))
		measurement->by_port = MEASURED_SOME_DEVICES;
	else
		return read_ports(session, measurement);
	return 0;
}

int session_measure(struct session *session, struct measurement *measurement)
{
	int err = measurement_init(measurement, session_chosen(session), session->catalog.end,
				   &session->catalog);

	if (err) {
		log_error(err, "measurement");
		return err;
	}
	measurement->transmitted = shows_one_side(session) && session->options->egress;
	err = session->by_port ? session_measure_ports(session, measurement) : 0;
	if (!err)
		err = fill(session, measurement);
	if (err)
		measurement_fini(measurement);
	return err;
}
