// SPDX-License-Identifier: GPL-2.0-only
/*
 * A writer of textfiles, root, and attackers, who are not, in one directory. The attackers put
 * symbolic links, hard links, FIFOs, directories and sockets in the place of the textfile and of
 * its temporary files, by their names that they see or that could be; they rename, remove, lock and
 * write to what they find. The writer sweeps, writes and removes the textfile all the time.
 *
 *	textfile_attack TRIES DIR
 *
 * Does so twice, in directories that it makes in DIR: one that is open to all and sticky, as /tmp,
 * and one of the attackers' own, where the kernel's fs.protected_* settings help nobody. Ends each
 * when there were TRIES tries. Files elsewhere, to which the links lead, one of root and one of the
 * attackers, must not change; no call may take long; a write that succeeds must have left the
 * file that it says, in the directory where nobody else can take it away again.
 *
 * Prints a line "ok - " or "not ok - " for each of these, and "tries N" at the end. Exit status 1:
 * something failed; 2: it could not be tried.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic_file.h"
#include "textfile.h"

#define ATTACKERS 3
#define ATTACKER_ID 65534
#define PATIENCE_SECONDS 10
#define TARGET "portacct.prom"
#define CANARY "untouched"

struct shared {
	volatile bool stop;
	volatile unsigned long tries, seen; /* seen: at a temporary file that was there */
};

static struct shared *shared;
static int directory; /* what the attackers work in */
static char root_canary[PATH_MAX], own_canary[PATH_MAX];
static bool has_failed;

static void report(bool holds, const char *what, unsigned long number)
{
	printf("%s - %s: %lu\n", holds ? "ok" : "not ok", what, number);
	has_failed |= !holds;
}

static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- the attackers: whether a try succeeds is not asked, but by what it does */

static void tried(void)
{
	__atomic_add_fetch(&shared->tries, 1, __ATOMIC_RELAXED);
}

static void put_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", name);
	bind(fd, (const struct sockaddr *)&address, sizeof(address));
	close(fd);
}

static void put(unsigned int kind, const char *name)
{
	tried();
	switch (kind % 7) {
	case 0:
		(void)!symlinkat(root_canary, directory, name);
		break;
	case 1:
		(void)!linkat(AT_FDCWD, own_canary, directory, name, 0);
		break;
	case 2:
		(void)!linkat(AT_FDCWD, root_canary, directory, name, 0);
		break;
	case 3:
		(void)!mkfifoat(directory, name, 0666);
		break;
	case 4:
		(void)!mkdirat(directory, name, 0777);
		break;
	case 5:
		put_socket(name);
		break;
	default:
		(void)!symlinkat(TARGET, directory, name); /* a ring, with the target's own */
	}
}

static void take(const char *name)
{
	int fd = openat(directory, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	tried();
	if (fd >= 0) {
		(void)!write(fd, "attacker's", 10);
		flock(fd, LOCK_EX | LOCK_NB);
		close(fd);
	}
	(void)!renameat(directory, name, directory, "taken");
	unlinkat(directory, "taken", 0);
	unlinkat(directory, name, 0);
	unlinkat(directory, name, AT_REMOVEDIR);
}

/* The name of a temporary file that is there now, or one that might be. */
static void guess(char name[NAME_MAX + 1], unsigned int random)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	snprintf(name, NAME_MAX + 1, "." TARGET ".%016x.tmp", random % 1000);
	while (dir && (entry = readdir(dir)))
		if (strstr(entry->d_name, ".tmp") && strlen(entry->d_name) > strlen(TARGET)) {
			snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
			__atomic_add_fetch(&shared->seen, 1, __ATOMIC_RELAXED);
		}
	if (dir)
		closedir(dir);
}

static void attack(unsigned int seed)
{
	char name[NAME_MAX + 1];

	if (setgroups(0, NULL) || setgid(ATTACKER_ID) || setuid(ATTACKER_ID) || fchdir(directory))
		_exit(2);
	while (!shared->stop) {
		unsigned int random = (unsigned int)rand_r(&seed);

		guess(name, random);
		if (random & 0x1000)
			take(name);
		put(random >> 4, name);
		put(random >> 8, TARGET);
		if (random & 0x2000)
			take(TARGET);
	}
	_exit(0);
}

/* ---- the writer */

static void is_blocked(int signal)
{
	static const char words[] = "not ok - a call of the writer takes too long\n";

	(void)signal;
	(void)!write(STDOUT_FILENO, words, sizeof(words) - 1);
	shared->stop = true;
	_exit(1);
}

