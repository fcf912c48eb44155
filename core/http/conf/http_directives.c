/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of the http module: the core's directives about servers, locations,
 * connections and responses. Names, contexts and defaults are nginx's.
 */
#include "http/conf/http.h"

#include "config/logs/logs.h"
#include "http/conf/http_conf.h"
#include "http/request/error_page.h"
#include "http/routing/routing.h"
#include "http/variables/variables.h"

enum {
	IN_HTTP_SERVER = IN_HTTP | IN_SERVER,
	IN_ALL = IN_HTTP | IN_SERVER | IN_LOCATION,
	IN_ALL_IF = IN_ALL | IN_IF,
};

enum { HEAD_LINES_MAX = 100000 };

enum { H2_STREAMS_MAX = 1024 };

#define SIZE_1K (1024)
#define SIZE_1M (1024 * 1024)

static const struct keyword satisfy_words[] = { { "all", SATISFY_ALL },
						{ "any", SATISFY_ANY },
						{ 0 } };

static const struct keyword linger_words[] = {
	{ "off", LINGER_OFF }, { "on", LINGER_ON }, { "always", LINGER_ALWAYS }, { 0 }
};

static const struct keyword keepalive_disable_words[] = {
	{ "none", 0 }, { "msie6", KEEPALIVE_NOT_MSIE6 }, { "safari", KEEPALIVE_NOT_SAFARI }, { 0 }
};

/* An entry of struct http_conf. */
#define DIRECTIVE_HTTP(name_, contexts_, field_, syntax_, doc_, ...) \
	DIRECTIVE(name_, contexts_, struct http_conf, field_, syntax_, doc_, __VA_ARGS__)

