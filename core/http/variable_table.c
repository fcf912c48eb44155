/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the core's variables, and what they say. */
#include "http/variables.h"

const struct variable http_variables[] = {
	/* --- what was asked --- */
	{ "uri", variable_uri, "The path, decoded and normalized; redirects inside the server change it.",
	  VARIABLE_VOLATILE },
	{ "document_uri", variable_uri, "The same as $uri.", VARIABLE_VOLATILE },
	{ "request_uri", variable_request_uri, "The path with its arguments as the client sent it." },
	{ "args", variable_args, "What follows the first \"?\", as the client sent it.", VARIABLE_VOLATILE },
	{ "query_string", variable_args, "The same as $args.", VARIABLE_VOLATILE },
	{ "is_args", variable_is_args, "\"?\" if there are arguments, otherwise empty.", VARIABLE_VOLATILE },
	{ "arg_", variable_arg,
	  "The argument of that name, not decoded: $arg_page of \"?page=2\" is 2.",
	  VARIABLE_PREFIX | VARIABLE_VOLATILE },
	{ "host", variable_host,
	  "The host that was asked for, in lower case and without port: from the request line, "
	  "otherwise from the field Host, otherwise the name of the server." },
	{ "http_", variable_http,
	  "The field of the request with that name, in lower case with underscores for hyphens: "
	  "$http_user_agent. Several fields of a name are joined by commas.", VARIABLE_PREFIX },
	{ "cookie_", variable_cookie, "The cookie of that name.", VARIABLE_PREFIX },
	{ "request", variable_request, "The request line." },
	{ "request_method", variable_request_method, "GET, HEAD …" },
	{ "server_protocol", variable_server_protocol, "HTTP/1.0 or HTTP/1.1." },
	{ "content_type", variable_content_type, "The field Content-Type of the request." },
	{ "content_length", variable_content_length, "The field Content-Length of the request." },
	{ "remote_user", variable_remote_user,
	  "The name that was given in the field Authorization (Basic). Whether it is true is for "
	  "a module to check." },
	{ 0 }
};
