/* SPDX-License-Identifier: BSD-2-Clause */
/* Which location a path belongs to. The expectations are what nginx answers. */
#include "unit/http_test.h"

/* "= /a": the location as it is written. */
static const char *heading(const struct http_location *location)
{
	static const char *const modifiers[] = {
		[LOCATION_PREFIX] = "", [LOCATION_EXACT] = "= ", [LOCATION_FINAL] = "^~ ",
		[LOCATION_REGEX] = "~ ", [LOCATION_NAMED] = "", [LOCATION_SERVER] = "server",
	};

	return memory_printf("%s%.*s", modifiers[location->kind], STR_ARG(location->name));
}

static const char *found(struct http *http, const char *uri)
{
	struct request *req = request_for(http, "", uri);
	const char *name = heading(request_find_location(req, http->servers[0]));

	end_request(req);
	return name;
}

static const char every_kind[] =
	"server {"
	"  location / { }"
	"  location = / { }"
	"  location /a { }"
	"  location =/a { }"
	"  location /a/ {"
	"    location ~ \\.[b]$ { }"
	"    location /a/n/ { location ~ \\.[c]$ { } location = /a/n/e { } }"
	"    location ^~ /a/f/ { }"
	"    location = /a/e.b { }"
	"  }"
	"  location ^~ /s/ { location ~\\.q$ { } }"
	"  location ~ \\.b$ { }"
	"  location ~* \\.B2$ { }"
	"  location ~ ^/r/ { location ~ x$ { } location ~ y$ { } }"
	"  location ~ \\.c$ { }"
	"  location /r/ { }"
	"  location /ab { }"
	"  location /abc { }"
	"  location = /r/exact { }"
	"  location ~ z$ { }"
	"  location @named { }"
	"}";

START_TEST(finds_as_nginx_does)
{
	static const struct {
		const char *uri, *location;
	} cases[] = {
		{ "/", "= /" },
		{ "/a", "= /a" },
		{ "/ab", "/ab" },
		{ "/abc", "/abc" },
		{ "/abcd", "/abc" },
		{ "/a/", "/a/" },
		{ "/a/x", "/a/" },
		{ "/a/x.b", "~ \\.[b]$" },
		{ "/a/e.b", "= /a/e.b" },
		{ "/a/n/", "/a/n/" },
		{ "/a/n/x.c", "~ \\.[c]$" },
		{ "/a/n/x.b", "~ \\.[b]$" },
		{ "/a/n/e", "= /a/n/e" },
		{ "/a/n/z", "~ z$" },
		{ "/a/f/", "^~ /a/f/" },
		{ "/a/f/x.b", "~ \\.b$" },
		{ "/a/f/x.c", "~ \\.c$" },
		{ "/a/f/z", "~ z$" },
		{ "/s/x", "^~ /s/" },
		{ "/s/x.b", "^~ /s/" },
		{ "/s/x.q", "~ \\.q$" },
		{ "/x.b", "~ \\.b$" },
		{ "/x.B", "/" },
		{ "/x.b2", "~ \\.B2$" },
		{ "/x.B2", "~ \\.B2$" },
		{ "/r/x", "~ x$" },
		{ "/r/y", "~ y$" },
		{ "/r/z", "~ ^/r/" },
		{ "/r/exact", "= /r/exact" },
		{ "/r/exactx", "~ x$" },
		{ "/r", "/" },
		{ "/q", "/" },
		{ "/a/x.c", "~ \\.c$" },
		{ "/s/z", "^~ /s/" },
		{ "/a.b", "~ \\.b$" },
		{ "/r/a.b", "~ \\.b$" },
		{ "/a/q.z", "~ z$" },
	};
	struct http *http = good_http(every_kind);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(strcmp(found(http, cases[i].uri), cases[i].location) == 0,
			      "%s is in \"%s\", not in \"%s\"", cases[i].uri,
			      found(http, cases[i].uri), cases[i].location);
}
END_TEST

START_TEST(the_server_takes_what_no_location_has)
{
	ck_assert_str_eq(found(good_http("server { }"), "/a"), "server");
	ck_assert_str_eq(found(good_http("server { location /b { } location ~ c { } }"), "/a"),
			 "server");
}
END_TEST

START_TEST(an_empty_prefix_has_all)
{
	struct http *http = load_http("server { location \"\" { } location /a { } }");

	ck_assert_str_eq(found(http, "/b"), "");
	ck_assert_str_eq(found(http, "/a"), "/a");
}
END_TEST

START_TEST(named_locations_are_found_by_name_only)
{
	struct http *http = good_http(every_kind);

	ck_assert_str_eq(heading(location_find_named(http->servers[0], STR("@named"))), "@named");
	ck_assert_ptr_null(location_find_named(http->servers[0], STR("@other")));
	ck_assert_str_eq(found(http, "@named"), "server");
}
END_TEST

