/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what a protocol has read of a request's head to a request that can run: the fields
 * that the server looks at, the server that is asked, the path.
 */
#include <field.h>

#include "http/field/fields.h"
#include "http/field/uri.h"
#include "http/request/request_private.h"

struct known_field {
	struct str name;
	size_t offset; /* in struct request_known */
	bool once; /* a second one is an error */
};

#define KNOWN(name, member) { STR_INIT(name), offsetof(struct request_known, member), false }
#define KNOWN_ONCE(name, member) { STR_INIT(name), offsetof(struct request_known, member), true }

/* By the length of the name. */
static const struct known_field known_fields[][2] = {
	[4] = { KNOWN_ONCE("host", host) },
	[5] = { KNOWN("range", range) },
	[6] = { KNOWN_ONCE("expect", expect) },
	[7] = { KNOWN("referer", referer) },
	[8] = { KNOWN("if-range", if_range), KNOWN("if-match", if_match) },
	[10] = { KNOWN("connection", connection), KNOWN("user-agent", user_agent) },
	[13] = { KNOWN("if-none-match", if_none_match), KNOWN("authorization", authorization) },
	[14] = { KNOWN_ONCE("content-length", content_length) },
	[15] = { KNOWN("accept-encoding", accept_encoding) },
	[17] = { KNOWN("if-modified-since", if_modified_since),
		 KNOWN_ONCE("transfer-encoding", transfer_encoding) },
	[19] = { KNOWN("if-unmodified-since", if_unmodified_since) },
};

/* Whether 8 (4) bytes are the same but for upper case; the bit 0x20 is set in all of `lower`. */
static inline bool are_same_8(const char *bytes, const char *lower)
{
	uint64_t a, b;

	memcpy(&a, bytes, sizeof(a));
	memcpy(&b, lower, sizeof(b));
	return (a | 0x2020202020202020) == b;
}

static inline bool are_same_4(const char *bytes, const char *lower)
{
	uint32_t a, b;

	memcpy(&a, bytes, sizeof(a));
	memcpy(&b, lower, sizeof(b));
	return (a | 0x20202020) == b;
}

/*
 * Compares a token with a name in lower case that has letters and hyphens only. Both have the
 * same length, 4 at least. The last bytes that are compared may overlap those before.
 */
static bool is_named(const char *name, struct str lower)
{
	size_t i = 0, last = lower.len;

	if (lower.len < 8) {
		last -= 4;
		return are_same_4(name, lower.data) && are_same_4(name + last, lower.data + last);
	}
	for (last -= 8; i < last; i += 8)
		if (!are_same_8(name + i, lower.data + i))
			return false;
	return are_same_8(name + last, lower.data + last);
}

int request_known_set(struct request_known *known, struct str name, struct str value)
{
	if (name.len >= sizeof(known_fields) / sizeof(known_fields[0]))
		return 0;

	const struct known_field *field = known_fields[name.len];

	for (int i = 0; i < 2 && field[i].name.len > 0; i++) {
		if (!is_named(name.data, field[i].name))
			continue;

		struct str *kept = (struct str *)((char *)known + field[i].offset);

		if (kept->data && field[i].once)
			return 400;
		/* Lines of Connection are one list: the line that says close is kept. */
		if (!kept->data || (kept == &known->connection && list_has(value, STR("close"))))
			*kept = value;
		return 0;
	}
	return 0;
}

static inline void append_field(struct request_core *core, struct header *field)
{
	field->next = NULL;
	if (core->last_field)
		core->last_field->next = field;
	else
		core->pub.headers = field;
	core->last_field = field;
}

int request_add_field(struct request_core *core, struct str name, struct str value)
{
	struct request *req = &core->pub;
	int status = request_known_set(&req->known, name, value);

	if (status)
		return status;
	struct header *field = pool_alloc(req->pool, sizeof(*field));

	*field = (struct header){ .name = name, .value = value };
	append_field(core, field);
	return 0;
}

/* Programs that get the name as a variable (CGI) cannot tell _ from -. */
static bool is_left_out(const struct http_conf *conf, struct str name)
{
	if (!conf->ignore_invalid_headers)
		return false;
	if (!conf->underscores_in_headers)
		return true;
	while (!str_empty(name)) {
		struct str part = str_split(&name, '_');

		if (bytes16_has(part, are_unusual_in_names))
			return true;
	}
	return false;
}

void request_leave_out_fields(struct request_core *core)
{
	const struct http_conf *conf = core->pub.location->core;
	const struct header *field = core->pub.headers, *next;
	bool is_logged = false;

	if (!core->has_unusual_fields)
		return;
	core->pub.headers = core->last_field = NULL;
	for (; field; field = next) {
		next = field->next;
		if (!bytes16_has(field->name, are_unusual_in_names) ||
		    !is_left_out(conf, field->name)) {
			append_field(core, (struct header *)field);
			continue;
		}
		if (!is_logged)
			request_log(&core->pub, LEVEL_INFO, 0,
				    "client sent invalid header line: \"%.*s\", which is ignored: "
				    "see ignore_invalid_headers",
				    STR_ARG(field->name));
		is_logged = true;
	}
}

static int find_server(struct request_core *core, struct str authority,
		       const struct vhosts *vhosts)
{
	struct request *req = &core->pub;
	struct str field = req->known.host;
	int status = 0;

	if (req->version == HTTP_1_1 && !field.data)
		return 400;
	if (field.len > 0)
		status = host_parse(req->pool, field, &req->host);
	/* The target takes precedence, but the field has to be valid too (RFC 9112 section 3.2). */
	if (!status && authority.data)
		status = host_parse(req->pool, authority, &req->host);
	if (status)
		return status;

	const struct http_server *server = request_find_server(req, vhosts);

	if (!server)
		return 500;
	req->server = server;
	request_set_location(req, server->top);
	return 0;
}

int request_find_authority(struct request_core *core, struct str authority,
			   const struct vhosts *vhosts)
{
	int status = find_server(core, authority, vhosts);

	request_leave_out_fields(core);
	return status;
}

int request_decode_target(struct request_core *core)
{
	struct request *req = &core->pub;

	if (req->method == METHOD_CONNECT)
		return 405;
	if (str_eq(req->uri, STR("*")))
		return 0;
	return uri_decode_path(req->pool, req->uri, req->location->core->merge_slashes,
			       &req->uri) ?
		       0 :
		       400;
}
