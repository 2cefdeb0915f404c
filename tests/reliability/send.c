// SPDX-License-Identifier: GPL-2.0-only
/*
 * A paced sender of mixed traffic: TCP, UDP and SCTP over IPv4 and IPv6, requests and answers, of
 * sizes from 60 to 250 bytes, on one or more devices in turn.
 *
 *	send [-4|-6] [-r RATE] [-c COUNT] [-s SEED] [-l LENGTH] [-p PORT [-f FROM]] DEVICE...
 *
 * RATE is in frames a second, 0 (the default): as fast as can be. COUNT 0 (the default): until
 * SIGTERM or SIGINT. The same SEED gives the same frames in the same order. LENGTH: frames are cut
 * to 1, 2, ..., LENGTH bytes, in turn. PORT: requests of 100 bytes by UDP over IPv4 to that port,
 * and no others; with FROM by TCP, from that port. -4, -6: of one version of IP only. Needs
 * CAP_NET_RAW. To a tun or tap device, which must be there, frames are written as by the program
 * behind it, so that the device receives them. Where a device has no Ethernet header, they have
 * none.
 * Prints at the end, a line each: what was "sent", that is, taken by the device; its "bytes"; what
 * was "refused", that is, dropped by the device before a receiver could see it (ENOBUFS); how many
 * of the bytes come behind packets, as "padding"; and of what was sent, without PORT, the frames of
 * each service, by its name in the built-in database:
 *
 *	sent 1000
 *	bytes 90000
 *	refused 0
 *	padding 1200
 *	https 250
 *
 * A receiving veth holds 256 frames: RATE up to 40,000 a device is taken whole as a rule. What was
 * not sent in time is made good in small steps only, so that the queue is never flooded.
 * Exit status 1: a device that is missing or down.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "packet.h"

#define DEVICES_MAX 64
#define FRAMES 512
#define PAYLOAD_MAX 128
#define BYTES 100
#define STEP_MAX 64
#define STEP_NS 1000000
#define SECOND_NS 1000000000ULL
#define TCP_ACK PACKET_TCP_ACK

/*
 * Ports below 1024 that the built-in database has, or a transport that it has nothing for: the
 * service is certain, whatever went before.
 */
static const struct {
	const char *service;
	int version;
	uint8_t protocol;
	uint16_t port;
} kinds[] = {
	{ "https", 4, IPPROTO_TCP, 443 },
	{ "https", 6, IPPROTO_TCP, 443 },
	{ "http", 4, IPPROTO_TCP, 80 },
	{ "ssh", 6, IPPROTO_TCP, 22 },
	{ "domain", 4, IPPROTO_UDP, 53 },
	{ "domain", 6, IPPROTO_UDP, 53 },
	{ "ntp", 4, IPPROTO_UDP, 123 },
	{ "unclassified_sctp", 4, IPPROTO_SCTP, 9999 },
	{ "unclassified_sctp", 6, IPPROTO_SCTP, 9999 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct frame {
	struct packet packet;
	size_t kind;
	size_t padding;
};

static struct frame frames[FRAMES];
static struct {
	int fd;
	size_t skip; /* bytes of a frame that the device does not take: the Ethernet header */
	struct sockaddr_ll
		address; /* of a socket: without that header it must be told the protocol */
} targets[DEVICES_MAX];
static size_t devices, length_max;
static uint16_t only_port, only_from;
static int only_version;
static unsigned long long sent, bytes, refused, padding, by_kind[KINDS];
static volatile sig_atomic_t is_over;

static void end(int number)
{
	(void)number;
	is_over = 1;
}

/* Marsaglia's xorshift. */
static uint32_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

/* Frames of 100 bytes between two ports, the same each time. */
static void make_same(struct packet *packet, uint16_t client)
{
	packet_eth(packet);
	packet_ipv4(packet, 5, 0);
	packet_ports(packet, only_from ? IPPROTO_TCP : IPPROTO_UDP, only_from ? only_from : client,
		     only_port, TCP_ACK);
	packet_payload(packet, BYTES - packet->len);
	packet_finish(packet);
}

/* Returns how many bytes of padding the frame has. */
static size_t make_mixed(struct packet *packet, size_t kind, uint16_t client, uint64_t *state)
{
	bool is_answer = next(state) & 1;
	uint16_t port = kinds[kind].port;
	size_t length;

	packet_eth(packet);
	if (kinds[kind].version == 4)
		packet_ipv4(packet, 5, 0);
	else
		packet_ipv6(packet);
	packet_ports(packet, kinds[kind].protocol, is_answer ? port : client,
		     is_answer ? client : port, TCP_ACK);
	packet_payload(packet, next(state) % PAYLOAD_MAX);
	packet_finish(packet);
	length = packet->len;
	if (length < PACKET_ETH_MIN)
		packet_pad(packet, PACKET_ETH_MIN);
	return packet->len - length;
}

static void make_frame(struct frame *frame, uint64_t *state)
{
	uint16_t client = (uint16_t)(32768 + next(state) % 28000);

	*frame = (struct frame){ .kind = next(state) % KINDS };
	while (only_version && kinds[frame->kind].version != only_version)
		frame->kind = next(state) % KINDS;
	if (only_port)
		make_same(&frame->packet, client);
	else
		frame->padding = make_mixed(&frame->packet, frame->kind, client, state);
}

static int open_tun_as(const char *name, int flags)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct ifreq request = { .ifr_flags = (short)(flags | IFF_NO_PI) };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || !ioctl(fd, TUNSETIFF, &request))
		return fd;
	close(fd);
	return -1;
}

/*
 * This process's end of a tun or tap device. -1: the device is none; one that is not there is not
 * made.
 */
