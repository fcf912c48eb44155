/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop's side of the timers of include/timer.h. */
#ifndef SKUA_EVENT_TIMER_HEAP_H
#define SKUA_EVENT_TIMER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include <timer.h>

/* When timer_heap_expire() must be called next (clock_ms()); 0: there is no timer. */
int64_t timer_heap_next(void);

/* Calls the timers whose deadline has passed. Returns false if there was none. */
bool timer_heap_expire(void);

/* Forgets all timers and the memory of the heap. */
void timer_heap_clear(void);

#endif
