// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "linktype.h"
#include "log.h"

#define DEVICE_SNAPLEN 512               /* enough for the headers of any usual frame */
#define DEVICE_BUFFER (16 * 1024 * 1024) /* of some 30,000 frames */

struct capture {
	pcap_t *pcap;
	const char *kind; /* "capture" or "device" */
	char *name;
	int linktype;
	char linktype_name[32];
	uint8_t buffer[LINKTYPE_ROOM];
};

static struct capture *new_capture(const char *kind, const char *name)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (capture) {
		capture->kind = kind;
		capture->name = strdup(name);
	}
	if (capture && capture->name)
		return capture;
	log_error(ENOMEM, "%s '%s'", kind, name);
	free(capture);
	return NULL;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture->name);
	free(capture);
}

/* What libpcap opened must be of a link type that is read. 0 or -EINVAL (logged). */
static int take_linktype(struct capture *capture)
{
	const char *name;

	capture->linktype = pcap_datalink(capture->pcap);
	name = pcap_datalink_val_to_name(capture->linktype);
	if (name)
		snprintf(capture->linktype_name, sizeof(capture->linktype_name), "%s", name);
	else
		snprintf(capture->linktype_name, sizeof(capture->linktype_name), "%d",
			 capture->linktype);
	if (linktype_is_read(capture->linktype))
		return 0;
	log_errorx("%s '%s': link type %s (%s) is not read: only Ethernet, raw IP, Linux cooked, "
		   "PPP and loopback are",
		   capture->kind, capture->name, capture->linktype_name,
		   pcap_datalink_val_to_description_or_dlt(capture->linktype));
	return -EINVAL;
}

static FILE *open_stream(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	/* A directory can be opened, but not read. */
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		errno = EISDIR;
	else
		file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

static int open_file(struct capture *capture)
{
	FILE *file = strcmp(capture->name, "-") ? open_stream(capture->name) : stdin;
	char reason[PCAP_ERRBUF_SIZE] = "";
	int err = -errno;

	if (!file) {
		log_error(err, "capture '%s': cannot be opened", capture->name);
		return err;
	}
	capture->pcap =
		pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
	if (capture->pcap)
		return take_linktype(capture);
	log_errorx("capture '%s': is no pcap or pcapng file: %s", capture->name, reason);
	if (file != stdin)
		fclose(file);
	return -EINVAL;
}

int capture_open_file(struct capture **out, const char *path)
{
	struct capture *capture = new_capture("capture", path);
	int err = capture ? open_file(capture) : -ENOMEM;

	if (!err)
		*out = capture;
	else
		capture_close(capture);
	return err;
}

static int device_error(int status)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENETDOWN;
	case PCAP_ERROR_PERM_DENIED:
		return -EPERM;
	default:
		return -ECANCELED;
	}
}

/* Immediately and without waiting: whoever polls wants frames as they come. */
static int activate(pcap_t *pcap)
{
	char reason[PCAP_ERRBUF_SIZE];
	int status;

	pcap_set_snaplen(pcap, DEVICE_SNAPLEN);
	pcap_set_buffer_size(pcap, DEVICE_BUFFER);
	pcap_set_immediate_mode(pcap, 1);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(pcap);
	if (status < 0)
		return status;
	status = pcap_setdirection(pcap, PCAP_D_IN);
	return status ? status : pcap_setnonblock(pcap, 1, reason);
}

static int open_device(struct capture *capture)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	int status;

	capture->pcap = pcap_create(capture->name, reason);
	status = capture->pcap ? activate(capture->pcap) : PCAP_ERROR;
	if (!status)
		return take_linktype(capture);
	if (capture->pcap && *pcap_geterr(capture->pcap))
		snprintf(reason, sizeof(reason), "%s", pcap_geterr(capture->pcap));
	log_errorx("device '%s': cannot be captured from: %s", capture->name,
		   *reason ? reason : pcap_statustostr(status));
	return device_error(status);
}

int capture_open_device(struct capture **out, const char *device)
{
	struct capture *capture = new_capture("device", device);
	int err = capture ? open_device(capture) : -ENOMEM;

	if (!err)
		*out = capture;
	else
		capture_close(capture);
	return err;
}

/* Files may hold any time: what does not fit stops at the ends. */
static int64_t nanoseconds(const struct timeval *time)
{
	int64_t ns;

	/* tv_usec has nanoseconds in it, as was asked for. */
	if (time->tv_sec < 0)
		return 0;
	if (__builtin_mul_overflow((int64_t)time->tv_sec, 1000000000, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)time->tv_usec, &ns))
		return INT64_MAX;
	return ns < 0 ? 0 : ns;
}

int capture_next(struct capture *capture, struct capture_frame *frame)
{
	struct pcap_pkthdr *header;
	struct linktype_frame ethernet;
	const uint8_t *record;
	int status = pcap_next_ex(capture->pcap, &header, &record);

	if (status == 0 || status == PCAP_ERROR_BREAK)
		return 0;
	if (status < 0) {
		log_errorx("%s '%s': cannot be read on: %s", capture->kind, capture->name,
			   pcap_geterr(capture->pcap));
		return pcap_file(capture->pcap) ? -EINVAL : device_error(status);
	}
	ethernet = linktype_to_ethernet(capture->linktype, record, header->caplen, capture->buffer);
	*frame = (struct capture_frame){
		.bytes = ethernet.bytes,
		.length = ethernet.length,
		.wire_bytes = header->len,
		.time_ns = nanoseconds(&header->ts),
	};
	return 1;
}

const char *capture_link_type(const struct capture *capture)
{
	return capture->linktype_name;
}

int capture_descriptor(const struct capture *capture)
{
	return pcap_get_selectable_fd(capture->pcap);
}

uint64_t capture_lost(struct capture *capture)
{
	struct pcap_stat statistics;

	return pcap_stats(capture->pcap, &statistics) ? 0 : statistics.ps_drop;
}
