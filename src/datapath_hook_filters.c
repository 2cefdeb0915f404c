// SPDX-License-Identifier: GPL-2.0-only
/* What traffic control has on a device, which libbpf cannot list. */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "datapath_hook.h"
#include "rtnetlink.h"

static int read_program(const struct nlattr *attr, void *data)
{
	struct hook_filter *filter = data;

	if (mnl_attr_get_type(attr) == TCA_BPF_ID)
		filter->program = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* The kind comes before what it says of itself (tcf_fill_node() in net/sched/cls_api.c). */
static int read_attribute(const struct nlattr *attr, void *data)
{
	struct hook_filter *filter = data;

	if (mnl_attr_get_type(attr) == TCA_KIND)
		filter->is_bpf = filter->is_bpf && !strcmp(mnl_attr_get_str(attr), "bpf");
	else if (mnl_attr_get_type(attr) == TCA_OPTIONS && filter->is_bpf)
		mnl_attr_parse_nested(attr, read_program, filter);
	return MNL_CB_OK;
}

/* tcm_info holds the priority and the protocol, the latter in network byte order. */
static int read_filter(const struct nlmsghdr *message, void *data)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	struct hook_filters *filters = data;
	struct hook_filter *grown;

	grown = realloc(filters->list, (filters->count + 1) * sizeof(*grown));
	if (!grown)
		return MNL_CB_ERROR;
	filters->list = grown;
	grown += filters->count++;
	*grown = (struct hook_filter){
		.handle = tc->tcm_handle,
		.priority = (uint16_t)(tc->tcm_info >> 16),
		.is_bpf = (uint16_t)tc->tcm_info == htons(ETH_P_ALL),
	};
	mnl_attr_parse(message, sizeof(*tc), read_attribute, grown);
	return MNL_CB_OK;
}

int hook_filters_read(struct hook_filters *filters, uint32_t ifindex, bool is_egress)
{
	struct tcmsg what = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int)ifindex,
		.tcm_parent =
			TC_H_MAKE(TC_H_CLSACT, is_egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS),
	};
	int err = -EINTR;

	*filters = (struct hook_filters){};
	for (int i = 0; err == -EINTR && i < RTNETLINK_TRIES; i++) {
		hook_filters_free(filters);
		err = rtnetlink_dump(RTM_GETTFILTER, &what, sizeof(what), read_filter, filters);
	}
	if (err)
		hook_filters_free(filters);
	return err;
}

void hook_filters_free(struct hook_filters *filters)
{
	free(filters->list);
	*filters = (struct hook_filters){};
}

const struct hook_filter *hook_filters_find(const struct hook_filters *filters, uint32_t program)
{
	for (size_t i = 0; program && i < filters->count; i++)
		if (filters->list[i].program == program)
			return &filters->list[i];
	return NULL;
}

/* All filters of one priority are of one kind and for one protocol. */
static bool is_free(const struct hook_filters *filters, const struct hook_filter *place)
{
	for (size_t i = 0; i < filters->count; i++)
		if (filters->list[i].priority == place->priority &&
		    (!filters->list[i].is_bpf || filters->list[i].handle == place->handle))
			return false;
	return true;
}

static bool takes_bpf(const struct hook_filters *filters, uint16_t priority)
{
	for (size_t i = 0; i < filters->count; i++)
		if (filters->list[i].priority == priority && !filters->list[i].is_bpf)
			return false;
	return true;
}

#define FIRST_PRIORITY 1
#define FIRST_HANDLE 0x7061 /* "pa": so that who lists filters finds it */

struct hook_filter hook_filters_place(const struct hook_filters *filters)
{
	struct hook_filter place = { .priority = FIRST_PRIORITY,
				     .handle = FIRST_HANDLE,
				     .is_bpf = true };

	while (!takes_bpf(filters, place.priority))
		place.priority++;
	while (!is_free(filters, &place))
		place.handle++;
	return place;
}

struct qdisc {
	uint32_t ifindex;
	char kind[16];
};

static int read_kind(const struct nlattr *attr, void *data)
{
	struct qdisc *qdisc = data;

	if (mnl_attr_get_type(attr) == TCA_KIND)
		snprintf(qdisc->kind, sizeof(qdisc->kind), "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* The kernel lists those of all devices, whichever was asked for. */
static int read_qdisc(const struct nlmsghdr *message, void *data)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	struct qdisc *qdisc = data;

	if ((uint32_t)tc->tcm_ifindex != qdisc->ifindex || tc->tcm_parent != TC_H_CLSACT)
		return MNL_CB_OK;
	return mnl_attr_parse(message, sizeof(*tc), read_kind, qdisc);
}

int hook_qdisc_kind(uint32_t ifindex, char kind[16])
{
	struct tcmsg what = { .tcm_family = AF_UNSPEC };
	struct qdisc qdisc = { .ifindex = ifindex };
	int err = -EINTR;

	for (int i = 0; err == -EINTR && i < RTNETLINK_TRIES; i++)
		err = rtnetlink_dump(RTM_GETQDISC, &what, sizeof(what), read_qdisc, &qdisc);
	memcpy(kind, qdisc.kind, sizeof(qdisc.kind));
	return err;
}
