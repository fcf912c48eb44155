/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of nginx that this server does not have: what is said about them, and that nothing
 * is said twice.
 */
#include "unit/http_test.h"

#include "config/known/known.h"
#include "config/modules.h"

static const char *fails(const char *text)
{
	ck_assert_msg(!load_http(text), "%s", text);
	return messages;
}

#define assert_has(text, part) \
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in:\n%s", part, text)

static void warns_of(const char *text, const char *message)
{
	ck_assert_msg(load_http(text), "%s: %s", text, messages);
	assert_says(message);
}

static unsigned count_of(const char *part)
{
	unsigned count = 0;

	for (const char *at = messages; (at = strstr(at, part)) != NULL; at++)
		count++;
	return count;
}

static const char *const families[] = { "proxy", "fastcgi", "uwsgi", "scgi" };

/* --- directives ------------------------------------------------------------- */

START_TEST(what_changes_no_response_is_accepted)
{
	good_http("proxy_buffering off; proxy_cache_path /a keys_zone=a:1m; fastcgi_buffers 8 16k;"
		  "uwsgi_temp_path /u; ssl_protocols TLSv1.2; ssl_session_cache shared:a:1m;"
		  "gzip_types text/css; http2_max_requests 10; upstream a { server b:1 weight=2;"
		  "least_conn; keepalive 4; } server { listen 8080 setfib=1; location / {"
		  "proxy_set_header Host $proxy_host; slice 1m; } }");
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		good_http(memory_printf("%s_read_timeout 5s; server { }", families[i]));
}
END_TEST

START_TEST(what_is_turned_off_is_not_missed)
{
	good_http("server { listen 8080; ssl off; "
		  "location / { dav_methods off; image_filter off; } }");
	assert_has(fails("server { ssl on; }"), "write `listen … ssl`");
	assert_has(fails("server { dav_methods off off; }"), "\"dav_methods\" is not supported\n");
}
END_TEST

START_TEST(what_others_make_is_known)
{
	assert_has(fails("more_clear_headers Server;"),
		   "\"more_clear_headers\" is not supported\n");
	assert_says("remove_header");
	assert_has(fails("server { modsecurity on; }"), "does not come with nginx");
}
END_TEST

START_TEST(what_is_missing_is_no_misspelt_name)
{
	assert_has(fails("server { dav_methods PUT; }"), "\"dav_methods\" is not supported\n");
	assert_says("This server reads files");
	ck_assert_uint_eq(count_of("did you mean"), 0);
	/* In a place where nginx has it not either. */
	assert_has(fails("server { upstream a { } }"), "\"upstream\" is not allowed here\n");
	assert_says("it belongs into http");
	assert_has(fails("server { proxy_redirct off; }"), "did you mean \"proxy_redirect\"?");
}
END_TEST

/* What is not supported for one reason is one message, with the names of all. */
START_TEST(one_reason_is_one_message)
{
	fails("server { dav_methods PUT;\n dav_access user:rw;\n dav_access all:r; }\n"
	      "server { dav_methods PUT; perl a; }");
	ck_assert_uint_eq(count_of("is not supported"), 1);
	assert_says("| nor \"dav_access\" in line 2, line 3, \"dav_methods\" in line 4");
	assert_says("\"perl\" is not allowed here");
}
END_TEST

START_TEST(a_message_that_comes_again_has_a_count)
{
	fails("server { rot /a;\n rot /b;\n}\n server { rot /c; }");
	ck_assert_uint_eq(count_of("unknown directive \"rot\""), 1);
	assert_says("| the same in line 2, line 4\n");

	char text[2048] = "server { ", *end = text + strlen(text);

	for (int i = 0; i < 40; i++)
		end += sprintf(end, "rot /%d;\n", i);
	strcpy(end, "}");
	fails(text);
	assert_says("line 13 and 27 more\n");
}
END_TEST

