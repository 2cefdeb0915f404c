// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "atomic_file.h"
#include "audit.h"
#include "commands_private.h"
#include "log.h"
#include "pins.h"
#include "portdb.h"
#include "portdb_load.h"
#include "privileges.h"
#include "replay.h"
#include "services.h"
#include "session.h"
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
			log_info("device '%s': %s (%s%s %s)", device->name, what,
				 device->is_egress ? "transmitted frames, " : "",
				 datapath_mode_label(device->state.mode),
				 device->state.mode < DATAPATH_TC ? "XDP" : "at the tc hook");
		else
			log_info("device '%s': is gone; its counters are kept", device->name);
	}
}

bool commands_use_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (!no_colour || !*no_colour);
}

int commands_nothing_counted(const struct cli_options *options)
{
	log_errorx("pin directory '%s': nothing is counted: start the agent, or use --attach",
		   options->pin_dir);
	return EXIT_FAILED;
}

static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

/*
 * They are put off while a command counts for itself, as a filter would stay on its device; once
 * that is taken off, they are let in.
 */
static void put_off_signals(int how)
{
	sigset_t set = ending_signals();

	sigprocmask(how, &set, NULL);
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
	put_off_signals(SIG_BLOCK);
	return session_count(session, DATAPATH_PRIVATE);
}

/* False: it is to end, by a signal that was put off, and is so again. */
static bool wait_interval(const struct cli_options *options)
{
	struct timespec rest = { .tv_sec = options->interval ? options->interval
							     : CLI_TOP_INTERVAL_DEFAULT };
	sigset_t set = ending_signals();
	int signal;

	do
		signal = sigtimedwait(&set, NULL, &rest);
	while (signal < 0 && errno == EINTR);
	if (signal > 0)
		raise(signal);
	return signal < 0;
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

/* What is measured may have moved to other maps since, or be counted no more. */
static int follow_counters(struct session *session)
{
	int err = datapath_is_current(session->datapath) ? 0 : session_reread(session);

	if (err == -ENOENT)
		commands_nothing_counted(session->options);
	return err;
}

static int run_top(struct session *session)
{
	struct measurement before, now;
	int status = EXIT_FAILED;

	session->by_port = session->options->key == REPORT_PORT;
	if (open_for_top(session) || session_measure(session, &before))
		return EXIT_FAILED;
	if (wait_interval(session->options) && !follow_counters(session) &&
	    !session_measure(session, &now)) {
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
			return read_error == -ENOENT ? commands_nothing_counted(session->options)
						     : EXIT_FAILED;
		do {
			read_error = textfile_update(session, &measurement, true, &err);
		} while (read_error == -ESTALE && !follow_counters(session));
		if (read_error)
			return EXIT_FAILED;
		measurement_fini(&measurement);
	}
	if (!err)
		return EXIT_DONE;
	log_error(err, "textfile '%s': cannot be written%s", path, textfile_hint(err));
	return EXIT_FAILED;
}

enum exit_status commands_group(const struct cli_options *options, bool for_good, gid_t *group)
{
	int err;

	*group = (gid_t)-1;
	err = options->group ? privileges_group(options->group, for_good, group) : 0;
	if (err == -EPERM)
		return EXIT_FAILED;
	return err ? EXIT_USAGE : EXIT_DONE;
}

static int run_attach(struct session *session)
{
	gid_t group;
	int status = commands_group(session->options, false, &group);

	if (status != EXIT_DONE)
		return status;
	if (session_count(session, DATAPATH_WRITE))
		return EXIT_FAILED;
	if (datapath_open_to_group(session->datapath, group)) {
		datapath_undo(session->datapath);
		return EXIT_FAILED;
	}
	commands_tell_kernel(session->datapath);
	commands_tell_devices(session->datapath, "counting");
	return EXIT_DONE;
}

/* Nothing is counted after a restart of the machine either, and the textfile has outlived it. */
static int run_detach(const struct cli_options *options)
{
	int err = datapath_detach(options->pin_dir);

	if (err && err != -ENOENT)
		return EXIT_FAILED;
	if (err && !pins_could_be(options->pin_dir)) {
		log_info("pin directory '%s': on no BPF file system: what may be counted is not to "
			 "be seen from here, and its textfile stays",
			 options->pin_dir);
		return EXIT_DONE;
	}
	if (err)
		log_info("pin directory '%s': nothing is counted", options->pin_dir);
	err = textfile_remove(options->textfile);
	if (!err)
		return EXIT_DONE;
	log_error(err, "textfile '%s': cannot be removed", options->textfile);
	return EXIT_FAILED;
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
		return commands_status(session);
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
	if (options->command == CLI_RELOAD)
		return commands_reload(options);
	if (options->command == CLI_FORGET)
		return commands_forget(options);
	if (options->command == CLI_CHECK_SERVICES)
		return run_check(options);
	err = session_init(&session, options);
	status = err == -ENOMEM ? EXIT_FAILED : err ? EXIT_USAGE : dispatch(&session);
	session_fini(&session);
	put_off_signals(SIG_UNBLOCK);
	return status;
}
