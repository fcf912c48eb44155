/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits the rate of requests with the leaky bucket algorithm:
 *
 *     limit_req_zone $binary_remote_addr zone=clients:10m rate=10r/s;
 *
 *     location /search/ { limit_req zone=clients burst=20 delay=8; }
 *
 * Of the requests that exceed the rate, the first `delay` are served at once, further ones up to
 * `burst` wait, and the others are refused. As in nginx, a request is limited once, by the first
 * location with limits.
 */
#include <module.h>

#include "bucket.h"

extern const struct module limit_req_module;

struct limit_zone {
	struct str name;
	struct zone *zone; /* NULL: a limit names it, and it is not declared yet */
	const struct template *key;
	int64_t rate; /* thousandths of a request in a second */
};

struct limit {
	const struct limit_zone *zone;
	const struct conf_word *word; /* the word that names the zone */
	int64_t burst, delay; /* thousandths of a request */
	struct limit *next;
};

struct limits {
	struct limit *first, *last;
	size_t count;
};

struct limit_req_conf {
	struct limits limits;
	int log_level; /* enum log_level */
	int64_t status; /* of the response to a refused request */
	bool dry_run;
};

enum outcome { NONE, PASSED, DELAYED, REJECTED, DELAYED_DRY_RUN, REJECTED_DRY_RUN };

struct limit_req_context {
	enum outcome outcome;
};

enum { COUNT_DELAYED, COUNT_REJECTED }; /* counters */

/* A limit that applies to this request, with the value of its key. */
struct charge {
	const struct limit *limit;
	struct str key;
	int64_t excess;
};

static struct limit_req_context *context_of(struct request *req)
{
	while (req->parent)
		req = req->parent;
	return request_context(req, &limit_req_module);
}

/* The text is exactly that of nginx, since other programs look for these lines. */
static void log_excess(struct request *req, const struct limit_req_conf *conf, int level,
		       const char *what, const char *by, const struct charge *charge)
{
	long long whole = charge->excess / REQUEST, rest = charge->excess % REQUEST;

	request_log(req, (enum log_level)level, 0, "%s%s, excess: %lld.%03lld%s zone \"%.*s\"",
		    what, conf->dry_run ? ", dry run" : "", whole, rest, by,
		    STR_ARG(charge->limit->zone->name));
}

static verdict reject(struct request *req, const struct limit_req_conf *conf,
		      const struct charge *charge)
{
	context_of(req)->outcome = conf->dry_run ? REJECTED_DRY_RUN : REJECTED;
	counter_add(&limit_req_module, COUNT_REJECTED, 1);
	log_excess(req, conf, conf->log_level, "limiting requests", " by", charge);
	return conf->dry_run ? PASS : (verdict)conf->status;
}

/* As in nginx, a delay is logged one level below a refusal. */
static verdict delay(struct request *req, const struct limit_req_conf *conf,
		     const struct charge *charge, int64_t ms)
{
	int level = conf->log_level == LEVEL_INFO ? LEVEL_INFO : conf->log_level + 1;

	context_of(req)->outcome = conf->dry_run ? DELAYED_DRY_RUN : DELAYED;
	counter_add(&limit_req_module, COUNT_DELAYED, 1);
	log_excess(req, conf, level, "delaying request", ", by", charge);
	return conf->dry_run ? PASS : request_delay(req, ms);
}

static int64_t delay_of(const struct charge *charge)
{
	const struct limit *limit = charge->limit;

	return charge->excess <= limit->delay ?
		       0 :
		       (charge->excess - limit->delay) * 1000 / limit->zone->rate;
}

static int64_t add(struct charge *charge, int64_t most)
{
	const struct limit_zone *zone = charge->limit->zone;

	charge->excess = bucket_add(zone->zone, charge->key, zone->rate, most);
	return charge->excess;
}

/* As in nginx, a limit whose key is empty does not apply. */
static size_t find_charges(struct request *req, const struct limits *limits, struct charge *charges)
{
	size_t count = 0;

	for (const struct limit *limit = limits->first; limit; limit = limit->next) {
		struct str key = template_text(req, limit->zone->key);

		if (!str_empty(key))
			charges[count++] = (struct charge){ limit, key, 0 };
	}
	return count;
}

/*
 * If one limit refuses a request, no limit counts it. So all limits but the last are first read
 * without counting. The last one is read and counted in one step; then the others are counted.
 */
