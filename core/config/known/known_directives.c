/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directives of nginx up to 1.29, of the modules that come with it, and of its commercial
 * modules, in the order of nginx's documentation; then those of some modules that others make.
 */
#include "config/known/known.h"

#define ANY_HTTP    IN_ANY_HTTP
#define WITH_IF	    (IN_ANY_HTTP | IN_IF)
#define WITH_EXCEPT (IN_ANY_HTTP | IN_LIMIT_EXCEPT)
#define SERVERS	    (IN_HTTP | IN_SERVER)
#define REWRITING   (IN_SERVER | IN_LOCATION | IN_SERVER_IF | IN_IF)
#define NOWHERE	    0

#define TUNES_FORWARDING \
	"It says how requests are forwarded, so it has no effect: this server forwards none."
#define NO_TLS	     "This build does not speak TLS."
#define NO_HTTP3     "This server does not speak HTTP/3; clients use HTTP/2 instead."
#define NO_GZIP	     "This build does not compress."
#define NO_MODULE    "This build has no such module."
#define READS_ONLY   "This server reads files, and never writes, moves or removes any."
#define NOT_EXECUTED "This server executes no programs of the configuration."
#define OTHERS	     "It belongs to a module that does not come with nginx."
#define SOLD	     "It belongs to the commercial version of nginx."

/* The directives that proxy, fastcgi, uwsgi and scgi have in common. */
#define OF_CACHES                                                                        \
	"buffering request_buffering ignore_client_abort bind socket_keepalive "         \
	"connect_timeout send_timeout read_timeout send_lowat buffer_size buffers "      \
	"busy_buffers_size force_ranges limit_rate store store_access intercept_errors " \
	"pass_request_headers pass_request_body pass_header hide_header ignore_headers " \
	"cache cache_key cache_bypass no_cache cache_valid cache_min_uses "              \
	"cache_max_range_offset cache_use_stale cache_methods cache_lock "               \
	"cache_lock_timeout cache_lock_age cache_revalidate cache_convert_head "         \
	"cache_background_update cache_purge temp_path max_temp_file_size "              \
	"temp_file_write_size next_upstream next_upstream_tries next_upstream_timeout "  \
	"allow_upstream request_dynamic bind_dynamic"

/* The directives of modules that speak TLS to the other server. */
#define OF_TLS_CLIENTS                                                          \
	"ssl_session_reuse ssl_protocols ssl_ciphers ssl_name ssl_server_name " \
	"ssl_verify ssl_verify_depth ssl_trusted_certificate ssl_crl "          \
	"ssl_certificate ssl_certificate_key ssl_certificate_cache "            \
	"ssl_password_file ssl_conf_command ssl_key_log"

