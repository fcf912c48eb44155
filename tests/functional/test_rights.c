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

TESTS("rights", root_without_its_capability_serves_as_root)
