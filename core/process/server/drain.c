/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/server/drain.h"

#include <log.h>
#include <timer.h>

#include "stats/stats.h"

static struct {
	void (*over)(void); /* NULL: no drain is under way */
	struct timer timer;
} drain;

static void on_over(void *data)
{
	void (*over)(void) = drain.over;

	(void)data;
	drain_cancel();
	over();
}

void drain_begin(struct stats_server *server, int64_t delay_ms, void (*over)(void))
{
	stats_set(&server->is_draining, 1);
	if (drain.over || delay_ms == 0) {
		drain.over = over;
		on_over(NULL);
		return;
	}
	log_notice("readiness fails from now on, connections are accepted for another %lld ms "
		   "(drain_delay)",
		   (long long)delay_ms);
	drain.over = over;
	drain.timer = (struct timer){ .expired = on_over };
	timer_start(&drain.timer, delay_ms);
}

bool drain_is_under_way(void)
{
	return drain.over;
}

void drain_cancel(void)
{
	timer_stop(&drain.timer);
	drain.over = NULL;
}
