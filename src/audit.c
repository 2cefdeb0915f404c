// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "audit_print.h"
#include "audit_private.h"
#include "audit_tally.h"
#include "conntrack.h"
#include "datapath_live.h"
#include "log.h"
#include "porttable.h"
#include "session.h"

/* From now on they end the audit, not the process. */
static int catch_signals(struct audit *audit)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &audit->mask);
	audit->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (audit->signals >= 0)
		return 0;
	log_error(errno, "signals: cannot be received");
	return -errno;
}

static void release_signals(struct audit *audit)
{
	struct signalfd_siginfo taken;

	if (audit->signals < 0)
		return;
	/* What ended the audit is not to end the process as well. */
	if (poll(&(struct pollfd){ .fd = audit->signals, .events = POLLIN }, 1, 0) > 0 &&
	    read(audit->signals, &taken, sizeof(taken)) < 0)
		log_error(errno, "signals: cannot be received");
	close(audit->signals);
	audit->signals = -1;
	sigprocmask(SIG_SETMASK, &audit->mask, NULL);
}

static bool is_chosen(const struct cli_list *patterns, const char *device)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (!fnmatch(patterns->items[i], device, 0))
			return true;
	return !patterns->count;
}

/* One that cannot be captured from is told and passed over. 0 or -ENOMEM. */
static int open_source(struct audit *audit, const struct datapath_device *device)
{
	struct capture *capture;

	if (!device->ifindex || if_nametoindex(device->name) != device->ifindex) {
		log_errorx("device '%s': is not here: it is gone, renamed, or counted in another "
			   "network namespace",
			   device->name);
		return 0;
	}
	if (capture_open_device(&capture, device->name))
		return 0;
	return audit_sources_add(&audit->sources, device->name, capture);
}

static int open_sources(struct audit *audit, const struct datapath *live)
{
	const struct cli_list *patterns = &audit->session->options->interfaces;
	size_t chosen = 0;
	int err = 0;

	for (size_t i = 0; !err && i < datapath_count(live); i++) {
		const struct datapath_device *device = datapath_device(live, i);

		/* What is transmitted was received before, or is the gateway's own. */
		if (device->is_egress || !is_chosen(patterns, device->name))
			continue;
		chosen++;
		err = open_source(audit, device);
	}
	if (err) {
		log_error(err, "devices");
		return err;
	}
	if (audit->sources.count)
		return 0;
	log_errorx("devices: none of those that are counted is %s",
		   chosen ? "left to be captured from" : "chosen by -i");
	return -ENODEV;
}

/*
 * A program of our own that decides as the one does that counts; its frames are captured before
 * the marks are taken over, so that no server is missed between the two.
 */
static int follow(struct audit *audit, struct datapath *live)
{
	struct session *session = audit->session;
	struct datapath_options options = datapath_options_of(live);
	int err;

	options.unclassified = DATAPATH_OFF;
	catalog_fini(&session->catalog);
	err = session_replay(session, "audit", &options);
	if (!err)
		err = open_sources(audit, live);
	return err ? err : datapath_follow(session->datapath, live, session->table);
}

/* The session reads what is counted, and then becomes that of the private program. */
static int follow_counted(struct audit *audit)
{
	struct session *session = audit->session;
	int err = session_read(session);
	struct datapath *live = session->datapath;

	if (err == -ENOENT)
		log_errorx("pin directory '%s': nothing is counted: start the agent, or use "
			   "--attach",
			   session->options->pin_dir);
	if (err)
		return err;
	session->datapath = NULL;
	err = follow(audit, live);
	datapath_close(live);
	return err;
}

static int start(struct audit *audit)
{
	int err;

	audit->tally = audit_tally_new(AUDIT_FLOWS_MAX);
	if (!audit->tally) {
		log_error(ENOMEM, "audit");
		return -ENOMEM;
	}
	err = conntrack_open(&audit->conntrack);
	if (!err)
		err = follow_counted(audit);
	if (!err)
		err = catch_signals(audit);
	return err;
}

static int print(struct audit *audit, FILE *out, double seconds)
{
	struct audit_report report = { .seconds = seconds, .catalog = &audit->session->catalog };
	const char **names = calloc(audit->sources.count, sizeof(*names));
	int err = -ENOMEM;

	if (names)
		err = audit_tally_sum(audit->tally, audit->session->table->values, &report.sums);
	for (size_t i = 0; names && i < audit->sources.count; i++)
		names[i] = audit->sources.list[i].name;
	report.devices = names;
	report.device_count = audit->sources.count;
	report.lost = audit_sources_end(&audit->sources);
	if (err)
		log_error(err, "audit");
	else
		err = audit->session->options->json ? audit_json_print(out, &report)
						    : audit_print(out, &report);
	audit_sums_fini(&report.sums);
	free(names);
	return err;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_and_print(struct audit *audit, FILE *out)
{
	double began = seconds_now(), elapsed;
	int err = audit_loop(audit, audit->session->options->audit_seconds);

	elapsed = seconds_now() - began;
	release_signals(audit);
	if (!err)
		err = audit_finish(audit);
	if (err)
		return err;
	if (conntrack_told(audit->conntrack))
		return print(audit, out, elapsed);
	log_errorx("conntrack: knows no flow: is it in use here?");
	return -ENODATA;
}

int audit_run(struct session *session, FILE *out)
{
	struct audit audit = { .session = session, .signals = -1 };
	int err = start(&audit), reason;

	if (!err)
		err = run_and_print(&audit, out);
	reason = errno; /* of a write that failed, for the caller to tell */
	release_signals(&audit);
	audit_sources_fini(&audit.sources);
	conntrack_close(audit.conntrack);
	audit_tally_free(audit.tally);
	errno = reason;
	return err;
}
