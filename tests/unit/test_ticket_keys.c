/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of session tickets: when they are replaced, and how they follow from a secret. */
#include "unit/http_test.h"

#include "../../modules/ssl/tickets.h"

static bool is_same(const struct ticket_key *a, const struct ticket_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The keys from `previous` to `next` in the order in which they are used. */
static bool follows(const struct ticket_zone *before, const struct ticket_zone *after)
{
	return is_same(&after->items[TICKETS_PREVIOUS], &before->items[TICKETS_CURRENT]) &&
	       is_same(&after->items[TICKETS_CURRENT], &before->items[TICKETS_NEXT]);
}

/* Whether no two of the keys are equal, and none is zero. */
static bool are_all_different(const struct ticket_zone *zone)
{
	static const struct ticket_key zero;

	for (int i = 0; i < TICKETS_PERIODS; i++)
		if (is_same(&zone->items[i], &zero) ||
		    is_same(&zone->items[i], &zone->items[(i + 1) % TICKETS_PERIODS]))
			return false;
	return true;
}

/* The zone after a process has looked at it in this period. */
static struct ticket_zone in_period(struct ticket_zone zone, int64_t period)
{
	ck_assert(ticket_zone_rotate(&zone, period));
	ck_assert(are_all_different(&zone));
	return zone;
}

START_TEST(random_keys_are_replaced_one_by_one)
{
	struct ticket_zone first = in_period((struct ticket_zone){ 0 }, 1000);
	struct ticket_zone next = in_period(first, 1001);

	ck_assert_int_eq(first.period, 1000);

	struct ticket_zone same = in_period(first, 1000);

	ck_assert_int_eq(memcmp(&same, &first, sizeof(first)), 0);
	ck_assert_int_eq(next.period, 1001);
	ck_assert(follows(&first, &next));
	ck_assert(!is_same(&next.items[TICKETS_NEXT], &first.items[TICKETS_PREVIOUS]));
}
END_TEST

START_TEST(after_a_pause_all_are_new)
{
	struct ticket_zone first = in_period((struct ticket_zone){ 0 }, 1000);
	struct ticket_zone later = in_period(first, 1002);

	for (int i = 0; i < TICKETS_PERIODS; i++)
		for (int j = 0; j < TICKETS_PERIODS; j++)
			ck_assert(!is_same(&first.items[i], &later.items[j]));
}
END_TEST

START_TEST(the_clock_is_set_back)
{
	struct ticket_zone first = in_period((struct ticket_zone){ 0 }, 1000);
	struct ticket_zone a_little = in_period(first, 999), much = in_period(first, 500);

	ck_assert_int_eq(memcmp(&a_little, &first, sizeof(first)), 0);
	/* They do not stay until the clock shows 1000 again. */
	ck_assert_int_eq(much.period, 500);
	ck_assert(follows(&first, &much));

	struct ticket_zone next = in_period(much, 501);

	ck_assert(follows(&much, &next));
}
END_TEST

START_TEST(keys_of_a_secret)
{
	struct str secret = STR("0123456789abcdef0123456789abcdef"), other = secret;
	struct ticket_key one, again, next, of_other;

	other.len--;
	ck_assert(ticket_key_derive(secret, 1000, &one));
	ck_assert(ticket_key_derive(secret, 1000, &again));
	ck_assert(ticket_key_derive(secret, 1001, &next));
	ck_assert(ticket_key_derive(other, 1000, &of_other));
	ck_assert(is_same(&one, &again));
	ck_assert(!is_same(&one, &next));
	ck_assert(!is_same(&one, &of_other));
	/* The parts do not follow from each other. */
	ck_assert_int_ne(memcmp(one.hmac, one.aes, sizeof(one.aes)), 0);
}
END_TEST

TESTS("keys of tickets", random_keys_are_replaced_one_by_one, after_a_pause_all_are_new,
      the_clock_is_set_back, keys_of_a_secret)
