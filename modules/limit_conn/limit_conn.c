/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits how many requests with the same key, for example the same client, are served at the same
 * time:
 *
 *     limit_conn_zone $binary_remote_addr zone=clients:10m;
 *
 *     location /download/ { limit_conn clients 2; }
 *
 * A connection is counted while one of its requests is served. As in nginx, a request is limited
 * once, by the first location with limits.
 */
#include <module.h>

#include "count.h"

extern const struct module limit_conn_module;

struct limit_zone {
	struct str name;
	struct zone *zone; /* NULL: a limit names it, and it is not declared yet */
	const struct template *key;
};

struct limit {
	const struct limit_zone *zone;
	const struct conf_word *word; /* the word that names the zone */
	uint32_t most;
	struct limit *next;
};

struct limits {
	struct limit *first, *last;
	size_t count;
};

struct limit_conn_conf {
	struct limits limits;
	int log_level; /* enum log_level */
	int64_t status; /* of the response to a refused request */
	bool dry_run;
};

enum outcome { NONE, PASSED, REJECTED, REJECTED_DRY_RUN };

struct limit_conn_context {
	enum outcome outcome;
};

enum { COUNT_REJECTED }; /* counters */

/* The counts that include a request. They are left when the pool of the request is destroyed. */
struct entries {
	size_t count;
	struct counted items[];
};

static struct request *main_of(struct request *req)
{
	while (req->parent)
		req = req->parent;
	return req;
}

static struct limit_conn_context *context_of(struct request *req)
{
	return request_context(main_of(req), &limit_conn_module);
}

static void leave_all(void *data)
{
	struct entries *entries = data;

	while (entries->count)
		count_leave(&entries->items[--entries->count]);
}

static verdict reject(struct request *req, const struct limit_conn_conf *conf,
		      const struct limit *limit)
{
	context_of(req)->outcome = conf->dry_run ? REJECTED_DRY_RUN : REJECTED;
	counter_add(&limit_conn_module, COUNT_REJECTED, 1);
	request_log(req, (enum log_level)conf->log_level, 0,
		    "limiting connections%s by zone \"%.*s\"", conf->dry_run ? ", dry run" : "",
		    STR_ARG(limit->zone->name));
	return conf->dry_run ? PASS : (verdict)conf->status;
}

/* As in nginx, a limit whose key is empty does not apply. */
static verdict limit_conn_preaccess(struct request *req, const void *data)
{
	const struct limit_conn_conf *conf = data;
	struct pool *pool = main_of(req)->pool;
	size_t size = conf->limits.count * sizeof(struct counted);

	if (req->is_probe || context_of(req)->outcome != NONE || !conf->limits.first)
		return PASS;

	struct entries *entries = pool_zalloc(pool, sizeof(*entries) + size);

	for (const struct limit *limit = conf->limits.first; limit; limit = limit->next) {
		struct str key = template_text(req, limit->zone->key);

		if (str_empty(key))
			continue;
		context_of(req)->outcome = PASSED;
		if (!count_enter(&entries->items[entries->count], limit->zone->zone,
				 pool_strdup(pool, key), limit->most)) {
			leave_all(entries);
			return reject(req, conf, limit);
		}
		entries->count++;
	}
	if (entries->count)
		pool_cleanup(pool, leave_all, entries);
	return PASS;
}

static bool get_status(struct request *req, struct str rest, const void *data, struct str *out)
{
	static const struct str names[] = {
		[PASSED] = STR_INIT("PASSED"),
		[REJECTED] = STR_INIT("REJECTED"),
		[REJECTED_DRY_RUN] = STR_INIT("REJECTED_DRY_RUN"),
	};
	enum outcome outcome = context_of(req)->outcome;

	(void)rest, (void)data;
	*out = names[outcome];
	return outcome != NONE;
}

/* --- the configuration --------------------------------------------------------------- */

/*
 * Finds or creates the zone of this name. A limit may name a zone that is declared after the limit.
 */
static struct limit_zone *zone_of(struct conf_call *call, struct str name)
{
	static const char key;
	struct hash_table *zones = conf_shared(call->conf, &key, sizeof(*zones));
	struct limit_zone *zone;

	zones->pool = call->pool;
	zone = hash_get(zones, name);
	if (!zone) {
		zone = pool_new(call->pool, struct limit_zone);
		zone->name = name;
		hash_put(zones, name, zone);
	}
	return zone;
}

/* "key zone=name:10m" */
static int set_zone(struct conf_call *call)
{
	const struct conf_word *word = &call->node->args[1];
	struct conf_word value;
	struct limit_zone *zone;
	struct str name;
	struct size size;

	if (!conf_option(word, STR("zone="), &value))
		return conf_error(call, word, "invalid parameter \"%.*s\"\nexpected zone=name:size",
				  STR_ARG(word->text));
	if (conf_parse_zone(call, &value, &name, &size) < 0)
		return -EINVAL;
	zone = zone_of(call, name);
	if (zone->zone)
		return conf_error(call, word, "the zone \"%.*s\" is declared twice", STR_ARG(name));
	zone->zone = zone_declare(call, name, (size_t)size.bytes, &count_ops);
	if (!zone->zone)
		return -EINVAL;
	return conf_parse_template(call, &call->node->args[0], &zone->key);
}

