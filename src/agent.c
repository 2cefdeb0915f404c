// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
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
#include "devices_watch.h"
#include "follow.h"
#include "log.h"
#include "privileges.h"
#include "process.h"
#include "session.h"
#include "textfile.h"
#include "top.h"
#include "watch.h"

struct agent {
	struct session session;
	struct follow follow;
	struct measurement before; /* the last interval's; its devices are NULL at first */
	int textfile_error;        /* of the last write; 0: none */
	bool shows_top;
	bool devices_changed; /* since they were looked at */
	uint64_t looked_ns;
	struct log_limit events, failures; /* what is logged of it, as they may change without end */
	int signals;
	int timer;
	int devices;
	gid_t group;
};

/* No more often than that are the devices looked at, however often they change. */
#define LOOK_NS 100000000ULL
/* To write the last word; each waits a fifth of a second for another who writes the file. */
#define LAST_TRIES 15

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Said once for each reason that it fails for, and once when it works again. */
static void note_textfile(struct agent *agent, int err)
{
	const char *path = agent->session.options->textfile;

	if (err && err != -EBUSY) /* then another writes it, as well */
		datapath_agent(agent->session.datapath)->write_failures++;
	if (err && err != agent->textfile_error)
		log_error(err, "textfile '%s': cannot be written; counting goes on%s", path,
			  privileges_files_hint(err));
	else if (!err && agent->textfile_error)
		log_info("textfile '%s': is written again", path);
	agent->textfile_error = err;
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

/* 0, or the -errno of the writing. */
static int export(struct agent *agent, bool with_top)
{
	struct measurement now;
	int write_error;

	if (textfile_update(&agent->session, &now, false, &write_error))
		return 0;
	note_textfile(agent, write_error);
	if (agent->before.devices) {
		measurement_compare(&now, &agent->before);
		if (with_top)
			show_top(agent, &now);
		measurement_fini(&agent->before);
	}
	agent->before = now;
	return write_error;
}

/* The last word of the counters. */
static void export_last(struct agent *agent)
{
	for (int i = 0; i < LAST_TRIES && export(agent, false) == -EBUSY; i++)
		;
}

static void look_at_devices(struct agent *agent)
{
	agent->devices_changed = false;
	agent->looked_ns = now_ns();
	log_limit(&agent->events, &agent->failures);
	follow_update(&agent->follow);
	if (agent->follow.changed)
		datapath_open_to_group(agent->session.datapath, agent->group);
	agent->follow.changed = false;
	log_limit(NULL, NULL);
}

static void tell_left_out(struct agent *agent, bool is_last)
{
	log_limit_tell(&agent->events, is_last);
	log_limit_tell(&agent->failures, is_last);
}

/* Before a file of it is read, so that who asked while one was under way can tell the two apart. */
static uint32_t begin_reload(struct datapath_agent *record)
{
	uint32_t number = record->reload / DATAPATH_RELOAD_STEP + 1;

	__atomic_store_n(&record->reload, number * DATAPATH_RELOAD_STEP + DATAPATH_RELOADING,
			 __ATOMIC_SEQ_CST);
	return number;
}

/* Behind all that was done: who waits for it sees that too. */
static void end_reload(struct datapath_agent *record, uint32_t number, enum datapath_reload end)
{
	if (end == DATAPATH_RELOADED) {
		record->last_reload = (uint64_t)time(NULL);
		record->reloads++;
	} else {
		record->reload_failures++;
	}
	__atomic_store_n(&record->reload, number * DATAPATH_RELOAD_STEP + end, __ATOMIC_RELEASE);
}

/* What is asked for is written at once, so that whoever asked sees it. */
static void reload(struct agent *agent)
{
	struct datapath_agent *record = datapath_agent(agent->session.datapath);
	uint32_t number = begin_reload(record);

	if (session_reload(&agent->session)) {
		log_errorx("database: is not reloaded; the one of before goes on");
		end_reload(record, number, DATAPATH_RELOAD_REFUSED);
		return;
	}
	datapath_open_to_group(agent->session.datapath, agent->group);
	log_info("database: is reloaded");
	end_reload(record, number, DATAPATH_RELOADED);
}

/*
 * Signals come as descriptors and are blocked otherwise, so that none interrupts a write or an
 * attach.
 */
static int open_events(struct agent *agent)
{
	const struct cli_options *options = agent->session.options;
	struct itimerspec period = {};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	agent->devices = devices_watch_open(!options->interfaces.count);
	if (agent->devices < 0)
		return agent->devices;
	agent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	agent->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	period.it_interval.tv_sec = options->interval ? options->interval : CLI_INTERVAL_DEFAULT;
	period.it_value = period.it_interval;
	if (agent->signals >= 0 && agent->timer >= 0 &&
	    !timerfd_settime(agent->timer, 0, &period, NULL))
		return 0;
	log_error(errno, "timer: cannot be set");
	return -errno;
}

/* A terminal that is closed sends SIGHUP too: who was watching there is gone. */
static bool has_lost_terminal(const struct agent *agent)
{
	return agent->shows_top && !isatty(STDOUT_FILENO);
}

/* False: to stop. Several of a kind that come at once are one. */
static bool handle_signals(struct agent *agent)
{
	struct signalfd_siginfo signal;

	while (read(agent->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo != SIGHUP || has_lost_terminal(agent))
			return false;
		reload(agent);
	}
	return true;
}

/* Milliseconds until the devices are to be looked at without being told of them; -1: never. */
static int patience(const struct agent *agent)
{
	uint64_t pause = follow_is_waiting(&agent->follow) ? WATCH_LOOK_NS : 0, passed;

	if (agent->devices_changed)
		pause = LOOK_NS;
	if (!pause)
		return -1;
	passed = now_ns() - agent->looked_ns;
	return passed >= pause ? 0 : (int)((pause - passed) / 1000000) + 1;
}

static bool is_ready(const struct pollfd *event)
{
	return event->revents != 0;
}

static void loop(struct agent *agent)
{
	struct pollfd events[] = {
		{ .fd = agent->signals, .events = POLLIN },
		{ .fd = agent->timer, .events = POLLIN },
		{ .fd = agent->devices, .events = POLLIN },
	};
	uint64_t expirations;
	bool is_due;
	int ready;

	export(agent, false);
	while ((ready = poll(events, 3, patience(agent))) >= 0 || errno == EINTR) {
		if (ready > 0 && is_ready(&events[0]) && !handle_signals(agent))
			break;
		if (ready > 0 && is_ready(&events[2]) && devices_watch_drain(agent->devices))
			agent->devices_changed = true;
		is_due = ready > 0 && is_ready(&events[1]) &&
			 read(agent->timer, &expirations, sizeof(expirations)) > 0;
		if (is_due || !patience(agent))
			look_at_devices(agent);
		if (is_due) {
			tell_left_out(agent, false);
			export(agent, true);
		}
	}
	tell_left_out(agent, true);
	export_last(agent);
}

/* What is done with files from now on: the textfile is written, a reload reads the database. */
static int can_work(void *ctx)
{
	const struct cli_options *options = ctx;
	int err = atomic_file_prepare(options->textfile), fd;

	for (size_t i = 0; !err && i < options->services.count; i++) {
		fd = open(options->services.items[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		err = fd < 0 ? -errno : 0;
		if (fd >= 0)
			close(fd);
	}
	return err;
}

/* Tells others who runs, and gives up what is not needed any more. */
static int settle(struct agent *agent)
{
	struct datapath_agent *record = datapath_agent(agent->session.datapath);
	int err = datapath_open_to_group(agent->session.datapath, agent->group);

	if (err) {
		datapath_undo(agent->session.datapath);
		return err;
	}
	record->pid = (uint32_t)getpid();
	record->started = process_start(record->pid);
	follow_begin(&agent->follow);
	agent->looked_ns = now_ns();
	return privileges_drop(can_work, (void *)(uintptr_t)agent->session.options);
}

/* One that is asked for while the agent starts comes after that. */
static void put_off_reloads(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int start(struct agent *agent, const struct cli_options *options)
{
	int err, status;

	put_off_reloads();
	err = session_init(&agent->session, options);
	if (err)
		return err == -ENOMEM ? EXIT_FAILED : EXIT_USAGE;
	agent->session.by_port = agent->shows_top && options->key == REPORT_PORT;
	agent->session.waits = true;
	status = commands_group(options, true, &agent->group);
	if (status != EXIT_DONE)
		return status;
	err = atomic_file_prepare(options->textfile);
	if (err) {
		log_error(err, "textfile '%s': cannot be written%s", options->textfile,
			  textfile_hint(err));
		return EXIT_FAILED;
	}
	if (open_events(agent) || follow_init(&agent->follow, &agent->session) ||
	    session_count(&agent->session, DATAPATH_WRITE) || settle(agent))
		return EXIT_FAILED;
	return EXIT_DONE;
}

static void end(struct agent *agent)
{
	const int descriptors[] = { agent->signals, agent->timer, agent->devices };

	if (agent->before.devices)
		measurement_fini(&agent->before);
	follow_fini(&agent->follow);
	session_fini(&agent->session);
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
}

int agent_run(const struct cli_options *options)
{
	struct agent agent = {
		.signals = -1,
		.timer = -1,
		.devices = -1,
		.events = { .kind = "devices" },
		.failures = { .kind = "devices" },
		.shows_top = isatty(STDOUT_FILENO),
	};
	int status = start(&agent, options);

	if (status == EXIT_DONE) {
		commands_tell_kernel(agent.session.datapath);
		commands_tell_devices(agent.session.datapath, "counting");
		loop(&agent);
		commands_tell_devices(agent.session.datapath,
				      "the kernel goes on counting until --detach");
	}
	end(&agent);
	return status;
}
