/* SPDX-License-Identifier: BSD-2-Clause */
/* How many bytes are sealed at a time, and what connections can keep together. */
#include "harness/test.h"

#include "send_size.h"

START_TEST(grows_while_the_socket_takes_all)
{
	struct send_size state = { 0 };
	size_t size;

	for (size = SEND_LEAST; size < SEND_MOST; size *= 2) {
		ck_assert_uint_eq(send_size(&state), size);
		send_size_sent(&state, size - 1, 0); /* a response that was shorter says nothing */
		ck_assert_uint_eq(send_size(&state), size);
		send_size_sent(&state, size, 0);
	}
	for (int i = 0; i < 300; i++) {
		ck_assert_uint_eq(send_size(&state), SEND_MOST);
		send_size_sent(&state, SEND_MOST, 0);
	}
}
END_TEST

START_TEST(is_small_after_the_socket_was_full)
{
	struct send_size state = { 0 };

	for (int i = 0; i < 5; i++)
		send_size_sent(&state, SEND_MOST, 0);
	ck_assert_uint_eq(send_size(&state), SEND_MOST);
	send_size_sent(&state, 1, 1);
	ck_assert_uint_eq(send_size(&state), SEND_LEAST);
	send_size_keeps(&state, 0);
	ck_assert_uint_eq(send_size(&state), SEND_LEAST);
	send_size_sent(&state, SEND_LEAST, 0);
	ck_assert_uint_eq(send_size(&state), 2 * SEND_LEAST);
}
END_TEST

/* Clients that have read quickly all stop at once, and keep what is sealed for them. */
START_TEST(is_small_while_many_bytes_are_kept)
{
	enum { CONNECTIONS = 1000 };
	static struct send_size states[CONNECTIONS];
	struct send_size other = { 0 };
	size_t total = 0;

	for (int i = 0; i < CONNECTIONS; i++)
		for (int n = 0; n < SEND_DOUBLINGS; n++)
			send_size_sent(&states[i], SEND_MOST, 0);
	send_size_sent(&other, SEND_MOST, 0);
	ck_assert_uint_gt(send_size(&other), SEND_LEAST);
	for (int i = 0; i < CONNECTIONS; i++) {
		size_t size = send_size(&states[i]);

		send_size_sent(&states[i], size, size);
		total += size;
	}
	ck_assert_uint_le(total, SEND_KEPT_MANY + SEND_MOST + (size_t)CONNECTIONS * SEND_LEAST);
	ck_assert_uint_eq(send_size(&other), SEND_LEAST);
	for (int i = 0; i < CONNECTIONS; i++)
		send_size_keeps(&states[i], 0);
	ck_assert_uint_gt(send_size(&other), SEND_LEAST);
}
END_TEST

TESTS_IN((&(struct test_suite){ "send size" }), grows_while_the_socket_takes_all,
	 is_small_after_the_socket_was_full, is_small_while_many_bytes_are_kept)
