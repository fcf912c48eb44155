/* SPDX-License-Identifier: BSD-2-Clause */
/* secure_link and valid_referers: which links are good, and which pages they stand on. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <string.h>

#include <base64.h>
#include <digest.h>

/* Of "file.zipsecret" and "a/b?csecret". */
#define MD5_FILE  "63666cbff4e08672ebbb0ed3e7c2f011"
#define MD5_UPPER "63666CBFF4E08672EBBB0ED3E7C2F011"
#define MD5_PATH  "d9b94e10e7bbf5d75cd5e1b4d8205253"

static const char *link_for(const char *text)
{
	struct pool *pool = pool_create(0);
	unsigned char digest[MD5_SIZE];

	md5_of(str_from(text), digest);
	struct str encoded = base64_encode(pool, (struct str){ (char *)digest, sizeof(digest) });
	char *link = memory_alloc(encoded.len + 1);

	memcpy(link, encoded.data, encoded.len);
	for (size_t i = 0; i < encoded.len; i++)
		link[i] = link[i] == '+' ? '-' : link[i] == '/' ? '_' : link[i];
	link[encoded.len - 2] = '\0'; /* "==" */
	pool_destroy(pool);
	return link;
}

static void says(struct server *server, const char *target, const char *expected)
{
	struct reply reply = get(server, target);

	ck_assert_msg(strcmp(reply.body, expected) == 0, "%s: \"%s\"", target, reply.body);
}

START_TEST(links_with_a_digest)
{
	struct server *server = inproc_with(
		"secure_link $arg_md5,$arg_expires;"
		"secure_link_md5 \"$secure_link_expires$uri secret\";"
		"location / { return 200 \"<$secure_link> <$secure_link_expires>\"; }"
		"location /plain/ { secure_link $arg_md5; secure_link_md5 \"$uri secret\";"
		"  return 200 \"<$secure_link> <$secure_link_expires>\"; }"
		"location /half/ { secure_link_md5 x; secure_link $arg_none;"
		"  return 200 \"<$secure_link>\"; }");
	const char *good = link_for("4102444800/f secret"), *old = link_for("1000000000/f secret");
	const char *plain = link_for("/plain/f secret");

	says(server, memory_printf("/f?md5=%s&expires=4102444800", good), "<1> <4102444800>");
	says(server, memory_printf("/f?md5=%s==&expires=4102444800", good), "<1> <4102444800>");
	says(server, memory_printf("/f?md5=%s&expires=1000000000", old), "<0> <1000000000>");
	says(server, memory_printf("/f?md5=%s===&expires=4102444800", good), "<> <4102444800>");
	/* Another file, time or digest. */
	says(server, memory_printf("/g?md5=%s&expires=4102444800", good), "<> <4102444800>");
	says(server, memory_printf("/f?md5=%s&expires=4102444801", good), "<> <4102444801>");
	says(server, memory_printf("/f?md5=%sA&expires=4102444800", good), "<> <4102444800>");
	says(server, memory_printf("/f?md5=%.21s&expires=4102444800", good), "<> <4102444800>");
	says(server, "/f?md5=&expires=4102444800", "<> <4102444800>");
	says(server, memory_printf("/f?md5=%s", good), "<> <>");
	says(server, memory_printf("/f?md5=%s&expires=x", good), "<> <>");
	says(server, memory_printf("/f?md5=%s&expires=-1", good), "<> <>");
	says(server, memory_printf("/f?md5=%s&expires=0", good), "<> <>");
	says(server, memory_printf("/f?md5=%s&expires=99999999999999999999", good), "<> <>");
	says(server, memory_printf("/f?md5=%s&expires=4102444800,1", good), "<> <>");
	says(server, "/f", "<> <>");
	says(server, memory_printf("/plain/f?md5=%s", plain), "<1> <>");
	says(server, memory_printf("/plain/f?md5=%s,4102444800", plain), "<1> <4102444800>");
	says(server, "/half/f", "<>");
	server_stop(server);
}
END_TEST

/* The digits of Base64 for URLs alone. */
START_TEST(digits_of_a_digest)
{
	struct server *server = inproc_with("secure_link $arg_md5; secure_link_md5 $arg_text;"
					    "return 200 <$secure_link>;");
	int others = 0;

	for (int i = 0; i < 40; i++) {
		const char *text = memory_printf("%d", i), *link = link_for(text);
		char *wrong = strcpy(memory_alloc(strlen(link) + 1), link);

		says(server, memory_printf("/?text=%s&md5=%s", text, link), "<1>");
		for (char *at = wrong; *at; at++)
			*at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
		if (strcmp(wrong, link) != 0) {
			says(server, memory_printf("/?text=%s&md5=%s", text, wrong), "<>");
			others++;
		}
	}
	ck_assert_int_gt(others, 5);
	server_stop(server);
}
END_TEST

