/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map, geo and split_clients: the values of variables, as nginx gives them. The text that is
 * looked up is the argument k of the request.
 */
#include "unit/http_test.h"

#include "../modules/split_clients/murmur.h"

struct lookup {
	const char *key, *value;
};

static struct request *request_with_key(struct http *http, const char *key)
{
	struct request *req = request_for(http, "", "/");

	req->args = str_from(memory_printf("k=%s", key));
	return req;
}

/* The value of $x for each key, with "map $arg_k $x …" or the like in the block http. */
static void check(const char *text, const struct lookup *lookups)
{
	struct http *http = good_http(memory_printf("%s server { }", text));

	for (; lookups->key; lookups++) {
		struct request *req = request_with_key(http, lookups->key);
		struct str value = variable_text(req, STR("x"));

		ck_assert_msg(str_eq(value, str_from(lookups->value)), "%s: \"%.*s\", not \"%s\"",
			      lookups->key, STR_ARG(value), lookups->value);
		end_request(req);
	}
}

#define check_lookups(text, ...) check(text, (const struct lookup[]){ __VA_ARGS__, { 0 } })

static void fails(const char *text, const char *message)
{
	ck_assert_msg(!load_http(memory_printf("%s server { }", text)), "%s", text);
	assert_says(message);
}

static void warns(const char *text, const char *message)
{
	ck_assert_msg(load_http(memory_printf("%s server { }", text)), "%s: %s", text, messages);
	assert_says(message);
}

/* --- map -------------------------------------------------------------------- */

START_TEST(a_map_finds_texts_in_upper_and_lower_case)
{
	check_lookups("map $arg_k $x { a 1; B 2; \"x y\" 3; \\default 4; \\~t 5; *.a 6; \"\" 7; }",
		      { "a", "1" }, { "A", "1" }, { "b", "2" }, { "x y", "3" }, { "default", "4" },
		      { "~t", "5" }, { "*.a", "6" }, { "q.a", "" }, { "", "7" }, { "c", "" });
	check_lookups("map $arg_k $x { default \"d:$arg_k\"; a 1; }", { "a", "1" }, { "q", "d:q" },
		      { "", "d:" });
}
END_TEST

START_TEST(a_map_of_many_lines_finds_each)
{
	char text[2000 * sizeof("key1999 v1999;") + 64], *end = text;

	end += sprintf(end, "map $arg_k $x {");
	for (int i = 0; i < 2000; i++)
		end += sprintf(end, "key%d v%d;", i, i);
	strcpy(end, "}");

	struct http *http = good_http(memory_printf("%s server { }", text));

	for (int i = 0; i < 2000; i++) {
		struct request *req = request_with_key(http, memory_printf("key%d", i));

		assert_str(variable_text(req, STR("x")), memory_printf("v%d", i));
		end_request(req);
	}
	check_lookups(text, { "key2000", "" }, { "key", "" });
}
END_TEST

START_TEST(host_names_have_asterisks)
{
	check_lookups("map $arg_k $x { hostnames; default no; *.example.com front; .both.org both;"
		      "www.example.* tail; www.example.co.* longer; exact.example.com exact;"
		      "*.b.example.com deeper; ~re expr; }",
		      { "exact.example.com", "exact" }, { "EXACT.example.COM.", "exact" },
		      { "foo.example.com", "front" }, { "a.b.example.com", "deeper" },
		      { "b.example.com", "front" }, { "example.com", "no" },
		      { ".example.com", "front" }, { "both.org", "both" },
		      { "x.y.both.org", "both" }, { "xboth.org", "no" },
		      { "www.example.org", "tail" }, { "www.example.co.uk", "longer" },
		      { "www.example", "no" }, { "www.example.", "no" }, { ".", "no" },
		      { "re.example.com", "front" }, { "re.", "expr" });
	/* The word counts for the lines behind it. */
	check_lookups("map $arg_k $x { *.a star; hostnames; *.b front; }", { "x.a", "" },
		      { "*.a", "star" }, { "x.b", "front" });
}
END_TEST

START_TEST(expressions_are_asked_in_their_order)
{
	check_lookups("map $arg_k $x { default no; ~^A(.)$ cs:$1; ~*^b(.)$ ci:$1; ~^$ empty;"
		      "~^c(x)?(.)$ \"[$1][$2]\"; ~abc second; ~ab third; ~^n(?<part>.)$ <$part>;"
		      "abc first; }",
		      { "Ac", "cs:c" }, { "aC", "no" }, { "Bc", "ci:c" }, { "", "no" },
		      { "cy", "[][y]" }, { "cxy", "[x][y]" }, { "xabc", "second" },
		      { "xab", "third" }, { "abc", "first" }, { "n7", "<7>" });
}
END_TEST