static int add_limit(struct conf_call *call)
{
	struct limits *limits = &((struct limit_conn_conf *)call->data)->limits;
	struct limit *limit = pool_new(call->pool, struct limit);
	const struct conf_word *args = call->node->args;
	int64_t most;

	if (conf_parse_int(call, &args[1], 1, 65535, &most) < 0)
		return -EINVAL;
	limit->zone = zone_of(call, args[0].text);
	limit->word = &args[0];
	limit->most = (uint32_t)most;
	for (const struct limit *other = limits->first; other; other = other->next)
		if (other->zone == limit->zone)
			return conf_error(call, limit->word,
					  "this block has a limit with the zone \"%.*s\" already",
					  STR_ARG(limit->zone->name));
	if (limits->last)
		limits->last->next = limit;
	else
		limits->first = limit;
	limits->last = limit;
	limits->count++;
	return 0;
}

static int check_conf(struct conf_call *call, void *data)
{
	const struct limit_conn_conf *conf = data;

	for (const struct limit *limit = conf->limits.first; limit; limit = limit->next)
		if (!limit->zone->zone && !conf_may_be_declared(call, limit->zone->name))
			return conf_error(call, limit->word,
					  "the zone \"%.*s\" is not declared\n"
					  "write limit_conn_zone in the block http",
					  STR_ARG(limit->zone->name));
	return 0;
}

static const struct keyword levels[] = {
	{ "info", LEVEL_INFO },
	{ "notice", LEVEL_NOTICE },
	{ "warn", LEVEL_WARN },
	{ "error", LEVEL_ERROR },
	{ 0 }
};

const struct module limit_conn_module = {
	.name = "limit_conn",
	.summary = "limits how many requests are served at the same time",
	.conf_size = sizeof(struct limit_conn_conf),
	.context_size = sizeof(struct limit_conn_context),
	.context_is_kept = true,
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("limit_conn_zone", IN_HTTP, set_zone, "key zone=name:size",
			      "Declares a zone of memory that all workers share. It holds one "
			      "count for each value of the key, which may contain variables. A "
			      "count takes about 70 bytes. When the zone is full, a new count "
			      "replaces the least recently used one. If a worker is killed, its "
			      "requests drop out of the counts within half a minute.\n\n"
			      "    limit_conn_zone $binary_remote_addr zone=clients:10m;\n"
			      "    server { limit_conn clients 10; }",
			      .flags = REPEAT, .min_args = 2),
		DIRECTIVE_SET("limit_conn", IN_ANY_HTTP, add_limit, "zone number",
			      "Limits how many requests with the same key in this zone are "
			      "served at the same time. Connections that wait for their next "
			      "request are not counted. Several limits may apply. A request with "
			      "an empty key is not limited.\n\n"
			      "    limit_conn clients 10;\n"
			      "    limit_conn server 1000;",
			      FIELD_AT(struct limit_conn_conf, limits), .flags = LIST,
			      .min_args = 2),
		DIRECTIVE("limit_conn_log_level", IN_ANY_HTTP, struct limit_conn_conf, log_level,
			  "info | notice | warn | error",
			  "The level at which the error log records a refused request.\n\n"
			  "    limit_conn_log_level warn;",
			  .initial = "error", .keywords = levels),
		DIRECTIVE("limit_conn_status", IN_ANY_HTTP, struct limit_conn_conf, status, "code",
			  "The status of the response to a refused request.\n\n"
			  "    limit_conn_status 429;",
			  .initial = "503", .min = 400, .max = 599),
		DIRECTIVE("limit_conn_dry_run", IN_ANY_HTTP, struct limit_conn_conf, dry_run,
			  "on | off",
			  "With on, requests are counted and logged, but not refused.\n\n"
			  "    limit_conn_dry_run on;",
			  .initial = "off"),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "limit_conn_status", get_status,
		  "What limit_conn did with the request: PASSED, REJECTED or REJECTED_DRY_RUN; "
		  "no value if no limit applied.\n\n"
		  "    log_format limits \"$limit_conn_status $request\";",
		  VARIABLE_PLAIN | VARIABLE_VOLATILE },
		{ 0 }
	},
	.counters = (const struct counter[]) {
		{ "rejected", COUNTER, "Requests that were refused, or would have been without a "
				       "dry run." },
		{ 0 }
	},
	.on[PHASE_PREACCESS] = limit_conn_preaccess,
	.if_configured = true,
	.check = check_conf,
};