static verdict limit_req_preaccess(struct request *req, const void *data)
{
	const struct limit_req_conf *conf = data;
	struct limit_req_context *context = context_of(req);

	if (req->is_probe || context->outcome != NONE || !conf->limits.first)
		return PASS;

	struct charge *charges = pool_array(req->pool, struct charge, conf->limits.count);
	size_t count = find_charges(req, &conf->limits, charges);
	const struct charge *longest = charges;

	if (count == 0)
		return PASS;
	for (size_t i = 0; i < count; i++) {
		int64_t burst = charges[i].limit->burst;

		if (add(&charges[i], i == count - 1 ? burst : BUCKET_PEEK) > burst)
			return reject(req, conf, &charges[i]);
	}
	for (size_t i = 0; i < count - 1; i++)
		add(&charges[i], BUCKET_ANY);
	for (size_t i = 1; i < count; i++)
		if (delay_of(&charges[i]) > delay_of(longest))
			longest = &charges[i];
	context->outcome = PASSED;
	return delay_of(longest) ? delay(req, conf, longest, delay_of(longest)) : PASS;
}

static bool get_status(struct request *req, struct str rest, const void *data, struct str *out)
{
	static const struct str names[] = {
		[PASSED] = STR_INIT("PASSED"),
		[DELAYED] = STR_INIT("DELAYED"),
		[REJECTED] = STR_INIT("REJECTED"),
		[DELAYED_DRY_RUN] = STR_INIT("DELAYED_DRY_RUN"),
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

/* "10r/s" or "30r/m" */
static int parse_rate(struct conf_call *call, const struct conf_word *word, int64_t *out)
{
	struct str text = word->text;
	bool is_minutes = str_ends(text, STR("r/m"));
	uint64_t number = 0;

	if ((!is_minutes && !str_ends(text, STR("r/s"))) ||
	    str_to_u64(str_head(text, text.len - 3), RATE_MAX, &number) < 0 || number == 0)
		return conf_error(call, word,
				  "invalid rate \"%.*s\"\nexpected one like 10r/s or 30r/m",
				  STR_ARG(text));
	*out = (int64_t)number * REQUEST / (is_minutes ? 60 : 1);
	return 0;
}

/* "name:10m" */
static int declare_zone(struct conf_call *call, const struct conf_word *word,
			struct limit_zone **out)
{
	struct str name;
	struct size size;

	if (conf_parse_zone(call, word, &name, &size) < 0)
		return -EINVAL;
	*out = zone_of(call, name);
	if ((*out)->zone)
		return conf_error(call, word, "the zone \"%.*s\" is declared twice", STR_ARG(name));
	(*out)->zone = zone_declare(call, name, (size_t)size.bytes, &bucket_ops);
	return (*out)->zone ? 0 : -EINVAL;
}

static int set_zone(struct conf_call *call)
{
	const struct conf_word *args = call->node->args;
	struct limit_zone *zone = NULL;
	int64_t rate = REQUEST;

	for (size_t i = 1; i < call->node->nargs; i++) {
		struct conf_word value;
		int error;

		if (conf_option(&args[i], STR("zone="), &value))
			error = declare_zone(call, &value, &zone);
		else if (conf_option(&args[i], STR("rate="), &value))
			error = parse_rate(call, &value, &rate);
		else
			error = conf_error(call, &args[i],
					   "invalid parameter \"%.*s\"\n"
					   "expected zone=name:size or rate=10r/s",
					   STR_ARG(args[i].text));
		if (error < 0)
			return error;
	}
	if (!zone)
		return conf_error(call, NULL, "zone=name:size is missing");
	zone->rate = rate;
	return conf_parse_template(call, &args[0], &zone->key);
}

static int parse_number(struct conf_call *call, const struct conf_word *word, int64_t *out)
{
	uint64_t number;

	if (str_to_u64(word->text, RATE_MAX, &number) < 0)
		return conf_error(call, word, "invalid number of requests \"%.*s\"",
				  STR_ARG(word->text));
	*out = (int64_t)number * REQUEST;
	return 0;
}

static int parse_limit_word(struct conf_call *call, const struct conf_word *word,
			    struct limit *limit)
{
	struct conf_word value;

	if (conf_option(word, STR("zone="), &value) && !str_empty(value.text)) {
		limit->zone = zone_of(call, value.text);
		limit->word = word;
		return 0;
	}
	if (conf_option(word, STR("burst="), &value))
		return parse_number(call, &value, &limit->burst);
	if (conf_option(word, STR("delay="), &value))
		return parse_number(call, &value, &limit->delay);
	if (!conf_word_is(word, "nodelay"))
		return conf_error(call, word,
				  "invalid parameter \"%.*s\"\n"
				  "expected zone=, burst=, nodelay or delay=",
				  STR_ARG(word->text));
	limit->delay = INT64_MAX;
	return 0;
}

static int add_limit(struct conf_call *call)
{
	struct limits *limits = &((struct limit_req_conf *)call->data)->limits;
	struct limit *limit = pool_new(call->pool, struct limit);

	for (size_t i = 0; i < call->node->nargs; i++)
		if (parse_limit_word(call, &call->node->args[i], limit) < 0)
			return -EINVAL;
	if (!limit->zone)
		return conf_error(call, NULL, "zone=name is missing");
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
	const struct limit_req_conf *conf = data;

	for (const struct limit *limit = conf->limits.first; limit; limit = limit->next)
		if (!limit->zone->zone && !conf_may_be_declared(call, limit->zone->name))
			return conf_error(call, limit->word,
					  "the zone \"%.*s\" is not declared\n"
					  "write limit_req_zone in the block http",
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

const struct module limit_req_module = {
	.name = "limit_req",
	.summary = "limits the rate of requests",
	.conf_size = sizeof(struct limit_req_conf),
	.context_size = sizeof(struct limit_req_context),
	.context_is_kept = true,
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("limit_req_zone", IN_HTTP, set_zone,
			      "key zone=name:size [rate=number r/s|r/m]",
			      "Declares a zone of memory that all workers share. It holds one "
			      "record for each value of the key, which may contain variables. "
			      "The rate applies to requests with the same key. A record takes "
			      "about 70 bytes. When the zone is full, a new record replaces the "
			      "least recently used one. The zone survives reloads and "
			      "upgrades.\n\n"
			      "    limit_req_zone $binary_remote_addr zone=a:10m rate=10r/s;\n"
			      "    server { limit_req zone=a burst=20 nodelay; }",
			      .flags = REPEAT, .min_args = 2, .max_args = 3),
		DIRECTIVE_SET("limit_req", IN_ANY_HTTP, add_limit,
			      "zone=name [burst=number] [nodelay | delay=number]",
			      "Limits the rate of requests with a zone of limit_req_zone. "
			      "Requests that exceed the rate are delayed until they conform to "
			      "it. At most burst requests wait; further ones are refused. With "
			      "nodelay, requests within the burst are served at once; with "
			      "delay=number, the first requests of the burst, up to this number, "
			      "are. Several limits may apply. If one of them refuses a request, "
			      "the request is not counted by any of them. A request with an "
			      "empty key is not limited.\n\n"
			      "    limit_req zone=clients burst=20 delay=8;\n"
			      "    limit_req zone=server burst=100;",
			      FIELD_AT(struct limit_req_conf, limits), .flags = LIST, .min_args = 1,
			      .max_args = 3),
		DIRECTIVE("limit_req_log_level", IN_ANY_HTTP, struct limit_req_conf, log_level,
			  "info | notice | warn | error",
			  "The level at which the error log records a refused request. A delayed "
			  "request is logged one level below.\n\n"
			  "    limit_req_log_level warn;",
			  .initial = "error", .keywords = levels),
		DIRECTIVE("limit_req_status", IN_ANY_HTTP, struct limit_req_conf, status, "code",
			  "The status of the response to a refused request.\n\n"
			  "    limit_req_status 429;",
			  .initial = "503", .min = 400, .max = 599),
		DIRECTIVE("limit_req_dry_run", IN_ANY_HTTP, struct limit_req_conf, dry_run,
			  "on | off",
			  "With on, requests are counted and logged, but not delayed or "
			  "refused.\n\n"
			  "    limit_req_dry_run on;",
			  .initial = "off"),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "limit_req_status", get_status,
		  "What limit_req did with the request: PASSED, DELAYED, REJECTED, "
		  "DELAYED_DRY_RUN or REJECTED_DRY_RUN; no value if no limit applied.\n\n"
		  "    log_format limits \"$limit_req_status $request\";",
		  VARIABLE_PLAIN | VARIABLE_VOLATILE },
		{ 0 }
	},
	.counters = (const struct counter[]) {
		{ "delayed", COUNTER, "Requests that were delayed, or would have been without a "
				      "dry run." },
		{ "rejected", COUNTER, "Requests that were refused, or would have been without a "
				       "dry run." },
		{ 0 }
	},
	.on[PHASE_PREACCESS] = limit_req_preaccess,
	.if_configured = true,
	.check = check_conf,
};
