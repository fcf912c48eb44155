/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When processes that end are started again.
 */
#include "harness/test.h"

#include "process/server/respawn.h"

static const struct respawn_place serving = { .is_proven = true };
static const struct respawn_place alone = { .is_proven = true, .is_needed = true };
static const struct respawn_place new = { .is_proven = false, .is_needed = true };

START_TEST(who_has_served_is_replaced_at_once)
{
	struct respawn respawn = { 0 };

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(respawn_after(&respawn, RESPAWN_SERVED, serving), 0);
		ck_assert_int_eq(respawn_after(&respawn, RESPAWN_SERVED, alone), 0);
	}
}
END_TEST

START_TEST(who_ends_before_it_serves_waits_ever_longer)
{
	struct respawn respawn = { 0 };
	int64_t last = 100;

	ck_assert_int_eq(respawn_after(&respawn, RESPAWN_UNSERVED, serving), 0);
	for (int i = 0; i < 5; i++) {
		int64_t delay = respawn_after(&respawn, i % 2 ? RESPAWN_UNABLE : RESPAWN_UNSERVED,
					      serving);

		ck_assert_int_eq(delay, 2 * last);
		last = delay;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(respawn_after(&respawn, RESPAWN_UNSERVED, serving), 5000);
}
END_TEST

START_TEST(serving_ends_the_row)
{
	struct respawn respawn = { 0 };

	for (int i = 0; i < 100; i++) {
		for (int j = 0; j < 10; j++)
			respawn_after(&respawn, RESPAWN_UNSERVED, serving);
		ck_assert_int_eq(respawn_after(&respawn, RESPAWN_SERVED, serving), 0);
		ck_assert_int_eq(respawn_after(&respawn, RESPAWN_UNSERVED, serving), 0);
		ck_assert_int_eq(respawn_after(&respawn, RESPAWN_SERVED, serving), 0);
	}
}
END_TEST

/* While nobody serves the next try is never far away. */
START_TEST(the_only_one_waits_for_the_shortest_delay)
{
	struct respawn respawn = { 0 };

	ck_assert_int_eq(respawn_after(&respawn, RESPAWN_UNSERVED, alone), 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(respawn_after(&respawn, RESPAWN_UNSERVED, alone), 200);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(respawn_after(&respawn, RESPAWN_NOT_FORKED, alone), 200);
	ck_assert_int_eq(respawn_after(&respawn, RESPAWN_UNSERVED, serving), 5000);
}
END_TEST

START_TEST(what_cannot_be_forked_is_tried_again)
{
	struct respawn respawn = { 0 };

	ck_assert_int_eq(respawn_after(&respawn, RESPAWN_NOT_FORKED, serving), 200);
	ck_assert_int_eq(respawn_after(&respawn, RESPAWN_NOT_FORKED, serving), 400);
	respawn_forked(&respawn);
	ck_assert_int_eq(respawn_after(&respawn, RESPAWN_NOT_FORKED, serving), 200);
	/* That says nothing about the process itself. */
	ck_assert_int_eq(respawn_after(&respawn, RESPAWN_UNSERVED, serving), 0);
}
END_TEST

START_TEST(a_new_configuration_is_given_up)
{
	struct respawn killed = { 0 }, unable = { 0 }, crashing = { 0 }, without = { 0 };

	ck_assert_int_eq(respawn_after(&killed, RESPAWN_UNSERVED, new), 0);
	ck_assert_int_ge(respawn_after(&killed, RESPAWN_UNSERVED, new), 0);
	ck_assert_int_eq(respawn_after(&killed, RESPAWN_UNSERVED, new), RESPAWN_NEVER);
	ck_assert_int_eq(respawn_after(&unable, RESPAWN_UNABLE, new), RESPAWN_NEVER);
	/* Others do not serve yet, so this proves nothing. */
	ck_assert_int_eq(respawn_after(&crashing, RESPAWN_SERVED, new), 0);
	ck_assert_int_ge(respawn_after(&crashing, RESPAWN_SERVED, new), 0);
	ck_assert_int_eq(respawn_after(&crashing, RESPAWN_SERVED, new), RESPAWN_NEVER);
	ck_assert_int_ge(respawn_after(&without, RESPAWN_NOT_FORKED, new), 0);
	ck_assert_int_ge(respawn_after(&without, RESPAWN_NOT_FORKED, new), 0);
	ck_assert_int_eq(respawn_after(&without, RESPAWN_NOT_FORKED, new), RESPAWN_NEVER);
}
END_TEST

TESTS("respawn", who_has_served_is_replaced_at_once, who_ends_before_it_serves_waits_ever_longer,
      serving_ends_the_row, the_only_one_waits_for_the_shortest_delay,
      what_cannot_be_forked_is_tried_again, a_new_configuration_is_given_up)
