// SPDX-License-Identifier: GPL-2.0-only
/*
 * Round trips of a UDP datagram.
 *
 *	pingpong ADDRESS PORT ROUNDS    measures, prints the median and the 99th percentile in ns
 *	pingpong ADDRESS PORT           answers there, until it is killed
 *
 * ADDRESS is IPv4. Exit status 1: no answer within a second.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define WARM_UP 500
#define BYTES 64

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static int answer(int fd)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	char data[BYTES];
	ssize_t len;

	while ((len = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&peer, &size)) >= 0) {
		sendto(fd, data, (size_t)len, 0, (struct sockaddr *)&peer, size);
		size = sizeof(peer);
	}
	return fail("answer");
}

static int measure(int fd, size_t rounds)
{
	uint64_t *times = calloc(rounds, sizeof(*times));
	char data[BYTES] = "";

	if (!times)
		return fail("memory");
	for (size_t i = 0; i < WARM_UP + rounds; i++) {
		uint64_t start = now_ns();

		if (send(fd, data, sizeof(data), 0) < 0 || recv(fd, data, sizeof(data), 0) < 0) {
			free(times);
			return fail("round trip");
		}
		if (i >= WARM_UP)
			times[i - WARM_UP] = now_ns() - start;
	}
	qsort(times, rounds, sizeof(*times), by_value);
	printf("%llu %llu\n", (unsigned long long)times[rounds / 2],
	       (unsigned long long)times[rounds - 1 - rounds / 100]);
	free(times);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct timeval second = { .tv_sec = 1 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc < 3 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1 || fd < 0)
		return fail("usage");
	address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	if (argc == 3)
		return bind(fd, (const struct sockaddr *)&address, sizeof(address)) ? fail("bind")
										    : answer(fd);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fail("connect");
	return measure(fd, strtoul(argv[3], NULL, 10) | 1);
}
