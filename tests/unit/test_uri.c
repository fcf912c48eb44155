/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Targets, paths, hosts, and the way back: escaping.
 */
#include "harness/test.h"

#include <escape.h>

#include "http/field/uri.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define ck_assert_str(got, want) \
	ck_assert_msg(str_eq(got, str_from(want)), "\"%.*s\" instead of \"%s\"", STR_ARG(got), want)

static struct pool *pool;

static void setup(void)
{
	pool = pool_create(0);
}

static void teardown(void)
{
	pool_destroy(pool);
}

static const struct {
	const char *target, *authority, *path, *args, *path_and_args;
} targets[] = {
	{ "/", "", "/", "", "/" },
	{ "/a?b", "", "/a", "b", "/a?b" },
	{ "/a?", "", "/a", "", "/a?" },
	{ "/a?b?c#d?e", "", "/a", "b?c", "/a?b?c#d?e" },
	{ "/a#b?c", "", "/a", "", "/a#b?c" },
	{ "//host/a", "", "//host/a", "", "//host/a" },
	{ "http://h:80/a?b", "h:80", "/a", "b", "/a?b" },
	{ "HTTPS://h", "h", "/", "", "/" },
	{ "http://h?x", "h", "/", "x", "?x" },
	{ "http://h#x", "h", "/", "", "#x" },
};

START_TEST(splits_targets)
{
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct target target;

		ck_assert_int_eq(target_split(METHOD_GET, str_from(targets[i].target), &target), 0);
		ck_assert_str(target.authority, targets[i].authority);
		ck_assert_str(target.path, targets[i].path);
		ck_assert_str(target.args, targets[i].args);
		ck_assert_str(target.path_and_args, targets[i].path_and_args);
	}
}
END_TEST

START_TEST(refuses_targets)
{
	const char *bad[] = { "a", "*", "http:/h/", "ftp://h/", "http:///a", "http://", "", "?a" };
	struct target target;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_int_eq(target_split(METHOD_GET, str_from(bad[i]), &target), 400);
}
END_TEST

START_TEST(knows_forms)
{
	struct target target;

	ck_assert_int_eq(target_split(METHOD_OPTIONS, STR("*"), &target), 0);
	ck_assert_int_eq(target.form, TARGET_ASTERISK);
	ck_assert_int_eq(target_split(METHOD_CONNECT, STR("h:443"), &target), 0);
	ck_assert_int_eq(target.form, TARGET_AUTHORITY);
	ck_assert_str(target.authority, "h:443");
	ck_assert_int_eq(target_split(METHOD_GET, STR("http://h/"), &target), 0);
	ck_assert_int_eq(target.form, TARGET_ABSOLUTE);
}
END_TEST

/* NULL: none. */
static const struct {
	const char *path, *merged, *unmerged;
} paths[] = {
	{ "/", "/", "/" },
	{ "/a/b.html", "/a/b.html", "/a/b.html" },
	{ "//", "/", "//" },
	{ "/a//b", "/a/b", "/a//b" },
	{ "/a///b//", "/a/b/", "/a///b//" },
	{ "/.", "/", "/" },
	{ "/./a", "/a", "/a" },
	{ "/a/.", "/a/", "/a/" },
	{ "/a/./b", "/a/b", "/a/b" },
	{ "/a/..", "/", "/" },
	{ "/a/../", "/", "/" },
	{ "/a/b/../c", "/a/c", "/a/c" },
	{ "/a/b/../../c", "/c", "/c" },
	{ "/a//..", "/", "/a/" },
	{ "/a//../b", "/b", "/a/b" },
	{ "/a/.//b", "/a/b", "/a//b" },
	{ "//..", NULL, "/" },
	{ "/..", NULL, NULL },
	{ "/../a", NULL, NULL },
	{ "/a/../..", NULL, NULL },
	{ "/%2e%2e/a", NULL, NULL },
	{ "/a/%2e%2E/b", "/b", "/b" },
	{ "/a%2fb", "/a/b", "/a/b" },
	{ "/a%2F..%2f..", NULL, NULL },
	{ "/a%2f%2fb", "/a/b", "/a//b" },
	{ "/...", "/...", "/..." },
	{ "/.a/..b/c..", "/.a/..b/c..", "/.a/..b/c.." },
	{ "/%41%7a", "/Az", "/Az" },
	{ "/%25%32%35", "/%25", "/%25" },
	{ "/%3f%23", "/?#", "/?#" },
	{ "/a%0db", "/a\rb", "/a\rb" },
	{ "/%c3%a4", "/\xc3\xa4", "/\xc3\xa4" },
	{ "/a%00", NULL, NULL },
	{ "/a%", NULL, NULL },
	{ "/a%2", NULL, NULL },
	{ "/a%2g", NULL, NULL },
	{ "/a%%20", NULL, NULL },
	{ "", NULL, NULL },
	{ "a", NULL, NULL },
	{ "*", NULL, NULL },
};