START_TEST(a_match_leaves_its_captures)
{
	struct http *http = good_http("server { location ~ ^/(a)/(?<rest>.*) { root /$rest; } }");
	struct request *req = request_for(http, "", "/a/b");

	request_find_location(req, http->servers[0]);
	ck_assert_uint_eq(req->captures_count, 3);
	assert_str(req->captures[1], "a");
	assert_str(variable_text(req, STR("rest")), "b");
	end_request(req);
}
END_TEST

/* Of each level, and whatever stands behind it or around it. */
START_TEST(an_expression_that_is_given_up_finds_nothing)
{
	static const char *const servers[] = {
		"location / { } location ~ ^/(a+)+$ { }",
		"location ~ ^/(a+)+$ { } location ~ . { }",
		"location / { location ~ ^/(a+)+$ { } } location ~ . { }",
		"location ~ ^/a { location ~ (a+)+$ { } }",
	};
	static const struct log quiet = { .fd = -1 };
	const char *uri = "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";

	log_process = &quiet;
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct http *http = good_http(memory_printf("server { %s }", servers[i]));
		struct request *req = request_for(http, "", uri);

		ck_assert_ptr_null(request_find_location(req, http->servers[0]));
		req->uri = STR("/a");
		ck_assert_ptr_nonnull(request_find_location(req, http->servers[0]));
		end_request(req);
	}
}
END_TEST

START_TEST(a_nested_location_knows_its_parent_and_settings)
{
	struct http *http = good_http("server { send_timeout 5; location /a/ { internal; "
				      "location /a/b/ { send_timeout 6; } } }");
	struct request *req = request_for(http, "", "/a/b/");
	const struct http_location *location = request_find_location(req, http->servers[0]);

	assert_str(location->parent->name, "/a/");
	ck_assert_ptr_null(location->parent->parent);
	ck_assert(location->core->internal);
	ck_assert_int_eq(location->core->send_timeout.ms, 6000);
	ck_assert_int_eq(location->parent->core->send_timeout.ms, 5000);
	ck_assert(!http->servers[0]->top->core->internal);
	end_request(req);
}
END_TEST

START_TEST(wrong_places_are_errors)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "location /a { } location /a { }", "duplicate location \"/a\"" },
		{ "location /a { } location ^~ /a { }", "duplicate location \"/a\"" },
		{ "location = /a { } location =/a { }", "duplicate location \"/a\"" },
		{ "location = /a { location /a { } }", "inside the exact location \"/a\"" },
		{ "location @a { location /a { } }", "inside the named location \"@a\"" },
		{ "location /a { location @b { } }", "can stand in a server only" },
		{ "location /a { location /b { } }", "\"/b\" is outside location \"/a\"" },
		{ "location ~ /a { location /b { } }", "\"/b\" is outside location \"/a\"" },
		{ "location ! /a { }", "invalid location modifier \"!\"" },
		{ "location ~ a( { }", "missing closing parenthesis" },
		{ "location @a { alias /b; }", "cannot stand in a named location" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(!load_http(memory_printf("server { %s }", cases[i].text)),
			      "accepted: %s", cases[i].text);
		assert_says(cases[i].message);
	}
}
END_TEST

START_TEST(the_same_expression_may_stand_twice)
{
	good_http("server { location ~ a { } location ~ a { } location /a { location = /a { } "
		  "location /a { } } }");
}
END_TEST

START_TEST(of_two_named_locations_the_first_counts)
{
	struct http *http = load_http("server { location @a { internal; } location @a { } }");

	assert_says("duplicate location \"@a\", ignored");
	ck_assert(location_find_named(http->servers[0], STR("@a"))->core->internal);
}
END_TEST

START_TEST(ten_thousand_prefixes)
{
	struct pool *pool = pool_create(0);
	struct http_location *locations = pool_array(pool, struct http_location, 10000);
	struct http_location top = { .kind = LOCATION_SERVER };
	struct http_server server = { .top = &top };

	top.nested = location_tree_create(pool);
	for (int i = 0; i < 10000; i++) {
		locations[i].name = pool_printf(pool, "/%d/%d", i % 100, i / 3);
		locations[i].kind = i % 3 == 0 ? LOCATION_EXACT : LOCATION_PREFIX;
		location_tree_add(top.nested, &locations[i]);
	}
	for (int i = 0; i < 10000; i++) {
		struct str name = locations[i].name;

		ck_assert_ptr_eq(location_find(&server, name, NULL), &locations[i]);
		if (i % 3)
			ck_assert_ptr_eq(location_find(&server,
						       pool_printf(pool, "%.*s/x", STR_ARG(name)),
						       NULL),
					 &locations[i]);
	}
	ck_assert_ptr_eq(location_find(&server, STR("/100/"), NULL), &top);
	pool_destroy(pool);
}
END_TEST

TESTS("locations", finds_as_nginx_does, the_server_takes_what_no_location_has,
      an_empty_prefix_has_all, named_locations_are_found_by_name_only,
      a_match_leaves_its_captures, an_expression_that_is_given_up_finds_nothing,
      a_nested_location_knows_its_parent_and_settings,
      wrong_places_are_errors, the_same_expression_may_stand_twice,
      of_two_named_locations_the_first_counts, ten_thousand_prefixes)