START_TEST(links_with_a_path)
{
	struct server *server = inproc_with(
		"location /p/ { secure_link_secret secret; return 200 \"<$secure_link>\"; }");

	says(server, "/p/" MD5_FILE "/file.zip", "<file.zip>");
	says(server, "/p/" MD5_PATH "/a/b?c", "<a/b?c>");
	says(server, "/p/" MD5_UPPER "/file.zip", "<file.zip>");
	says(server, "/p/" MD5_FILE "/file.zi", "<>");
	says(server, "/p/" MD5_FILE "0/file.zip", "<>");
	says(server, "/p/0" MD5_FILE "/file.zip", "<>");
	says(server, "/p/" MD5_FILE, "<>");
	says(server, "/p/" MD5_FILE "/", "<>");
	says(server, "/p/", "<>");
	says(server, "/p//file.zip", "<>");
	says(server, "/p/zz" "/file.zip", "<>");
	server_stop(server);
	server = inproc_with("secure_link_secret secret; location /p/ { "
			     "location ~ zip$ { return 200 \"<$secure_link>\"; } }"
			     "location /q/ { secure_link $arg_a; return 200 \"<$secure_link>\"; }"
			     "location /r/ { secure_link_md5 a; return 200 \"<$secure_link>\"; }");
	says(server, "/p/" MD5_FILE "/file.zip", "<file.zip>");
	says(server, "/q/" MD5_FILE "/file.zip", "<>");
	says(server, "/r/" MD5_FILE "/file.zip", "<>");
	server_stop(server);
	ck_assert_ptr_nonnull(strstr(
		inproc_fails("http { server { location / { secure_link $arg_a;"
			     "secure_link_secret a; } } }"),
		"cannot stand beside secure_link"));
}
END_TEST

static void refers(struct server *server, const char *target, const char *referer, bool is_valid)
{
	const char *fields = referer ? memory_printf("Referer: %s\r\n", referer) : "";
	struct reply reply = ask(server, target, .fields = fields);

	ck_assert_msg(strcmp(reply.body, is_valid ? "<>" : "<1>") == 0, "%s %s: %s", target,
		      referer ? referer : "(none)", reply.body);
}

START_TEST(referers)
{
	struct server *server = inproc_start(
		"http { server { listen 127.0.0.1:%PORT%;"
		"server_name a.test *.b.test ~^x[0-9]+\\.test$ \"\";"
		"location / { return 200 <$invalid_referer>; }"
		"location /names { valid_referers server_names; return 200 <$invalid_referer>; }"
		"location /none { valid_referers none; return 200 <$invalid_referer>; }"
		"location /blocked { valid_referers blocked; return 200 <$invalid_referer>; }"
		"location /list { valid_referers c.test *.d.test e.* .f.test g.test/path/;"
		"  valid_referers www.d.test/in;"
		"  valid_referers ~\\.GOOGLE\\. ~^h\\.test/y;"
		"  return 200 <$invalid_referer>; } } }");

	refers(server, "/", NULL, true);
	refers(server, "/", "http://evil.test/", true);
	refers(server, "/none", NULL, true);
	refers(server, "/none", "x", false);
	refers(server, "/none", "http://a.test/", false);
	refers(server, "/blocked", NULL, false);
	refers(server, "/blocked", "xxxxxxxxx", true);
	refers(server, "/blocked", "http://", true);
	refers(server, "/blocked", "http://i.r", true);
	refers(server, "/blocked", "http://i.ru", false);
	refers(server, "/blocked", "http://a.test/", false);
	refers(server, "/names", "http://a.test/", true);
	refers(server, "/names", "HTTPS://A.TEST:8080/x", true);
	refers(server, "/names", "http://y.b.test", true);
	refers(server, "/names", "http://b.test", false);
	refers(server, "/names", "http://x12.test?a", true);
	refers(server, "/names", "http://x.test", false);
	refers(server, "/names", "http:///a.test", false);
	refers(server, "/names", "ftp://a.test", false);
	refers(server, "/names", NULL, false);
	refers(server, "/list", "http://c.test/any", true);
	refers(server, "/list", "http://c.testx/any", false);
	refers(server, "/list", "http://d.test/", false);
	refers(server, "/list", "http://a.b.d.test/", true);
	refers(server, "/list", "http://.d.test/", false);
	refers(server, "/list", "http://e.org#x", true);
	refers(server, "/list", "http://e.//", true);
	refers(server, "/list", "http://e/", false);
	refers(server, "/list", "http://ee.org/", false);
	refers(server, "/list", "http://f.test/", true);
	refers(server, "/list", "http://a.f.test/", true);
	refers(server, "/list", "http://af.test/", false);
	refers(server, "/list", "http://g.test/path/x", true);
	refers(server, "/list", "http://g.test/pathx", false);
	/* The exact name decides, although a wildcard fits as well. */
	refers(server, "/list", "http://www.d.test/inner", true);
	refers(server, "/list", "http://www.d.test/out", false);
	refers(server, "/list", "https://www.google.org/", true);
	refers(server, "/list", "https://h.test/y", true);
	refers(server, "/list", "https://h.test/", false);
	/* The user part is not the host. */
	refers(server, "/list", "http://c.test:x@evil.test/", false);
	refers(server, "/list", "http://c.test@evil.test/", false);
	refers(server, "/list", "http://e.x@evil.test/", false);
	refers(server, "/list", "http://evil.test@c.test/", true);
	refers(server, "/list", "http://evil.test/@c.test", false);
	refers(server, "/list", "http://evil.test?@c.test", false);
	refers(server, "/list", "http://evil.test#@c.test", false);
	refers(server, "/list", "http://[::1]:80/", false);
	server_stop(server);
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { server { valid_referers a*b; } }"),
				     "invalid host name or wildcard"));
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { server { valid_referers ~(; } }"), "~("));
}
END_TEST

TESTS("links and referers", links_with_a_digest, digits_of_a_digest, links_with_a_path, referers)
