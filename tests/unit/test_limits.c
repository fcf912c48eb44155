/* SPDX-License-Identifier: BSD-2-Clause */
/* The arithmetic of limit_req and limit_conn, on a clock that stands. */
#include "harness/test.h"

#include <conf.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../modules/limit_conn/count.h"
#include "../../modules/limit_req/bucket.h"
#include "event/loop.h"

static struct pool *pool;
static int64_t now;

static struct zone *declare(const struct zone_ops *ops)
{
	pool = pool_create(0);
	now = INT64_C(1000) * PERIOD_MS;
	clock_stop_at(now);
	return zone_declare(&(struct conf_call){ .pool = pool }, STR("zone"), 65536, ops);
}

static void pass_ms(int64_t ms)
{
	now += ms;
	clock_stop_at(now);
}

#define KEY STR("key")

/* --- limit_req ------------------------------------------------------------------------ */

START_TEST(a_bucket_flows_off)
{
	struct zone *zone = declare(&bucket_ops);
	int64_t rate = 10 * REQUEST;

	ck_assert_int_eq(bucket_add(zone, KEY, rate, 0), 0);
	ck_assert_int_eq(bucket_add(zone, KEY, rate, BUCKET_PEEK), 1000);
	ck_assert_int_eq(bucket_add(zone, KEY, rate, 999), 1000); /* refused: it does not count */
	ck_assert_int_eq(bucket_add(zone, KEY, rate, 1000), 1000);
	ck_assert_int_eq(bucket_add(zone, KEY, rate, BUCKET_ANY), 2000);
	pass_ms(50);
	ck_assert_int_eq(bucket_add(zone, KEY, rate, BUCKET_PEEK), 2500);
	pass_ms(250);
	ck_assert_int_eq(bucket_add(zone, KEY, rate, BUCKET_PEEK), 0);
	pass_ms(INT64_C(400) * 24 * 3600 * 1000);
	ck_assert_int_eq(bucket_add(zone, KEY, rate, BUCKET_ANY), 0);
	ck_assert_int_eq(bucket_add(zone, STR("other"), rate, BUCKET_ANY), 0);
	/* The clock of another process is ahead. */
	pass_ms(-5);
	ck_assert_int_eq(bucket_add(zone, KEY, rate, BUCKET_PEEK), 1000);
	pool_destroy(pool);
}
END_TEST

/* Whatever another process has written, the result is in range. */
START_TEST(a_bucket_with_anything_in_it)
{
	static const int64_t odd[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, 1000, INT64_MAX / 2,
				       INT64_MAX - 1, INT64_MAX };
	enum { ODD = sizeof(odd) / sizeof(odd[0]) };
	struct zone *zone = declare(&bucket_ops);

	for (int i = 0; i < ODD * ODD; i++) {
		for (int64_t rate = 1; rate <= (int64_t)RATE_MAX * REQUEST; rate *= 1000) {
			int64_t *record = zone_lock_record(zone, KEY, NULL);

			record[0] = odd[i % ODD];
			record[1] = odd[i / ODD];
			zone_unlock(zone);

			int64_t excess = bucket_add(zone, KEY, rate, BUCKET_ANY);

			ck_assert_int_ge(excess, 0);
			ck_assert_int_le(excess, (int64_t)4 * RATE_MAX * REQUEST);
		}
	}
	pool_destroy(pool);
}
END_TEST

/* --- limit_conn ----------------------------------------------------------------------- */

enum { MOST = 60 };

static struct counted entries[MOST];

static void has_count(struct zone *zone, uint32_t count)
{
	struct counted one;

	ck_assert_msg(!count_enter(&one, zone, KEY, count), "fewer than %u at %lld", count,
		      (long long)(now % PERIOD_MS));
	ck_assert_msg(count_enter(&one, zone, KEY, count + 1), "more than %u at %lld", count,
		      (long long)(now % PERIOD_MS));
	count_leave(&one);
}

/* At any time, with a beginning of a period when the timer comes to it. */
START_TEST(counts_are_exact)
{
	struct zone *zone = declare(&count_ops);
	uint32_t count = 0;
	unsigned seed = 7;
	int64_t counted_again = now / PERIOD_MS;

	for (int i = 0; i < 20000; i++) {
		pass_ms(rand_r(&seed) % 1500);
		if (now / PERIOD_MS > counted_again && now % PERIOD_MS > PERIOD_MS / 4) {
			if (now / PERIOD_MS > counted_again + 1 || now % PERIOD_MS >= PERIOD_MS / 2)
				ck_abort_msg("the test has slept for too long");
			count_again();
			counted_again = now / PERIOD_MS;
		}
		if (count < MOST && rand_r(&seed) % 2)
			ck_assert(count_enter(&entries[count++], zone, KEY, MOST + 1));
		else if (count > 0)
			count_leave(&entries[--count]);
		has_count(zone, count);
	}
	while (count > 0)
		count_leave(&entries[--count]);
	pool_destroy(pool);
}
END_TEST

START_TEST(what_a_killed_worker_had_is_forgotten)
{
	struct zone *zone = declare(&count_ops);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 0; i < 5; i++)
			count_enter(&entries[i], zone, KEY, MOST);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(count_enter(&entries[0], zone, KEY, MOST));
	has_count(zone, 6);
	pass_ms(PERIOD_MS + PERIOD_MS / 8);
	has_count(zone, 6);
	count_again();
	has_count(zone, 6);
	pass_ms(PERIOD_MS / 2);
	has_count(zone, 1);
	count_leave(&entries[0]);
	has_count(zone, 0);
	pool_destroy(pool);
}
END_TEST

/* Another worker has begun the next period already, by its clock. */
START_TEST(clocks_differ)
{
	struct zone *zone = declare(&count_ops);

	pass_ms(PERIOD_MS - 2);
	ck_assert(count_enter(&entries[0], zone, KEY, MOST));
	pass_ms(3);
	has_count(zone, 1);
	pass_ms(-3);
	has_count(zone, 1);
	ck_assert(count_enter(&entries[1], zone, KEY, MOST));
	has_count(zone, 2);
	pass_ms(10);
	has_count(zone, 2);
	count_again();
	pass_ms(PERIOD_MS / 2);
	has_count(zone, 2);
	count_leave(&entries[0]);
	count_leave(&entries[1]);
	has_count(zone, 0);
	pool_destroy(pool);
}
END_TEST

/* A worker that was stopped for long comes back: its requests count again. */
START_TEST(a_worker_that_has_slept)
{
	struct zone *zone = declare(&count_ops);

	ck_assert(count_enter(&entries[0], zone, KEY, MOST));
	ck_assert(count_enter(&entries[1], zone, KEY, MOST));
	pass_ms(10 * PERIOD_MS);
	has_count(zone, 0);
	count_leave(&entries[1]);
	has_count(zone, 0);
	count_again();
	has_count(zone, 1);
	pass_ms(PERIOD_MS / 2);
	has_count(zone, 1);
	count_leave(&entries[0]);
	has_count(zone, 0);
	pool_destroy(pool);
}
END_TEST

TESTS("arithmetic of limits", a_bucket_flows_off, a_bucket_with_anything_in_it, counts_are_exact,
      what_a_killed_worker_had_is_forgotten, clocks_differ, a_worker_that_has_slept)