/* Where nginx has the directives of the core, whose names are in no table. */
static const struct {
	unsigned contexts;
	const char *names;
} of_core[] = {
	{ IN_MAIN, "daemon master_process pid worker_processes user worker_rlimit_nofile "
		   "worker_rlimit_core worker_shutdown_timeout worker_priority "
		   "worker_cpu_affinity env events http" },
	{ IN_EVENTS, "worker_connections use multi_accept accept_mutex accept_mutex_delay" },
	{ IN_MAIN | IN_ANY_HTTP, "error_log" },
	{ IN_ANYWHERE, "include" },
	{ IN_HTTP, "server variables_hash_max_size variables_hash_bucket_size "
		   "server_names_hash_max_size server_names_hash_bucket_size" },
	{ IN_HTTP | IN_SERVER,
	  "connection_pool_size request_pool_size client_header_timeout "
	  "client_header_buffer_size large_client_header_buffers ignore_invalid_headers "
	  "merge_slashes underscores_in_headers max_headers" },
	{ IN_SERVER, "listen server_name" },
	{ IN_SERVER | IN_LOCATION, "location" },
	{ IN_LOCATION, "alias internal" },
	{ IN_ANY_HTTP | IN_IF, "root sendfile error_page" },
	{ IN_ANY_HTTP,
	  "client_max_body_size client_body_buffer_size client_body_timeout "
	  "client_body_temp_path client_body_in_file_only client_body_in_single_buffer "
	  "sendfile_max_chunk subrequest_output_buffer_size aio aio_write read_ahead "
	  "directio directio_alignment tcp_nopush tcp_nodelay send_timeout send_lowat "
	  "postpone_output keepalive_time keepalive_timeout keepalive_requests "
	  "keepalive_disable satisfy lingering_close lingering_time lingering_timeout "
	  "reset_timedout_connection absolute_redirect server_name_in_redirect "
	  "port_in_redirect msie_padding msie_refresh log_not_found server_tokens etag "
	  "open_file_cache open_file_cache_valid open_file_cache_min_uses "
	  "open_file_cache_errors output_buffers keepalive_min_timeout "
	  "types_hash_max_size types_hash_bucket_size auth_delay recursive_error_pages "
	  "chunked_transfer_encoding resolver resolver_timeout" },
};

static unsigned contexts_in_nginx(const struct directive *d)
{
	const struct known_group *group =
		known_find(known_directives, str_from(d->name), d->contexts);

	for (size_t i = 0; i < sizeof(of_core) / sizeof(of_core[0]); i++) {
		struct str names = str_from(of_core[i].names);

		while (!str_empty(names))
			if (str_eq(str_split(&names, ' '), str_from(d->name)))
				return of_core[i].contexts;
	}
	/* The name of a directive within stream or mail is free here. */
	return group ? group->contexts : 0;
}

/* A module may allow more. */
START_TEST(modules_and_nginx_agree_on_contexts)
{
	for (size_t i = 0; i < module_count(); i++)
		for (const struct directive *d = module_at(i)->directives; d && d->name; d++) {
			unsigned contexts = contexts_in_nginx(d);

			ck_assert_msg(!contexts || contexts & d->contexts,
				      "%s stands in other contexts than in nginx", d->name);
		}
}
END_TEST

/* Whether configure can leave the module out. */
static bool is_optional(const struct module *module)
{
	for (size_t i = 0; i < modules_count; i++)
		if (modules[i] == module)
			return true;
	return false;
}

/*
 * The names of the core are never looked up in the tables, so what stands there about them would
 * be wrong unseen. The names of a module that may be left out stay for builds without it.
 */
START_TEST(the_tables_have_no_name_of_the_core)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);

		if (is_optional(module))
			continue;
		for (const struct directive *d = module->directives; d && d->name; d++) {
			const struct known_group *group =
				known_find(known_directives, str_from(d->name), d->contexts);

			ck_assert_msg(!group || !(group->contexts & d->contexts), "%s", d->name);
		}
		for (const struct variable *v = module->variables; v && v->name; v++)
			ck_assert_msg(!known_find(known_variables, str_from(v->name), IN_HTTP),
				      "$%s", v->name);
	}
}
END_TEST

/* Whether a module has a directive or a variable of this name. */
static bool is_declared(struct str name, bool is_variable)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct directive *d = module_at(i)->directives;
		const struct variable *v = module_at(i)->variables;

		for (; d && d->name && !is_variable; d++)
			if (str_eq(name, str_from(d->name)))
				return true;
		for (; v && v->name && is_variable; v++)
			if (str_eq(name, str_from(v->name)))
				return true;
	}
	return false;
}