static int open_tun(const char *name, bool *is_tun)
{
	int fd = if_nametoindex(name) ? open_tun_as(name, IFF_TUN) : -1;

	*is_tun = fd >= 0;
	return fd >= 0 || !if_nametoindex(name) ? fd : open_tun_as(name, IFF_TAP);
}

static bool has_ethernet_header(int fd, const char *name)
{
	struct ifreq request = {};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(fd, SIOCGIFHWADDR, &request) || request.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
	       request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
}

static int open_socket(const char *name, struct sockaddr_ll *address)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_ll){ .sll_family = AF_PACKET };
	address->sll_ifindex = (int)if_nametoindex(name);
	if (fd >= 0 && address->sll_ifindex &&
	    !bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool open_device(const char *name)
{
	bool is_l3 = false;
	struct sockaddr_ll address = {};
	int fd = open_tun(name, &is_l3);

	if (fd < 0) {
		fd = open_socket(name, &address);
		is_l3 = fd >= 0 && !has_ethernet_header(fd, name);
	}
	if (fd < 0 || devices == DEVICES_MAX) {
		fprintf(stderr, "device '%s': cannot be opened: %s\n", name, strerror(errno));
		return false;
	}
	targets[devices].fd = fd;
	targets[devices].address = address;
	targets[devices++].skip = is_l3 ? ETH_HLEN : 0;
	return true;
}

static ssize_t send_frame(size_t target, const struct packet *packet, size_t length)
{
	size_t skip = targets[target].skip;
	struct sockaddr_ll to = targets[target].address;

	if (!to.sll_ifindex)
		return write(targets[target].fd, packet->data + skip, length);
	memcpy(&to.sll_protocol, packet->data + ETH_HLEN - sizeof(to.sll_protocol),
	       sizeof(to.sll_protocol));
	return sendto(targets[target].fd, packet->data + skip, length, 0,
		      (const struct sockaddr *)&to, sizeof(to));
}

/* False: the device cannot send any more. */
static bool send_one(uint64_t *state, size_t turn)
{
	const struct frame *frame = &frames[next(state) % FRAMES];
	size_t length = frame->packet.len - targets[turn % devices].skip;

	if (length_max)
		length = 1 + turn % length_max;
	if (send_frame(turn % devices, &frame->packet, length) < 0) {
		refused += errno == ENOBUFS;
		return errno == ENOBUFS || errno == EINTR;
	}
	sent++;
	bytes += length;
	padding += length_max ? 0 : frame->padding;
	by_kind[frame->kind]++;
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* How many may go out by now: never many at once, whatever was missed. */
static uint64_t wait_for_step(uint64_t rate, uint64_t *due_ns)
{
	const struct timespec rest = { .tv_nsec = STEP_NS };
	uint64_t step;

	if (!rate)
		return STEP_MAX;
	nanosleep(&rest, NULL);
	step = (now_ns() - *due_ns) * rate / SECOND_NS;
	if (step > STEP_MAX) {
		step = STEP_MAX;
		*due_ns = now_ns();
	} else {
		*due_ns += step * SECOND_NS / rate;
	}
	return step;
}

static bool send_all(uint64_t rate, uint64_t count, uint64_t seed)
{
	uint64_t due_ns = now_ns(), state = seed, done = 0;

	while (!is_over && (!count || done < count)) {
		uint64_t step = wait_for_step(rate, &due_ns);

		if (count && step > count - done)
			step = count - done;
		for (; step && !is_over; step--, done++)
			if (!send_one(&state, done)) {
				perror("send");
				return false;
			}
	}
	return true;
}

static void print(void)
{
	printf("sent %llu\nbytes %llu\nrefused %llu\n", sent, bytes, refused);
	printf("padding %llu\n", padding);
	for (size_t i = 0; i < KINDS && !only_port; i++) {
		unsigned long long service = by_kind[i];
		bool is_printed = false;

		for (size_t k = 0; k < KINDS; k++) {
			if (k == i || strcmp(kinds[i].service, kinds[k].service) != 0)
				continue;
			service += by_kind[k];
			is_printed |= k < i;
		}
		if (!is_printed)
			printf("%s %llu\n", kinds[i].service, service);
	}
}

static bool parse(int argc, char **argv, uint64_t *rate, uint64_t *count, uint64_t *seed)
{
	uint64_t length = 0, port = 0, from = 0;
	int option;

	while ((option = getopt(argc, argv, "46r:c:s:l:p:f:")) != -1) {
		if (option == '?')
			return false;
		if (option == '4' || option == '6') {
			only_version = option - '0';
			continue;
		}
		*(option == 'r'   ? rate
		  : option == 'c' ? count
		  : option == 's' ? seed
		  : option == 'p' ? &port
		  : option == 'f' ? &from
				  : &length) = strtoull(optarg, NULL, 10);
	}
	length_max = (size_t)length;
	only_port = (uint16_t)port;
	only_from = (uint16_t)from;
	return optind < argc && length < PACKET_ETH_MIN;
}

int main(int argc, char **argv)
{
	uint64_t rate = 0, count = 0, seed = 1, state;
	struct sigaction action = { .sa_handler = end };
	bool good;

	if (!parse(argc, argv, &rate, &count, &seed))
		return 2;
	seed = (seed + 1) * 0x9e3779b97f4a7c15ULL; /* xorshift must not begin with 0 */
	state = seed;
	for (size_t i = 0; i < FRAMES; i++)
		make_frame(&frames[i], &state);
	for (; optind < argc; optind++)
		if (!open_device(argv[optind]))
			return 1;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	good = send_all(rate, count, seed);
	print();
	return good ? 0 : 1;
}
