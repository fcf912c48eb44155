/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The variables of the core. Each file has the getters of one subject; their
 * table, with the documentation, is in variable_table.c.
 */
#ifndef SKUA_HTTP_VARIABLES_VARIABLES_H
#define SKUA_HTTP_VARIABLES_VARIABLES_H

#include <pool.h>
#include <variable.h>

/* Ended by a zeroed entry. */
extern const struct variable http_variables[];

/* The request line and the fields of the request: variables_request.c. */
variable_get variable_uri, variable_request_uri, variable_args, variable_is_args, variable_arg;
variable_get variable_request_port, variable_is_request_port;
variable_set variable_args_set;
variable_get variable_host, variable_http, variable_cookie, variable_request;
variable_get variable_request_method, variable_server_protocol, variable_http2,
	variable_content_type;
variable_get variable_content_length, variable_remote_user;

/* The connection, the server, and where its files are: variables_place.c. */
variable_get variable_remote_addr, variable_remote_port, variable_binary_remote_addr;
variable_get variable_server_addr, variable_server_port, variable_server_name;
variable_get variable_connection, variable_connection_requests, variable_connection_time;
variable_get variable_tcpinfo_rtt, variable_tcpinfo_rttvar, variable_tcpinfo_snd_cwnd;
variable_get variable_tcpinfo_rcv_space, variable_pipe, variable_scheme, variable_https;
variable_get variable_document_root, variable_realpath_root, variable_request_filename;
variable_get variable_pid, variable_hostname, variable_nginx_version, variable_skua_version;

/* The response, its size and its times: variables_response.c. */
variable_get variable_status, variable_bytes_sent, variable_body_bytes_sent;
variable_get variable_request_length, variable_request_time, variable_request_completion;
variable_get variable_request_times;
variable_get variable_request_id, variable_msec, variable_time_local, variable_time_iso8601;
variable_get variable_sent_http, variable_sent_trailer;

/*
 * The ends of getters: *out becomes the text. They differ in when they say that the variable
 * has a value: always; if there is a text (its data is not NULL); if it is not empty.
 */
static inline bool text_found(struct str text, struct str *out)
{
	*out = text;
	return true;
}

static inline bool text_if_present(struct str text, struct str *out)
{
	*out = text;
	return text.data != NULL;
}

static inline bool text_if_not_empty(struct str text, struct str *out)
{
	*out = text;
	return text.len > 0;
}

/* The same for a number, in decimal; always a value. */
static inline bool number_found(struct pool *pool, uint64_t number, struct str *out)
{
	char *text = pool_alloc(pool, 20);

	return text_found(str_range(text, str_put_u64(text, number)), out);
}

/* Seconds with three digits of fractions: "0.005". A negative time is shown as 0. */
struct str milliseconds_text(struct pool *pool, int64_t ms);

#endif
