// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <libmnl/libmnl.h>
#include <net/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "devices.h"
#include "log.h"
#include "rtnetlink.h"

/* Linux 5.14; absent from older user-space headers. */
#define LINK_PARENT_DEV_NAME 56
/* IFF_LOWER_UP, whose header <linux/if.h> does not go with every C library's <net/if.h>. */
#define LINK_LOWER_UP (1U << 16)
/* Linux numbers that <net/if_arp.h> of some C libraries lacks. */
#ifndef ARPHRD_RAWIP
#define ARPHRD_RAWIP 519
#endif
#ifndef ARPHRD_IP6GRE
#define ARPHRD_IP6GRE 823
#endif

/* A message of one link as it is read. */
struct reading {
	struct device *device;
	bool is_elsewhere; /* what it stands on is in another network namespace */
};

static void read_stats(struct device *device, const struct nlattr *attr)
{
	struct rtnl_link_stats64 stats = {};
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(&stats, mnl_attr_get_payload(attr), len < sizeof(stats) ? len : sizeof(stats));
	device->receive_packets = stats.rx_packets;
	device->receive_bytes = stats.rx_bytes;
	device->receive_dropped = stats.rx_dropped;
	device->receive_missed = stats.rx_missed_errors;
	device->transmit_packets = stats.tx_packets;
	device->transmit_bytes = stats.tx_bytes;
}

/*
 * The id without a mode comes last, and only where there is one program. Where there are two, one
 * of them runs in the network card; the other one is told here.
 */
static int read_xdp_attribute(const struct nlattr *attr, void *data)
{
	struct device *device = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_XDP_PROG_ID:
	case IFLA_XDP_DRV_PROG_ID:
	case IFLA_XDP_SKB_PROG_ID:
		device->xdp_program = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static int read_vxlan_attribute(const struct nlattr *attr, void *data)
{
	struct device *device = data;

	if (mnl_attr_get_type(attr) == IFLA_VXLAN_LINK)
		device->lower = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* The kernel puts the kind before the data that depends on it. */
static int read_info_attribute(const struct nlattr *attr, void *data)
{
	struct device *device = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_INFO_KIND:
		snprintf(device->kind, sizeof(device->kind), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_INFO_DATA:
		if (!strcmp(device->kind, "vxlan"))
			mnl_attr_parse_nested(attr, read_vxlan_attribute, device);
		break;
	}
	return MNL_CB_OK;
}

static int read_link_attribute(const struct nlattr *attr, void *data)
{
	struct reading *reading = data;
	struct device *device = reading->device;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		snprintf(device->name, sizeof(device->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_MTU:
		device->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK:
		device->lower = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK_NETNSID:
		reading->is_elsewhere = true;
		break;
	case IFLA_MASTER:
		device->master = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, read_info_attribute, device);
		break;
	case IFLA_XDP:
		mnl_attr_parse_nested(attr, read_xdp_attribute, device);
		break;
	case IFLA_STATS64:
		read_stats(device, attr);
		break;
	case LINK_PARENT_DEV_NAME:
		device->has_bus = true;
		break;
	}
	return MNL_CB_OK;
}

/*
 * Kernels before 5.14 do not name the parent; there sysfs tells, unless it shows another network
 * namespace, whose device of that name would have another index.
 */
static bool has_bus_in_sysfs(const struct device *device)
{
	char path[sizeof("/sys/class/net//ifindex") + IFNAMSIZ];
	unsigned int ifindex = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", device->name);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%u", &ifindex) != 1)
		ifindex = 0;
	fclose(file);
	snprintf(path, sizeof(path), "/sys/class/net/%s/device", device->name);
	return ifindex == device->ifindex && !access(path, F_OK);
}

