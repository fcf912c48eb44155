/* SPDX-License-Identifier: BSD-2-Clause */
/* How log files are written: compressed, to sockets. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#define UNPACKED(server, name) output_of(memory_printf("zcat %s%s", (server)->dir, name))

/* What a command prints. */
static const char *output_of(const char *command)
{
	FILE *from = popen(command, "r");
	char *text = memory_alloc(65536);

	ck_assert_ptr_nonnull(from);
	text[fread(text, 1, 65535, from)] = '\0';
	ck_assert_int_eq(pclose(from), 0);
	return text;
}

static struct server *logging(const char *http)
{
	return server_start(memory_printf(
		"http { log_format uri $uri; %s\n server { listen 127.0.0.1:%%PORT%%; root html;\n"
		"  location / { return 200 abc; } } }",
		http));
}

/* --- gzip ------------------------------------------------------------------------ */

static off_t size_of(const struct server *server, const char *name)
{
	struct stat status = { 0 };

	stat(memory_printf("%s%s", server->dir, name), &status);
	return status.st_size;
}

/* Waits until a further member was written. Returns the size of the file then. */
static off_t wait_to_grow(const struct server *server, const char *name, off_t size)
{
	struct deadline p = { 0 };
	off_t now;

	while ((now = size_of(server, name)) == size)
		deadline_wait(&p, "a member of the file");
	return now;
}

START_TEST(each_buffer_is_a_member)
{
	struct server *server = logging("access_log all.gz uri gzip=9 flush=20ms;"
					"access_log late.gz uri buffer=1m gzip;");
	off_t first, second;

	get(server, "/a");
	first = wait_to_grow(server, "/all.gz", 0);
	get(server, "/b");
	get(server, "/c");
	second = wait_to_grow(server, "/all.gz", first);
	ck_assert_str_eq(output_of(memory_printf("head -c %lld %s/all.gz | zcat",
						 (long long)first, server->dir)),
			 "/a\n");
	ck_assert(strncmp(output_of(memory_printf("tail -c +%lld %s/all.gz | zcat",
						  (long long)first + 1, server->dir)),
			  "/b\n", 3) == 0);
	ck_assert_int_gt(second, first);
	ck_assert_int_eq(size_of(server, "/late.gz"), 0);

	/* A file that is replaced gets all that was held back. */
	rename(file_path(server, "../late.gz"), file_path(server, "../old.gz"));
	kill(server->pid, SIGUSR1);
	wait_to_grow(server, "/old.gz", 0);
	ck_assert_str_eq(UNPACKED(server, "/old.gz"), "/a\n/b\n/c\n");
	server_stop(server);
}
END_TEST

/* --- standard output ------------------------------------------------------------------ */

/* As a service manager starts it: nothing can be opened by the name of a socket. */
START_TEST(standard_output_may_be_a_socket)
{
	int ends[2];
	char text[256] = "";
	const char *dir = scratch_create(), *program = memory_printf("%s/started", dir);
	const char *skua = getenv("SKUA") ? getenv("SKUA") : "build/skua";

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);

	FILE *script = fopen(program, "w");

	fprintf(script, "#!/bin/sh\nexec %s \"$@\" >&%d\n", skua, ends[1]);
	fchmod(fileno(script), 0755);
	fclose(script);

	struct server *server = server_start_with(&(struct server_setup){
		.program = program,
		.conf = "http { log_format uri $uri; access_log /dev/stdout uri; "
			"server { listen 127.0.0.1:%PORT%; return 200 abc; } }",
	});

	close(ends[1]);
	get(server, "/a");
	kill(server->pid, SIGUSR1);
	log_wait(server, "opening the log files again");
	ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, "/a\n");
	get(server, "/b");
	memset(text, 0, sizeof(text));
	ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, "/b\n");
	close(ends[0]);
	server_stop(server);
	scratch_remove(dir);
}
END_TEST

TESTS("how log files are written", each_buffer_is_a_member,
      standard_output_may_be_a_socket)
