/* SPDX-License-Identifier: BSD-2-Clause */
/* Logs that go to syslog: a socket of the test takes the messages. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A syslog server on a port that the kernel chooses, or at a path. */
static int receiver(struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, address, len), 0);
	return fd;
}

static int udp_receiver(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

	int fd = receiver((struct sockaddr *)&address, sizeof(address));

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static int unix_receiver(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	return receiver((struct sockaddr *)&address, sizeof(address));
}

/* The next message, for which it waits as long as a test may take. */
static const char *message(int fd)
{
	char *text = memory_alloc(8192);
	struct deadline p = { 0 };
	ssize_t len;

	while ((len = recv(fd, text, 8191, MSG_DONTWAIT)) < 0)
		deadline_wait(&p, "a message for syslog");
	text[len] = '\0';
	return text;
}

/* "<PRI>Mmm dd hh:mm:ss " and what follows. */
static const char *behind_time(const char *text, int priority)
{
	int found = 0, end = 0;

	sscanf(text, "<%d>%*3[A-Z a-z] %*2d %*2d:%*2d:%*2d %n", &found, &end);
	ck_assert_msg(found == priority && end > 0, "%s", text);
	return text + end;
}

START_TEST(a_line_of_the_access_log_is_a_message)
{
	int port, fd = udp_receiver(&port);
	struct server *server = server_start(memory_printf(
		"http { log_format f \"$uri $status\";"
		"access_log syslog:server=127.0.0.1:%d,tag=test_1,facility=local1,"
		"severity=notice f;"
		"access_log syslog:server=127.0.0.1:%d,nohostname f if=$arg_two;"
		"server { listen 127.0.0.1:%%PORT%%; return 200 ok; } }",
		port, port));
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	get(server, "/a");
	get(server, "/b");
	ck_assert_str_eq(behind_time(message(fd), 17 * 8 + 5),
			 memory_printf("%s test_1: /a 200", host));
	ck_assert_str_eq(behind_time(message(fd), 17 * 8 + 5),
			 memory_printf("%s test_1: /b 200", host));
	get(server, "/c?two=1");

	const char *first = message(fd), *second = message(fd);
	bool is_other_order = strstr(first, "skua: ") != NULL;

	ck_assert_str_eq(behind_time(is_other_order ? first : second, 23 * 8 + 6), "skua: /c 200");
	server_stop(server);
	close(fd);
}
END_TEST

START_TEST(errors_have_their_severity)
{
	int port, fd = udp_receiver(&port);
	struct server *server = server_start(memory_printf(
		"http { server { listen 127.0.0.1:%%PORT%%; root html;"
		"error_log syslog:server=127.0.0.1:%d,nohostname,facility=daemon info; } }",
		port));

	ck_assert_int_eq(get(server, "/none").status, 404);

	const char *line = behind_time(message(fd), 3 * 8 + 3);

	ck_assert_ptr_eq(strstr(line, "skua: "), line);
	ck_assert_ptr_nonnull(strstr(line, " [error] "));
	ck_assert_ptr_nonnull(strstr(line, "request: \"GET /none HTTP/1.1\""));
	ck_assert_ptr_null(strchr(line, '\n'));
	server_stop(server);
	close(fd);
}
END_TEST

/* A local syslog that ends and comes back is found again; until then the server goes on. */
START_TEST(a_server_may_go_and_come_back)
{
	struct server *server =
		server_start("http { log_format f $uri;"
			     "access_log syslog:server=unix:%DIR%/log.sock,nohostname f;"
			     "server { listen 127.0.0.1:%PORT%; return 200 ok; } }");
	const char *path = file_path(server, "/log.sock");
	struct deadline p = { 0 };

	ck_assert_str_eq(get(server, "/lost").body, "ok");
	log_wait(server, "lines are lost: syslog at \"unix:");

	int fd = unix_receiver(path);
	char text[256];

	/* The next try is a second after the first. */
	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) < 0) {
		ck_assert_str_eq(get(server, "/found").body, "ok");
		deadline_wait(&p, "a message");
	}
	ck_assert_ptr_nonnull(strstr(text, "skua: /found"));
	log_wait(server, "for syslog at \"unix:");
	close(fd);
	server_stop(server);
}
END_TEST

START_TEST(mistakes_are_named)
{
	static const char *const cases[][2] = {
		{ "syslog:", "the server of syslog is missing" },
		{ "syslog:tag=a", "the server of syslog is missing" },
		{ "syslog:server=", "the server is missing" },
		{ "syslog:server=a,facility=x", "there is no such facility" },
		{ "syslog:server=a,severity=x", "there is no such severity" },
		{ "syslog:server=a,tag=a-b", "a tag has up to 32 letters" },
		{ "syslog:server=a,port=1", "expected server=, facility=" },
	};
	const char *output;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(server_fails(memory_printf("error_log %s;", cases[i][0]), &output),
				 1);
		ck_assert_msg(strstr(output, cases[i][1]), "%s: %s", cases[i][0], output);
		server_fails(memory_printf("http { access_log %s; }", cases[i][0]), &output);
		ck_assert_msg(strstr(output, cases[i][1]), "%s: %s", cases[i][0], output);
	}
}
END_TEST

TESTS("syslog", a_line_of_the_access_log_is_a_message, errors_have_their_severity,
      a_server_may_go_and_come_back, mistakes_are_named)