static void check_path(const char *path, bool merge, const char *want)
{
	struct str got = STR("");

	ck_assert_msg(uri_decode_path(pool, str_from(path), merge, &got) == (want != NULL), "%s",
		      path);
	if (want)
		ck_assert_str(got, want);
}

START_TEST(normalizes_paths)
{
	for (size_t i = 0; i < COUNT(paths); i++) {
		check_path(paths[i].path, true, paths[i].merged);
		check_path(paths[i].path, false, paths[i].unmerged);
	}
	struct str got;
	ck_assert(!uri_decode_path(pool, STR("/a\0b"), true, &got));
}
END_TEST

START_TEST(resolves_what_is_decoded)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "/a/./b/../c", "/a/c" }, { "/a//b", "/a/b" },	     { "/100%", "/100%" },
		{ "/%2e%2e/a", "/%2e%2e/a" }, { "/a/../../b", NULL }, { "/..", NULL },
		{ "a", NULL },
	};
	struct str got;

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool is_good = path_resolve(pool, str_from(cases[i].path), true, &got);

		ck_assert_int_eq(is_good, cases[i].want != NULL);
		if (cases[i].want)
			ck_assert_str(got, cases[i].want);
	}
	ck_assert(path_resolve(pool, STR("/a//b"), false, &got));
	ck_assert_str(got, "/a//b");
}
END_TEST

/* What is not in normal form is found wherever it stands, a copy tells so. */
START_TEST(normalizes_at_every_place)
{
	static const struct {
		const char *part, *normal;
	} parts[] = {
		{ "%41", "A" }, { "//", "/" }, { "/./", "/" }, { "/b/../", "/" }, { "b./", "b./" }
	};
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	for (int len = 0; len < 26 * 26; len++) {
		for (size_t i = 0; i < COUNT(parts); i++) {
			struct str path = pool_printf(pool, "/x%.*s%s%.*s", len / 26, letters,
						      parts[i].part, len % 26, letters);
			struct str want = pool_printf(pool, "/x%.*s%s%.*s", len / 26, letters,
						      parts[i].normal, len % 26, letters);
			struct str got;

			ck_assert(uri_decode_path(pool, path, true, &got));
			ck_assert_msg(str_eq(got, want), "%.*s", STR_ARG(path));
			ck_assert((got.data == path.data) == str_eq(path, want));
		}
		struct str path =
			pool_printf(pool, "/%.*s%c%.*s", len / 26, letters, 0, len % 26, letters);
		ck_assert(!uri_decode_path(pool, path, true, &path));
	}
}
END_TEST

START_TEST(borrows_clean_paths)
{
	struct str path = STR("/css/site.v2/..css"), got;

	path = str_head(path, strlen("/css/site.v2"));
	ck_assert(uri_decode_path(pool, path, true, &got));
	ck_assert_ptr_eq(got.data, path.data);
	ck_assert_uint_eq(got.len, path.len);
}
END_TEST

/* NULL: 400. */
static const struct {
	const char *text, *host;
} hosts[] = {
	{ "example.com", "example.com" },
	{ "EXAMPLE.com:8080", "example.com" },
	{ "example.com.", "example.com" },
	{ "example.com.:80", "example.com" },
	{ "example.com:", "example.com" },
	{ "a_b", "a_b" },
	{ "127.0.0.1:1", "127.0.0.1" },
	{ "[::1]:8080", "[::1]" },
	{ "[FE80::1]", "[fe80::1]" },
	{ "[v1.a:b]:80", "[v1.a:b]" },
	{ "[vF.!$&'()*+,;=A-._~]", "[vf.!$&'()*+,;=a-._~]" },
	{ "[V0.!]", "[v0.!]" },
	{ "[v.!]", NULL },
	{ "[vg.!]", NULL },
	{ "[v1!]", NULL },
	{ "[::1!]", NULL },
	{ "[v1.a/b]", NULL },
	{ "[v1.a@b]", NULL },
	{ "", NULL },
	{ ":80", NULL },
	{ ".", NULL },
	{ ".a", NULL },
	{ "a..b", NULL },
	{ "a b", NULL },
	{ "a/b", NULL },
	{ "a\\b", NULL },
	{ "user@a", NULL },
	{ "a:b", NULL },
	{ "a:65536", NULL },
	{ "a:80:80", NULL },
	{ "[::1", NULL },
	{ "[]", NULL },
	{ "[::1]x", NULL },
	{ "::1", NULL },
	{ "a\x01", NULL },
};

