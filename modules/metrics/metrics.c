/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responds with the metrics of the server, for Prometheus and other programs.
 *
 *     location = /metrics { metrics; allow 127.0.0.1; deny all; }
 */
#include <module.h>

struct metrics_conf {
	bool is_on;
};

enum { KEPT_MS = 1000 };

/* A text that was written, for all requests of a moment; they share its memory. */
struct written {
	struct pool *pool;
	struct str text;
	int64_t written_ms;
	unsigned users; /* requests, and `kept` */
};

static struct written *kept[METRICS_OPENMETRICS + 1];

static int set_metrics(struct conf_call *call)
{
	((struct metrics_conf *)call->data)->is_on = true;
	return 0;
}

static void leave(void *data)
{
	struct written *written = data;

	if (written && --written->users == 0)
		pool_destroy(written->pool);
}

/* However often clients ask, the text is made once in a second. */
static struct written *text_of(struct request *req, enum metrics_format format)
{
	struct written *written = kept[format];

	if (written && clock_ms() - written->written_ms < KEPT_MS)
		return written;

	struct pool *pool = pool_create(0);
	struct text text = { .pool = pool };

	leave(written);
	written = kept[format] = pool_new(pool, struct written);
	metrics_write(&text, req, format);
	*written = (struct written){ pool, text_str(&text), clock_ms(), 1 };
	return written;
}

/* The highest weight of this media type, whatever parameters stand behind it. */
static unsigned weight_of(struct str accept, struct str type)
{
	struct str element;
	unsigned weight, highest = 0;

	while (list_next_weighted(&accept, &element, &weight)) {
		ssize_t end = str_chr(element, ';');

		if (end >= 0)
			element = str_trim(str_head(element, (size_t)end), " \t");
		if (str_eq_nocase(element, type) && weight > highest)
			highest = weight;
	}
	return highest;
}

static enum metrics_format format_for(struct request *req)
{
	struct str accept = request_list(req, STR("accept"));
	unsigned open = weight_of(accept, STR("application/openmetrics-text"));

	return open > 0 && open >= weight_of(accept, STR("text/plain")) ? METRICS_OPENMETRICS :
									  METRICS_PROMETHEUS;
}

/* Only runs in locations with the directive, because of .if_configured; so is_on is not read. */
static verdict metrics_content(struct request *req, const void *conf)
{
	verdict refused = request_only_reads(req);

	(void)conf;
	if (refused != PASS)
		return refused;

	enum metrics_format format = format_for(req);
	struct written *written = text_of(req, format);

	written->users++;
	pool_cleanup(req->pool, leave, written);
	response_vary(req, STR("Accept"));
	response_set(req, STR("Cache-Control"), STR("no-store"));
	return respond_bytes(req, 200, metrics_type(format), written->text);
}

static void stop(const void *conf, enum stop_reason reason)
{
	(void)conf, (void)reason;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		leave(kept[i]);
		kept[i] = NULL;
	}
}

const struct module metrics_module = {
	.name = "metrics",
	.summary = "responds with numbers for Prometheus and OpenMetrics",
	.conf_size = sizeof(struct metrics_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("metrics", IN_LOCATION, set_metrics, "",
			      "Responds with the metrics of the server, as OpenMetrics 1.0 if the "
			      "field Accept asks for it, and otherwise in the text format of "
			      "Prometheus: durations and sizes of requests by server, method, "
			      "status and protocol, connections, processes, caches, limits, TLS. "
			      "One answer has the counts of all workers. It is made at most once "
			      "in a second for each worker. `skua status --openmetrics` prints the "
			      "same.\n\n"
			      "    location = /metrics { metrics; allow 127.0.0.1; deny all; }",
			      FIELD_AT(struct metrics_conf, is_on), .flags = LOCAL, .min_args = 0,
			      .max_args = 0),
		{ 0 }
	},
	.stop = stop,
	.on[PHASE_CONTENT] = metrics_content,
	.if_configured = true,
};