START_TEST(maps_are_made_of_maps)
{
	check_lookups("map $y $x { 1 one; default \"$y-$arg_k\"; } map $arg_k $y { a 1; }",
		      { "a", "one" }, { "b", "-b" });
	check_lookups("map \"$arg_k-$host\" $x { a-h yes; default no; }", { "a", "no" });

	/* A map that is made of itself ends, and is empty. */
	struct http *http = load_http("map $x $x { a b; } server { }");
	struct request *req = request_with_key(http, "a");

	assert_str(variable_text(req, STR("x")), "");
	end_request(req);
}
END_TEST

START_TEST(a_value_is_looked_up_once_but_for_volatile_maps)
{
	static const char *const options[] = { "", "volatile;" };

	for (int is_volatile = 0; is_volatile <= 1; is_volatile++) {
		struct http *http = good_http(memory_printf(
			"map $arg_k $x { %s default none; a 1; b 2; } server { root /$x; }",
			options[is_volatile]));
		struct request *req = request_with_key(http, "a");

		assert_str(variable_text(req, STR("x")), "1");
		req->args = STR("k=b");
		assert_str(variable_text(req, STR("x")), is_volatile ? "2" : "1");
		end_request(req);
	}
}
END_TEST

START_TEST(mistakes_in_maps_are_named)
{
	fails("map $host x { a b; }", "\"x\" is not the name of a variable");
	fails("map $host $ { a b; }", "\"$\" is not the name of a variable");
	fails("map $host $a-b { a b; }", "\"$a-b\" is not the name of a variable");
	fails("map $host $uri { a b; }", "the variable \"$uri\" exists already");
	fails("map $host $x { a; }", "a line of a map has a text and a value");
	fails("map $host $x { a 1 2; }", "a line of a map has a text and a value");
	fails("map $host $x { a { b c; } }", "a line of a map has a text and a value");
	fails("map $host $x { a 1; A 2; }", "\"A\" stands in this map already");
	fails("map $host $x { default 1; default 2; }", "this map has a default already");
	fails("map $host $x { ~[ 1; }", "the regular expression \"[\" is wrong");
	fails("map $host $x { a $nope; }", "unknown variable \"$nope\"");
	fails("map $nope $x { a b; }", "unknown variable \"$nope\"");
	fails("map $host $x { hostnames; a.b 1; .a.b 2; }", "\".a.b\" stands in this map already");
	fails("map $host $x { hostnames; *.a 1; .a 2; }", "\".a\" stands in this map already");
	fails("map $host $x { hostnames; .a 1; *.a 2; }", "\"*.a\" stands in this map already");
	fails("map $host $x { hostnames; a.*.b 1; }", "invalid host name or wildcard");
	fails("map $host $x { hostnames; a..b 1; }", "invalid host name or wildcard");
	fails("map $host $x { hostnames; * 1; }", "invalid host name or wildcard");
	fails("map $host $x { hostnames; .*.a 1; }", "invalid host name or wildcard");
	fails("server { map $host $x { } }", "it belongs into http");
}
END_TEST

/* --- geo -------------------------------------------------------------------- */

