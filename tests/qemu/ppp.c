// SPDX-License-Identifier: GPL-2.0-only
/*
 * One end of a PPPoE session, as pppd makes it, without what goes before one (discovery, LCP,
 * IPCP): the session's number and the other end's address are given. The PPP device is there, and
 * the session open, from the line that names the device on, until the process ends:
 *
 *	ppp DEVICE ADDRESS SESSION
 *	ppp0
 *
 * Needs CAP_NET_ADMIN and CAP_NET_RAW. Exit status 1: what failed is said; 77: this kernel has no
 * PPPoE.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NO_PPPOE 77

static int fail(const char *what, int status)
{
	fprintf(stderr, "ppp: %s: %s\n", what, strerror(errno));
	return status;
}

static int open_session(const char *device, const char *address, unsigned int session)
{
	struct sockaddr_pppox to = { .sa_family = AF_PPPOX, .sa_protocol = PX_PROTO_OE };
	unsigned char *mac = to.sa_addr.pppoe.remote;
	int fd = socket(AF_PPPOX, SOCK_STREAM, PX_PROTO_OE);

	if (fd < 0)
		return -1;
	to.sa_addr.pppoe.sid = htons((unsigned short)session);
	snprintf(to.sa_addr.pppoe.dev, sizeof(to.sa_addr.pppoe.dev), "%s", device);
	if (sscanf(address, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3,
		   mac + 4, mac + 5) == 6 &&
	    !connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		return fd;
	close(fd);
	return -1;
}

/* The session becomes a channel, and a new device sends and receives by it. */
static int make_device(int session)
{
	int channel_number, unit = -1;
	int channel = open("/dev/ppp", O_RDWR), device = open("/dev/ppp", O_RDWR);
	struct npioctl both[] = { { PPP_IP, NPMODE_PASS }, { PPP_IPV6, NPMODE_PASS } };

	if (channel < 0 || device < 0 || ioctl(session, PPPIOCGCHAN, &channel_number) ||
	    ioctl(channel, PPPIOCATTCHAN, &channel_number) || ioctl(device, PPPIOCNEWUNIT, &unit) ||
	    ioctl(channel, PPPIOCCONNECT, &unit) || ioctl(device, PPPIOCSNPMODE, &both[0]) ||
	    ioctl(device, PPPIOCSNPMODE, &both[1]))
		return -1;
	return unit;
}

int main(int argc, char **argv)
{
	int session, unit;

	if (argc != 4)
		return 2;
	session = open_session(argv[1], argv[2], (unsigned int)strtoul(argv[3], NULL, 10));
	if (session < 0)
		return fail("session",
			    errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ? NO_PPPOE : 1);
	unit = make_device(session);
	if (unit < 0)
		return fail("device", 1);
	printf("ppp%d\n", unit);
	fflush(stdout);
	pause();
	return 0;
}
