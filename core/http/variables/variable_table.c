/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the core's variables, and what they say. */
#include "http/variables/variables.h"

const struct variable http_variables[] = {
	/* --- what was asked --- */
	{ "uri", variable_uri,
	  "The path, decoded and normalized; redirects inside the server change it.\n\n"
	  "    try_files $uri $uri.html =404;",
	  VARIABLE_VOLATILE },
	{ "document_uri", variable_uri,
	  "The same as $uri.\n\n"
	  "    add_header X-Path $document_uri;",
	  VARIABLE_VOLATILE },
	{ "request_uri", variable_request_uri,
	  "The path with its arguments as the client sent it."
	  "\n\n    return 301 https://$host$request_uri;",
	  VARIABLE_VOLATILE },
	{ "args", variable_args,
	  "What follows the first \"?\", as the client sent it; no value if that is nothing.\n\n"
	  "    rewrite ^/old$ /new?$args? permanent;\n\n"
	  "`set` replaces the arguments for what comes after it.",
	  VARIABLE_VOLATILE, variable_args_set },
	{ "query_string", variable_args,
	  "The same as $args.\n\n"
	  "    log_format query \"$uri $query_string\";",
	  VARIABLE_VOLATILE },
	{ "is_args", variable_is_args,
	  "\"?\" if there are arguments, otherwise empty.\n\n"
	  "    return 302 /search$is_args$args;",
	  VARIABLE_VOLATILE },
	{ "arg_", variable_arg,
	  "The argument of that name, not decoded: $arg_page of \"?page=2\" is 2.\n\n"
	  "    if ($arg_page = 2) { return 302 /second; }",
	  VARIABLE_PREFIX | VARIABLE_VOLATILE },
	{ "host", variable_host,
	  "The host that was asked for, in lower case and without port: from the request line, "
	  "otherwise from the field Host, otherwise the name of the server.\n\n"
	  "    root /srv/sites/$host;",
	  VARIABLE_VOLATILE },
	{ "request_port", variable_request_port,
	  "The port that was asked for: from the request line, otherwise from the field Host; no "
	  "value if neither names one.\n\n"
	  "    return 301 https://$host$is_request_port$request_port/;",
	  VARIABLE_VOLATILE },
	{ "is_request_port", variable_is_request_port,
	  "\":\" if $request_port has a value, otherwise empty, as in "
	  "$host$is_request_port$request_port.\n\n"
	  "    return 301 https://$host$is_request_port$request_port/;",
	  VARIABLE_VOLATILE },
	{ "http_", variable_http,
	  "The field of the request with that name, in lower case with underscores for hyphens: "
	  "$http_user_agent. Several fields of a name are joined by commas.\n\n"
	  "    if ($http_user_agent ~ BadBot) { return 403; }",
	  VARIABLE_PREFIX | VARIABLE_VOLATILE },
	{ "cookie_", variable_cookie,
	  "The cookie of that name.\n\n"
	  "    map $cookie_language $language { default en; de de; }",
	  VARIABLE_PREFIX },
	{ "request", variable_request,
	  "The request line.\n\n"
	  "    log_format short \"$remote_addr \\\"$request\\\" $status\";",
	  VARIABLE_VOLATILE },
	{ "request_method", variable_request_method,
	  "GET, HEAD …; in a subrequest that of the request.\n\n"
	  "    if ($request_method = POST) { return 405; }",
	  VARIABLE_VOLATILE },
	{ "server_protocol", variable_server_protocol,
	  "HTTP/1.0, HTTP/1.1 or HTTP/2.0.\n\n"
	  "    log_format protocols \"$server_protocol $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "http2", variable_http2,
	  "\"h2\" if the request came by HTTP/2 over TLS, \"h2c\" without TLS, otherwise empty.\n\n"
	  "    log_format versions \"$http2 $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "content_type", variable_content_type,
	  "The field Content-Type of the request.\n\n"
	  "    log_format bodies \"$content_type $content_length\";" },
	{ "content_length", variable_content_length,
	  "The field Content-Length of the request.\n\n"
	  "    log_format bodies \"$content_type $content_length\";",
	  VARIABLE_VOLATILE },
	{ "remote_user", variable_remote_user,
	  "The name that was given in the field Authorization (Basic). Whether it is true is for "
	  "a module to check.\n\n"
	  "    add_header X-User $remote_user;",
	  VARIABLE_VOLATILE },

	/* --- the connection and this server --- */
	{ "remote_addr", variable_remote_addr,
	  "The client's address; \"unix:\" on a Unix socket."
	  "\n\n    limit_conn_zone $remote_addr zone=clients:10m;",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "remote_port", variable_remote_port,
	  "The client's port; empty where none is known.\n\n"
	  "    log_format clients \"$remote_addr:$remote_port\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "binary_remote_addr", variable_binary_remote_addr,
	  "The client's address in 4 or 16 bytes: a short key for limits.\n\n"
	  "    limit_req_zone $binary_remote_addr zone=clients:10m rate=10r/s;",
	  VARIABLE_VOLATILE },
	{ "server_addr", variable_server_addr,
	  "The address that the connection came in by.\n\n"
	  "    log_format servers \"$server_addr:$server_port $request\";" },
	{ "server_port", variable_server_port,
	  "The port that the connection came in by.\n\n"
	  "    log_format servers \"$server_addr:$server_port $request\";",
	  VARIABLE_PLAIN },
	{ "server_name", variable_server_name,
	  "The first server_name of the server.\n\n"
	  "    access_log logs/access.log named;\n"
	  "    log_format named \"$server_name $request\";",
	  VARIABLE_VOLATILE },
	{ "scheme", variable_scheme,
	  "http, or https on a connection that is encrypted.\n\n"
	  "    return 301 $scheme://www.example.org$request_uri;",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "https", variable_https,
	  "\"on\" on a connection that is encrypted, otherwise empty.\n\n"
	  "    map $https $hsts { on \"max-age=31536000\"; }",
	  VARIABLE_VOLATILE },
	{ "connection", variable_connection,
	  "The number of the connection.\n\n"
	  "    log_format connections \"$connection $connection_requests\";",
	  VARIABLE_PLAIN },
	{ "connection_requests", variable_connection_requests,
	  "The number of the request among those of its connection, from 1.\n\n"
	  "    log_format connections \"$connection $connection_requests\";",
	  VARIABLE_PLAIN },
	{ "connection_time", variable_connection_time,
	  "The age of the connection in seconds with milliseconds.\n\n"
	  "    log_format ages \"$connection $connection_time\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "pipe", variable_pipe,
	  "\"p\" if the request was sent before the response to the one ahead of it was out, "
	  "otherwise \".\".\n\n"
	  "    log_format pipelined \"$pipe $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "tcpinfo_rtt", variable_tcpinfo_rtt,
	  "The time of a packet to the client and back, in microseconds, by the kernel's estimate."
	  "\n\n    log_format network \"$tcpinfo_rtt $tcpinfo_rttvar\";",
	  VARIABLE_VOLATILE },
	{ "tcpinfo_rttvar", variable_tcpinfo_rttvar,
	  "How much that time varies, in microseconds."
	  "\n\n    log_format network \"$tcpinfo_rtt $tcpinfo_rttvar\";",
	  VARIABLE_VOLATILE },
	{ "tcpinfo_snd_cwnd", variable_tcpinfo_snd_cwnd,
	  "The congestion window, in packets.\n\n"
	  "    log_format windows \"$tcpinfo_snd_cwnd $tcpinfo_rcv_space\";",
	  VARIABLE_VOLATILE },
	{ "tcpinfo_rcv_space", variable_tcpinfo_rcv_space,
	  "The receive window, in bytes.\n\n"
	  "    log_format windows \"$tcpinfo_snd_cwnd $tcpinfo_rcv_space\";",
	  VARIABLE_VOLATILE },
	{ "pid", variable_pid,
	  "The number of the worker's process.\n\n"
	  "    log_format workers \"$pid $connection\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "hostname", variable_hostname,
	  "The name of this machine, in lower case.\n\n"
	  "    add_header X-Served-By $hostname;",
	  VARIABLE_VOLATILE },
	{ "nginx_version", variable_nginx_version,
	  "The version of nginx whose meanings of directives and variables are followed.\n\n"
	  "    return 200 \"like nginx $nginx_version\\n\";",
	  VARIABLE_VOLATILE },
	{ "skua_version", variable_skua_version,
	  "The version of this server.\n\n"
	  "    return 200 \"skua $skua_version\\n\";",
	  VARIABLE_VOLATILE },

	/* --- files --- */
	{ "document_root", variable_document_root,
	  "What root or alias gives for this request.\n\n"
	  "    if (-f $document_root/.closed) { return 503; }",
	  VARIABLE_VOLATILE },
	{ "realpath_root", variable_realpath_root,
	  "The same as an absolute path without symbolic links; asks the disk.\n\n"
	  "    add_header X-Release $realpath_root;",
	  VARIABLE_VOLATILE },
	{ "request_filename", variable_request_filename,
	  "The path of the file for the current $uri.\n\n"
	  "    if (!-e $request_filename) { rewrite ^ /index.html; }",
	  VARIABLE_VOLATILE },

	/* --- the response --- */
	{ "status", variable_status,
	  "The status of the response.\n\n"
	  "    map $status $is_error { default 1; ~^[23] 0; }",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "bytes_sent", variable_bytes_sent,
	  "Bytes that were sent, head and body.\n\n"
	  "    log_format sizes \"$bytes_sent $body_bytes_sent\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "body_bytes_sent", variable_body_bytes_sent,
	  "Bytes of the body that were sent.\n\n"
	  "    log_format sizes \"$bytes_sent $body_bytes_sent\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "request_length", variable_request_length,
	  "Bytes of the request: its line, its fields, its body.\n\n"
	  "    log_format lengths \"$request_length $bytes_sent\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "request_time", variable_request_time,
	  "Seconds with milliseconds since the first byte of the request was read.\n\n"
	  "    log_format times \"$request_time $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "request_times", variable_request_times,
	  "Where the time of the request went, in seconds: head (from its first byte until its "
	  "head was complete), work (handlers), a word for each module whose handler has waited, "
	  "or whose body had nothing to send yet (static for a disk, compress for a compressed "
	  "form, limit_req for a delay), and send (the rest, for a response that could not be "
	  "sent in one go: how slowly the client reads).\n\n"
	  "    log_format times \"$request_time $request_times $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "request_completion", variable_request_completion,
	  "\"OK\" if the whole response was sent, otherwise empty.\n\n"
	  "    log_format whole \"$request_completion $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "request_id", variable_request_id,
	  "A name of the request that no other has: 32 hexadecimal digits by chance.\n\n"
	  "    add_header X-Request-Id $request_id always;",
	  VARIABLE_PLAIN },
	{ "msec", variable_msec,
	  "Seconds with milliseconds since 1970.\n\n"
	  "    log_format stamped \"$msec $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "time_local", variable_time_local,
	  "The local time: 06/Nov/1994:09:49:37 +0100.\n\n"
	  "    log_format dated \"[$time_local] $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "time_iso8601", variable_time_iso8601,
	  "The local time: 1994-11-06T09:49:37+01:00.\n\n"
	  "    log_format dated \"$time_iso8601 $request\";",
	  VARIABLE_VOLATILE | VARIABLE_PLAIN },
	{ "sent_http_", variable_sent_http,
	  "The field of the response with that name, as it is sent: $sent_http_content_type. "
	  "Several fields of one name are a list.\n\n"
	  "    map $sent_http_content_type $life { text/css 30d; ~image/ max; }",
	  VARIABLE_PREFIX | VARIABLE_VOLATILE },
	{ "sent_trailer_", variable_sent_trailer,
	  "The field of that name which follows the body of the response.\n\n"
	  "    log_format sums \"$sent_trailer_x_checksum $request\";",
	  VARIABLE_PREFIX | VARIABLE_VOLATILE },
	{ 0 }
};