static bool has_module(const char *name)
{
	for (size_t i = 0; i < module_count(); i++)
		if (strcmp(module_at(i)->name, name) == 0)
			return true;
	return false;
}

/*
 * All variables of nginx's index that say something of what this server does, by the module that
 * has them here. Those of other modules of nginx are in known_variables.
 */
static const struct {
	const char *module, *names;
} of_index[] = {
	{ "http",
	  "arg_ args binary_remote_addr body_bytes_sent bytes_sent connection "
	  "connection_requests connection_time content_length content_type cookie_ "
	  "document_root document_uri host hostname http_ https is_args is_request_port msec "
	  "nginx_version pid pipe query_string realpath_root remote_addr remote_port "
	  "remote_user request request_completion request_filename request_id "
	  "request_length request_method request_port request_time request_uri scheme "
	  "sent_http_ sent_trailer_ server_addr server_name server_port server_protocol "
	  "status tcpinfo_rtt tcpinfo_rttvar tcpinfo_snd_cwnd tcpinfo_rcv_space "
	  "time_iso8601 time_local uri http2" },
	{ "browser", "ancient_browser modern_browser msie" },
	{ "gzip", "gzip_ratio" },
	{ "limit_conn", "limit_conn_status" },
	{ "limit_rate", "limit_rate" },
	{ "limit_req", "limit_req_status" },
	{ "proxy_protocol", "proxy_protocol_addr proxy_protocol_port proxy_protocol_server_addr "
			    "proxy_protocol_server_port proxy_protocol_tlv_" },
	{ "realip", "realip_remote_addr realip_remote_port" },
	{ "referer", "invalid_referer" },
	{ "secure_link", "secure_link secure_link_expires" },
	{ "ssi", "date_gmt date_local" },
	{ "ssl", "ssl_alpn_protocol ssl_cipher ssl_ciphers ssl_client_cert ssl_client_escaped_cert "
		 "ssl_client_fingerprint ssl_client_i_dn ssl_client_i_dn_legacy "
		 "ssl_client_raw_cert ssl_client_s_dn ssl_client_s_dn_legacy ssl_client_serial "
		 "ssl_client_v_end ssl_client_v_remain ssl_client_v_start ssl_client_verify "
		 "ssl_curve ssl_curves ssl_early_data ssl_protocol ssl_server_name ssl_session_id "
		 "ssl_session_reused ssl_sigalg ssl_client_sigalg" },
	{ "stub_status", "connections_active connections_reading connections_waiting "
			 "connections_writing" },
	{ "userid", "uid_got uid_reset uid_set" },
};

START_TEST(the_variables_of_nginx_are_here)
{
	for (size_t i = 0; i < sizeof(of_index) / sizeof(of_index[0]); i++) {
		struct str names = str_from(of_index[i].names);

		while (has_module(of_index[i].module) && !str_empty(names)) {
			struct str name = str_split(&names, ' ');

			ck_assert_msg(is_declared(name, true), "$%.*s", STR_ARG(name));
		}
	}
}
END_TEST

/* Reasons that are true in some builds only, and the module with which they are not. */
static const struct {
	const char *reason, *module;
} reasons[] = {
	{ "which this build does not speak", "ssl" },
	{ "This build does not speak TLS", "ssl" },
	{ "Without a certificate it has no effect", "ssl" },
	{ "This build does not compress", "gzip" },
};

static void is_true(const char *name, const struct known_group *group, void *is_variable)
{
	if (is_declared(str_from(name), is_variable != NULL))
		return;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		ck_assert_msg(!strstr(group->reason, reasons[i].reason) ||
				      !has_module(reasons[i].module),
			      "%s: \"%s\" is not true in this build", name, group->reason);
}

START_TEST(reasons_are_true_in_this_build)
{
	known_each(known_directives, is_true, NULL);
	known_each(known_variables, is_true, (void *)"variable");
}
END_TEST