START_TEST(the_smallest_network_counts)
{
	check_lookups("geo $arg_k $x { default d; 10.1.0.0/16 b; 10.0.0.0/8 a; 10.1.2.3 c;"
		      "2001:db8::/32 six; 2001:db8:8000::/33 half; ::1 one; 255.255.255.255 none;"
		      "128.0.0.0/1 high; 192.168.0.0/16 x; 192.168.5.0/24 y;"
		      "delete 192.168.5.0/24; }",
		      { "10.0.0.0", "a" }, { "10.0.255.255", "a" }, { "10.1.0.0", "b" },
		      { "10.1.2.2", "b" }, { "10.1.2.3", "c" }, { "10.1.2.4", "b" },
		      { "10.2.0.0", "a" }, { "10.255.255.255", "a" }, { "11.0.0.0", "d" },
		      { "9.255.255.255", "d" }, { "127.255.255.255", "d" }, { "128.0.0.0", "high" },
		      { "255.255.255.254", "high" }, { "192.168.5.5", "x" },
		      { "2001:db8::", "six" }, { "2001:db8:7fff::", "six" },
		      { "2001:db8:8000::", "half" },
		      { "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "half" }, { "2001:db9::", "d" },
		      { "::1", "one" }, { "::", "d" }, { "::ffff:10.0.0.1", "a" },
		      { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "d" }, { "garbage", "none" },
		      { "", "none" });
}
END_TEST

START_TEST(networks_of_one_version_say_nothing_of_the_other)
{
	check_lookups("geo $arg_k $x { ::/0 six; 10.0.0.0/8 ten; }", { "10.0.0.1", "ten" },
		      { "11.0.0.1", "" }, { "::1", "six" }, { "::ffff:11.0.0.1", "" });
	check_lookups("geo $arg_k $x { 0.0.0.0/0 four; }", { "10.0.0.1", "four" }, { "::1", "" },
		      { "garbage", "four" });
}
END_TEST

START_TEST(ranges_may_lie_in_others)
{
	check_lookups("geo $arg_k $x { ranges; default d; 10.0.0.0-10.0.0.255 a;"
		      "10.0.0.10-10.0.0.20 b; 10.0.0.15-10.0.0.15 c; 10.0.1.0-10.0.1.9 e;"
		      "255.255.255.254-255.255.255.254 end; delete 10.0.1.0-10.0.1.9; }",
		      { "10.0.0.9", "a" }, { "10.0.0.10", "b" }, { "10.0.0.14", "b" },
		      { "10.0.0.15", "c" }, { "10.0.0.16", "b" }, { "10.0.0.20", "b" },
		      { "10.0.0.21", "a" }, { "10.0.0.255", "a" }, { "10.0.1.0", "d" },
		      { "255.255.255.254", "end" }, { "255.255.255.255", "d" }, { "::a00:9", "d" });
	check_lookups("geo $arg_k $x { ranges; 0.0.0.0-255.255.255.255 all; }", { "::1", "all" },
		      { "0.0.0.0", "all" }, { "255.255.255.255", "all" });
}
END_TEST

static void forwarded(struct http *http, const char *list, const char *last, const char *recursive)
{
	struct request *req = request_for(http, "", "/");
	struct header field = { .name = STR("X-Forwarded-For"), .value = str_from(list) };

	req->headers = &field;
	assert_str(variable_text(req, STR("last")), last);
	assert_str(variable_text(req, STR("recursive")), recursive);
	end_request(req);
}

/* The client of these requests is 192.0.2.7. */
START_TEST(proxies_are_believed)
{
	static const char lines[] = "default other; 192.0.2.7 peer; 1.2.3.4 far; 10.0.0.1 inner;"
				    "2001:db8::/32 six; proxy 192.0.2.0/24; proxy 10.0.0.0/8;";
	struct http *http = good_http(
		memory_printf("geo $last { %s } geo $recursive { proxy_recursive; %s } server { }",
			      lines, lines));

	forwarded(http, "", "peer", "peer");
	forwarded(http, "1.2.3.4", "far", "far");
	forwarded(http, "1.2.3.4, 10.0.0.1", "inner", "far");
	forwarded(http, "10.0.0.1,1.2.3.4,", "far", "far");
	forwarded(http, "10.0.0.1", "inner", "inner");
	forwarded(http, "1.2.3.4, junk", "peer", "peer");
	forwarded(http, "1.2.3.4, junk, 10.0.0.1", "inner", "inner");
	forwarded(http, "2001:db8::1", "six", "six");
	forwarded(http, "[2001:db8::1]:80", "six", "six");
	forwarded(http, "1.2.3.4:80", "far", "far");
	forwarded(http, "1.2.3.4:0", "peer", "peer");
	forwarded(http, "1.2.3.4:65536", "peer", "peer");

	http = good_http("geo $last { 192.0.2.7 peer; 1.2.3.4 far; }"
			 "geo $recursive { 192.0.2.7 peer; proxy 10.0.0.0/8; } server { }");
	forwarded(http, "1.2.3.4", "peer", "peer");
}
END_TEST

START_TEST(mistakes_in_geo_are_named)
{
	fails("geo x { }", "\"x\" is not the name of a variable");
	fails("geo $host { }", "the variable \"$host\" exists already");
	fails("geo $x { 10.0.0.0/8; }", "a line of geo has an address and a value");
	fails("geo $x { 10.0.0.0/33 a; }", "\"33\" is not the length of a network");
	fails("geo $x { unix: a; }", "\"unix:\" is not an address");
	fails("geo $x { 10.0.0.0-10.0.0.1 a; }", "\"10.0.0.0-10.0.0.1\" is not an address");
	fails("geo $x { ranges; 10.0.0.0/8 a; }", "\"10.0.0.0/8\" is not a range of addresses");
	fails("geo $x { ranges; ::1-::2 a; }", "\"::1-::2\" is not a range of addresses");
	fails("geo $x { ranges; 10.0.0.1-10.0.0.0 a; }", "this range ends before it begins");
	fails("geo $x { 10.0.0.0/8 a; ranges; }", "\"ranges\" must stand before the addresses");
	fails("geo $x { ranges; 10.0.0.0-10.0.0.9 a; 10.0.0.5-10.0.0.20 b; }",
	      "\"10.0.0.5-10.0.0.20\" lies partly in \"10.0.0.0-10.0.0.9\"");
	fails("geo $x { proxy all; }", "\"all\" is not an address");
	warns("geo $x { 10.0.0.0/8 a; 10.0.0.0/8 b; }", "\"10.0.0.0/8\" had the value \"a\"");
	warns("geo $x { delete 10.0.0.0/8; }", "there is no \"10.0.0.0/8\" above to delete");
	warns("geo $x { 10.0.0.1/8 a; }", "the address has bits behind its /8");
	warns("geo $x { default a; default b; }", "\"default\" had the value \"a\" before");
	warns("geo $x { ranges; default a; default b; }", "the default was \"a\" before");
	warns("geo $x { ranges; 10.0.0.5-10.0.0.9 a; 10.0.0.0-10.0.0.20 b; }",
	      "\"10.0.0.0-10.0.0.20\" replaces \"10.0.0.5-10.0.0.9\" above");
}
END_TEST

/* --- split_clients ---------------------------------------------------------- */

START_TEST(the_hash_is_murmurs)
{
	ck_assert_uint_eq(murmur_hash2(STR("")), 0x00000000);
	ck_assert_uint_eq(murmur_hash2(STR("a")), 0x92685f5e);
	ck_assert_uint_eq(murmur_hash2(STR("ab")), 0x1aa14063);
	ck_assert_uint_eq(murmur_hash2(STR("abc")), 0x13577c9b);
	ck_assert_uint_eq(murmur_hash2(STR("abcd")), 0x26873021);
	ck_assert_uint_eq(murmur_hash2(STR("abcdefg")), 0xf9a1cef3);
	ck_assert_uint_eq(murmur_hash2(STR("\377\376\375")), 0x3d614590);
}
END_TEST

START_TEST(clients_are_split_as_by_nginx)
{
	check_lookups("split_clients $arg_k $x { 10% a; 25.5% b; .5% c; 1.% e; 30% d; }",
		      { "", "a" }, { "a", "d" }, { "ab", "b" }, { "abc", "a" }, { "q1", "e" },
		      { "abcdefg", "" }, { "192.0.2.1", "" });
	check_lookups("split_clients $arg_k $x { 10% a; * b; * c; }", { "abc", "a" }, { "ab", "b" },
		      { "q4", "b" });
}
END_TEST

START_TEST(mistakes_in_split_clients_are_named)
{
	static const char *const shares[] = { "0%",
					      "0.00%",
					      "100.01%",
					      "1.234%",
					      "1..2%",
					      "-1%",
					      "1e1%",
					      "%",
					      ".%",
					      "10",
					      "**",
					      "x%",
					      "9999999999999999999%" };

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		fails(memory_printf("split_clients $arg_k $x { %s a; }", shares[i]),
		      memory_printf("\"%s\" is not a share", shares[i]));
	fails("split_clients $arg_k $x { 50% a; 50.01% b; }", "the shares are more than 100%");
	fails("split_clients $arg_k $x { * a; 1% b; }", "the shares are more than 100%");
	fails("split_clients $arg_k $x { 5% a b; }", "a line of split_clients has a share");
	fails("split_clients $arg_k x { 5% a; }", "\"x\" is not the name of a variable");
}
END_TEST

TESTS("maps", a_map_finds_texts_in_upper_and_lower_case, a_map_of_many_lines_finds_each,
      host_names_have_asterisks, expressions_are_asked_in_their_order, maps_are_made_of_maps,
      a_value_is_looked_up_once_but_for_volatile_maps, mistakes_in_maps_are_named,
      the_smallest_network_counts, networks_of_one_version_say_nothing_of_the_other,
      ranges_may_lie_in_others, proxies_are_believed, mistakes_in_geo_are_named,
      the_hash_is_murmurs, clients_are_split_as_by_nginx, mistakes_in_split_clients_are_named)