const struct known_group known_directives[] = {
	/* --- what modules have that may be left out --- */
	{ "http", KNOWN_MISSING, IN_SERVER | IN_LOCATION, NO_MODULE, NULL, "try_files" },
	{ "http", KNOWN_MISSING, IN_LOCATION, NO_MODULE, NULL, "limit_except empty_gif" },
	{ "http", KNOWN_MISSING, WITH_IF, NO_MODULE, NULL, "expires add_header" },
	{ "http", KNOWN_MISSING, WITH_EXCEPT, NO_MODULE, NULL, "allow deny" },
	{ "http", KNOWN_MISSING, WITH_EXCEPT | IN_IF, NO_MODULE, NULL, "access_log" },
	{ "http", KNOWN_MISSING, IN_HTTP, NO_MODULE, NULL,
	  "log_format geo map split_clients map_hash_max_size map_hash_bucket_size" },
	{ "http", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL,
	  "types default_type if_modified_since max_ranges open_log_file_cache index" },
	{ "http_proxy", KNOWN_MISSING, IN_LOCATION | IN_IF | IN_LIMIT_EXCEPT, NO_MODULE, NULL,
	  "proxy_pass" },
	{ "http_fastcgi", KNOWN_MISSING, IN_LOCATION | IN_IF, NO_MODULE, NULL,
	  "fastcgi_pass uwsgi_pass scgi_pass grpc_pass memcached_pass" },
	{ "http_tunnel", KNOWN_MISSING, IN_LOCATION | IN_IF, NO_MODULE, NULL, "tunnel_pass" },

	/* --- processes --- */
	{ "core", KNOWN_HARMLESS, IN_MAIN,
	  "Regular expressions are compiled just in time wherever the machine can.", NULL,
	  "pcre_jit" },
	{ "core", KNOWN_HARMLESS, IN_MAIN, "The time is taken once in each turn of the loop.", NULL,
	  "timer_resolution" },
	{ "core", KNOWN_HARMLESS, IN_MAIN, "The workers need no lock to take turns.", NULL,
	  "lock_file" },
	{ "core", KNOWN_HARMLESS, IN_MAIN,
	  "Files that are not in memory are read by threads of which nobody needs to give the "
	  "number.",
	  NULL, "thread_pool" },
	{ "core", KNOWN_HARMLESS, IN_MAIN,
	  "Modules are built in; `skua -V` lists them. What a module of nginx would bring is "
	  "reported where it is used.",
	  NULL, "load_module" },
	{ "core", KNOWN_HARMLESS, IN_MAIN,
	  "Core dumps are written where the kernel's core_pattern says.", NULL,
	  "working_directory" },
	{ "core", KNOWN_HARMLESS, IN_MAIN, "It serves to debug nginx.", NULL, "debug_points" },
	{ "core", KNOWN_HARMLESS, IN_MAIN, "Encryption needs no engine of OpenSSL.", NULL,
	  "ssl_engine ssl_object_cache_inheritable" },
	{ "google_perftools", KNOWN_HARMLESS, IN_MAIN, "It serves to measure nginx.", NULL,
	  "google_perftools_profiles" },
	{ "core", KNOWN_HARMLESS, IN_EVENTS, "The level of error_log holds for all clients.", NULL,
	  "debug_connection" },
	{ "core", KNOWN_HARMLESS, IN_EVENTS,
	  "It tunes a way of waiting for events that this server does not have.", NULL,
	  "epoll_events worker_aio_requests kqueue_changes kqueue_events devpoll_changes "
	  "devpoll_events eventport_events rtsig_signo rtsig_overflow_events "
	  "rtsig_overflow_test rtsig_overflow_threshold" },
	{ "mgmt", KNOWN_MISSING, IN_MAIN, SOLD, NULL, "mgmt" },
	{ "mail", KNOWN_FOREIGN, IN_MAIN, "This server does not speak the protocols of mail.", NULL,
	  "mail" },
	{ "stream", KNOWN_FOREIGN, IN_MAIN,
	  "This server speaks HTTP and does not forward other connections.", NULL, "stream" },

	/* --- http --- */
	{ "http", KNOWN_HARMLESS, ANY_HTTP,
	  "What is known of a file is compared with the file system in each turn.", NULL,
	  "open_file_cache_events" },
	{ "http", KNOWN_MISSING, WITH_IF, NO_MODULE, NULL,
	  "limit_rate limit_rate_after post_action" },
	{ "http", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, NULL, "early_hints" },
	{ "http_v2", KNOWN_HARMLESS, SERVERS, "SPDY has been replaced by HTTP/2.", "spdy_",
	  "chunk_size headers_comp keepalive_timeout max_concurrent_streams pool_size "
	  "recv_buffer_size recv_timeout streams_index_size" },
	{ "http_v3", KNOWN_HARMLESS, SERVERS, NO_HTTP3, NULL,
	  "http3 http3_hq http3_max_concurrent_streams http3_stream_buffer_size quic_retry "
	  "quic_gso quic_host_key quic_active_connection_id_limit" },
	{ "http_v3", KNOWN_HARMLESS, IN_MAIN, NO_HTTP3, NULL, "quic_bpf" },
	{ "http_ssl", KNOWN_MISSING_ON, SERVERS,
	  "nginx has dropped this directive: write `listen … ssl` instead.", NULL, "ssl" },
	{ "http_ssl", KNOWN_MISSING, SERVERS, NO_TLS, "ssl",
	  "_certificate _certificate_key _verify_client _client_certificate "
	  "_reject_handshake _ocsp" },
	{ "http_ssl", KNOWN_HARMLESS, SERVERS,
	  "It tunes TLS. Without a certificate it has no effect.", "ssl_",
	  "password_file dhparam ecdh_curve protocols ciphers buffer_size verify_depth "
	  "trusted_certificate prefer_server_ciphers session_cache session_tickets "
	  "session_ticket_key session_timeout crl ocsp_responder ocsp_cache stapling "
	  "stapling_file stapling_responder stapling_verify early_data conf_command "
	  "certificate_cache" },
	{ "http_ssl", KNOWN_HARMLESS, SERVERS,
	  "It tunes TLS in a way that this server does not have. It changes no response.", "ssl_",
	  "certificate_compression ech_file encrypted_hello_key key_log client_hello_timeout" },
	{ "http_acme", KNOWN_MISSING, IN_HTTP | IN_SERVER,
	  "This server fetches no certificates. A client of ACME can write them to files, for "
	  "ssl_certificate.",
	  NULL, "acme_issuer acme_certificate acme_shared_zone" },

	/* --- what a response is made of --- */
	{ "http_gzip", KNOWN_MISSING, WITH_IF, NO_GZIP, NULL, "gzip" },
	{ "http_gzip", KNOWN_HARMLESS, ANY_HTTP,
	  "It tunes the compression. Without `gzip on` it has no effect.", NULL,
	  "gzip_buffers gzip_types gzip_comp_level gzip_window gzip_hash postpone_gzipping "
	  "gzip_no_buffer gzip_min_length gzip_vary gzip_http_version gzip_proxied "
	  "gzip_disable" },
	{ "http_gzip_static", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL, "gzip_static" },
	{ "http_gunzip", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL, "gunzip" },
	{ "http_gunzip", KNOWN_HARMLESS, ANY_HTTP, "It tunes gunzip.", NULL, "gunzip_buffers" },
	{ "http_charset", KNOWN_MISSING, WITH_IF, NO_MODULE, NULL,
	  "charset source_charset override_charset" },
	{ "http_charset", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL, "charset_types" },
	{ "http_charset", KNOWN_MISSING, IN_HTTP, NO_MODULE, NULL, "charset_map" },
	{ "http_ssi", KNOWN_MISSING_ON, WITH_IF, NO_MODULE, NULL, "ssi" },
	{ "http_ssi", KNOWN_HARMLESS, ANY_HTTP, "It tunes ssi.", "ssi_",
	  "silent_errors ignore_recycled_buffers min_file_chunk value_length types "
	  "last_modified" },
	{ "http_sub", KNOWN_MISSING, ANY_HTTP, NO_MODULE, "sub_filter",
	  ". _types _once _last_modified" },
	{ "http_addition", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL,
	  "add_before_body add_after_body addition_types" },
	{ "http_headers", KNOWN_MISSING, WITH_IF, NO_MODULE, NULL, "add_trailer" },
	{ "http_headers", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL,
	  "add_header_inherit add_trailer_inherit" },
	{ "http_userid", KNOWN_MISSING, ANY_HTTP, NO_MODULE, "userid",
	  ". _service _name _domain _path _expires _flags _p3p _mark" },
	{ "http_slice", KNOWN_HARMLESS, ANY_HTTP, "Ranges of files are read where they lie.", NULL,
	  "slice" },
	{ "http_image_filter", KNOWN_MISSING_ON, IN_LOCATION, NO_MODULE, "image_filter", "." },
	{ "http_image_filter", KNOWN_MISSING, ANY_HTTP, NO_MODULE, "image_filter",
	  ". _buffer _interlace _jpeg_quality _webp_quality _sharpen _transparency" },
	{ "http_xslt", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL,
	  "xml_entities xslt_last_modified xslt_param xslt_string_param xslt_stylesheet "
	  "xslt_types" },

	/* --- what a request leads to --- */
	{ "http_rewrite", KNOWN_MISSING, REWRITING, NO_MODULE, NULL, "rewrite return break set" },
	{ "http_rewrite", KNOWN_MISSING, IN_SERVER | IN_LOCATION, NO_MODULE, NULL, "if" },
	{ "http_rewrite", KNOWN_HARMLESS, IN_HTTP | REWRITING, "It is about messages of rewrite.",
	  NULL, "rewrite_log uninitialized_variable_warn" },
	{ "http_autoindex", KNOWN_MISSING, ANY_HTTP, NO_MODULE, "autoindex",
	  ". _format _localtime _exact_size" },
	{ "http_random_index", KNOWN_MISSING, IN_LOCATION, NO_MODULE, NULL, "random_index" },
	{ "http_stub_status", KNOWN_MISSING, IN_SERVER | IN_LOCATION, NO_MODULE, NULL,
	  "stub_status" },
	{ "http_dav", KNOWN_MISSING_ON, ANY_HTTP, READS_ONLY, NULL,
	  "dav_methods create_full_put_path min_delete_depth dav_access" },
	{ "http_flv", KNOWN_MISSING, IN_LOCATION, NO_MODULE, NULL, "flv" },
	{ "http_mp4", KNOWN_MISSING, IN_LOCATION, NO_MODULE, NULL, "mp4" },
	{ "http_mp4", KNOWN_HARMLESS, ANY_HTTP, "It tunes mp4.", "mp4_",
	  "buffer_size max_buffer_size start_key_frame limit_rate limit_rate_after" },
	{ "http_hls", KNOWN_MISSING, ANY_HTTP, SOLD, NULL,
	  "hls hls_buffers hls_forward_args hls_fragment hls_mp4_buffer_size "
	  "hls_mp4_max_buffer_size f4f f4f_buffer_size" },
	{ "http_mirror", KNOWN_FORWARDING, ANY_HTTP,
	  "It sends a copy of each request to another server, which changes no response.", NULL,
	  "mirror mirror_request_body" },
	{ "http_internal_redirect", KNOWN_MISSING, SERVERS | IN_LOCATION, NO_MODULE, NULL,
	  "internal_redirect" },
	{ "http_perl", KNOWN_MISSING, IN_LOCATION | IN_LIMIT_EXCEPT, NOT_EXECUTED, NULL, "perl" },
	{ "http_perl", KNOWN_MISSING, IN_HTTP, NOT_EXECUTED, NULL,
	  "perl_set perl_modules perl_require" },
	{ "http_js", KNOWN_MISSING, WITH_EXCEPT | IN_IF | IN_MAIN, NOT_EXECUTED, "js_",
	  "access body_filter content header_filter import include set var path preload_object "
	  "periodic fetch_buffer_size fetch_ciphers fetch_keepalive fetch_keepalive_requests "
	  "fetch_keepalive_time fetch_keepalive_timeout fetch_max_response_buffer_size "
	  "fetch_protocols fetch_proxy fetch_timeout fetch_trusted_certificate fetch_verify "
	  "fetch_verify_depth shared_dict_zone context_reuse engine load_http_native_module" },
	{ "otel", KNOWN_HARMLESS, ANY_HTTP, "It changes no response.", "otel_",
	  "exporter service_name resource_attr trace trace_context span_name span_attr" },

	/* --- who may ask --- */
	{ "http_auth_basic", KNOWN_MISSING, WITH_EXCEPT, NO_MODULE, NULL,
	  "auth_basic auth_basic_user_file" },
	{ "http_auth_request", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL,
	  "auth_request auth_request_set" },
	{ "http_auth_jwt", KNOWN_MISSING, WITH_EXCEPT, SOLD, "auth_jwt",
	  ". _claim_set _header_set _key_cache _key_file _key_request _leeway _type _require" },
	{ "http_oidc", KNOWN_MISSING, WITH_EXCEPT, SOLD, NULL, "oidc_provider auth_oidc" },
	{ "http_secure_link", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL,
	  "secure_link secure_link_md5 secure_link_secret" },
	{ "http_referer", KNOWN_MISSING, IN_SERVER | IN_LOCATION, NO_MODULE, NULL,
	  "valid_referers" },
	{ "http_referer", KNOWN_HARMLESS, IN_SERVER | IN_LOCATION,
	  "Referers are in a table of the size that they need.", NULL,
	  "referer_hash_max_size referer_hash_bucket_size" },
	{ "http_limit_req", KNOWN_MISSING, IN_HTTP, NO_MODULE, NULL, "limit_req_zone" },
	{ "http_limit_req", KNOWN_MISSING, ANY_HTTP, NO_MODULE, "limit_req",
	  ". _log_level _status _dry_run" },
	{ "http_limit_conn", KNOWN_MISSING, IN_HTTP, NO_MODULE, NULL,
	  "limit_conn_zone limit_zone" },
	{ "http_limit_conn", KNOWN_MISSING, ANY_HTTP, NO_MODULE, "limit_conn",
	  ". _log_level _status _dry_run" },
	{ "http_realip", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL,
	  "set_real_ip_from real_ip_header real_ip_recursive" },
	{ "http_browser", KNOWN_MISSING, ANY_HTTP, NO_MODULE, NULL,
	  "modern_browser ancient_browser modern_browser_value ancient_browser_value" },
	{ "http_geoip", KNOWN_MISSING, IN_HTTP, NO_MODULE, "geoip_",
	  "country city org proxy proxy_recursive" },
	{ "http_keyval", KNOWN_MISSING, IN_HTTP, SOLD, NULL, "keyval keyval_zone" },
	{ "http_api", KNOWN_MISSING, ANY_HTTP, SOLD, NULL, "api status" },
	{ "http_status", KNOWN_HARMLESS, ANY_HTTP, SOLD, NULL,
	  "status_zone status_format session_log session_log_format session_log_zone" },
	{ "http_num_map", KNOWN_MISSING, IN_HTTP, SOLD, NULL, "num_map" },

	/* --- forwarding --- */
	{ "http_upstream", KNOWN_FORWARDING, IN_HTTP, TUNES_FORWARDING, NULL, "upstream" },
	{ "http_upstream", KNOWN_FORWARDING, NOWHERE, TUNES_FORWARDING, NULL,
	  "zone state hash ip_hash fair keepalive least_conn least_time queue random ntlm sticky "
	  "sticky_cookie_insert" },
	{ "http_upstream_hc", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, NULL,
	  "health_check match upstream_conf" },
	{ "http_proxy", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, "proxy_",
	  "redirect cookie_domain cookie_path cookie_flags set_header set_body method "
	  "headers_hash_max_size headers_hash_bucket_size http_version "
	  "pass_trailers " OF_CACHES " " OF_TLS_CLIENTS },
	{ "http_proxy", KNOWN_FORWARDING, IN_HTTP, TUNES_FORWARDING, NULL,
	  "proxy_cache_path fastcgi_cache_path uwsgi_cache_path scgi_cache_path" },
	{ "http_fastcgi", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, "fastcgi_",
	  "index split_path_info param catch_stderr keep_conn upstream_fail_timeout "
	  "upstream_max_fails " OF_CACHES },
	{ "http_uwsgi", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, "uwsgi_",
	  "modifier1 modifier2 param string " OF_CACHES " " OF_TLS_CLIENTS },
	{ "http_scgi", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, "scgi_", "param " OF_CACHES },
	{ "http_grpc", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, "grpc_",
	  "bind socket_keepalive connect_timeout send_timeout intercept_errors buffer_size "
	  "read_timeout next_upstream next_upstream_tries next_upstream_timeout set_header "
	  "pass_header hide_header ignore_headers allow_upstream " OF_TLS_CLIENTS },
	{ "http_memcached", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, "memcached_",
	  "bind socket_keepalive connect_timeout send_timeout buffer_size read_timeout "
	  "next_upstream next_upstream_tries next_upstream_timeout gzip_flag "
	  "allow_upstream" },
	{ "http_tunnel", KNOWN_FORWARDING, ANY_HTTP, TUNES_FORWARDING, "tunnel_",
	  "allow_upstream bind buffer_size connect_timeout next_upstream next_upstream_timeout "
	  "next_upstream_tries read_timeout send_lowat send_timeout socket_keepalive" },

	/* --- within stream and mail --- */
	{ "stream", KNOWN_FORWARDING, NOWHERE, "It stands in the block stream.", NULL,
	  "preread_buffer_size preread_timeout proxy_protocol_timeout proxy_download_rate "
	  "proxy_upload_rate proxy_half_close proxy_protocol proxy_requests proxy_responses "
	  "proxy_session_drop proxy_timeout ssl_alpn ssl_handshake_timeout ssl_preread pass "
	  "mqtt mqtt_buffers mqtt_preread mqtt_rewrite_buffer_size mqtt_set_connect "
	  "js_filter js_preread zone_sync zone_sync_buffers zone_sync_connect_retry_interval "
	  "zone_sync_connect_timeout zone_sync_interval zone_sync_recv_buffer_size "
	  "zone_sync_server zone_sync_ssl zone_sync_timeout" },
	{ "mail", KNOWN_FORWARDING, NOWHERE, "It stands in the block mail.", NULL,
	  "auth_http auth_http_header auth_http_pass_client_cert auth_http_timeout protocol "
	  "imap_auth imap_capabilities imap_client_buffer pop3_auth pop3_capabilities "
	  "smtp_auth smtp_capabilities smtp_client_buffer smtp_greeting_delay max_commands "
	  "max_errors proxy_buffer proxy_pass_error_message proxy_smtp_auth starttls xclient" },

	/* --- modules that others make --- */
	{ "headers_more", KNOWN_MISSING, WITH_IF,
	  OTHERS " set_header and remove_header change the fields of responses.", "more_",
	  "set_headers clear_headers" },
	{ "headers_more", KNOWN_MISSING, WITH_IF, OTHERS, "more_",
	  "set_input_headers clear_input_headers" },
	{ "fancyindex", KNOWN_MISSING_ON, WITH_IF, OTHERS " autoindex lists folders.", "fancyindex",
	  "." },
	{ "fancyindex", KNOWN_HARMLESS, WITH_IF, "It is about fancyindex.", "fancyindex_",
	  "case_sensitive default_sort directories_first css_href exact_size footer header "
	  "hide_parent_dir hide_symlinks ignore localtime name_length show_dotfiles show_path "
	  "time_format" },
	{ "zstd_dictionary", KNOWN_MISSING, IN_HTTP,
	  "Browsers decode zstd without a dictionary only.", NULL, "zstd_dict_file" },
	{ "geoip2", KNOWN_MISSING, IN_HTTP, OTHERS " geo finds a value for an address, too.", NULL,
	  "geoip2 geoip2_proxy geoip2_proxy_recursive" },
	{ "modsecurity", KNOWN_MISSING_ON, ANY_HTTP, OTHERS, "modsecurity",
	  ". _rules _rules_file _rules_remote _transaction_id _use_error_log" },
	{ "pagespeed", KNOWN_MISSING_ON, IN_MAIN | WITH_IF, OTHERS, NULL, "pagespeed" },
	{ "vts", KNOWN_MISSING, ANY_HTTP, OTHERS " `skua status` and stub_status have counts.",
	  "vhost_traffic_status", "_*" },
	{ "cache_purge", KNOWN_FORWARDING, WITH_IF, TUNES_FORWARDING, NULL, "cache_purge" },
	{ "lua", KNOWN_MISSING, IN_MAIN | WITH_IF, NOT_EXECUTED, "lua_", "*" },
	{ "echo", KNOWN_MISSING, WITH_IF, OTHERS " return answers with a text.", "echo",
	  ". _after_body _before_body _duplicate _exec _flush _foreach_split _location "
	  "_location_async _read_request_body _request_body _reset_timer _sleep _status "
	  "_subrequest _subrequest_async" },
	{ "passenger", KNOWN_MISSING, IN_MAIN | WITH_IF, NOT_EXECUTED, "passenger_", "*" },
	{ 0 }
};

const struct known_group known_listen_parameters[] = {
	{ "http_ssl", KNOWN_MISSING, IN_SERVER, NO_TLS, NULL, "ssl" },
	{ "http_v2", KNOWN_HARMLESS, IN_SERVER, "SPDY has been replaced by HTTP/2.", NULL, "spdy" },
	{ "http_v3", KNOWN_MISSING, IN_SERVER, NO_HTTP3, NULL, "quic http3" },
	{ "http", KNOWN_MISSING, IN_SERVER, NO_MODULE, NULL, "proxy_protocol" },
	{ "http", KNOWN_HARMLESS, IN_SERVER, "It is for other systems than Linux.", NULL,
	  "setfib=* accept_filter=*" },
	{ 0 }
};
