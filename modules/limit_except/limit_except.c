/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restricts which methods clients may use.
 *
 *     location /upload/ {
 *         limit_except GET POST {
 *             allow 192.168.1.0/24;
 *             deny  all;
 *         }
 *     }
 */
#include <module.h>

enum { GET = 1 << 0, HEAD = 1 << 1 };

static const struct keyword methods[] = {
	{ "GET", GET },		{ "HEAD", HEAD },	  { "POST", 1 << 2 },
	{ "PUT", 1 << 3 },	{ "DELETE", 1 << 4 },	  { "MKCOL", 1 << 5 },
	{ "COPY", 1 << 6 },	{ "MOVE", 1 << 7 },	  { "OPTIONS", 1 << 8 },
	{ "PROPFIND", 1 << 9 }, { "PROPPATCH", 1 << 10 }, { "LOCK", 1 << 11 },
	{ "UNLOCK", 1 << 12 },	{ "PATCH", 1 << 13 },	  { 0 }
};

struct limit {
	unsigned methods; /* to which the block does not apply; GET includes HEAD */
	const struct http_location *block;
};

struct limit_except_conf {
	const struct limit *limit;
};

static verdict limit_except_rewrite(struct request *req, const void *data)
{
	const struct limit *limit = ((const struct limit_except_conf *)data)->limit;

	for (const struct keyword *method = methods; method->name; method++)
		if (limit->methods & (unsigned)method->value &&
		    str_eq(req->method_name, str_from(method->name)))
			return PASS;
	request_enter(req, limit->block);
	return PASS;
}

/* As in nginx, the configuration may say "get"; methods of requests are case-sensitive. */
static int add_method(struct conf_call *call, const struct conf_word *word, struct limit *limit)
{
	for (const struct keyword *method = methods; method->name; method++)
		if (str_eq_nocase(word->text, str_from(method->name))) {
			limit->methods |= (unsigned)method->value;
			return 0;
		}
	return conf_error(call, word,
			  "invalid method \"%.*s\"\n"
			  "expected GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH, or one of WebDAV",
			  STR_ARG(word->text));
}

static int set_limit_except(struct conf_call *call)
{
	struct limit *limit = pool_new(call->pool, struct limit);

	for (size_t i = 0; i < call->node->nargs; i++)
		if (add_method(call, &call->node->args[i], limit) < 0)
			return -EINVAL;
	if (limit->methods & GET)
		limit->methods |= HEAD;
	((struct limit_except_conf *)call->data)->limit = limit;
	return conf_block_open(call, IN_LIMIT_EXCEPT, &limit->block);
}

const struct module limit_except_module = {
	.name = "limit_except",
	.summary = "restricts which methods clients may use",
	.conf_size = sizeof(struct limit_except_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("limit_except", IN_LOCATION, set_limit_except, "method ... { ... }",
			      "The settings in the block apply to requests with any other method "
			      "than these: allow and deny, which restrict who may use them, and "
			      "access_log. Methods that can be named are GET, HEAD, POST, PUT, "
			      "DELETE, OPTIONS, PATCH, and those of WebDAV: MKCOL, COPY, MOVE, "
			      "PROPFIND, PROPPATCH, LOCK, UNLOCK. GET includes HEAD.\n\n"
			      "As in nginx, locations inside this one do not inherit the block, "
			      "and try_files and the steps of the location (return, rewrite, set, "
			      "if, break) do not apply to requests that use the block.\n\n"
			      "    limit_except GET {\n"
			      "        deny all;\n"
			      "    }",
			      FIELD_AT(struct limit_except_conf, limit), .flags = LOCAL | BLOCK,
			      .min_args = 1, .max_args = MANY_ARGS),
		{ 0 }
	},
	.on[PHASE_REWRITE] = limit_except_rewrite,
	.if_configured = true,
};
