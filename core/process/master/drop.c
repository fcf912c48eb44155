/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/master/drop.h"

#include <log.h>
#include <timer.h>

#include "process/server/listen.h"
#include "process/master/supervisor.h"

enum { PATIENCE_MS = 1000 };

static void (*on_over)(void); /* over() of drop_begin(); NULL: no drop is under way */
static struct timer patience;

bool drop_is_under_way(void)
{
	return on_over;
}

void drop_hurry(void)
{
	void (*over)(void) = on_over;

	if (!over)
		return;
	on_over = NULL;
	timer_stop(&patience);
	listen_close_dropped();
	over();
}

void drop_look(void)
{
	if (on_over && !supervisor_accepts())
		drop_hurry();
}

static void on_patience_over(void *data)
{
	(void)data;
	log_warnx("a process that was told to end does not answer: the addresses that are no "
		  "longer served are closed without it");
	supervisor_forget_accepting();
	drop_hurry();
}

void drop_begin(const struct listeners *ruling, void (*over)(void))
{
	on_over = over;
	if (!listen_drop_others(ruling)) {
		drop_hurry();
		return;
	}
	patience = (struct timer){ .expired = on_patience_over };
	timer_start(&patience, PATIENCE_MS);
	drop_look();
}