static bool holds_text(const char *path, const char *text)
{
	char found[256] = "";
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, found, sizeof(found) - 1);

	if (fd >= 0)
		close(fd);
	return len == (ssize_t)strlen(text) && !strcmp(found, text);
}

static bool is_ours(const char *path, const char *text)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode) && !st.st_uid &&
	       (st.st_mode & 07777) == 0644 && holds_text(path, text);
}

struct tally {
	unsigned long written, refused, wrong;
};

static void write_once(const char *path, struct tally *tally, bool is_ours_alone)
{
	char text[64];

	snprintf(text, sizeof(text), "# HELP portacct_x %lu\n", tally->written + tally->refused);
	alarm(PATIENCE_SECONDS);
	atomic_file_prepare(path);
	if (atomic_file_write(path, text, strlen(text))) {
		tally->refused++;
	} else {
		tally->written++;
		tally->wrong += is_ours_alone && !is_ours(path, text);
	}
	if (tally->written % 3 == 0)
		textfile_remove(path);
	alarm(0);
}

/* Not for writing, so that the attackers, who open all they find for that, do not do it. */
static void make_canary(char path[PATH_MAX], const char *dir, const char *name, uid_t owner)
{
	int fd;

	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0 || write(fd, CANARY, strlen(CANARY)) < 0 || fchown(fd, owner, owner))
		give_up(path);
	close(fd);
}

static bool is_canary(const char *path, uid_t owner)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode) && st.st_uid == owner &&
	       (st.st_mode & 07777) == 0400 && holds_text(path, CANARY);
}

static void clear(const char *name)
{
	if (unlinkat(directory, name, 0))
		unlinkat(directory, name, AT_REMOVEDIR);
}

/* What the attackers have left there, so that the last write has its chance. */
static size_t clear_all(bool only_foreign)
{
	DIR *dir = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	size_t left = 0;
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (only_foreign && !st.st_uid)
			left++;
		else
			clear(entry->d_name);
	}
	if (dir)
		closedir(dir);
	return left;
}

static void race(const char *path, unsigned long tries, bool is_ours_alone)
{
	struct tally tally = {};
	pid_t pids[ATTACKERS];

	*shared = (struct shared){};
	for (unsigned int i = 0; i < ATTACKERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			attack(i + 1);
	}
	while (shared->tries < tries)
		write_once(path, &tally, is_ours_alone);
	shared->stop = true;
	for (unsigned int i = 0; i < ATTACKERS; i++)
		waitpid(pids[i], NULL, 0);
	report(tally.written > 0, "writes that succeeded", tally.written);
	printf("ok - writes that were refused, and said so: %lu\n", tally.refused);
	report(shared->seen > 0, "temporary files that attackers saw", shared->seen);
	report(!tally.wrong, "writes that left another file than they said", tally.wrong);
}

static unsigned long in_directory(const char *parent, const char *name, mode_t mode, uid_t owner,
				  unsigned long tries)
{
	char dir[PATH_MAX / 2], path[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/%s", parent, name);
	snprintf(path, sizeof(path), "%s/" TARGET, dir);
	if (mkdir(dir, 0700) || chown(dir, owner, 0) || chmod(dir, mode))
		give_up(dir);
	directory = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		give_up(dir);
	printf("# %s, mode %04o, of user %u\n", name, mode, owner);
	race(path, tries, !owner);
	report(is_canary(root_canary, 0) && is_canary(own_canary, ATTACKER_ID),
	       "files elsewhere are as they were, after tries", shared->tries);
	clear_all(true);
	report(!atomic_file_write(path, "# end\n", 6) && is_ours(path, "# end\n"),
	       "afterwards it is written; bytes", 6);
	report(!atomic_file_prepare(path) && clear_all(true) == 1, "files of ours left", 1);
	clear_all(false);
	close(directory);
	return shared->tries;
}

int main(int argc, char **argv)
{
	unsigned long tries = argc == 3 ? strtoul(argv[1], NULL, 10) : 0, done;
	char own[PATH_MAX / 2];

	if (!tries || geteuid()) {
		fprintf(stderr, "usage, as root: textfile_attack TRIES DIR\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, is_blocked);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	snprintf(own, sizeof(own), "%s/own", argv[2]);
	if (shared == MAP_FAILED || mkdir(own, 0700) || chown(own, ATTACKER_ID, ATTACKER_ID))
		give_up(own);
	make_canary(root_canary, argv[2], "canary", 0);
	make_canary(own_canary, own, "canary", ATTACKER_ID);
	done = in_directory(argv[2], "open to all", 01777, 0, tries);
	done += in_directory(argv[2], "the attackers'", 0755, ATTACKER_ID, tries);
	printf("tries %lu\n", done);
	return has_failed;
}
