/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose rights the processes have. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The server as a root that may not set its groups, as in many containers. */
static const char *program_without_setgid(void)
{
	const char *path = memory_printf("%s/skua.sh", scratch_create());
	const char *way = "setpriv --inh-caps=-setgid --bounding-set=-setgid";
	FILE *file = fopen(path, "w");

	if (geteuid() != 0)
		way = "unshare -r";
	if (system(memory_printf("%s true 2>/dev/null", way)) != 0)
		test_skip("no process with root's number can be had that may not set its groups");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "#!/bin/sh\nexec %s \"$SKUA\" \"$@\"\n", way);
	fclose(file);
	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

START_TEST(root_without_its_capability_serves_as_root)
{
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = "user root root; sandbox strict;"
			"http { server { listen 127.0.0.1:%PORT%; return 200 ok; } }",
		.program = program_without_setgid(),
	});

	ck_assert_str_eq(get(server, "/").body, "ok");
	ck_assert(!log_has(server, "[emerg]"));
	server_stop(server);
}
END_TEST

/* What the error log says of a request that is answered with 403. */
static void check_refusal(struct server *server, const char *target, const char *text)
{
	ck_assert_int_eq(get(server, target).status, 403);
	log_wait(server, server_text(server, text));
}

START_TEST(a_403_names_the_user_and_what_refuses)
{
	struct server *server = server_with("root %DIR%/html;");

	put_file(server, "closed/dir/a", "a");
	put_file(server, "file", "file");
	ck_assert_int_eq(symlink("closed/dir", file_path(server, "link")), 0);
	ck_assert_int_eq(chmod(file_path(server, "closed"), 0600), 0);
	ck_assert_int_eq(chmod(file_path(server, "file"), 0), 0);

	check_refusal(server, "/closed/dir/a",
		      "open() \"%DIR%/html/closed/dir/a\" failed (13: Permission denied): user ");
	check_refusal(server, "/closed/dir/a",
		      " may not search the directory \"%DIR%/html/closed\", which belongs to ");
	check_refusal(server, "/file", " may not read it: it belongs to user ");
	log_wait(server, memory_printf("it belongs to user %u and has mode 000, client: ",
				       (unsigned)geteuid()));
	ck_assert_uint_eq(file_count(server, "/error.log", "html/closed\", which belongs"), 2);
	check_refusal(server, "/link/a", "link/a\" failed (13: Permission denied): user ");
	ck_assert_uint_eq(file_count(server, "/error.log", "html/closed\", which belongs"), 3);
	server_stop(server);
}
END_TEST

TESTS("rights", root_without_its_capability_serves_as_root,
      a_403_names_the_user_and_what_refuses)
