/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directives with which nginx forwards requests to other servers. Skua does not forward
 * requests. A configuration with these directives is refused, and one message names all of them,
 * unless it defines a response for their locations:
 *
 *     forwarding 502;
 *     location /api/ { proxy_pass http://backend:3000; }
 */
#include <module.h>

struct forwarding_conf {
	/* NULL: this block forwards nothing. The node itself is freed before the first request. */
	const struct conf_node *pass;
	struct str name, target; /* its first two words */
	int status; /* 0: forwarding is refused */
};

static verdict forwarding_answer(struct request *req, const void *data)
{
	const struct forwarding_conf *conf = data;

	if (!conf->pass)
		return PASS;
	request_log(req, LEVEL_ERROR, 0, "\"%.*s %.*s\" is not supported: responding with %d",
		    STR_ARG(conf->name), STR_ARG(conf->target), conf->status);
	return conf->status;
}

/* These directives are ORDERED, so the block's own `forwarding` has been read. */
static int set_pass(struct conf_call *call)
{
	struct forwarding_conf *conf = call->data;

	conf->pass = call->node;
	conf->name = call->node->name.text;
	conf->target = call->node->args[0].text;
	conf_forwards(call, conf->status != 0);
	return 0;
}

static const struct keyword statuses[] = { { "off", 0 }, { "502", 502 }, { NULL, 0 } };

#define FORWARDING_DOC                                                                        \
	"Skua does not forward requests to other servers. This directive says what happens in " \
	"locations with proxy_pass, fastcgi_pass and the like. With off, a configuration with " \
	"such a directive is refused, and one message lists all of them. With 502 the server " \
	"starts. Requests that nginx would forward get the response 502 (Bad Gateway), and a " \
	"line in the error log. allow, deny and passwords in such a location still apply, and " \
	"error_page applies to the 502.\n\n" \
	"    forwarding 502;\n" \
	"    location /api/ { proxy_pass http://backend:3000; }\n\n" \
	"To try a file without changing it: skua -t -c FILE -g 'forwarding 502;'"

#define PASS_DOC(example_)                                                                \
	"Forwards requests in nginx, as a proxy. Skua does not; see forwarding.\n\n"      \
	"    " example_

#define PASS_DIRECTIVE(name_, contexts_, syntax_, example_)                     \
	DIRECTIVE_SET(name_, contexts_, set_pass, syntax_, PASS_DOC(example_), \
		      FIELD_AT(struct forwarding_conf, pass), .flags = LOCAL | ORDERED, \
		      .min_args = 1)

const struct module forwarding_module = {
	.name = "forwarding",
	.summary = "defines the response to requests that nginx would forward",
	.conf_size = sizeof(struct forwarding_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("forwarding", IN_MAIN | IN_ANY_HTTP, struct forwarding_conf, status,
			  "off | 502", FORWARDING_DOC, .keywords = statuses, .initial = "off"),
		PASS_DIRECTIVE("proxy_pass", IN_LOCATION | IN_IF | IN_LIMIT_EXCEPT, "URL",
			       "proxy_pass http://backend:3000;"),
		PASS_DIRECTIVE("fastcgi_pass", IN_LOCATION | IN_IF, "address",
			       "fastcgi_pass unix:/run/php.sock;"),
		PASS_DIRECTIVE("uwsgi_pass", IN_LOCATION | IN_IF, "address",
			       "uwsgi_pass unix:/run/uwsgi.sock;"),
		PASS_DIRECTIVE("scgi_pass", IN_LOCATION | IN_IF, "address",
			       "scgi_pass 127.0.0.1:9000;"),
		PASS_DIRECTIVE("grpc_pass", IN_LOCATION | IN_IF, "address",
			       "grpc_pass grpc://127.0.0.1:9000;"),
		PASS_DIRECTIVE("memcached_pass", IN_LOCATION | IN_IF, "address",
			       "memcached_pass 127.0.0.1:11211;"),
		{ 0 }
	},
	.on[PHASE_CONTENT] = forwarding_answer,
	.if_configured = true,
};
