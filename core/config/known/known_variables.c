/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables of nginx that no module of this server has. They never have a value. */
#include "config/known/known.h"

#define OF_FORWARDING "It is about requests that are forwarded, and this server forwards none."
#define OF_TLS        "It is about TLS, and this build has no such value."
#define OF_PROTOCOLS  "It is about a protocol that this build does not speak."
#define OF_MODULE     "It belongs to a module that this build does not have."
#define OF_BODY       "The bodies of requests are not kept: no module here has a use for them."
#define OF_STREAM     "It belongs to the block stream."
#define SOLD          "It belongs to the commercial version of nginx."

const struct known_group known_variables[] = {
	{ "http_upstream", KNOWN_FORWARDING, IN_HTTP, OF_FORWARDING, "upstream_", "*" },
	{ "http_proxy", KNOWN_FORWARDING, IN_HTTP, OF_FORWARDING, "proxy_",
	  "host port add_x_forwarded_for internal_body_length internal_chunked "
	  "internal_connect" },
	{ "http_fastcgi", KNOWN_FORWARDING, IN_HTTP, OF_FORWARDING, "fastcgi_",
	  "path_info script_name" },
	{ "http_grpc", KNOWN_FORWARDING, IN_HTTP, OF_FORWARDING, "grpc_", "internal_trailers" },
	{ "http_memcached", KNOWN_FORWARDING, IN_HTTP, OF_FORWARDING, NULL, "memcached_key" },
	{ "http_slice", KNOWN_HARMLESS, IN_HTTP, OF_FORWARDING, NULL, "slice_range" },
	{ "http_ssl", KNOWN_HARMLESS, IN_HTTP, OF_TLS, "ssl_", "*" },
	{ "http_v2", KNOWN_HARMLESS, IN_HTTP, OF_PROTOCOLS, NULL, "spdy spdy_request_priority" },
	{ "http_v3", KNOWN_HARMLESS, IN_HTTP, OF_PROTOCOLS, NULL, "http3 quic_connection" },
	{ "http_gzip", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL, "gzip_ratio" },
	{ "http", KNOWN_HARMLESS, IN_HTTP, OF_BODY, NULL, "request_body request_body_file" },
	{ "http", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL, "limit_rate" },
	{ "http_ssi", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL, "date_local date_gmt" },
	{ "http_browser", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL,
	  "ancient_browser modern_browser msie" },
	{ "http_geoip", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, "geoip_", "*" },
	{ "http_limit_req", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL, "limit_req_status" },
	{ "http_limit_conn", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL, "limit_conn_status" },
	{ "http_secure_link", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL,
	  "secure_link secure_link_expires" },
	{ "http_referer", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL, "invalid_referer" },
	{ "http_userid", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL, "uid_got uid_set uid_reset" },
	{ "http_realip", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, NULL,
	  "realip_remote_addr realip_remote_port" },
	{ "http_stub_status", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, "connections_",
	  "active reading writing waiting" },
	{ "http", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, "proxy_protocol_", "*" },
	{ "http_session_log", KNOWN_HARMLESS, IN_HTTP, SOLD, NULL,
	  "session_log_id session_log_binary_id" },
	{ "http_auth_jwt", KNOWN_HARMLESS, IN_HTTP, SOLD, NULL,
	  "jwt_header_* jwt_claim_* jwt_payload" },
	{ "otel", KNOWN_HARMLESS, IN_HTTP, OF_MODULE, "otel_", "*" },
	{ "stream", KNOWN_HARMLESS, IN_HTTP, OF_STREAM, NULL,
	  "bytes_received protocol session_time mqtt_preread_clientid mqtt_preread_username" },
	{ 0 }
};
