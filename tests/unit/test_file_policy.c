/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `symlinks in_root` and `disable_symlinks`: which links are followed and which are refused, and
 * with what words.
 */
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/policy.h"

static char dir[64];
static char why[1024];

static void put(const char *name)
{
	int fd = open(name, O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void link_to(const char *target, const char *name)
{
	ck_assert_int_eq(symlink(target, name), 0);
}

static void setup(void)
{
	char path[128];

	strcpy(dir, "/tmp/skua-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	mkdir("root", 0700);
	mkdir("root/sub", 0700);
	put("root/file");
	put("root/sub/file");
	put("secret");
	snprintf(path, sizeof(path), "%s/root/sub", dir);
	link_to(path, "root/absolute");
	snprintf(path, sizeof(path), "%s/alias/sub/file", dir);
	link_to("root", "alias");
	link_to(path, "root/by_other_name");
	link_to("sub/../file", "root/inside");
	link_to("../file", "root/sub/up");
	link_to("../../secret", "root/sub/out");
	link_to("/etc/passwd", "root/passwd");
	link_to("sub/out", "root/chain");
	link_to("round", "root/round");
	link_to("../none", "root/dangling");
	link_to("none", "root/nowhere");
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static const char *result(int fd)
{
	if (fd < 0)
		return strerrorname_np(-fd);
	close(fd);
	return "opened";
}

/* A root that the configuration wrote up to `fixed_len`. */
static struct file_query query_of(const char *path, const char *root, size_t fixed_len,
				  enum symlinks symlinks)
{
	const struct file_root file_root = { .path = str_from(root), .fixed_len = fixed_len };

	return file_query_make(str_from(path), &file_root, symlinks);
}

/* Opens below dir/root/VARIABLE; "opened", or the error's name. */
static const char *opened_by(const char *variable, const char *rest)
{
	char path[256], root[128];
	int fixed_len = snprintf(root, sizeof(root), "%s/root", dir);

	strcat(strcat(root, "/"), variable);
	snprintf(path, sizeof(path), "%s/%s", root, rest);

	struct file_query query =
		query_of(path, root, (size_t)fixed_len, SYMLINKS_IN_ROOT);

	why[0] = '\0';
	return result(policy_open(&query, O_RDONLY, why, sizeof(why)));
}

/* Opens below dir/root. */
static const char *opened(const char *rest)
{
	char path[256], root[128];

	snprintf(root, sizeof(root), "%s/root/", dir);
	snprintf(path, sizeof(path), "%s%s", root, rest);

	struct file_query query = query_of(path, root, strlen(root), SYMLINKS_IN_ROOT);

	why[0] = '\0';
	return result(policy_open(&query, O_RDONLY, why, sizeof(why)));
}

START_TEST(follows_what_stays_inside)
{
	ck_assert_str_eq(opened("file"), "opened");
	ck_assert_str_eq(opened("/sub//file"), "opened");
	ck_assert_str_eq(opened(""), "opened");
	ck_assert_str_eq(opened("inside"), "opened");
	ck_assert_str_eq(opened("sub/up"), "opened");
	ck_assert_str_eq(opened("absolute/file"), "opened");
	ck_assert_str_eq(opened("absolute/up"), "opened");
	ck_assert_str_eq(opened("by_other_name"), "opened");
}
END_TEST

START_TEST(refuses_what_leads_out)
{
	ck_assert_str_eq(opened("passwd"), "EXDEV");
	ck_assert_str_eq(opened("sub/out"), "EXDEV");
	ck_assert_str_eq(opened("absolute/out"), "EXDEV");
	ck_assert_str_eq(opened("chain"), "EXDEV");
	ck_assert_str_eq(opened("dangling"), "EXDEV");
	ck_assert_str_eq(opened("round"), "ELOOP");
	ck_assert_str_eq(opened("nowhere"), "ENOENT");
	ck_assert_str_eq(opened("passwd/"), "EXDEV");
	ck_assert_str_eq(opened("inside/"), "ENOTDIR");
	ck_assert_str_eq(opened("by_other_name/"), "ENOTDIR");
}
END_TEST

START_TEST(names_the_link)
{
	char expected[512];

	ck_assert_str_eq(opened("absolute/out"), "EXDEV");
	snprintf(expected, sizeof(expected), "\"%s/root/sub/out\" points to \"../../secret\"", dir);
	ck_assert_msg(strstr(why, expected) && strstr(why, "symlinks follow"), "%s", why);
}
END_TEST

START_TEST(follows_all_without_the_policy)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/root/sub/out", dir);
	struct file_query query = query_of(path, dir, strlen(dir), SYMLINKS_FOLLOW);
	int fd = policy_open(&query, O_RDONLY, why, sizeof(why));
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

/* What a variable brought into the root is looked at like the rest. */
START_TEST(checks_what_a_variable_brought_into_the_root)
{
	link_to("..", "root/parent");
	link_to("sub", "root/same");
	link_to("../file", "root/sub/above");
	ck_assert_str_eq(opened_by("sub", "file"), "opened");
	ck_assert_str_eq(opened_by("same", "file"), "opened");
	ck_assert_str_eq(opened_by("absolute", "file"), "opened");
	ck_assert_str_eq(opened_by("sub/../sub", "file"), "opened");
	ck_assert_str_eq(opened_by("sub", "out"), "EXDEV");
	ck_assert_str_eq(opened_by("sub", "above"), "EXDEV");
	ck_assert_str_eq(opened_by("parent", "secret"), "EXDEV");
	ck_assert_msg(strstr(why, "/root/parent\" points to \"..\", which is outside of \""), "%s",
		      why);
	ck_assert_str_eq(opened_by("sub/../..", "secret"), "EXDEV");
	ck_assert_str_eq(opened_by("none", "file"), "ENOENT");
	ck_assert_str_eq(opened_by("file", "file"), "ENOTDIR");
}
END_TEST

/* The path, a root of which the configuration wrote `fixed`, and what is opened how. */
START_TEST(finds_the_root_of_a_path)
{
	static const struct {
		const char *path, *root, *fixed, *expected, *unchecked;
	} cases[] = {
		{ "/srv/www/a", "/srv/www", "/srv/www", "/srv/www", "/srv/www" },
		{ "/srv/www/a", "/srv/www//", "/srv/www//", "/srv/www", "/srv/www" },
		{ "/srv/www/", "/srv/www", "/srv/www", "/srv/www", "/srv/www" },
		{ "/a", "/", "/", "/", "/" },
		{ "/srv/www.png", "/srv/www", "/srv/www", "/srv", "/srv" },
		{ "/srv/www.d/sub/a", "/srv/www", "/srv/www", "/srv", "/srv" },
		{ "/data/x.png", "/data/x.png", "/data/x.png", "/data", "/data" },
		{ "/data/x.png", "", "", "/data", "/data" },
		{ "/x", "/srv", "/srv", "/", "/" },
		{ "html/a", "html", "html", "html", "html" },
		{ "a", "html", "html", "", "" },
		{ "/srv/host/a", "/srv/host", "/srv", "/srv/host", "/srv" },
		{ "/host/a", "/host", "/", "/host", "/" },
		{ "/srv/host/www.png", "/srv/host/www", "/srv", "/srv/host", "/srv" },
		{ "/srv/a/b/c.png", "/srv/a/b/c.png", "/srv", "/srv", "/srv" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file_query query = query_of(cases[i].path, cases[i].root,
						   strlen(cases[i].fixed), SYMLINKS_IN_ROOT);
		struct str root = str_head(query.path, query.root_len);
		struct str unchecked = str_head(query.path, query.fixed_len);

		ck_assert_msg(str_eq(root, str_from(cases[i].expected)) &&
				      str_eq(unchecked, str_from(cases[i].unchecked)),
			      "%s: %.*s, of which %.*s is not checked", cases[i].path,
			      STR_ARG(root), STR_ARG(unchecked));
	}
}
END_TEST

static bool is_refused(const char *path, const char *root)
{
	struct file_query query = query_of(path, root, strlen(root), SYMLINKS_FOLLOW);

	return file_query_refusal(&query) != NULL;
}

START_TEST(sees_dots_behind_the_root_only)
{
	ck_assert(!is_refused("../www/a..b/...", "../www"));
	ck_assert(!is_refused("/srv/../www", "/srv/../www"));
	ck_assert(!is_refused("/srv/../www.png", "/srv/../www"));
	ck_assert(is_refused("/srv/img/../x", "/srv/img/"));
	ck_assert(is_refused("/srv/a/..", "/srv"));
	ck_assert(is_refused("/srv/../x", ""));
	ck_assert(is_refused("/srv/../x", "/srv/."));
	ck_assert(is_refused("/srv/img/../x", "/srv/im"));
}
END_TEST

START_TEST(refuses_a_root_with_dots_of_a_variable)
{
	const struct file_root root = { .path = STR("/srv/.."), .fixed_len = 4, .has_dots = true };
	struct file_query query = file_query_make(STR("/srv/../x"), &root, SYMLINKS_FOLLOW);

	ck_assert_ptr_nonnull(file_query_refusal(&query));
}
END_TEST

/* --- disable_symlinks ---------------------------------------------------------- */

/* Opens the path below `dir` and looks at it: both have to give the same. */
static int judge(const char *path, enum symlinks symlinks, const char *from)
{
	const struct file_root root = { .path = STR("") };
	struct stat status;
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", dir, path);

	struct file_query query = file_query_make(str_from(full), &root, symlinks);

	file_query_judge_from(&query, str_from(from), false);

	int error = policy_stat(&query, &status, why, sizeof(why));
	int fd = policy_open(&query, O_RDONLY, why, sizeof(why));

	ck_assert_int_eq(error, fd < 0 ? fd : 0);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

START_TEST(refuses_each_link)
{
	ck_assert_int_eq(judge("root/file", SYMLINKS_NONE, ""), 0);
	ck_assert_int_eq(judge("root//sub/./file", SYMLINKS_NONE, ""), 0);
	ck_assert_int_eq(judge("root/sub/", SYMLINKS_NONE, ""), 0);
	ck_assert_int_eq(judge("root/file/", SYMLINKS_NONE, ""), -ENOTDIR);
	ck_assert_int_eq(judge("root/none", SYMLINKS_NONE, ""), -ENOENT);
	ck_assert_int_eq(judge("root/inside", SYMLINKS_NONE, ""), -EXDEV);
	ck_assert_ptr_nonnull(strstr(why, "/root/inside\" is a symbolic link"));
	ck_assert_int_eq(judge("alias/file", SYMLINKS_NONE, ""), -EXDEV);
	ck_assert_ptr_nonnull(strstr(why, "/alias\" is a symbolic link"));
	ck_assert_int_eq(judge("root/round", SYMLINKS_NONE, ""), -EXDEV);
	ck_assert_int_eq(judge("root/nowhere", SYMLINKS_NONE, ""), -EXDEV);
}
END_TEST

START_TEST(follows_links_in_the_beginning)
{
	char from[128];

	snprintf(from, sizeof(from), "%s/alias", dir);
	ck_assert_int_eq(judge("alias/file", SYMLINKS_NONE, from), 0);
	ck_assert_int_eq(judge("alias//file", SYMLINKS_NONE, from), 0);
	ck_assert_int_eq(judge("alias/inside", SYMLINKS_NONE, from), -EXDEV);
	ck_assert_int_eq(judge("alias", SYMLINKS_NONE, from), 0);
	from[strlen(from) - 1] = '\0'; /* no whole name */
	ck_assert_int_eq(judge("alias/file", SYMLINKS_NONE, from), -EXDEV);
}
END_TEST

/* Only root can give a link to somebody else. */
START_TEST(follows_links_of_the_owner)
{
	ck_assert_int_eq(judge("root/inside", SYMLINKS_OF_OWNER, ""), 0);
	ck_assert_int_eq(judge("alias/file", SYMLINKS_OF_OWNER, ""), 0);
	ck_assert_int_eq(judge("root/nowhere", SYMLINKS_OF_OWNER, ""), -ENOENT);
	ck_assert_int_eq(judge("root/round", SYMLINKS_OF_OWNER, ""), -ELOOP);
	if (lchown("root/inside", 12345, (gid_t)-1) < 0)
		return;
	ck_assert_int_eq(judge("root/inside", SYMLINKS_OF_OWNER, ""), -EXDEV);
	ck_assert_int_eq(judge("root/file", SYMLINKS_OF_OWNER, ""), 0);
	ck_assert_int_eq(lchown("alias", 12345, (gid_t)-1), 0);
	ck_assert_int_eq(judge("alias/file", SYMLINKS_OF_OWNER, ""), -EXDEV);
	ck_assert_int_eq(chown("root", 12345, (gid_t)-1), 0);
	ck_assert_int_eq(judge("alias/file", SYMLINKS_OF_OWNER, ""), 0);
}
END_TEST

START_TEST(judges_from_the_root)
{
	const struct file_root root = { .path = STR("/srv/x/"), .fixed_len = 7 };
	struct file_query query = file_query_make(STR("/srv/x/y"), &root, SYMLINKS_NONE);

	file_query_judge_from(&query, STR(""), true);
	ck_assert_uint_eq(query.fixed_len, 6);
	query = file_query_make(STR("/srv/x"), &root, SYMLINKS_NONE);
	file_query_judge_from(&query, STR(""), true);
	ck_assert_uint_eq(query.fixed_len, 6);
	query = file_query_make(STR("/other/y"), &root, SYMLINKS_NONE);
	file_query_judge_from(&query, STR(""), true);
	ck_assert_uint_eq(query.fixed_len, 0);
}
END_TEST

TESTS_IN((&(struct test_suite){ "symlink policy", .setup = setup, .teardown = teardown }),
	 follows_what_stays_inside, refuses_what_leads_out, names_the_link,
	 follows_all_without_the_policy, checks_what_a_variable_brought_into_the_root,
	 finds_the_root_of_a_path, sees_dots_behind_the_root_only,
	 refuses_a_root_with_dots_of_a_variable, refuses_each_link,
	 follows_links_in_the_beginning, follows_links_of_the_owner, judges_from_the_root)
