/* SPDX-License-Identifier: BSD-2-Clause */
/* Which listening sockets exclude each other, and what stays over a reload; without processes. */
#include "harness/test.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"
#include "net/listener.h"
#include "process/listen/listen.h"
#include "process/listen/listen_transfer.h"

static struct listener v4(const char *host, int port)
{
	struct listener listener = {
		.address.in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) },
		.address_len = sizeof(struct sockaddr_in),
		.text = str_from(host),
		.backlog = 5,
		.fastopen = LISTENER_FASTOPEN_DEFAULT,
		.ipv6only = true,
	};

	ck_assert_int_eq(inet_pton(AF_INET, host, &listener.address.in.sin_addr), 1);
	return listener;
}

static struct listener any6(int port, bool ipv6only)
{
	return (struct listener){
		.address.in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) },
		.address_len = sizeof(struct sockaddr_in6),
		.text = STR("[::]"),
		.ipv6only = ipv6only,
	};
}

static bool conflict(struct listener a, struct listener b, unsigned workers, bool each_own)
{
	struct listener items[] = { a, b };
	const struct listeners listeners = { items, 2 };
	const struct listener *of_a = listen_conflict(&listeners, &items[0], workers, each_own);
	const struct listener *of_b = listen_conflict(&listeners, &items[1], workers, each_own);

	ck_assert_ptr_eq(of_a, of_b ? &items[1] : NULL);
	ck_assert_ptr_eq(of_b, of_a ? &items[0] : NULL);
	return of_a;
}

START_TEST(addresses_that_exclude_each_other)
{
	struct listener all = v4("0.0.0.0", 80), one = v4("127.0.0.1", 80);

	ck_assert(conflict(all, one, 1, false));
	ck_assert(!conflict(all, v4("127.0.0.1", 81), 1, false));
	ck_assert(!conflict(one, v4("127.0.0.2", 80), 1, false));
	ck_assert(!conflict(all, any6(80, true), 1, false));
	ck_assert(conflict(all, any6(80, false), 1, false));
	ck_assert(conflict(one, any6(80, false), 1, false));
	ck_assert(!conflict(one, any6(81, false), 1, false));
}
END_TEST

START_TEST(sharing_a_port_takes_both)
{
	struct listener all = v4("0.0.0.0", 80), one = v4("127.0.0.1", 80);

	/* accept_mode reuseport with one worker makes one socket, without SO_REUSEPORT. */
	ck_assert(!conflict(all, one, 2, true));
	ck_assert(conflict(all, one, 1, true));
	all.reuseport = true;
	ck_assert(conflict(all, one, 2, false));
	one.reuseport = true;
	ck_assert(!conflict(all, one, 2, false));
}
END_TEST

/* A socket that listens, of listener id 5, as from the program before. */
static int adopted(int *port)
{
	union address address = v4("127.0.0.1", 0).address;
	socklen_t len = sizeof(address.in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, &address.any, len), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(getsockname(fd, &address.any, &len), 0);
	*port = address_port(&address);
	ck_assert_int_eq(listen_adopt(fd, 5), 0);
	return fd;
}

static bool count_one(void *data, uint32_t id, int fd, const char *lender)
{
	(void)id, (void)fd, (void)lender;
	++*(int *)data;
	return true;
}

static int count(void)
{
	int sockets = 0;

	ck_assert(listen_for_each(count_one, &sockets));
	return sockets;
}

START_TEST(an_address_becomes_part_of_a_wider_one)
{
	int port, fd = adopted(&port);
	struct listener items[] = { v4("0.0.0.0", port) };
	struct listeners listeners = { items, 1 };

	ck_assert_int_eq(listen_open(&listeners, 1, false), 0);
	ck_assert_ptr_nonnull(items[0].also);
	ck_assert_uint_eq(items[0].also->id, 5);
	ck_assert_int_eq(items[0].also->fds[0], fd);
	ck_assert(listen_is_unserved(false));
	listen_starting();
	listen_serving();
	ck_assert(!listen_is_unserved(false));
	ck_assert(!listen_drop_others(&listeners));
	ck_assert_int_eq(count(), 2);
	listen_finish(false);
	ck_assert_int_eq(count(), 0);
}
END_TEST

START_TEST(a_rejected_configuration_leaves_what_was_there)
{
	int port;

	adopted(&port);
	struct listener items[] = { v4("0.0.0.0", port) };
	struct listeners listeners = { items, 1 };
	ck_assert_int_eq(listen_open(&listeners, 1, false), 0);
	ck_assert_int_eq(count(), 2);
	listen_undo();
	ck_assert_int_eq(count(), 1);
	ck_assert(!listen_is_unserved(false));
	ck_assert(listen_drop_others(NULL));
	ck_assert_int_eq(count(), 0);
	listen_close_dropped();
}
END_TEST

TESTS("listen", addresses_that_exclude_each_other, sharing_a_port_takes_both,
      an_address_becomes_part_of_a_wider_one, a_rejected_configuration_leaves_what_was_there)
