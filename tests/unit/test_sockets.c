/* SPDX-License-Identifier: BSD-2-Clause */
/* What the options of a listen directive make of its socket. */
#include "harness/test.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/listener.h"
#include "process/listen/sockets.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct listener loopback(void)
{
	return (struct listener){
		.address.in = { .sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
		.address_len = sizeof(struct sockaddr_in),
		.text = STR("127.0.0.1"),
		.backlog = 5,
		.fastopen = LISTENER_FASTOPEN_DEFAULT,
	};
}

static int open_listener(const struct listener *listener)
{
	const char *call = "";
	int fd = socket_listen(listener, SOCKET_PROBE | SOCKET_WAIT, &call);

	ck_assert_msg(fd >= 0, "%s: %d", call, fd);
	return fd;
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

START_TEST(fast_open)
{
	struct listener listener = loopback();
	int untouched = open_listener(&listener);

	listener.fastopen = 7;
	int fd = open_listener(&listener);
	ck_assert_int_eq(option(fd, IPPROTO_TCP, TCP_FASTOPEN), 7);
	listener.fastopen = 0;
	socket_apply(fd, &listener, false);
	ck_assert_int_eq(option(fd, IPPROTO_TCP, TCP_FASTOPEN), 0);
	ck_assert_int_ne(option(untouched, IPPROTO_TCP, TCP_FASTOPEN), 7);
}
END_TEST

static bool kernel_has_multipath(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

START_TEST(multipath)
{
	struct listener listener = loopback();

	if (!kernel_has_multipath())
		test_skip("this kernel has no Multipath TCP");
	listener.multipath = true;
	ck_assert_int_eq(option(open_listener(&listener), SOL_SOCKET, SO_PROTOCOL),
			 IPPROTO_MPTCP);
	listener.multipath = false;
	ck_assert_int_eq(option(open_listener(&listener), SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
}
END_TEST

/* From now on socket(…, IPPROTO_MPTCP) fails in this process, which is the test's own. */
static void take_multipath_away(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_MPTCP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
	ck_assert(!kernel_has_multipath());
}

START_TEST(without_multipath_it_is_plain)
{
	struct listener listener = loopback();

	take_multipath_away();
	listener.multipath = true;
	ck_assert_int_eq(option(open_listener(&listener), SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
}
END_TEST

TESTS("sockets", fast_open, multipath, without_multipath_it_is_plain)
