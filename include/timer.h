/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers of the process's loop. A struct timer lies in the memory of its owner,
 * zeroed before its first use, and must be stopped before that memory ends.
 * Times are milliseconds of the monotonic clock as the loop read it at the
 * start of its turn.
 */
#ifndef SKUA_TIMER_H
#define SKUA_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	void (*expired)(void *data);
	void *data;
	int64_t deadline; /* when it shall expire; 0: not started */
	int64_t queued; /* the time by which it is ordered in the heap: never after deadline */
	size_t place; /* in the heap, from 1; 0: not in it */
};

/*
 * (Re)starts the timer: expired(data) is called once, after ms milliseconds.
 * Moving a deadline further away costs an assignment.
 */
void timer_start(struct timer *timer, int64_t ms);

/*
 * The same, but the timer expires when clock_ms() reaches `deadline`. If that has passed
 * already, the timer expires at the end of this turn of the loop; so a deadline that is set
 * again and again is not put off. The callback of a timer must not start the timer again
 * for a time that has passed: the loop would call it for ever.
 */
void timer_start_at(struct timer *timer, int64_t deadline);

/* Nothing happens if it is not started. */
void timer_stop(struct timer *timer);

static inline bool timer_is_started(const struct timer *timer)
{
	return timer->deadline != 0;
}

/* The loop's time: monotonic, and the calendar's in milliseconds since the epoch. */
int64_t clock_ms(void);
int64_t clock_wall_ms(void);

/*
 * For actions that must not be repeated too soon. Returns true, and sets *last_ms to now, if
 * *last_ms is 0 or at least apart_ms milliseconds ago.
 */
bool clock_is_due(int64_t *last_ms, int64_t apart_ms);

/* Time between two lines in the log about one shortage, which many connections run into. */
enum { SHORTAGE_LOG_MS = 60 * 1000 };

#endif
