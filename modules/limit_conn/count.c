/* SPDX-License-Identifier: BSD-2-Clause */
#include "count.h"

#include <stddef.h>

#include <timer.h>

/*
 * Other processes write to it as well. Its members are only compared and counted, so any value is
 * harmless.
 */
struct record {
	int64_t period;
	uint32_t now, before;
};

const struct zone_ops count_ops = {
	.layout = "limit_conn-1",
	.record_size = sizeof(struct record),
};

static void on_period(void *data);

static struct {
	struct counted *first; /* the requests of this process */
	struct timer timer;
} counts = { .timer.expired = on_period };

/*
 * The record may be in the next period already, because another process has read the clock later.
 */
static bool is_first_half(const struct record *record)
{
	return record->period > clock_ms() / PERIOD_MS || clock_ms() % PERIOD_MS < PERIOD_MS / 2;
}

/*
 * Locks the record and brings it to the current period. Each process reads the clock once per turn
 * of its event loop, so another process may have begun the next period already. The record then
 * stays in that period.
 */
static struct record *lock(struct zone *zone, struct str key)
{
	struct record *record = zone_lock_record(zone, key, NULL);
	int64_t period = clock_ms() / PERIOD_MS;

	if (record->period == period - 1)
		*record = (struct record){ .period = period, .before = record->now };
	else if (record->period != period && record->period != period + 1)
		*record = (struct record){ .period = period };
	return record;
}

static void lower(uint32_t *count)
{
	*count -= *count > 0;
}

static void add(struct counted *counted, struct record *record)
{
	counted->period = record->period;
	counted->in_before = is_first_half(record);
	record->now++;
	record->before += counted->in_before;
}

/*
 * A period begins for all workers at the same time. The delay spreads them, so that they do not all
 * lock the zone at once.
 */
static void start_timer(void)
{
	int64_t left = PERIOD_MS - clock_ms() % PERIOD_MS;
	int64_t later = (int64_t)((uintptr_t)counts.first / 64 % (PERIOD_MS / 8));

	timer_start(&counts.timer, left + later);
}

static void count_one(struct counted *counted)
{
	struct record *record = lock(counted->zone, counted->key);

	if (counted->period == record->period - 1) {
		counted->period = record->period;
		counted->in_before = true;
		record->now++;
	} else if (counted->period != record->period) {
		add(counted, record); /* it has dropped out, because this process slept */
	}
	zone_unlock(counted->zone);
}

void count_again(void)
{
	for (struct counted *counted = counts.first; counted; counted = counted->next)
		count_one(counted);
	if (counts.first)
		start_timer();
}

static void on_period(void *data)
{
	(void)data;
	count_again();
}

bool count_enter(struct counted *counted, struct zone *zone, struct str key, uint32_t most)
{
	struct record *record = lock(zone, key);
	bool has_room = (is_first_half(record) ? record->before : record->now) < most;

	*counted = (struct counted){ .zone = zone, .key = key };
	if (has_room)
		add(counted, record);
	zone_unlock(zone);
	if (!has_room)
		return false;
	counted->next = counts.first;
	counted->link = &counts.first;
	if (counts.first)
		counts.first->link = &counted->next;
	counts.first = counted;
	if (!timer_is_started(&counts.timer))
		start_timer();
	return true;
}

void count_leave(struct counted *counted)
{
	struct record *record = lock(counted->zone, counted->key);

	if (counted->period == record->period) {
		lower(&record->now);
		if (counted->in_before)
			lower(&record->before);
	} else if (counted->period == record->period - 1) {
		lower(&record->before);
	}
	zone_unlock(counted->zone);
	*counted->link = counted->next;
	if (counted->next)
		counted->next->link = counted->link;
	if (!counts.first)
		timer_stop(&counts.timer);
}
