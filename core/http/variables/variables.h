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

/* What was asked: variables_request.c. */
variable_get variable_uri, variable_request_uri, variable_args, variable_is_args, variable_arg;
variable_get variable_host, variable_http, variable_cookie, variable_request;
variable_get variable_request_method, variable_server_protocol, variable_content_type;
variable_get variable_content_length, variable_remote_user;

/* Where it came in and what serves it: variables_place.c. */
variable_get variable_remote_addr, variable_remote_port, variable_binary_remote_addr;
variable_get variable_server_addr, variable_server_port, variable_server_name;
variable_get variable_connection, variable_connection_requests, variable_connection_time;
variable_get variable_tcpinfo_rtt, variable_tcpinfo_rttvar, variable_tcpinfo_snd_cwnd;
variable_get variable_tcpinfo_rcv_space, variable_pipe, variable_scheme, variable_https;
variable_get variable_document_root, variable_realpath_root, variable_request_filename;
variable_get variable_pid, variable_hostname, variable_nginx_version, variable_skua_version;

/* What is answered, and when: variables_response.c. */
variable_get variable_status, variable_bytes_sent, variable_body_bytes_sent;
variable_get variable_request_length, variable_request_time, variable_request_completion;
variable_get variable_request_id, variable_msec, variable_time_local, variable_time_iso8601;
variable_get variable_sent_http, variable_sent_trailer;

/* Seconds with three digits of fractions: "0.005". Nothing is below zero. */
struct str milliseconds_text(struct pool *pool, int64_t ms);

#endif