static void is_found(const char *name, const struct known_group *group, void *data)
{
	unsigned *count = data;

	ck_assert_msg(known_find(known_directives, str_from(name), group->contexts), "%s", name);
	ck_assert_msg(*group->reason && str_ends(str_from(group->reason), STR(".")), "%s", name);
	++*count;
}

START_TEST(each_name_is_found)
{
	unsigned count = 0;

	known_each(known_directives, is_found, &count);
	ck_assert_uint_ge(count, 600);
	ck_assert_ptr_null(known_find(known_directives, STR("proxy_"), IN_HTTP));
	ck_assert_ptr_null(known_find(known_directives, STR("roo"), IN_HTTP));
	ck_assert_ptr_null(known_find(known_directives, STR(""), IN_HTTP));
}
END_TEST

/* --- what follows from a mistake -------------------------------------------- */

START_TEST(variables_of_a_refused_line_are_not_unknown)
{
	fails("mapp $host $a { x y; } geoip_city x $b; perl_set $c x;\n"
	      "server { rewrit ^/(?<d>.*) /; add_header X \"$a$b$c$d$e\"; }");
	ck_assert_uint_eq(count_of("unknown variable"), 1);
	assert_says("unknown variable \"$e\"");
	fails("server { root; return 200 $zz; }");
	ck_assert_uint_eq(count_of("unknown variable"), 1);
	fails("map $host $a { x; } server { return 200 $a; }");
	ck_assert_uint_eq(count_of("unknown variable"), 0);
}
END_TEST

START_TEST(a_format_with_a_mistake_is_there)
{
	fails("log_format a \"$nope\"; access_log /srv/l a; server { }");
	ck_assert_uint_eq(count_of("there is no log format"), 0);
	assert_says("unknown variable \"$nope\"");
}
END_TEST

START_TEST(what_a_refused_line_declares_is_not_missing)
{
	fails("log_formt main \"x\"; limit_req_zon $uri zone=a:1m rate=1r/s; limit_conn_zonee $uri "
	      "zone=c:1m; server { log_format inner x; access_log /srv/l main; slow_log /srv/s 1s "
	      "main; location / { limit_req zone=a; limit_conn c 1; access_log /srv/l inner; } }");
	ck_assert_uint_eq(count_of("error: "), 4);
	fails("log_formt main \"x\"; server { access_log /srv/l other; limit_req zone=b; }");
	assert_says("there is no log format \"other\"");
	assert_says("the zone \"b\" is not declared");
}
END_TEST

START_TEST(variables_without_a_value_are_one_warning)
{
	warns_of("log_format a \"$upstream_addr $quic_connection $upstream_addr\";"
		 "server { add_header X [$upstream_x]; }",
		 "without a value here: $upstream_addr, $quic_connection, $upstream_x\n");
	ck_assert_uint_eq(count_of("warning"), 1);
	fails("server { return 200 $upstreem_addr; }");
	assert_says("unknown variable \"$upstreem_addr\"");
}
END_TEST

/* --- forwarding ------------------------------------------------------------- */

START_TEST(forwarding_is_one_message)
{
	fails("upstream b { server a; }\nserver {\n location /api/ {\n proxy_pass http://b;\n"
	      "proxy_set_header A b; proxy_redirect off; }\n"
	      "location ~ \\.php$ { fastcgi_pass p:9; fastcgi_param a b; }\n"
	      "location /a { proxy_pass http://b; proxy_buffering on; }\n"
	      "location /b { } }");
	assert_has(messages,
		   "skua: error: /srv/test.conf forwards requests, which Skua does not do:\n"
		   "  location /api/     line 3  proxy_pass http://b  (+2 lines of proxy_*)\n"
		   "  location ~ \\.php$  line 6  fastcgi_pass p:9     (+1 line of fastcgi_*)\n"
		   "  location /a        line 7  proxy_pass http://b  (+1 line of proxy_*)\n"
		   "Everything else is fine: 1 of 4 locations. Route these in front of Skua,\n"
		   "or write `forwarding 502;` to start without them.\n");
	ck_assert_uint_eq(count_of("error"), 1);
	fails("server { rot a; location / { proxy_pass http://b; } }");
	assert_says("There is 1 other error, see above. Route this one in front of Skua,\n");
}
END_TEST

