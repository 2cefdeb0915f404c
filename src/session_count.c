// SPDX-License-Identifier: GPL-2.0-only
/* How a session counts: which devices, in which order, and what is in force when. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "log.h"
#include "session_private.h"
#include "stack.h"

static bool is_named(const struct session *session, const char *device)
{
	const struct cli_list *patterns = &session->options->interfaces;

	for (size_t i = 0; i < patterns->count; i++)
		if (!strcmp(patterns->items[i], device))
			return true;
	return false;
}

/* A driver that stops to receive with XDP is left alone by those who leave the choice to us. */
static enum datapath_mode mode_of(const struct session *session, const struct device *device)
{
	if (session->options->mode != DATAPATH_AUTO)
		return session->options->mode;
	for (size_t i = 0; i < datapath_count(session->datapath); i++) {
		const struct datapath_device *counted = datapath_device(session->datapath, i);

		if (!strcmp(counted->name, device->name) && counted->state.stalls)
			return DATAPATH_TC;
	}
	return DATAPATH_AUTO;
}

int session_attach(struct session *session, const struct device *device)
{
	enum datapath_mode mode = mode_of(session, device);
	int err = datapath_attach(session->datapath, device, mode, false);

	if (!err && session->options->egress)
		err = datapath_attach(session->datapath, device, mode, true);
	return err;
}

int session_choose(const struct session *session, const struct devices *all,
		   struct devices *chosen, bool must_match)
{
	const struct cli_list *patterns = &session->options->interfaces;

	*chosen = (struct devices){ .list = calloc(all->count + 1, sizeof(*all->list)) };
	if (!chosen->list) {
		log_error(ENOMEM, "devices");
		return -ENOMEM;
	}
	chosen->count = all->count;
	memcpy(chosen->list, all->list, all->count * sizeof(*all->list));
	if (must_match)
		return devices_select(chosen, patterns->items, patterns->count);
	devices_choose(chosen, patterns->items, patterns->count);
	return 0;
}

/*
 * A device that came by a pattern or by default is passed over if it is of no kind that can be
 * counted, or has left since the devices were listed; so is a named one that left, where it would
 * have been waited for.
 */
static bool is_passed_over(const struct session *session, const struct device *device, int err)
{
	if (err == -ENXIO && session->waits)
		return true;
	return (err == -ENXIO || err == -EOPNOTSUPP) && !is_named(session, device->name);
}

static int attach_all(struct session *session, const struct devices *devices)
{
	size_t attached = 0;
	int err = 0;

	for (size_t i = 0; !err && i < devices->count; i++) {
		const struct device *device = &devices->list[i];

		err = session_attach(session, device);
		attached += !err;
		if (is_passed_over(session, device, err))
			err = 0;
	}
	if (err || attached || session->waits)
		return err;
	log_errorx("devices: none of those chosen can be counted");
	return -EOPNOTSUPP;
}

/*
 * A table that is in force is replaced last: a start that fails must not change how the devices
 * that are counted already are counted.
 */
static int publish_and_attach(struct session *session, const struct devices *devices)
{
	bool in_force = datapath_has_table(session->datapath);
	int err = in_force ? 0 : datapath_publish(session->datapath, session->table);

	if (!err)
		err = attach_all(session, devices);
	if (!err && in_force)
		err = datapath_publish(session->datapath, session->table);
	return err;
}

/* What is counted, and what is about to be. */
struct choice {
	const struct session *session;
	const struct devices *chosen;
};

static bool will_be_counted(void *ctx, const struct device *device)
{
	const struct choice *choice = ctx;

	return devices_find(choice->chosen, device->name) ||
	       datapath_is_on_device(choice->session->datapath, device);
}

/* What is counted twice already goes on, and is named; more of that is refused. */
static int check_stack(const struct session *session, const struct devices *all,
		       const struct devices *chosen)
{
	struct choice choice = { .session = session, .chosen = chosen };
	bool is_permitted = session->options->allow_stacked;
	char sentence[STACK_SENTENCE_SIZE];
	struct stack_pairs pairs;
	int err = stack_doubles(&pairs, all, will_be_counted, &choice);

	if (err)
		log_error(err, "devices");
	for (size_t i = 0; i < pairs.count; i++) {
		const struct stack_pair *pair = &pairs.list[i];
		bool is_old = datapath_is_on_device(session->datapath, pair->upper) &&
			      datapath_is_on_device(session->datapath, pair->lower);

		stack_sentence(sentence, pair, is_permitted || is_old);
		if (is_permitted || is_old) {
			log_info("%s", sentence);
			continue;
		}
		log_errorx("%s", sentence);
		err = -EBUSY;
	}
	stack_pairs_free(&pairs);
	return err;
}

static int prepare(struct session *session)
{
	int err = datapath_restore_slots(session->datapath, session->slots);

	if (!err)
		err = session_compile(session);
	if (!err)
		err = session_describe(session);
	if (!err)
		err = datapath_prepare(session->datapath, session->slots,
				       &session->options->datapath);
	return err;
}

/* An agent waits for what it is told to count on; what to count on by default must be there. */
static bool must_match(const struct session *session)
{
	return !session->waits || !session->options->interfaces.count;
}

/* A list from before the lock was held may name programs that have been replaced since. */
static int look(struct session *session)
{
	struct devices now;
	int err = devices_read(&now);

	if (err)
		return err;
	datapath_look(session->datapath, &now);
	devices_free(&now);
	return 0;
}

static int count_on(struct session *session, const struct devices *all,
		    const struct devices *chosen, enum datapath_access access)
{
	int err = datapath_open(&session->datapath, session->options->pin_dir, access);

	if (err)
		return err;
	err = look(session);
	if (!err)
		err = check_stack(session, all, chosen);
	if (!err)
		err = prepare(session);
	if (!err)
		err = publish_and_attach(session, chosen);
	if (err)
		datapath_undo(session->datapath);
	return err;
}

int session_count(struct session *session, enum datapath_access access)
{
	struct devices all, chosen = {};
	int err = devices_read(&all);

	if (err)
		return err;
	err = stack_sort(&all);
	if (err)
		log_error(err, "devices");
	if (!err)
		err = session_choose(session, &all, &chosen, must_match(session));
	if (!err)
		err = count_on(session, &all, &chosen, access);
	devices_free(&chosen);
	devices_free(&all);
	return err;
}
