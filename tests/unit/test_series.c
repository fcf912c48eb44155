/* SPDX-License-Identifier: BSD-2-Clause */
/* Records by their labels: that they are found again, are limited, and survive any content. */
#include "harness/test.h"

#include <string.h>
#include <sys/random.h>

#include "stats/series.h"
#include "stats/stats.h"

static struct series_table table, other;
static struct series_sums sums;

static void count(uint64_t server, unsigned status, uint64_t us)
{
	series_count(server, series_pack(SERIES_DURATION, status, 1, 11), us);
}

static const struct series_sum *find(uint64_t server, unsigned status)
{
	for (size_t i = 0; i < sums.count; i++)
		if (sums.items[i].labels.server == server && sums.items[i].labels.status == status)
			return &sums.items[i];
	return NULL;
}

static void add(const struct series_table *from)
{
	memset(&sums, 0, sizeof(sums));
	series_add_to(&sums, from);
}

START_TEST(values_are_in_their_buckets)
{
	series_use(&table);
	count(7, 200, 0);
	count(7, 200, 500);
	count(7, 200, 501);
	count(7, 404, UINT64_MAX);
	series_count(7, series_pack(SERIES_RESPONSE_BODY, 0, 0, 0), 101);
	add(&table);
	ck_assert_uint_eq(sums.count, SERIES_RESTS + 3);

	const struct series_sum *sum = find(7, 200);

	ck_assert_uint_eq(sum->sum, 1001);
	ck_assert_uint_eq(sum->buckets[0], 2);
	ck_assert_uint_eq(sum->buckets[1], 1);
	ck_assert_int_eq(sum->labels.method, 1);
	ck_assert_int_eq(sum->labels.version, 11);
	ck_assert_uint_eq(find(7, 404)->buckets[SERIES_BUCKETS - 1], 1);
	ck_assert_uint_eq(find(7, 0)->buckets[1], 1);
}
END_TEST

START_TEST(another_process_goes_on)
{
	series_use(&table);
	count(7, 200, 1);
	series_use(&table);
	count(7, 200, 1);
	count(8, 200, 1);
	add(&table);
	ck_assert_uint_eq(sums.count, SERIES_RESTS + 2);
	ck_assert_uint_eq(find(7, 200)->buckets[0], 2);
}
END_TEST

START_TEST(beyond_the_limit_is_the_rest)
{
	uint64_t total = 0;

	series_use(&table);
	for (unsigned i = 0; i < 2 * SERIES_MAX; i++)
		count(1 + i, 200, 1);
	for (unsigned i = 0; i < 2 * SERIES_MAX; i++)
		count(1 + i, 200, 1);
	count(9999, 500, 1);
	count(9999, 0, 1);
	count(9999, UINT16_MAX, 1);
	series_count(9999, series_pack(SERIES_RESPONSE_BODY, 0, 0, 0), 1 << 20); /* has no place */
	add(&table);
	ck_assert_uint_eq(sums.count, SERIES_MAX);
	for (size_t i = 0; i < sums.count; i++)
		total += sums.items[i].sum;
	ck_assert_uint_eq(total, 4 * SERIES_MAX + 3);
	ck_assert_uint_eq(find(0, 500)->sum, 1);
	ck_assert_uint_eq(find(0, 0)->sum, 2);
	ck_assert_uint_eq(find(0, 200)->sum, 2 * (SERIES_MAX + SERIES_RESTS));
	/* In sums of several tables there is room for more, but not for any number. */
	for (unsigned i = 0; i < 4 * SERIES_MAX; i++) {
		if (i % SERIES_MAX == 0) {
			memset(&other, 0, sizeof(other));
			series_use(&other);
		}
		count(100000 + i, 200, 1);
		if (i % SERIES_MAX == SERIES_MAX - 1)
			series_add_to(&sums, &other);
	}
	ck_assert_uint_eq(sums.count, SERIES_SUMS_MAX);
	ck_assert_uint_eq(find(0, 200)->sum, 3 * SERIES_MAX + 2 * SERIES_RESTS);
}
END_TEST

START_TEST(folding_loses_nothing)
{
	series_use(&table);
	count(7, 200, 10);
	series_use(&other);
	count(7, 200, 20);
	count(7, 500, 30);
	series_fold(&table, &other, NULL);
	add(&table);
	ck_assert_uint_eq(find(7, 200)->sum, 30);
	ck_assert_uint_eq(find(7, 500)->sum, 30);
	ck_assert_uint_eq(sums.count, SERIES_RESTS + 2);
	series_fold(&table, &other, NULL); /* which is empty now */
	add(&table);
	ck_assert_uint_eq(find(7, 200)->sum, 30);
}
END_TEST

/* A table with these statuses of a server, as a worker would have it. */
static void fill(struct series_table *to, uint64_t server, unsigned from, unsigned number)
{
	memset(to, 0, sizeof(*to));
	series_use(to);
	for (unsigned i = 0; i < number; i++)
		count(server, from + i, 1);
}