/* A directive that forwards in a place where nginx does not allow it either. */
START_TEST(forwarding_is_one_message_beside_other_mistakes)
{
	static const char *const names[] = { "proxy_pass", "fastcgi_pass", "uwsgi_pass",
					     "scgi_pass",  "grpc_pass",	   "memcached_pass" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *name = names[i];

		fails(memory_printf("%s a; server { %s b; location /a { %s c; } }", name, name,
				    name));
		assert_says(memory_printf("\"%s\" is not allowed here", name));
		assert_says(memory_printf("  location /a  line 1  %s c\n", name));
		ck_assert_uint_eq(count_of("forwards requests"), 1);
	}
	fails("forwarding 503; server { location /a { proxy_pass; } "
	      "location /b { proxy_pass b; } }");
	assert_says("invalid value \"503\"");
	assert_says("  location /b  line 1  proxy_pass b\n");
	fails("server { location /a { proxy_pass b; }");
	ck_assert_uint_eq(count_of("forwards requests"), 0);
}
END_TEST

START_TEST(a_location_that_forwards_twice_counts_once)
{
	fails("server { location /a { proxy_pass http://b; location /a/c { proxy_pass http://c; }\n"
	      "limit_except GET { proxy_pass http://d; } if ($uri) { proxy_pass http://e; } } }");
	assert_says("Everything else is fine: 0 of 2 locations. Route these in front of Skua,\n");
	/* `forwarding` may stand behind what it is about. */
	warns_of("server { location /a { proxy_pass http://b; forwarding 502; } forwarding 502;"
		 "location /b { if ($uri) { proxy_pass http://b; } } }",
		 "  location /a             line 1  proxy_pass http://b\n");
}
END_TEST

START_TEST(forwarding_502_is_a_warning)
{
	warns_of("forwarding 502; server { location / { proxy_pass http://b; } }",
		 "skua: warning: /srv/test.conf forwards requests, which are answered by 502 here:"
		 "\n  location /  line 1  proxy_pass http://b\n");
	ck_assert_uint_eq(count_of("error"), 0);
	/* A location may say so for itself. */
	fails("server { location /a { proxy_pass http://b; forwarding 502; }\n"
	      "location /b { proxy_pass http://b; } }");
	assert_says("  location /a  line 1");
	assert_says("  location /b  line 2");
	ck_assert_uint_eq(count_of("location /a"), 1);
	fails("forwarding 503; server { }");
	assert_says("invalid value \"503\"");
}
END_TEST

START_TEST(only_missing_things_have_a_status_of_their_own)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{ "server { }", 0 },
		{ "server { location / { proxy_pass http://b; } }", -EOPNOTSUPP },
		{ "server { dav_methods PUT; }", -EOPNOTSUPP },
		{ "server { dav_methods PUT; rot a; }", -EINVAL },
		{ "server { location / { proxy_pass http://b; } root; }", -EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct conf_options options = { .prefix = STR("/srv/"),
						      .path = STR("/srv/test.conf") };
		struct conf *conf = conf_create(&options);
		const char *text = memory_printf("events { } http { %s }", cases[i].text);

		ck_assert_int_eq(conf_load(conf, str_from(text)), cases[i].error);
		conf_destroy(conf);
	}
}
END_TEST

TESTS("known", what_changes_no_response_is_accepted, what_is_turned_off_is_not_missed,
      what_others_make_is_known, what_is_missing_is_no_misspelt_name, one_reason_is_one_message,
      a_message_that_comes_again_has_a_count, modules_and_nginx_agree_on_contexts,
      the_tables_have_no_name_of_the_core, the_variables_of_nginx_are_here,
      reasons_are_true_in_this_build, each_name_is_found,
      variables_of_a_refused_line_are_not_unknown, a_format_with_a_mistake_is_there,
      what_a_refused_line_declares_is_not_missing, variables_without_a_value_are_one_warning,
      forwarding_is_one_message, forwarding_is_one_message_beside_other_mistakes,
      a_location_that_forwards_twice_counts_once, forwarding_502_is_a_warning,
      only_missing_things_have_a_status_of_their_own)
