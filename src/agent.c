// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "atomic_file.h"
#include "commands.h"
#include "log.h"
#include "session.h"
#include "textfile.h"
#include "top.h"

struct agent {
	struct session session;
	struct measurement before; /* the last interval's; its devices are NULL at first */
	bool textfile_failed;
	bool shows_top;
	int signals;
	int timer;
};

/* Said once when it begins to fail and once when it works again, however long that takes. */
static void note_textfile(struct agent *agent, int err)
{
	const char *path = agent->session.options->textfile;

	if (err && !agent->textfile_failed)
		log_error(err, "textfile '%s': cannot be written; counting goes on", path);
	else if (!err && agent->textfile_failed)
		log_info("textfile '%s': is written again", path);
	agent->textfile_failed = err != 0;
}

static void show_top(const struct agent *agent, const struct measurement *now)
{
	const struct cli_options *options = agent->session.options;
	struct report report;

	if (!agent->shows_top || now->seconds <= 0 ||
	    report_build(&report, now, options->key, options->sort))
		return;
	top_print(stdout, &report, now, options->top_rows, commands_use_colour());
	printf("\n");
	report_free(&report);
}

static void export(struct agent *agent, bool with_top)
{
	struct measurement now;
	int write_error;

	if (textfile_update(&agent->session, &now, &write_error))
		return;
	note_textfile(agent, write_error);
	if (agent->before.devices) {
		measurement_compare(&now, &agent->before);
		if (with_top)
			show_top(agent, &now);
		measurement_fini(&agent->before);
	}
	agent->before = now;
}

/*
 * Signals come as descriptors and are blocked otherwise, so that none interrupts a write or an
 * attach.
 */
static int open_events(struct agent *agent)
{
	uint32_t interval = agent->session.options->interval;
	struct itimerspec period = {};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	agent->signals = signalfd(-1, &set, SFD_CLOEXEC);
	agent->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	period.it_interval.tv_sec = interval ? interval : CLI_INTERVAL_DEFAULT;
	period.it_value = period.it_interval;
	if (agent->signals >= 0 && agent->timer >= 0 &&
	    !timerfd_settime(agent->timer, 0, &period, NULL))
		return 0;
	log_error(errno, "timer: cannot be set");
	return -errno;
}

static void loop(struct agent *agent)
{
	struct pollfd events[] = {
		{ .fd = agent->signals, .events = POLLIN },
		{ .fd = agent->timer, .events = POLLIN },
	};
	uint64_t expirations;

	export(agent, false);
	while (poll(events, 2, -1) >= 0 || errno == EINTR) {
		if (events[0].revents & POLLIN)
			break;
		if (events[1].revents & POLLIN &&
		    read(agent->timer, &expirations, sizeof(expirations)) == sizeof(expirations))
			export(agent, true);
	}
	export(agent, false); /* the last word of the counters */
}

static int start(struct agent *agent, const struct cli_options *options)
{
	int err = session_init(&agent->session, options);

	if (err)
		return err == -ENOMEM ? EXIT_FAILED : EXIT_USAGE;
	agent->session.by_port = agent->shows_top && options->key == REPORT_PORT;
	err = atomic_file_prepare(options->textfile);
	if (err) {
		log_error(err, "textfile '%s': cannot be written", options->textfile);
		return EXIT_FAILED;
	}
	if (open_events(agent) || session_count(&agent->session, DATAPATH_WRITE))
		return EXIT_FAILED;
	return EXIT_DONE;
}

int agent_run(const struct cli_options *options)
{
	struct agent agent = { .signals = -1, .timer = -1, .shows_top = isatty(STDOUT_FILENO) };
	int status = start(&agent, options);

	if (status == EXIT_DONE) {
		commands_tell_devices(agent.session.datapath, "counting");
		loop(&agent);
		commands_tell_devices(agent.session.datapath,
				      "the kernel goes on counting until --detach");
	}
	if (agent.before.devices)
		measurement_fini(&agent.before);
	session_fini(&agent.session);
	if (agent.signals >= 0)
		close(agent.signals);
	if (agent.timer >= 0)
		close(agent.timer);
	return status;
}