static const struct directive http_directives[] = {
	/* --- blocks and names --- */
	DIRECTIVE_SET("http", IN_MAIN, http_block_set, "{ ... }",
		      "Holds everything about HTTP: settings, and the servers that inherit them."
		      "\n\n    http {\n"
		      "        server {\n"
		      "            listen 8080;\n"
		      "            root   www;\n"
		      "        }\n"
		      "    }",
		      .flags = BLOCK),
	DIRECTIVE_SET("server", IN_HTTP, server_block_set, "{ ... }",
		      "A virtual server. The addresses of its listen directives and the names of "
		      "server_name decide which requests are its own.\n\n"
		      "    server {\n"
		      "        listen      80;\n"
		      "        server_name example.org;\n"
		      "        root        /srv/www;\n"
		      "    }",
		      .flags = BLOCK | REPEAT),
	DIRECTIVE_SET("listen", IN_SERVER, listen_set,
		      "address[:port[-last]] | port[-last] | unix:path [default_server] "
		      "[backlog=number] [rcvbuf=size] [sndbuf=size] [ipv6only=on|off] [reuseport] "
		      "[deferred] [fastopen=number] [multipath] [bind] "
		      "[so_keepalive=on|off|[idle]:[interval]:[count]] [parameter-of-a-module ...]",
		      "An address on which the server answers: \"80\" or \"*:80\" (all IPv4 "
		      "addresses), \"127.0.0.1:8080\", \"[::]:80\", \"unix:/run/skua.sock\". A "
		      "range of ports, \"8000-8003\", is as many addresses. Several servers may "
		      "share an address; the host of a request chooses between them. Without any "
		      "listen a server gets *:80, or *:8000 when Skua was not started by root.\n\n"
		      "default_server: answers hosts that no server has a name for; otherwise the "
		      "first server of the address does. backlog: length of the kernel's queue of "
		      "connections, 511. rcvbuf, sndbuf: sizes of the socket's buffers. ipv6only: "
		      "an IPv6 address takes no IPv4 connections; on. reuseport: a socket for "
		      "each worker, between which the kernel deals connections out. deferred: a "
		      "worker learns of a connection when its first bytes are there. fastopen: so "
		      "many connections may wait that come with data in their first packet (TCP "
		      "Fast Open); 0: none. multipath: clients may use several paths at once "
		      "(Multipath TCP), where the kernel can; otherwise it is TCP. bind: a "
		      "socket of its own, also beside a wildcard address of the same port. "
		      "so_keepalive: TCP keep-alive probes.\n\n"
		      "Options of the socket are written in one of the servers that share an "
		      "address. What modules add holds for all servers of an address if it stands "
		      "in one of them.\n\n"
		      "    listen 80 default_server;\n"
		      "    listen [::]:443 ssl;",
		      .flags = REPEAT, .min_args = 1, .max_args = MANY_ARGS),
	DIRECTIVE_SET("server_name", IN_SERVER, server_name_set, "name ...",
		      "The hosts that the server answers for: exact names, wildcards with an "
		      "asterisk in place of the first or the last labels (\"*.a.example\", "
		      "\"www.*\"), \".a.example\" for the name and everything below it, regular "
		      "expressions after a \"~\", whose captures become variables, and \"\" for "
		      "requests without a host. Exact names win over wildcards at the front, "
		      "these over wildcards at the end, these over expressions in the order of "
		      "the file. $hostname stands for the name of this machine. A host for which "
		      "an expression needs too many steps is answered with 500.\n\n"
		      "    server_name example.org *.example.org;\n"
		      "    server_name ~^(?<user>[a-z]+)\\.users\\.example\\.org$;",
		      .flags = REPEAT, .min_args = 1, .max_args = MANY_ARGS),
	DIRECTIVE_SET("location", IN_SERVER | IN_LOCATION, location_block_set,
		      "[ = | ^~ | ~ | ~* ] uri { ... } | @name { ... }",
		      "Settings for some paths. \"= /a\" is that path alone and wins at once. "
		      "Otherwise the longest prefix is remembered, then the expressions (~, or ~* "
		      "without regard to case) are tried in the order of the file; the first that "
		      "matches wins, and if none does, the prefix. With ^~ a prefix wins without "
		      "expressions being tried. Paths are compared decoded, without dot segments "
		      "and repeated slashes. Locations may be nested inside a prefix that they "
		      "begin with. A name with @ is reached by error_page and try_files only.\n\n"
		      "An expression that needs too many steps for a path is given up, and the "
		      "request is answered with 500: what the location protects is not served "
		      "by another one.\n\n"
		      "    location /images/ { expires 30d; }\n"
		      "    location = /favicon.ico { access_log off; }\n"
		      "    location ~ \\.php$ { return 404; }",
		      .flags = BLOCK | REPEAT, .min_args = 1, .max_args = 2),

	/* --- files --- */
	DIRECTIVE_SET("root", IN_ALL_IF, root_set, "path",
		      "The folder of the site: the path of a request is appended to it. A "
		      "relative path is below the prefix. Variables may stand in it, except for "
		      "$document_root and $realpath_root.\n\n"
		      "    root /srv/www/$host;",
		      .initial = "html", .min_args = 1),
	DIRECTIVE_SET("alias", IN_LOCATION, alias_set, "path",
		      "Takes the place of the location's name in the path: with \"location /i/ { "
		      "alias /data/pictures/; }\" the file of /i/a.png is /data/pictures/a.png. "
		      "If the name ends in a slash, so should the alias. In a location given by "
		      "an expression the alias is the whole path of the file and should contain "
		      "captures.\n\n"
		      "    location /docs/ {\n"
		      "        alias /usr/share/doc/;\n"
		      "    }",
		      .min_args = 1),
	DIRECTIVE_SET("error_page", IN_ALL_IF, error_page_set, "code ... [=[answer]] uri",
		      "What is shown for errors: the response of another URI of this server, of a "
		      "named location, or a redirect to an absolute URL. \"=200\" changes the "
		      "code of the response, \"=\" takes over the code that the other URI answers "
		      "with. A block with error_page of its own does not inherit those around it."
		      "\n\n    error_page 404 /404.html;\n"
		      "    error_page 500 502 503 504 /50x.html;\n"
		      "    error_page 403 =404 /404.html;\n"
		      "    error_page 404 = @fallback;",
		      .flags = LIST, FIELD_AT(struct http_conf, error_pages), .min_args = 2,
		      .max_args = MANY_ARGS),
	DIRECTIVE_HTTP("recursive_error_pages", IN_ALL, recursive_error_pages, "on | off",
		       "Whether an error in the response of an error page gets a page of "
		       "error_page, too. With off it gets the built-in page.\n\n"
		       "    recursive_error_pages on;",
		       .initial = "off"),
	DIRECTIVE_SET("internal", IN_LOCATION, internal_set, "",
		      "The location is for redirects inside the server only (error_page, index, "
		      "try_files, rewrite); requests from outside get 404.\n\n"
		      "    location = /404.html {\n"
		      "        internal;\n"
		      "    }"),
	DIRECTIVE_HTTP("satisfy", IN_ALL, satisfy, "all | any",
		       "Whether all modules that check access must allow a request, or one of "
		       "them is enough.\n\n"
		       "    satisfy    any;\n"
		       "    allow      192.0.2.0/24;\n"
		       "    deny       all;\n"
		       "    auth_basic \"Members only\";",
		       .initial = "all", .keywords = satisfy_words),
	DIRECTIVE_HTTP("auth_delay", IN_ALL, auth_delay, "time",
		       "How long a response 401 of a module that checks access is held back, so "
		       "that passwords cannot be tried out quickly. Further requests of the "
		       "connection wait as well.\n\n"
		       "    auth_basic \"Members only\";\n"
		       "    auth_delay 1s;",
		       .initial = "0s"),
	DIRECTIVE_HTTP("log_not_found", IN_ALL, log_not_found, "on | off",
		       "Writes missing files into the error log.\n\n"
		       "    location = /favicon.ico {\n"
		       "        log_not_found off;\n"
		       "    }", .initial = "on"),
	DIRECTIVE_HTTP("log_subrequest", IN_ALL, log_subrequest, "on | off",
		       "Writes a line into the access log for each subrequest (of ssi, "
		       "add_before_body, auth_request …) that the location responds to. The line "
		       "is written when the head of that response is known. Its bytes are counted "
		       "with those of the main request, so that $bytes_sent and $body_bytes_sent "
		       "are 0 in this line.\n\n"
		       "    location /fragments/ {\n"
		       "        log_subrequest on;\n"
		       "    }", .initial = "off"),
	DIRECTIVE_HTTP("merge_slashes", IN_HTTP_SERVER, merge_slashes, "on | off",
		       "Several slashes in a row in a path count as one. With off, a location /a/ "
		       "can be evaded by //a/.\n\n"
		       "    merge_slashes off;",
		       .initial = "on"),

	/* --- connections --- */
	DIRECTIVE_SET("keepalive_timeout", IN_ALL, keepalive_timeout_set, "time [header_time]",
		      "How long a connection stays open for the next request; 0 closes it after "
		      "the response. The second time is announced to the client in the field "
		      "Keep-Alive.\n\n"
		      "    keepalive_timeout 75s 60s;",
		      .initial = "75s", .min_args = 1, .max_args = 2),
	DIRECTIVE_HTTP("keepalive_requests", IN_ALL, keepalive_requests, "number",
		       "A connection is closed after so many requests, which frees what it holds."
		       "\n\n    keepalive_requests 10000;",
		       .initial = "1000"),
	DIRECTIVE_HTTP("keepalive_time", IN_ALL, keepalive_time, "time",
		       "A connection that is older than this is closed after its current request."
		       "\n\n    keepalive_time 1h;",
		       .initial = "1h"),
	DIRECTIVE_HTTP("keepalive_min_timeout", IN_ALL, keepalive_min_timeout, "time",
		       "For so long an idle connection is not closed when a worker stops or needs "
		       "room, so that a client that just sends its next request does not lose it."
		       "\n\n    keepalive_min_timeout 5s;",
		       .initial = "0"),
	DIRECTIVE_HTTP("keepalive_disable", IN_ALL, keepalive_disable, "none | browser ...",
		       "Browsers whose keep-alive is not to be trusted: msie6 (after POST "
		       "requests) and safari.\n\n"
		       "    keepalive_disable none;",
		       .initial = "msie6", .keywords = keepalive_disable_words),
	DIRECTIVE_HTTP("client_header_timeout", IN_HTTP_SERVER, client_header_timeout, "time",
		       "A head must be complete in this time, otherwise the connection is closed."
		       "\n\n    client_header_timeout 10s;",
		       .initial = "60s"),
	DIRECTIVE_HTTP("client_body_timeout", IN_ALL, client_body_timeout, "time",
		       "The longest pause between two reads of a request's body, after which the "
		       "connection is closed. If a module reads the body, it responds with 408 "
		       "first.\n\n"
		       "    client_body_timeout 10s;",
		       .initial = "60s"),
	DIRECTIVE_HTTP("send_timeout", IN_ALL, send_timeout, "time",
		       "The longest pause between two writes of a response: a client that takes "
		       "nothing for so long is disconnected.\n\n"
		       "    send_timeout 30s;",
		       .initial = "60s"),
	DIRECTIVE_HTTP("client_header_buffer_size", IN_HTTP_SERVER, client_header_buffer_size,
		       "size",
		       "The buffer that a head is read into at first. Longer heads get those of "
		       "large_client_header_buffers.\n\n"
		       "    client_header_buffer_size 2k;",
		       .initial = "1k", .min = 1, .max = SIZE_1M),
	DIRECTIVE_SET("large_client_header_buffers", IN_HTTP_SERVER,
		      large_client_header_buffers_set, "number size",
		      "Limits of a head: a request line longer than a buffer (also than "
		      "client_header_buffer_size) is answered with 414, such a field line, or "
		      "more than all buffers hold, with 400.\n\n"
		      "    large_client_header_buffers 4 16k;",
		      .initial = "4 8k", .min_args = 2),
	DIRECTIVE_HTTP("max_headers", IN_HTTP_SERVER, max_headers, "number",
		       "A request with more field lines is answered with 400.\n\n"
		       "    max_headers 100;", .initial = "1000",
		       .min = 1, .max = HEAD_LINES_MAX),
	DIRECTIVE_HTTP("client_max_body_size", IN_ALL, client_max_body_size, "size",
		       "A longer body of a request, an upload, is answered with 413; 0 sets no "
		       "limit. A body "
		       "that no module reads is received and discarded.\n\n"
		       "    client_max_body_size 10m;",
		       .initial = "1m", .max = INT64_MAX),
	DIRECTIVE_HTTP("ignore_invalid_headers", IN_HTTP_SERVER, ignore_invalid_headers, "on | off",
		       "Fields of requests whose names have other characters than letters, digits, "
		       "hyphens (and underscores, by underscores_in_headers) are left out. At the "
		       "level info, the error log names the first of them in each request.\n\n"
		       "    ignore_invalid_headers off;",
		       .initial = "on"),
	DIRECTIVE_HTTP("underscores_in_headers", IN_HTTP_SERVER, underscores_in_headers, "on | off",
		       "Names of fields with underscores are valid. They look like those with "
		       "hyphens in variables, so the default is off.\n\n"
		       "    underscores_in_headers on;",
		       .initial = "off"),
	DIRECTIVE_HTTP(
		"lingering_close", IN_ALL, lingering_close, "off | on | always",
		"Before a connection is closed the server waits for, and throws away, what "
		"the client still sends, so that the response isn't lost. on does so when it "
		"is likely that something is on its way. Over HTTP/2, on and always mean that "
		"the end of a response waits for the end of a request's body that nobody reads; "
		"with off the response ends at once, and its stream is reset.\n\n"
		"    lingering_close always;",
		.initial = "on", .keywords = linger_words),
	DIRECTIVE_HTTP("lingering_time", IN_ALL, lingering_time, "time",
		       "The longest time that data is thrown away for. Over HTTP/2 the end of a "
		       "response waits so long, at most, for a request's body that nobody "
		       "reads.\n\n"
		       "    lingering_time 10s;", .initial = "30s"),
	DIRECTIVE_HTTP("lingering_timeout", IN_ALL, lingering_timeout, "time",
		       "The longest pause while data is thrown away. Over HTTP/2 it also holds "
		       "for a request's body that nobody reads: after such a pause the response "
		       "ends, and its stream is reset. Over HTTP/1 client_body_timeout holds for "
		       "such a body.\n\n"
		       "    lingering_timeout 2s;", .initial = "5s"),
	DIRECTIVE_HTTP("reset_timedout_connection", IN_ALL, reset_timedout_connection, "on | off",
		       "Connections that timed out are reset, which frees their memory at once, "
		       "instead of being closed.\n\n"
		       "    reset_timedout_connection on;",
		       .initial = "off"),
	DIRECTIVE_HTTP("sendfile", IN_ALL_IF, sendfile, "on | off",
		       "Lets the kernel send files by itself, where that is quicker; with off "
		       "their bytes pass through the server. Small files come from memory either "
		       "way. Files on a file system that does not allow the call are sent as "
		       "with off. Unlike in nginx the default is on.\n\n"
		       "    sendfile off;",
		       .initial = "on"),
	DIRECTIVE_HTTP("tcp_nopush", IN_ALL, tcp_nopush, "on | off",
		       "With sendfile: head and beginning of a file leave in one packet, in full "
		       "packets (TCP_CORK).\n\n"
		       "    tcp_nopush on;",
		       .initial = "off"),
	DIRECTIVE_HTTP("tcp_nodelay", IN_ALL, tcp_nodelay, "on | off",
		       "The end of a response leaves without waiting for a full packet "
		       "(TCP_NODELAY).\n\n"
		       "    tcp_nodelay off;",
		       .initial = "on"),

	/* --- HTTP/2 --- */
	DIRECTIVE_HTTP(
		"http2", IN_HTTP_SERVER, http2, "on | off",
		"Whether clients may use HTTP/2: over TLS if they offer it, on other "
		"addresses if they begin with its preface (prior knowledge). Without TLS the "
		"default server of the address decides.\n\n"
		"    server {\n"
		"        listen 443 ssl;\n"
		"        http2  on;\n"
		"    }",
		.set = http2_set, .initial = "off"),
	DIRECTIVE_HTTP("http2_max_concurrent_streams", IN_HTTP_SERVER, http2_max_concurrent_streams,
		       "number",
		       "How many requests a connection of HTTP/2 may have at a time. Further ones "
		       "are refused, and the client may repeat them.\n\n"
		       "    http2_max_concurrent_streams 64;",
		       .initial = "128", .min = 1, .max = H2_STREAMS_MAX),
	DIRECTIVE_HTTP("http2_body_preread_size", IN_HTTP_SERVER, http2_body_preread_size, "size",
		       "How much of the body of a request clients may send before a module reads "
		       "it (the window of HTTP/2's flow control). All requests of a connection "
		       "together may send four times as much.\n\n"
		       "    http2_body_preread_size 128k;",
		       .initial = "64k", .min = 1, .max = SIZE_1M),
	DIRECTIVE_HTTP("http2_chunk_size", IN_ALL, http2_chunk_size, "size",
		       "The longest piece of a response, at most 16k, before it is the turn of "
		       "other responses of the connection. Unlike in nginx the default is 16k.\n\n"
		       "    http2_chunk_size 8k;",
		       .initial = "16k", .min = 1, .max = 16384),

	/* --- responses --- */
	DIRECTIVE_SET("server_tokens", IN_ALL, server_tokens_set, "on | off | build | string",
		      "What the field Server and error pages say: the name of the server, with on "
		      "and build its version as well, with build also the name that configure was "
		      "given by --build, or the string, which may contain variables. With an empty "
		      "string there is no field.\n\n"
		      "    server_tokens \"Example server\";",
		      .initial = "on", .min_args = 1),
	DIRECTIVE_HTTP("chunked_transfer_encoding", IN_ALL, chunked_transfer_encoding, "on | off",
		       "Whether HTTP/1.1 responses whose length is not known are sent in chunks. "
		       "With off the end of the connection is their end, for clients that do not "
		       "understand chunks.\n\n"
		       "    chunked_transfer_encoding off;",
		       .initial = "on"),
	DIRECTIVE_HTTP("absolute_redirect", IN_ALL, absolute_redirect, "on | off",
		       "Redirects of the server's own carry an absolute URL; off: a path.\n\n"
		       "    absolute_redirect off;",
		       .initial = "on"),
	DIRECTIVE_HTTP("server_name_in_redirect", IN_ALL, server_name_in_redirect, "on | off",
		       "Absolute redirects name the first server_name, if it is a host; off: the "
		       "host that the client asked for. Without a host they name the address that "
		       "the connection came in by.\n\n"
		       "    server_name_in_redirect on;",
		       .initial = "off"),
	DIRECTIVE_HTTP("port_in_redirect", IN_ALL, port_in_redirect, "on | off",
		       "Absolute redirects name the port, unless it is that of the scheme: 80, or "
		       "443 with TLS.\n\n"
		       "    port_in_redirect off;", .initial = "on"),
	{ 0 }
};

/* Copies the log of the location into struct http_conf, where request_log() finds it at once. */
static int http_check(struct conf_call *call, void *data)
{
	const struct logs_conf *logs = scope_data(call->scope, &logs_module);
	struct http_conf *conf = data;

	conf->error_log = logs ? logs->log : NULL;
	return 0;
}

const struct module http_module = {
	.name = "http",
	.summary = "servers, locations and what all requests have in common",
	.conf_size = sizeof(struct http_conf),
	.library = pattern_library,
	.directives = http_directives,
	.variables = http_variables,
	.check = http_check,
};
