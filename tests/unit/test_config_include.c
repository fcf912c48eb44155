/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that include others, and -T. Each test has a folder of its own.
 */
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/scratch.h"
#include "unit/config_test.h"

static const char *folder;

static void make_folder(void)
{
	folder = scratch_create();
	ck_assert_int_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
	scratch_remove(folder);
}

static void file(const char *name, const char *content)
{
	FILE *stream = fopen(name, "w");

	ck_assert_ptr_nonnull(stream);
	fputs(content, stream);
	fclose(stream);
}

/* Loads main.conf of the folder, called "sub/main.conf" in messages. */
static struct conf *load_main(const char *content)
{
	char path[PATH_MAX];

	file("main.conf", content);
	snprintf(path, sizeof(path), "%s/main.conf", folder);
	return load_with((struct conf_options){ .path = str_from(path),
						.name = STR("sub/main.conf") },
			 (struct str){ 0 });
}

static void load_main_bad(const char *content, const char *message)
{
	conf_destroy(load_main(content));
	ck_assert_int_eq(loaded, -EINVAL);
	assert_has(messages, message);
}

START_TEST(names_in_messages_have_no_dots)
{
	file("a.conf", "unknown;");
	load_main_bad("include ./a.conf;", "sub/a.conf:1:1: unknown");
	load_main_bad("include ./*.conf;", "\"sub/main.conf\" includes itself");
	assert_has(messages, "sub/a.conf:1:1: unknown");
}
END_TEST

START_TEST(a_file_stands_where_it_is_included)
{
	file("a.conf", "words b c;");
	struct conf *conf = load_main("words a; include a.conf; words d;");

	ck_assert_msg(loaded == 0, "%s", messages);
	ck_assert_uint_eq(sample_main(conf)->words.count, 4);
	assert_str(sample_main(conf)->words.items[1], "b");
	assert_str(sample_main(conf)->words.items[3], "d");
	conf_destroy(conf);
}
END_TEST

START_TEST(paths_are_relative_to_the_main_file)
{
	mkdir("d", 0755);
	file("d/a.conf", "include d/b.conf;");
	file("d/b.conf", "number 5; root\nx y;");
	load_main_bad("include d/a.conf;", "skua: error: sub/d/b.conf:2:3: \"root\" takes 1");
	ck_assert_int_eq(chdir("/"), 0);
	conf_destroy(load_with((struct conf_options){ .path = str_from(folder), .name = STR("x") },
			       (struct str){ 0 }));
	assert_has(messages, "skua: error: x: cannot read the configuration (21: Is a directory)");
}
END_TEST

START_TEST(masks_are_sorted)
{
	mkdir("d", 0755);
	file("d/2.conf", "words two;");
	file("d/10.conf", "words ten;");
	file("d/a.conf", "words a;");
	file("d/b.txt", "words no;");
	struct conf *conf = load_main("include d/*.conf; include d/*.none; include d/[2].c?nf;");

	ck_assert_msg(loaded == 0, "%s", messages);
	ck_assert_uint_eq(sample_main(conf)->words.count, 4);
	assert_str(sample_main(conf)->words.items[0], "ten");
	assert_str(sample_main(conf)->words.items[1], "two");
	assert_str(sample_main(conf)->words.items[2], "a");
	conf_destroy(conf);
	file("d/a.conf", "wrds a;");
	load_main_bad("include d/*.conf;", "sub/d/a.conf:1:1: unknown directive");
}
END_TEST

START_TEST(in_blocks)
{
	file("types.conf", "text/css css;");
	file("block.conf", "server { root a; }");
	struct conf *conf =
		load_main("types { include types.conf; a b; } http { include block.conf; }");

	ck_assert_msg(loaded == 0, "%s", messages);
	assert_str(sample_main(conf)->word, "[text/css css][a b]");
	assert_str(sample_of(scopes[1])->word, "a");
	conf_destroy(conf);
}
END_TEST

