/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directives of nginx that this server has no use for. They are accepted, so that
 * existing files start unchanged; each says what takes its place.
 */
#include <module.h>

#include "http/conf/http.h"

#define DIRECTIVE_ANYWHERE(name_, syntax_, doc_) \
	DIRECTIVE_OBSOLETE(name_, IN_HTTP | IN_SERVER | IN_LOCATION, syntax_, doc_)

#define TABLES_GROW    "Tables get the size they need by themselves."
#define POOLS_GROW     "Memory grows with what a request needs, within the limits of others."
#define FILES_ARE_KEPT "Open files are always kept, and a change is seen at the next request."
#define HEADS_ARE_LIMITED \
	"large_client_header_buffers is for HTTP/2 as well: it limits fields as HTTP/1 has them."
#define NO_PUSH "Browsers do not accept pushed responses any more, and nginx does not push either."
#define READS_BY_ITSELF                                                             \
	"How a file is read is chosen for each one: from memory, by the kernel, or by a " \
	"thread when the disk is asked."
#define NO_BODIES \
	"Bodies of requests are read and thrown away: nothing is kept of them in memory or files."

static const struct directive obsolete_directives[] = {
	DIRECTIVE_OBSOLETE("connection_pool_size", IN_HTTP | IN_SERVER, "size", POOLS_GROW),
	DIRECTIVE_OBSOLETE("request_pool_size", IN_HTTP | IN_SERVER, "size", POOLS_GROW),
	DIRECTIVE_OBSOLETE("server_names_hash_max_size", IN_HTTP, "size", TABLES_GROW),
	DIRECTIVE_OBSOLETE("server_names_hash_bucket_size", IN_HTTP, "size", TABLES_GROW),
	DIRECTIVE_OBSOLETE("variables_hash_max_size", IN_HTTP, "size", TABLES_GROW),
	DIRECTIVE_OBSOLETE("variables_hash_bucket_size", IN_HTTP, "size", TABLES_GROW),
	DIRECTIVE_ANYWHERE("types_hash_max_size", "size", TABLES_GROW),
	DIRECTIVE_ANYWHERE("types_hash_bucket_size", "size", TABLES_GROW),

	DIRECTIVE_ANYWHERE("open_file_cache", "off | max=N [inactive=time]", FILES_ARE_KEPT),
	DIRECTIVE_ANYWHERE("open_file_cache_valid", "time", FILES_ARE_KEPT),
	DIRECTIVE_ANYWHERE("open_file_cache_min_uses", "number", FILES_ARE_KEPT),
	DIRECTIVE_ANYWHERE("open_file_cache_errors", "on | off", FILES_ARE_KEPT),

	DIRECTIVE_ANYWHERE("output_buffers", "number size", READS_BY_ITSELF),
	DIRECTIVE_ANYWHERE("postpone_output", "size",
			   "Head and body are always gathered into as few packets as possible."),
	DIRECTIVE_ANYWHERE("sendfile_max_chunk", "size",
			   "No connection gets more than its share of a turn, whatever its file's "
			   "size."),
	DIRECTIVE_ANYWHERE("send_lowat", "size", "The kernel knows when a socket can take more."),
	DIRECTIVE_ANYWHERE("aio", "on | off | threads[=pool]", READS_BY_ITSELF),
	DIRECTIVE_ANYWHERE("aio_write", "on | off", NO_BODIES),
	DIRECTIVE_ANYWHERE("directio", "size | off", READS_BY_ITSELF),
	DIRECTIVE_ANYWHERE("directio_alignment", "size", READS_BY_ITSELF),
	DIRECTIVE_ANYWHERE("read_ahead", "size", READS_BY_ITSELF),
	DIRECTIVE_ANYWHERE("subrequest_output_buffer_size", "size",
			   "The responses of subrequests are pulled piece by piece."),

	DIRECTIVE_ANYWHERE("client_body_buffer_size", "size", NO_BODIES),
	DIRECTIVE_ANYWHERE("client_body_temp_path", "path [level1 [level2 [level3]]]", NO_BODIES),
	DIRECTIVE_ANYWHERE("client_body_in_file_only", "on | clean | off", NO_BODIES),
	DIRECTIVE_ANYWHERE("client_body_in_single_buffer", "on | off", NO_BODIES),

	DIRECTIVE_ANYWHERE("http2_recv_buffer_size", "size",
			   "Each connection has an input buffer of the size that it needs."),
	DIRECTIVE_ANYWHERE("http2_pool_size", "size", POOLS_GROW),
	DIRECTIVE_ANYWHERE("http2_streams_index_size", "number", TABLES_GROW),
	DIRECTIVE_ANYWHERE("http2_max_requests", "number",
			   "keepalive_requests is for HTTP/2 as well."),
	DIRECTIVE_ANYWHERE("http2_max_field_size", "size", HEADS_ARE_LIMITED),
	DIRECTIVE_ANYWHERE("http2_max_header_size", "size", HEADS_ARE_LIMITED),
	DIRECTIVE_ANYWHERE("http2_idle_timeout", "time",
			   "keepalive_timeout is for HTTP/2 as well."),
	DIRECTIVE_ANYWHERE("http2_recv_timeout", "time",
			   "client_header_timeout and client_body_timeout are for HTTP/2 as well."),
	DIRECTIVE_ANYWHERE("http2_push", "path | off", NO_PUSH),
	DIRECTIVE_ANYWHERE("http2_push_preload", "on | off", NO_PUSH),
	DIRECTIVE_ANYWHERE("http2_max_concurrent_pushes", "number", NO_PUSH),

	DIRECTIVE_ANYWHERE("msie_padding", "on | off", "No browser of today needs padding."),
	DIRECTIVE_ANYWHERE("msie_refresh", "on | off", "No browser of today needs it."),
	DIRECTIVE_ANYWHERE("resolver", "address ... [valid=time]",
			   "Nothing in this server looks names up while it runs."),
	DIRECTIVE_ANYWHERE("resolver_timeout", "time",
			   "Nothing in this server looks names up while it runs."),
	{ 0 }
};

const struct module obsolete_module = {
	.name = "obsolete",
	.summary = "accepts directives of nginx that have no meaning here",
	.directives = obsolete_directives,
};
