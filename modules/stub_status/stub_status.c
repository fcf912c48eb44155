/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responds with the numbers of connections and requests, in the format of nginx, which monitoring
 * programs can read.
 *
 *     location = /status { stub_status; allow 127.0.0.1; deny all; }
 */
#include <module.h>

struct stub_status_conf {
	bool is_on;
};

static int set_stub_status(struct conf_call *call)
{
	((struct stub_status_conf *)call->data)->is_on = true;
	return 0;
}

static verdict stub_status_content(struct request *req, const void *data)
{
	verdict refused = request_only_reads(req);
	struct server_counts counts;

	(void)data;
	if (refused != PASS)
		return refused;
	server_count(&counts);
	return respond_text(req, 200,
			    pool_printf(req->pool,
					"Active connections: %llu \n"
					"server accepts handled requests\n"
					" %llu %llu %llu \n"
					"Reading: %llu Writing: %llu Waiting: %llu \n",
					(unsigned long long)counts.active,
					(unsigned long long)counts.accepted,
					(unsigned long long)counts.handled,
					(unsigned long long)counts.requests,
					(unsigned long long)counts.reading,
					(unsigned long long)counts.writing,
					(unsigned long long)counts.waiting));
}

/* --- variables --------------------------------------------------------------------- */

static bool put_number(struct request *req, uint64_t number, struct str *out)
{
	*out = pool_printf(req->pool, "%llu", (unsigned long long)number);
	return true;
}

static struct server_counts counts_now(void)
{
	struct server_counts counts;

	server_count(&counts);
	return counts;
}

static bool get_active(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return put_number(req, counts_now().active, out);
}

static bool get_reading(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return put_number(req, counts_now().reading, out);
}

static bool get_writing(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return put_number(req, counts_now().writing, out);
}

static bool get_waiting(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return put_number(req, counts_now().waiting, out);
}

enum { COUNT = VARIABLE_VOLATILE | VARIABLE_PLAIN };

const struct module stub_status_module = {
	.name = "stub_status",
	.summary = "responds with the numbers of connections and requests",
	.conf_size = sizeof(struct stub_status_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("stub_status", IN_SERVER | IN_LOCATION, set_stub_status, "[on]",
			      "Responds with the numbers of connections and requests of all "
			      "workers, in the format of nginx, which monitoring programs can "
			      "read. `skua status` shows more.\n\n"
			      "    location = /status { stub_status; allow 127.0.0.1; deny all; }",
			      FIELD_AT(struct stub_status_conf, is_on), .flags = LOCAL,
			      .min_args = 0, .max_args = 1),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "connections_active", get_active, "The number of open connections.\n\n"
		  "    return 200 \"$connections_active\\n\";", COUNT },
		{ "connections_reading", get_reading,
		  "The number of connections on which the head of a request is awaited or read.\n\n"
		  "    return 200 \"$connections_reading\\n\";",
		  COUNT },
		{ "connections_writing", get_writing,
		  "The number of connections on which a response is being sent, including this "
		  "one.\n\n"
		  "    return 200 \"$connections_writing\\n\";", COUNT },
		{ "connections_waiting", get_waiting,
		  "The number of connections that wait for their next request.\n\n"
		  "    return 200 \"$connections_waiting\\n\";", COUNT },
		{ 0 }
	},
	.on[PHASE_CONTENT] = stub_status_content,
	.if_configured = true,
};