/* Whatever labels a process has made up, those that others count get places when it has ended. */
START_TEST(made_up_records_make_room)
{
	static struct series_table made_up, honest;
	static struct series_sums living;
	uint64_t total = 0;

	fill(&table, 7, 200, 5);
	fill(&made_up, 666, 100, SERIES_MAX);
	ck_assert(series_fits(&honest, &made_up));
	ck_assert(!series_fits(&table, &made_up));
	fill(&honest, 7, 300, 20);
	living.count = 0;
	series_add_to(&living, &honest);
	series_fold(&table, &made_up, &living);
	add(&table);
	ck_assert_uint_eq(sums.count, SERIES_MAX);

	/* Nobody else counts what this one has counted last. */
	fill(&honest, 7, 300, 21);
	series_fold(&table, &honest, &living);
	add(&table);
	ck_assert_uint_eq(sums.count, SERIES_MAX);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(find(7, 200 + i)->sum, 1);
	for (unsigned i = 0; i < 20; i++)
		ck_assert_uint_eq(find(7, 300 + i)->sum, 1);
	ck_assert_ptr_null(find(7, 320));
	ck_assert_ptr_nonnull(find(666, 100)); /* the oldest of them */
	for (size_t i = 0; i < sums.count; i++)
		total += sums.items[i].sum;
	ck_assert_uint_eq(total, 5 + SERIES_MAX + 21);

	/* They keep their places, and count on. */
	fill(&honest, 7, 300, 20);
	fill(&made_up, 667, 100, SERIES_MAX);
	series_fold(&table, &made_up, &living);
	series_fold(&table, &honest, NULL);
	add(&table);
	for (unsigned i = 0; i < 20; i++)
		ck_assert_uint_eq(find(7, 300 + i)->sum, 2);
}
END_TEST

/*
 * Two processes that have made up the same labels confirm each other: these stay when one has
 * ended. There is no more of them than room, those that an honest process counts keep their places,
 * and no request is lost.
 */
START_TEST(two_that_make_up_the_same_have_a_limit)
{
	static struct series_table first, second, honest;
	static struct series_sums living;
	uint64_t total = 0;

	fill(&table, 7, 300, 20);
	count(7, 404, 1); /* nobody who lives has counted this */
	fill(&honest, 7, 300, 20);
	for (unsigned round = 0; round < 3; round++) {
		fill(&first, 7, 500 + round, SERIES_MAX);
		fill(&second, 7, 500 + round, SERIES_MAX);
		living.count = 0;
		series_add_to(&living, &honest);
		series_add_to(&living, &second);
		series_fold(&table, &first, &living);
		ck_assert_uint_le(stats_get(&table.count), SERIES_MAX);
	}
	add(&table);
	ck_assert_uint_eq(sums.count, SERIES_MAX);
	for (unsigned i = 0; i < 20; i++)
		ck_assert_uint_eq(find(7, 300 + i)->sum, 1);
	for (size_t i = 0; i < sums.count; i++)
		total += sums.items[i].sum;
	ck_assert_uint_eq(total, 21 + 3 * SERIES_MAX);
	/* When both have ended, what honest processes count gets places again. */
	fill(&first, 7, 100, 30);
	living.count = 0;
	series_add_to(&living, &first);
	series_fold(&table, &first, &living);
	add(&table);
	for (unsigned i = 0; i < 30; i++)
		ck_assert_uint_eq(find(7, 100 + i)->sum, 1);
}
END_TEST

/* Records that no worker makes would only take places. */
START_TEST(odd_records_are_left_out)
{
	static const uint64_t odd[] = {
		0,
		1,
		SERIES_USED | 1ull << 41 | 200,
		SERIES_USED | 0xffull << 32,
		SERIES_USED | 1ull << 32 | 200, /* a size with a status */
		SERIES_USED | 11ull << 24 | 1000,
		SERIES_USED | 12ull << 24 | 200, /* HTTP/1.2 */
		SERIES_USED | 11ull << 24 | 10ull << 16 | 200,
	};

	series_use(&table);
	series_use(&other);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		count(7 + i, 200, 1);
		stats_set(&other.items[SERIES_RESTS + i].packed, odd[i]);
	}
	stats_set(&other.items[3].server, 7);
	series_fold(&table, &other, NULL);
	ck_assert_uint_eq(stats_get(&table.count), SERIES_RESTS);
}
END_TEST

/* A worker that was taken over may write anything. */
START_TEST(any_content_is_borne)
{
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(getrandom(&other, sizeof(other), 0) > 0, 1);
		if (i % 2) {
			stats_set(&other.layout, SERIES_LAYOUT);
			stats_set(&other.count, (uint64_t)i * 2);
			for (int j = 0; j < i; j++)
				stats_set(&other.items[j].packed, SERIES_USED | (unsigned)j * 7);
		}
		memset(&sums, 0, sizeof(sums));
		series_add_to(&sums, &other);
		series_add_to(&sums, &other);
		ck_assert_uint_le(sums.count, SERIES_SUMS_MAX);
		for (size_t j = 0; j < sums.count; j++)
			ck_assert_uint_lt(sums.items[j].labels.status, 1000);
		series_use(&other);
		count(7, 200, 1);
		series_fold(&table, &other, NULL);
		ck_assert_uint_le(stats_get(&table.count), SERIES_MAX);
	}
}
END_TEST

TESTS("series", values_are_in_their_buckets, another_process_goes_on, beyond_the_limit_is_the_rest,
      folding_loses_nothing, made_up_records_make_room,
      two_that_make_up_the_same_have_a_limit, odd_records_are_left_out,
      any_content_is_borne)
