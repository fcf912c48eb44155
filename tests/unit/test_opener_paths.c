/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker may name to the opener: that it names each file which it may serve, and that a
 * worker which an attacker controls can name no other place.
 */
#include "unit/http_test.h"

#include <errno.h>

#include "http/files/files.h"
#include "http/files/opener_path.h"

enum { LOCATIONS = 32 };

/* The messages go to standard error. */
static struct conf *load(const char *text)
{
	const struct conf_options options = {
		.prefix = STR("/srv/"),
		.path = STR("/srv/test.conf"),
		.messages = stderr,
	};
	struct conf *conf = conf_create(&options);
	const char *whole = memory_printf("sandbox_allow /allowed; sandbox_allow /more/; events { }"
					  "http { server { %s } }", text);

	ck_assert_int_eq(conf_load(conf, str_from(whole)), 0);
	http_prepare(conf);
	files_module.start(scope_data(conf_main(conf), &files_module));
	return conf;
}

static const struct http_location *location_named(struct conf *conf, const char *name)
{
	for (uint32_t i = 0; i < LOCATIONS; i++) {
		const struct http_location *at = http_location_by_number(conf, i);

		if (at && str_eq(at->name, str_from(name)))
			return at;
	}
	ck_abort_msg("there is no location %s", name);
}

static const char conf_text[] =
	"root /www;"
	"location /strict/ { root /strict; symlinks in_root; dotfiles deny; }"
	"location /slash/ { root /slash/; }"
	"location /img { alias /data/img; }"
	"location /dir/ { alias /data/dir/; dotfiles deny; }"
	"location /site/ { root /sites/$arg_site/html; symlinks in_root; }"
	"location /dots/ { root /sites/$arg_site/.public; dotfiles deny; }"
	"location /part/ { root /sites/a-$arg_site; }"
	"location /any/ { root $arg_root; }"
	"location /top/ { root /$arg_root; }";

/* `root`: what root or alias gives for a request; `fixed`: how much the configuration wrote. */
static const struct {
	const char *location, *root, *path;
	size_t fixed;
	const char *below; /* what is named; NULL: the opener cannot be asked */
	uint32_t base;
} named[] = {
	{ "/strict/", "/strict", "/strict/strict/a.css", 7, "/strict/a.css", 0 },
	{ "/slash/", "/slash", "/slash/slash/a", 6, "/slash/a", 0 },
	{ "/img", "/data/img", "/data/img/1.png", 9, "/1.png", 0 },
	{ "/img", "/data/img", "/data/img.png", 9, ".png", 0 },
	{ "/img", "/data/img", "/data/img", 9, "", 0 },
	{ "/dir/", "/data/dir/", "/data/dir/a", 10, "a", 0 },
	{ "/site/", "/sites/x/html", "/sites/x/html/site/a", 6, "/x/html/site/a", 0 },
	{ "/dots/", "/sites/x/.public", "/sites/x/.public/a", 6, "/x/.public/a", 0 },
	{ "/part/", "/sites/a-b", "/sites/a-b/c", 6, "/a-b/c", 0 },
	{ "/any/", "/allowed/x", "/allowed/x/any/a", 1, "/x/any/a", 1 },
	{ "/any/", "/allowed", "/allowed/any/a", 1, "/any/a", 1 },
	{ "/any/", "/more/b", "/more/b/any/a", 1, "b/any/a", 2 },
	{ "/any/", "/allowed-not", "/allowed-not/any/a", 1, NULL, 0 },
	{ "/any/", "/etc", "/etc/any/a", 1, NULL, 0 },
	{ "/top/", "/etc", "/etc/top/a", 1, NULL, 0 },
	{ "/top/", "/allowed", "/allowed/top/a", 1, "/top/a", 1 },
};

START_TEST(what_is_named_is_found_again)
{
	struct conf *conf = load(conf_text);

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		const struct http_location *location = location_named(conf, named[i].location);
		const struct file_root root = { .path = str_from(named[i].root),
						.fixed_len = named[i].fixed };
		bool in_root = strcmp(named[i].location, "/strict/") == 0 ||
			       strcmp(named[i].location, "/site/") == 0;
		struct file_query query, asked = file_query_make(
			str_from(named[i].path), &root,
			in_root ? SYMLINKS_IN_ROOT : SYMLINKS_FOLLOW);
		struct opener_path sent;
		char path[PATH_MAX];

		bool is_named = opener_path_make(conf, location, &asked, &sent);
		ck_assert_msg(is_named == (named[i].below != NULL), "%s", named[i].path);
		if (!is_named)
			continue;
		assert_str(sent.rest, named[i].below);
		ck_assert_uint_eq(sent.base, named[i].base);
		int error = opener_path_resolve(conf, location, &sent, path, &query);
		ck_assert_msg(error == 0, "%s: %d", named[i].path, error);
		assert_str(query.path, named[i].path);
		ck_assert_str_eq(path, named[i].path);
		ck_assert_uint_eq(query.root_len, asked.root_len);
		ck_assert_int_eq(query.symlinks, asked.symlinks);
	}
}
END_TEST

