/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From extensions to types, and the table that is built in.
 */
#include "harness/test.h"

#include "../../modules/mime/types.h"

static struct pool *pool;
static struct types *types;

static void setup(void)
{
	pool = pool_create(0);
	types = types_create(pool);
	types_add(types, STR("html"), STR("text/html"));
	types_add(types, STR("gz"), STR("application/gzip"));
}

static void teardown(void)
{
	pool_destroy(pool);
}

#define ck_type(uri, expected) \
	ck_assert_msg(str_eq(types_find(types, STR(uri)), STR(expected)), "%s", uri)

START_TEST(finds_by_the_last_extension)
{
	ck_type("/a.html", "text/html");
	ck_type("/a.HtmL", "text/html");
	ck_type("/a.html.gz", "application/gzip");
	ck_type("/a.b/c.html", "text/html");
	ck_type("a.html", "text/html");
}
END_TEST

START_TEST(knows_what_has_no_extension)
{
	ck_type("/", "");
	ck_type("", "");
	ck_type(".", "");
	ck_type("/.html", "");
	ck_type("/a.html/", "");
	ck_type("/a.html/b", "");
	ck_type("/html", "");
	ck_type("/a.", "");
	ck_type("/a.htm", "");
}
END_TEST

START_TEST(the_last_entry_counts)
{
	struct str before = types_add(types, STR("HTML"), STR("text/plain"));
	ck_assert(str_eq(before, STR("text/html")));
	ck_type("/a.html", "text/plain");
}
END_TEST

START_TEST(holds_any_number)
{
	for (int i = 0; i < 5000; i++) {
		struct str name = pool_printf(pool, "x%d", i);
		ck_assert_int_eq(types_add(types, name, name).len, 0);
	}
	for (int i = 0; i < 5000; i++) {
		struct str uri = pool_printf(pool, "/f.x%d", i);
		ck_assert(str_eq(types_find(types, uri), str_skip(uri, 3)));
	}
	ck_type("/a.x5000", "");
}
END_TEST

START_TEST(the_builtin_table_is_the_shipped_file)
{
	types = (struct types *)types_builtin();
	ck_type("/a.html", "text/html");
	ck_type("/a.mjs", "text/javascript");
	ck_type("/a.webmanifest", "application/manifest+json");
	ck_type("/a.woff2", "font/woff2");
	ck_type("/a.avif", "image/avif");
	ck_type("/a.wasm", "application/wasm");
	/* Words of the file's comments and of its grammar are no extensions. */
	ck_type("/a.types", "");
	ck_type("/a.standards", "");
	ck_type("/a.text/html", "");
}
END_TEST

TESTS_IN((&(struct test_suite){ "types", .setup = setup, .teardown = teardown }),
	 finds_by_the_last_extension, knows_what_has_no_extension, the_last_entry_counts,
	 holds_any_number, the_builtin_table_is_the_shipped_file)
