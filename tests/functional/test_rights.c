/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose rights the processes have. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* A line of /proc/PID/status of the first worker, "" if it is not there. */
static const char *status_of_worker(struct server *server, const char *name)
{
	static char line[256];
	size_t len = strlen(name);
	pid_t pid;

	ck_assert_int_eq(server_workers(server, &pid, 1), 1);

	FILE *file = fopen(memory_printf("/proc/%d/status", (int)pid), "r");

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) && strncmp(line, name, len) != 0)
		line[0] = '\0';
	fclose(file);
	return line;
}

START_TEST(a_worker_has_its_priority_and_its_cpus)
{
	struct server *server = server_start(
		"worker_processes 1; worker_priority 3; worker_cpu_affinity auto;"
		"http { server { listen 127.0.0.1:%PORT%; return 200 ok; } }");
	pid_t pid;

	ck_assert_str_eq(get(server, "/").body, "ok");
	ck_assert_int_eq(server_workers(server, &pid, 1), 1);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)pid), 3);

	/* One CPU: no comma and no hyphen. */
	const char *cpus = status_of_worker(server, "Cpus_allowed_list:");

	ck_assert_msg(*cpus && !strpbrk(cpus, ",-"), "%s", cpus);
	server_stop(server);
}
END_TEST

START_TEST(mistakes_about_workers_are_named)
{
	static const char *const cases[][2] = {
		{ "worker_priority 21;", "expected -20 to 20" },
		{ "worker_priority high;", "invalid number \"high\"" },
		{ "worker_cpu_affinity 012;", "\"012\" is not a mask of CPUs" },
		{ "worker_cpu_affinity 000;", "this mask has no CPU" },
		{ "worker_cpu_affinity auto 1 1;", "one mask may follow \"auto\"" },
		{ "env =a;", "the name of the variable is missing" },
	};
	const char *output;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(server_fails(cases[i][0], &output), 1);
		ck_assert_msg(strstr(output, cases[i][1]), "%s: %s", cases[i][0], output);
	}
}
END_TEST

TESTS("rights", a_worker_has_its_priority_and_its_cpus, mistakes_about_workers_are_named,
      root_without_its_capability_serves_as_root, a_403_names_the_user_and_what_refuses)
