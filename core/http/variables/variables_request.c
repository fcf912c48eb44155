/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of what the client asked: the request line, the fields of its head. */
#include "http/variables/variables.h"

#include <base64.h>

#include "http/field/fields.h"
#include "http/request/request_private.h"

bool variable_uri(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_if_present(req->uri, out);
}

bool variable_request_uri(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_if_present(req->target, out);
}

bool variable_args(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return req->args.len > 0 && text_if_present(req->args, out);
}

void variable_args_set(struct request *req, struct str value)
{
	req->args = value;
}

bool variable_is_args(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_if_present(req->args.len ? STR("?") : STR(""), out);
}

/* The first argument of that name, in upper or lower case, as it was sent: not decoded. */
bool variable_arg(struct request *req, struct str rest, const void *data, struct str *out)
{
	struct str args = req->args;

	(void)data;
	while (args.len > 0 && rest.len > 0) { /* as in nginx, $arg_ has no value */
		struct str pair = str_split(&args, '&');

		if (pair.len > rest.len && pair.data[rest.len] == '=' &&
		    str_eq_nocase(str_head(pair, rest.len), rest))
			return text_if_present(str_skip(pair, rest.len + 1), out);
	}
	return false;
}

bool variable_host(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_if_present(req->host.len ? req->host : req->server->name, out);
}

/* The port behind the host in the request line, otherwise in the field Host; or nothing. */
static struct str port_text(const struct request *req)
{
	struct str authority = req->known.host, rest = req->target;

	if (str_starts(rest, STR("http://")) || str_starts(rest, STR("https://"))) {
		rest = str_skip(rest, (size_t)str_find(rest, STR("//")) + 2);
		authority = str_split(&rest, '/');
	}

	ssize_t colon = str_rchr(authority, ':');

	/* Not one within an address of IPv6. */
	if (colon < 0 || str_chr(str_skip(authority, (size_t)colon), ']') >= 0)
		return STR("");
	return str_skip(authority, (size_t)colon + 1);
}

bool variable_request_port(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	*out = port_text(req);
	return !str_empty(*out);
}

bool variable_is_request_port(struct request *req, struct str rest, const void *data,
			      struct str *out)
{
	(void)rest, (void)data;
	*out = str_empty(port_text(req)) ? STR("") : STR(":");
	return true;
}

bool variable_http(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)data;
	return fields_text(req->pool, req->headers, rest, out);
}

static struct str skip_blanks(struct str text)
{
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = str_skip(text, 1);
	return text;
}

/* As in nginx: a name begins behind a semicolon or a comma, a value ends at a semicolon only. */
static bool find_cookie(struct str cookies, struct str name, struct str *out)
{
	while (cookies.len > 0) {
		struct str pair = skip_blanks(cookies);
		struct str rest = skip_blanks(str_skip(pair, name.len));

		if (str_eq_nocase(str_head(pair, name.len), name) && str_starts(rest, STR("="))) {
			rest = skip_blanks(str_skip(rest, 1));
			return text_if_present(str_split(&rest, ';'), out);
		}

		size_t end = 0;

		while (end < cookies.len && cookies.data[end] != ';' && cookies.data[end] != ',')
			end++;
		cookies = str_skip(cookies, end + 1);
	}
	return false;
}

bool variable_cookie(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)data;
	for (const struct header *header = req->headers; header; header = header->next)
		if (str_eq_nocase(header->name, STR("Cookie")) &&
		    find_cookie(header->value, rest, out))
			return true;
	return false;
}

bool variable_request(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_if_present(req->line, out);
}

/* The request itself, also in its subrequests. */
static const struct request *of_client(const struct request *req)
{
	while (req->parent)
		req = req->parent;
	return req;
}

bool variable_request_method(struct request *req, struct str rest, const void *data,
			     struct str *out)
{
	(void)rest, (void)data;
	return text_if_present(of_client(req)->method_name, out);
}

bool variable_server_protocol(struct request *req, struct str rest, const void *data,
			      struct str *out)
{
	(void)rest, (void)data;
	switch (req->version) {
	case HTTP_1_0:
		return text_if_present(STR("HTTP/1.0"), out);
	case HTTP_1_1:
		return text_if_present(STR("HTTP/1.1"), out);
	default:
		return text_if_present(STR("HTTP/2.0"), out);
	}
}

bool variable_http2(struct request *req, struct str rest, const void *data, struct str *out)
{
	bool is_secure = str_eq(conn_scheme(req->conn), STR("https"));

	(void)rest, (void)data;
	*out = req->version != HTTP_2_0 ? STR("") : is_secure ? STR("h2") : STR("h2c");
	return true;
}

bool variable_content_type(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct header *header = request_header(req, STR("Content-Type"));

	(void)rest, (void)data;
	return header && text_if_present(header->value, out);
}

bool variable_content_length(struct request *req, struct str rest, const void *data,
			     struct str *out)
{
	(void)rest, (void)data;
	return text_if_present(of_client(req)->known.content_length, out);
}

/* --- Authorization: Basic (RFC 7617) ---------------------------------------- */

bool variable_remote_user(struct request *req, struct str rest, const void *data, struct str *out)
{
	struct str authorization = req->known.authorization, user;

	(void)rest, (void)data;
	if (!str_eq_nocase(str_head(authorization, 6), STR("Basic ")))
		return false;
	if (!base64_decode(req->pool, str_trim(str_skip(authorization, 6), " "), &user))
		return false;

	ssize_t colon = str_chr(user, ':');

	return colon > 0 && text_if_present(str_head(user, (size_t)colon), out);
}
