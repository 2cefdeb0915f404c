// SPDX-License-Identifier: GPL-2.0-only
/* Commands to an agent that runs: --reload, and --forget, which works without one too. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "commands_private.h"
#include "log.h"
#include "process.h"

/* 0 or -errno (logged). *runs: whether an agent counts with what was opened. */
static int open_state(const struct cli_options *options, struct datapath **out, bool *runs)
{
	int err = datapath_open(out, options->pin_dir, DATAPATH_READ);

	if (err == -ENOENT)
		commands_nothing_counted(options);
	if (!err)
		*runs = datapath_agent_runs(*out);
	return err;
}

#define RELOAD_TRIES 3000
#define RELOAD_PAUSE_MS 10
#define START_TRIES 500

/* A descriptor of the process, so that no other one that gets its number is meant. */
static int find_agent(const struct datapath_agent *agent)
{
	uint32_t pid = agent->pid;
	int pidfd = pid ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0U) : -1;

	if (pidfd >= 0 && process_start(pid) == agent->started)
		return pidfd;
	if (pidfd >= 0)
		close(pidfd);
	return -ESRCH;
}

/* One that starts tells who it is when it has begun to count. */
static int open_agent(const struct datapath *datapath)
{
	const struct datapath_agent *agent = datapath_agent(datapath);
	int pidfd = find_agent(agent);

	for (int i = 0; pidfd < 0 && i < START_TRIES && datapath_agent_runs(datapath); i++) {
		poll(NULL, 0, RELOAD_PAUSE_MS);
		pidfd = find_agent(agent);
	}
	if (pidfd < 0)
		log_errorx("agent: cannot be found: it has ended, has not begun to count yet, or "
			   "runs in another PID namespace: send it SIGHUP there");
	return pidfd;
}

/* What the record said before the agent was asked. */
struct reload_before {
	uint32_t reload;
	uint64_t reloads, failures;
};

/* The agent alone writes it, and shows what it did before it writes. */
static uint32_t last_reload(const struct datapath_agent *agent)
{
	return __atomic_load_n(&agent->reload, __ATOMIC_ACQUIRE);
}

static bool has_moved(const uint64_t *number, uint64_t before)
{
	bool moved = *(const volatile uint64_t *)number != before;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return moved;
}

/*
 * Of an agent of a version that does not number its reloads: any that is done. One that does writes
 * the number first.
 */
static enum datapath_reload unnumbered(const struct datapath_agent *agent,
				       const struct reload_before *before)
{
	bool refused = has_moved(&agent->reload_failures, before->failures);

	if ((!refused && !has_moved(&agent->reloads, before->reloads)) ||
	    before->reload % DATAPATH_RELOAD_STEP == DATAPATH_RELOADING ||
	    last_reload(agent) != before->reload)
		return DATAPATH_RELOADING;
	return refused ? DATAPATH_RELOAD_REFUSED : DATAPATH_RELOADED;
}

/* One that was under way when the agent was asked may have read the files before they changed. */
static enum datapath_reload reload_since(const struct datapath_agent *agent,
					 const struct reload_before *before)
{
	uint32_t last = last_reload(agent);

	if (last / DATAPATH_RELOAD_STEP == before->reload / DATAPATH_RELOAD_STEP)
		return unnumbered(agent, before);
	return (enum datapath_reload)(last % DATAPATH_RELOAD_STEP);
}

/* The agent tells by its record, which is in the kernel, when it is done. */
static int wait_for_reload(const struct datapath_agent *agent, int pidfd,
			   const struct reload_before *before)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	for (int i = 0; i < RELOAD_TRIES; i++) {
		enum datapath_reload reload = reload_since(agent, before);

		if (reload == DATAPATH_RELOAD_REFUSED) {
			log_errorx("agent: has refused the database, and goes on with that of "
				   "before: its log tells why");
			return EXIT_FAILED;
		}
		if (reload == DATAPATH_RELOADED)
			return EXIT_DONE;
		if (poll(&end, 1, RELOAD_PAUSE_MS) > 0) {
			log_errorx("agent: has ended instead of reloading");
			return EXIT_FAILED;
		}
	}
	log_errorx("agent: has not reloaded within %d seconds",
		   RELOAD_TRIES * RELOAD_PAUSE_MS / 1000);
	return EXIT_FAILED;
}

static int reload(const struct datapath *datapath)
{
	const struct datapath_agent *agent = datapath_agent(datapath);
	int pidfd = open_agent(datapath), status = EXIT_FAILED;
	struct reload_before before = {
		.reload = last_reload(agent),
		.reloads = agent->reloads,
		.failures = agent->reload_failures,
	};

	if (pidfd < 0)
		return EXIT_FAILED;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGHUP, NULL, 0U))
		log_error(errno, "agent: process %u cannot be sent SIGHUP", agent->pid);
	else
		status = wait_for_reload(agent, pidfd, &before);
	close(pidfd);
	return status;
}

int commands_reload(const struct cli_options *options)
{
	struct datapath *datapath;
	int status = EXIT_FAILED;
	bool runs;

	if (open_state(options, &datapath, &runs))
		return EXIT_FAILED;
	if (runs && datapath_agent(datapath))
		status = reload(datapath);
	else
		log_errorx("pin directory '%s': no agent runs: one that is started, or --attach, "
			   "takes the database files that it is given",
			   options->pin_dir);
	datapath_close(datapath);
	return status;
}

static bool is_counted(const struct datapath *datapath, const char *name)
{
	for (size_t i = 0; i < datapath_count(datapath); i++) {
		const struct datapath_device *device = datapath_device(datapath, i);

		if (device->ifindex && !strcmp(device->name, name))
			return true;
	}
	return false;
}

int commands_forget(const struct cli_options *options)
{
	struct datapath *datapath;
	bool runs, ends;
	int err, lock;

	if (open_state(options, &datapath, &runs))
		return EXIT_FAILED;
	if (!runs) {
		datapath_close(datapath);
		if (datapath_open(&datapath, options->pin_dir, DATAPATH_WRITE))
			return EXIT_FAILED;
	}
	lock = datapath_lock_export(datapath);
	ends = is_counted(datapath, options->argument);
	err = datapath_forget(datapath, options->argument);
	if (!err && ends)
		log_info("device '%s': is not counted any more; its counters are removed",
			 options->argument);
	datapath_unlock(lock);
	datapath_close(datapath);
	return err ? EXIT_FAILED : EXIT_DONE;
}