static int read_link(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct devices *devices = data;
	struct reading reading = {};
	struct device *grown;

	grown = realloc(devices->list, (devices->count + 1) * sizeof(*grown));
	if (!grown)
		return MNL_CB_ERROR;
	devices->list = grown;
	grown += devices->count++;
	*grown = (struct device){
		.ifindex = (uint32_t)info->ifi_index,
		.hardware = info->ifi_type,
		.is_up = info->ifi_flags & IFF_UP,
		.has_carrier = info->ifi_flags & LINK_LOWER_UP,
		.is_loopback = info->ifi_flags & IFF_LOOPBACK,
	};
	reading.device = grown;
	mnl_attr_parse(message, sizeof(*info), read_link_attribute, &reading);
	if (reading.is_elsewhere || grown->lower == grown->ifindex)
		grown->lower = 0;
	if (!grown->has_bus)
		grown->has_bus = has_bus_in_sysfs(grown);
	return MNL_CB_OK;
}

static void mark_default_route(struct devices *devices, uint32_t ifindex)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->list[i].ifindex == ifindex)
			devices->list[i].has_default_route = true;
}

static void read_next_hops(struct devices *devices, const struct nlattr *attr)
{
	const char *at = mnl_attr_get_payload(attr);
	int len = mnl_attr_get_payload_len(attr);

	/* RTNH_NEXT() casts const away. */
	while (len > 0) {
		const struct rtnexthop *hop = (const void *)at;

		if (!RTNH_OK(hop, len))
			break;
		mark_default_route(devices, (uint32_t)hop->rtnh_ifindex);
		at += RTNH_ALIGN(hop->rtnh_len);
		len -= (int)RTNH_ALIGN(hop->rtnh_len);
	}
}

static int read_route_attribute(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == RTA_OIF)
		mark_default_route(data, mnl_attr_get_u32(attr));
	else if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
		read_next_hops(data, attr);
	return MNL_CB_OK;
}

static int read_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);

	if (route->rtm_dst_len == 0 && route->rtm_type == RTN_UNICAST)
		mnl_attr_parse(message, sizeof(*route), read_route_attribute, data);
	return MNL_CB_OK;
}

/* Routes only where they decide: a router's may be a million, and all of them are told. */
static int read_all(struct devices *devices)
{
	const struct ifinfomsg links = { .ifi_family = AF_UNSPEC };
	struct rtmsg routes = { .rtm_family = AF_INET };
	int err = rtnetlink_dump(RTM_GETLINK, &links, sizeof(links), read_link, devices);

	if (err || devices_any_bus(devices))
		return err;
	err = rtnetlink_dump(RTM_GETROUTE, &routes, sizeof(routes), read_route, devices);
	routes.rtm_family = AF_INET6;
	return err ? err
		   : rtnetlink_dump(RTM_GETROUTE, &routes, sizeof(routes), read_route, devices);
}

/* A list that changed while it was read is read again; the kernel marks it, libmnl says EINTR. */
int devices_read(struct devices *devices)
{
	int err = -EINTR;

	*devices = (struct devices){};
	for (int i = 0; err == -EINTR && i < RTNETLINK_TRIES; i++) {
		devices_free(devices);
		err = read_all(devices);
	}
	if (err) {
		log_error(err, "rtnetlink: cannot list the network devices");
		devices_free(devices);
	}
	return err;
}

void devices_free(struct devices *devices)
{
	free(devices->list);
	*devices = (struct devices){};
}

const struct device *devices_find(const struct devices *devices, const char *name)
{
	for (size_t i = 0; i < devices->count; i++)
		if (!strcmp(devices->list[i].name, name))
			return &devices->list[i];
	return NULL;
}

const struct device *devices_find_index(const struct devices *devices, uint32_t ifindex)
{
	for (size_t i = 0; ifindex && i < devices->count; i++)
		if (devices->list[i].ifindex == ifindex)
			return &devices->list[i];
	return NULL;
}

int devices_starts_at_l3(const struct device *device, bool *starts_at_l3)
{
	switch (device->hardware) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		*starts_at_l3 = false;
		return 0;
	case ARPHRD_NONE:
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		*starts_at_l3 = true;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}
