// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "atomic_file.h"
#include "prom.h"
#include "textfile.h"

static int format(struct session *session, const struct measurement *measurement,
		  double collection_seconds, char **text, size_t *len)
{
	struct prom_self self = {
		.collection_seconds = collection_seconds,
		.libbpf = datapath_library_version(),
		.max_series = session->options->max_series,
	};
	const struct datapath_agent *agent = datapath_agent(session->datapath);
	struct utsname system = {};
	struct timespec now;
	FILE *out = open_memstream(text, len);
	int err;

	if (!out)
		return -errno;
	if (agent) {
		self.reloads = agent->reloads;
		self.reload_failures = agent->reload_failures;
		self.write_failures = agent->write_failures;
	}
	uname(&system);
	self.kernel = system.release;
	clock_gettime(CLOCK_REALTIME, &now);
	self.written_at = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	err = prom_write(out, measurement, session->slots, &self);
	return fclose(out) ? -errno : err;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void decide_series(struct session *session, const struct measurement *measurement)
{
	struct prom_series series = {
		.measurement = measurement,
		.max_series = session->options->max_series,
	};

	datapath_decide_series(session->datapath, session->slots, prom_decide_series, &series);
}

static int write_file(struct session *session, const struct measurement *measurement,
		      double collection_seconds)
{
	char *text = NULL;
	size_t len = 0;
	int err = format(session, measurement, collection_seconds, &text, &len);

	if (!err)
		err = atomic_file_write(session->options->textfile, text, len);
	free(text);
	return err;
}

int textfile_write(struct session *session, const struct measurement *measurement,
		   double collection_seconds)
{
	decide_series(session, measurement);
	return write_file(session, measurement, collection_seconds);
}

/* start: when the lock was to be had. */
static int measure(struct session *session, struct measurement *measurement, struct timespec *start)
{
	int lock = datapath_lock_export(session->datapath), err = -ESTALE;

	clock_gettime(CLOCK_MONOTONIC, start);
	if (datapath_is_current(session->datapath))
		err = session_measure(session, measurement);
	if (!err)
		decide_series(session, measurement);
	datapath_unlock(lock);
	if (!err)
		session_measure_interfaces(session, measurement);
	return err;
}

int textfile_update(struct session *session, struct measurement *measurement, bool waits,
		    int *write_error)
{
	uint64_t file = atomic_file_number(session->options->textfile);
	int lock = datapath_lock_file(session->datapath, file, waits), err;
	struct timespec start;

	err = measure(session, measurement, &start);
	if (!err)
		*write_error = lock == -EBUSY
				       ? lock
				       : write_file(session, measurement, seconds_since(&start));
	datapath_unlock(lock);
	return err;
}

const char *textfile_hint(int err)
{
	if (err == -ENOENT || err == -ENOTDIR)
		return " (make its directory, or choose another file with -o)";
	return " (choose another file with -o)";
}

int textfile_remove(const char *path)
{
	static const char start[] = "# HELP portacct_";
	char found[sizeof(start)] = "";
	/* Neither a FIFO that blocks nor somebody's link is followed. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : -errno;
	len = read(fd, found, sizeof(start) - 1);
	close(fd);
	if (len != (ssize_t)sizeof(start) - 1 || strcmp(found, start))
		return 0;
	return unlink(path) ? -errno : 0;
}
