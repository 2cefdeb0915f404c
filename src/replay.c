// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "capture.h"
#include "datapath.h"
#include "log.h"
#include "port_abi.h"
#include "replay.h"
#include "replay_private.h"
#include "session.h"

#define SECOND_NS 1000000000
/*
 * The clock's time at the first frame, in seconds. Marks made in the clock's very first epoch live
 * shorter than others (bpf/endpoints.h); after a day that one is over, however long epochs are.
 */
#define CLOCK_START 86400

/* The frames so far. */
struct run {
	struct session *session;
	struct capture *capture;
	FILE *trace; /* NULL: none is asked for */
	uint32_t ticks_per_second;
	struct port_counter frames;
	int64_t first_ns, earliest_ns, latest_ns;
};

/*
 * The kernel's clock at the latest time so far, by the capture's own time since its first frame. It
 * never goes back, whatever that does: marks and fragments would be of the future.
 */
static uint64_t ticks_of(const struct run *run)
{
	uint64_t ns = (uint64_t)(run->latest_ns - run->first_ns);

	return (CLOCK_START + ns / SECOND_NS) * run->ticks_per_second +
	       ns % SECOND_NS * run->ticks_per_second / SECOND_NS;
}

static void take_time(struct run *run, int64_t time_ns)
{
	if (!run->frames.packets)
		run->first_ns = run->earliest_ns = run->latest_ns = time_ns;
	if (time_ns < run->earliest_ns)
		run->earliest_ns = time_ns;
	if (time_ns > run->latest_ns)
		run->latest_ns = time_ns;
}

/* What the kernel half refuses is no fault of the capture (-EINVAL) nor of the output (-EIO). */
static int kernel_error(int err)
{
	return err == -EINVAL || err == -EIO ? -ECANCELED : err;
}

static int replay_frame(struct run *run, const struct capture_frame *frame)
{
	struct port_replay replay = { .bytes = frame->wire_bytes };
	int err;

	take_time(run, frame->time_ns);
	replay.ticks = ticks_of(run);
	err = datapath_replay(run->session->datapath, frame->bytes, frame->length, &replay);
	if (err)
		return kernel_error(err);
	run->frames.packets++;
	run->frames.bytes += frame->wire_bytes;
	if (!run->trace)
		return 0;
	replay_trace_frame(run->trace, run->frames.packets, &replay, &run->session->catalog);
	return ferror(run->trace) ? -EIO : 0;
}

static int replay_frames(struct run *run)
{
	struct capture_frame frame;
	int err;

	run->ticks_per_second = datapath_ticks_per_second();
	if (run->trace)
		replay_trace_head(run->trace);
	while ((err = capture_next(run->capture, &frame)) > 0) {
		err = replay_frame(run, &frame);
		if (err)
			return err;
	}
	if (run->trace && (fflush(run->trace) || ferror(run->trace)))
		return -EIO;
	return err;
}

bool replay_is_closed(const struct replay_account *account)
{
	struct account_totals totals = snapshot_totals(&account->measurement.devices[0].total);

	return totals.frames.packets == account->frames.packets &&
	       totals.frames.bytes == account->frames.bytes;
}

/* All that was counted, as what was added since nothing was. */
static int read_counters(struct session *session, struct measurement *measurement)
{
	const struct measurement nothing = {};
	int err = datapath_read(session->datapath, 0, &measurement->devices[0].total);

	if (!err)
		err = session_measure_ports(session, measurement);
	if (!err)
		measurement_compare(measurement, &nothing);
	return kernel_error(err);
}

static int print_account(const struct run *run, FILE *out)
{
	struct session *session = run->session;
	struct replay_account account = {
		.file = session->options->argument,
		.link_type = capture_link_type(run->capture),
		.frames = run->frames,
	};
	struct measurement *measurement = &account.measurement;
	int err = measurement_init(measurement, 1, session->catalog.end, &session->catalog);

	if (err) {
		log_error(err, "measurement");
		return err;
	}
	measurement->devices[0].name = account.file;
	err = read_counters(session, measurement);
	if (!err) {
		measurement->seconds = (double)(run->latest_ns - run->earliest_ns) / SECOND_NS;
		err = session->options->json
			      ? replay_json_print(out, &account)
			      : replay_text_print(out, &account, session->options->sort);
		if (err == -ENOMEM)
			log_error(err, "report");
	}
	measurement_fini(measurement);
	return err;
}

/* What came before a damaged place is told all the same. */
static int replay_all(struct run *run, FILE *out)
{
	int bad = replay_frames(run), err;

	if (run->trace || (bad && bad != -EINVAL))
		return bad;
	err = print_account(run, out);
	return err ? err : bad;
}

/* Without directories: what it names is for messages, and kept no longer than a device's name. */
static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int replay_run(struct session *session, FILE *out)
{
	struct run run = { .session = session, .trace = session->options->trace ? out : NULL };
	const char *path = session->options->argument;
	int err = capture_open_file(&run.capture, path), reason;

	if (err)
		return err == -ENOMEM ? err : -EINVAL;
	err = kernel_error(session_replay(session, file_name(path), &session->options->datapath));
	if (!err)
		err = replay_all(&run, out);
	reason = errno; /* of a write that failed, for the caller to tell */
	capture_close(run.capture);
	errno = reason;
	return err;
}