START_TEST(missing_files)
{
	char message[PATH_MAX + 128];

	snprintf(message, sizeof(message),
		 "sub/main.conf:2:9: cannot read \"%s/no.conf\" (2: No such file", folder);
	load_main_bad("flag on;\ninclude no.conf;", message);
	load_main_bad("include .;", "Is a directory");
	load_main_bad("'include' no.conf;", "(2: No such file");
	load_main_bad("root x\ninclude a.conf;", "sub/main.conf:1:7: missing \";\"");
	load_main_bad("include a b;", "\"include\" takes 1 argument, not 2");
	load_main_bad("include '';", "sub/main.conf:1:9: the name of the file is empty");
	load_main_bad("include /no/where;", "cannot read \"/no/where\" (2: No such file");
}
END_TEST

START_TEST(circles)
{
	file("a.conf", "include b.conf;");
	file("b.conf", "\n include a.conf;");
	load_main_bad("include a.conf;", "sub/b.conf:2:10: \"sub/a.conf\" includes itself");
	load_main_bad("include main.conf;", "sub/main.conf:1:9: \"sub/main.conf\" includes itself");
}
END_TEST

START_TEST(too_deep)
{
	for (int i = 0; i < 60; i++) {
		char name[32], text[64];

		snprintf(name, sizeof(name), "%d.conf", i);
		snprintf(text, sizeof(text), "include %d.conf;", i + 1);
		file(name, text);
	}
	load_main_bad("include 0.conf;", "sub/49.conf:1:9: files include each other more than 50");
}
END_TEST

START_TEST(too_many)
{
	for (int i = 0; i < 20; i++) {
		char name[32], text[64];

		snprintf(name, sizeof(name), "%d.conf", i);
		snprintf(text, sizeof(text), "include %d.conf; include %d.conf;", i + 1, i + 1);
		file(name, text);
	}
	file("20.conf", "");
	load_main_bad("include 0.conf;", "files are included");
}
END_TEST

START_TEST(blocks_end_in_their_file)
{
	file("a.conf", "http {\n server {\n }\n");
	load_main_bad("include a.conf; }", "sub/a.conf:1:1: the block of \"http\" is not closed");
	file("a.conf", "}");
	load_main_bad("http { include a.conf; ", "sub/a.conf:1:1: unexpected \"}\"");
}
END_TEST

START_TEST(dump)
{
	char *dumped, expected[PATH_MAX * 2];
	size_t len;
	FILE *stream = open_memstream(&dumped, &len);

	file("a.conf", "words b;\n");
	struct conf *conf = load_main("include a.conf;\ninclude a.conf;\n");

	ck_assert_msg(loaded == 0, "%s", messages);
	conf_dump(conf, stream);
	fclose(stream);
	snprintf(expected, sizeof(expected),
		 "# configuration file %s/main.conf:\ninclude a.conf;\ninclude a.conf;\n\n"
		 "# configuration file %s/a.conf:\nwords b;\n\n",
		 folder, folder);
	ck_assert_str_eq(dumped, expected);
	free(dumped);
	conf_destroy(conf);
}
END_TEST

START_TEST(paths)
{
	struct conf *conf = load_good("");

	assert_str(conf_full_path(conf, STR("logs/a")), "/srv/logs/a");
	assert_str(conf_full_path(conf, STR("/logs/a")), "/logs/a");
	assert_str(conf_relative_to_file(conf, STR("mime.types")), "/etc/skua/mime.types");
	conf_destroy(conf);
}
END_TEST

static const struct test_suite suite = {
	.name = "files that include others",
	.setup = make_folder,
	.teardown = remove_folder,
};

TESTS_IN(&suite, names_in_messages_have_no_dots,
      a_file_stands_where_it_is_included,
	 paths_are_relative_to_the_main_file, masks_are_sorted, in_blocks, missing_files, circles,
	 too_deep, too_many, blocks_end_in_their_file, dump, paths)
