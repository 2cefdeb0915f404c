// SPDX-License-Identifier: GPL-2.0-only
/* The account of a replay as one JSON object; its arrays are those of --top --json. */
#include <stddef.h>

#include "json.h"
#include "replay_private.h"
#include "top_json.h"

static json_t *connections(const struct snapshot *snapshot)
{
	struct port_handshakes sum = snapshot_connections(snapshot);
	json_t *object = json_object();

	json_put(object, "attempted", json_count(sum.attempted));
	json_put(object, "accepted", json_count(sum.accepted));
	json_put(object, "reset", json_count(sum.reset));
	return object;
}

static int put_arrays(json_t *document, const struct measurement *measurement)
{
	static const struct {
		const char *name;
		enum report_key key;
	} arrays[] = {
		{ "services", REPORT_SERVICE },
		{ "buckets", REPORT_BUCKET },
		{ "methods", REPORT_METHOD },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(arrays) / sizeof(arrays[0]); i++)
		err = top_json_put_rows(document, measurement, arrays[i].name, arrays[i].key);
	if (err)
		return err;
	if (measurement->ports)
		return top_json_put_rows(document, measurement, "unclassified_ports", REPORT_PORT);
	json_put(document, "unclassified_ports", json_null()); /* they were not to be counted */
	return 0;
}

int replay_json_print(FILE *out, const struct replay_account *account)
{
	const struct snapshot *total = &account->measurement.devices[0].total;
	json_t *document = json_object();
	int err;

	json_put(document, "file", json_text(account->file));
	json_put(document, "link_type", json_text(account->link_type));
	json_put(document, "seconds", json_real(account->measurement.seconds));
	json_put(document, "frames", json_count(account->frames.packets));
	json_put(document, "bytes", json_count(account->frames.bytes));
	json_put(document, "closed", json_boolean(replay_is_closed(account)));
	json_put(document, "connections", connections(total));
	json_put(document, "suspicious_source_port_packets",
		 json_count(snapshot_suspicious(total).packets));
	err = put_arrays(document, &account->measurement);
	if (!err)
		return json_print(out, document);
	json_decref(document);
	return err;
}