START_TEST(parses_hosts)
{
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct str host = STR("");

		ck_assert_msg(host_parse(pool, str_from(hosts[i].text), &host) ==
				      (hosts[i].host ? 0 : 400),
			      "%s", hosts[i].text);
		if (hosts[i].host)
			ck_assert_str(host, hosts[i].host);
	}
	struct str host;
	ck_assert_int_eq(host_parse(pool, STR("a\0b"), &host), 400);
}
END_TEST

START_TEST(escapes_paths)
{
	struct str clean = STR("/a-b/c.d_e~f!$&'()*+,;=:@");

	ck_assert_ptr_eq(uri_escape(pool, clean).data, clean.data);
	ck_assert_str(uri_escape(pool, STR("/a b?c#d%e\"<>\\^`{|}\x7f\r\xc3\xa4")),
		      "/a%20b%3Fc%23d%25e%22%3C%3E%5C%5E%60%7B%7C%7D%7F%0D%C3%A4");
	ck_assert_str(uri_escape_component(pool, STR("a/b&c=d+e")), "a%2Fb%26c%3Dd%2Be");
}
END_TEST

START_TEST(decodes_components)
{
	static const struct {
		struct str text;
		const char *want; /* NULL: malformed */
	} cases[] = {
		{ STR_INIT(""), "" },		{ STR_INIT("a+b/../c"), "a+b/../c" },
		{ STR_INIT("%41%7a"), "Az" },	{ STR_INIT("a%2fb%2E."), "a/b.." },
		{ STR_INIT("%25%32%35"), "%25" }, { STR_INIT("%c3%A4%ff"), "\xc3\xa4\xff" },
		{ STR_INIT("%"), NULL },	{ STR_INIT("a%2"), NULL },
		{ STR_INIT("%2g"), NULL },	{ STR_INIT("%%20"), NULL },
		{ STR_INIT("% 2"), NULL },	{ STR_INIT("a%00"), NULL },
		{ STR_INIT("a\0b"), NULL },	{ STR_INIT("%41\0"), NULL },
	};
	struct str got;

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool is_good = uri_decode(pool, cases[i].text, &got);

		ck_assert_msg(is_good == (cases[i].want != NULL), "%.*s", STR_ARG(cases[i].text));
		if (is_good)
			ck_assert_str(got, cases[i].want);
		if (is_good && str_chr(cases[i].text, '%') < 0)
			ck_assert_ptr_eq(got.data, cases[i].text.data);
	}
}
END_TEST

/* What was escaped is read as it was. */
START_TEST(escapes_every_byte)
{
	char path[256] = "/";
	struct str whole = { path, sizeof(path) }, got;

	for (int c = 1; c < 256; c++)
		path[c] = (char)c;
	ck_assert(uri_decode(pool, uri_escape_component(pool, str_skip(whole, 1)), &got));
	ck_assert(str_eq(got, str_skip(whole, 1)));
	path['/'] = 'x';
	ck_assert(uri_decode_path(pool, uri_escape(pool, whole), true, &got));
	ck_assert(str_eq(got, whole));
}
END_TEST

START_TEST(escapes_html)
{
	struct str clean = STR("plain text");

	ck_assert_ptr_eq(html_escape(pool, clean).data, clean.data);
	ck_assert_str(html_escape(pool, STR("a<b>&\"'")), "a&lt;b&gt;&amp;&quot;&#39;");
}
END_TEST

static const struct test_suite suite = { .name = "uri", .setup = setup, .teardown = teardown };

TESTS_IN(&suite, splits_targets, refuses_targets, knows_forms, normalizes_paths,
	 resolves_what_is_decoded, normalizes_at_every_place, borrows_clean_paths, parses_hosts,
	 escapes_paths, decodes_components, escapes_every_byte, escapes_html)
