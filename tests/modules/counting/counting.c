/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts requests by a key, in memory that all workers share, and tells the number:
 *
 *     counting $remote_addr clients 1m;
 *     return 200 "$counting";
 */
#include <module.h>

extern const struct module counting_module;

enum { REQUESTS, KEYS };

struct counting_conf {
	const struct template *key;
	struct zone *zone;
};

struct record {
	uint64_t requests;
};

static int set_counting(struct conf_call *call)
{
	static const struct zone_ops ops = { .layout = "counting-1",
					     .record_size = sizeof(struct record) };
	struct counting_conf *conf = call->data;
	const struct conf_word *args = call->node->args;
	struct size bytes;

	if (conf_parse_template(call, &args[0], &conf->key) < 0 ||
	    conf_parse_size(call, &args[2], &bytes) < 0)
		return -EINVAL;
	conf->zone = zone_declare(call, args[1].text, (size_t)bytes.bytes, &ops);
	return conf->zone ? 0 : -EINVAL;
}

static verdict counting_rewrite(struct request *req, const void *data)
{
	const struct counting_conf *conf = data;
	uint64_t *number = request_context(req, &counting_module);
	bool is_new;
	struct record *record =
		zone_lock_record(conf->zone, template_text(req, conf->key), &is_new);

	*number = ++record->requests;
	zone_unlock(conf->zone);
	counter_add(&counting_module, REQUESTS, 1);
	counter_add(&counting_module, KEYS, is_new);
	return PASS;
}

static bool get_number(struct request *req, struct str rest, const void *data, struct str *out)
{
	const uint64_t *number = request_context(req, &counting_module);

	(void)rest;
	(void)data;
	*out = pool_printf(req->pool, "%llu", (unsigned long long)*number);
	return *number > 0;
}

const struct module counting_module = {
	.name = "counting",
	.summary = "counts requests by a key",
	.conf_size = sizeof(struct counting_conf),
	.context_size = sizeof(uint64_t),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("counting", IN_ANY_HTTP, set_counting, "key name size",
			      "Counts the requests with each value of the key in a zone of that "
			      "name and size.", .min_args = 3),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "counting", get_number, "How often this key has come.", VARIABLE_VOLATILE },
		{ 0 }
	},
	.counters = (const struct counter[]) {
		{ "requests", COUNTER, "Requests that were counted." },
		{ "keys", COUNTER, "Keys that were new." },
		{ 0 }
	},
	.on[PHASE_SERVER_REWRITE] = counting_rewrite,
	.if_configured = true,
};