#define TEXT(text) { text, sizeof(text) - 1 }

static const struct {
	const char *location;
	uint32_t base;
	struct str path;
	size_t root_len;
} hostile[] = {
	/* above the root, beside it, and elsewhere */
	{ "/strict/", 0, TEXT("/../etc/passwd"), 0 },
	{ "/strict/", 0, TEXT("/x/../../etc/passwd"), 0 },
	{ "/strict/", 0, TEXT("/./a"), 0 },
	{ "/strict/", 0, TEXT("/a/.."), 0 },
	{ "/strict/", 0, TEXT("-beside/a"), 0 },
	{ "/strict/", 0, TEXT("a"), 0 },
	{ "/strict/", 0, TEXT("/a\0b"), 0 },
	{ "/slash/", 0, TEXT("../a"), 0 },
	{ "/slash/", 0, TEXT(".."), 0 },
	{ "/img", 0, TEXT("/../a"), 0 },
	{ "/site/", 0, TEXT("a"), 0 },
	{ "/site/", 0, TEXT("/../etc"), 0 },
	{ "/site/", 0, TEXT("/x/../../etc"), 2 },
	/* a part of the root that is none */
	{ "/strict/", 0, TEXT("/a/b"), 2 },
	{ "/site/", 0, TEXT("/a"), 3 },
	{ "/site/", 0, TEXT("/a"), SIZE_MAX },
	/* a base that is not for this location, or is none */
	{ "/strict/", 1, TEXT("/a"), 0 },
	{ "/site/", 1, TEXT("/a"), 0 },
	{ "/any/", 0, TEXT("/etc/passwd"), 0 },
	{ "/top/", 0, TEXT("etc/passwd"), 0 },
	{ "/any/", 1, TEXT("/../etc/passwd"), 0 },
	{ "/any/", 1, TEXT("-not/a"), 0 },
	{ "/any/", 100, TEXT("/a"), 0 },
	{ "/any/", UINT32_MAX, TEXT("/a"), 0 },
	/* names with a dot, which the configuration denies */
	{ "/strict/", 0, TEXT("/.git/config"), 0 },
	{ "/dir/", 0, TEXT(".env"), 0 },
	{ "/dots/", 0, TEXT("/x/.public/.env"), 10 },
	{ "/dots/", 0, TEXT("/x/.public/.env"), 15 },
	{ "/dots/", 0, TEXT("/.git/.public/a"), 14 },
	{ "/dots/", 0, TEXT("/x/.public/a"), 0 },
};

START_TEST(no_other_place_can_be_named)
{
	struct conf *conf = load(conf_text);

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		const struct http_location *location = location_named(conf, hostile[i].location);
		const struct opener_path sent = { hostile[i].base, hostile[i].path,
						  hostile[i].root_len };
		struct file_query query;
		char path[PATH_MAX];

		int error = opener_path_resolve(conf, location, &sent, path, &query);
		ck_assert_msg(error == -EACCES, "%s %s: %d", hostile[i].location,
			      hostile[i].path.data, error);
	}
}
END_TEST

START_TEST(a_path_that_is_too_long)
{
	static char bytes[2 * PATH_MAX];
	struct conf *conf = load(conf_text);
	struct file_query query;
	char path[PATH_MAX];

	memset(bytes, '/', sizeof(bytes));
	for (size_t len = PATH_MAX - 20; len < sizeof(bytes); len++) {
		const struct opener_path sent = { .rest = { bytes, len } };
		int error = opener_path_resolve(conf, location_named(conf, "/strict/"), &sent,
					       path, &query);

		ck_assert_int_eq(error, len + 7 < PATH_MAX ? 0 : -ENAMETOOLONG);
	}
}
END_TEST

/* The opener does not know the values of a request's variables, and does not believe a worker. */
START_TEST(links_are_followed_up_to_a_variable)
{
	static const struct {
		const char *from;
		size_t fixed_len;
	} cases[] = {
		{ "/www/a", 6 },	 { "/www/a/$arg_x", 6 }, { "/www/a-$arg_x", 4 },
		{ "$arg_x", 0 },	 { "/$arg_x", 0 },	 { "$document_root", 4 },
		{ "$document_root/a", 0 }, { "/www/a/b/c/d", 0 }, { "", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *conf = load(memory_printf(
			"location /l { root /www; disable_symlinks on from=%s; }", cases[i].from));
		const struct opener_path sent = { .rest = STR("/a/b/c") };
		struct file_query query;
		char path[PATH_MAX];

		ck_assert_int_eq(opener_path_resolve(conf, location_named(conf, "/l"), &sent, path,
						    &query), 0);
		ck_assert_int_eq(query.symlinks, SYMLINKS_NONE);
		ck_assert_msg(query.fixed_len == cases[i].fixed_len, "%s: %zu", cases[i].from,
			      query.fixed_len);
		conf_destroy(conf);
	}
}
END_TEST

TESTS("paths for the opener", what_is_named_is_found_again, no_other_place_can_be_named,
      a_path_that_is_too_long, links_are_followed_up_to_a_variable)
