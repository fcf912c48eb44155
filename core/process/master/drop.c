/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/master/drop.h"

#include <log.h>
#include <timer.h>

#include "process/listen/listen.h"
#include "process/master/supervisor.h"

enum { DEADLINE_MS = 1000 };

static struct {
	void (*over)(void); /* of drop_begin(); NULL: no drop is under way */
	struct timer deadline; /* for the processes to report */
} drop;

void drop_hurry(void)
{
	void (*over)(void) = drop.over;

	if (!over)
		return;
	drop.over = NULL;
	timer_stop(&drop.deadline);
	listen_close_dropped();
	over();
}

void drop_look(void)
{
	if (drop.over && !supervisor_accepts())
		drop_hurry();
}

static void on_deadline(void *data)
{
	(void)data;
	log_warnx("a process that was told to end does not report: the addresses that are no "
		  "longer served are closed without it");
	supervisor_forget_accepting();
	drop_hurry();
}

void drop_begin(const struct listeners *active, void (*over)(void))
{
	drop.over = over;
	if (!listen_drop_others(active)) {
		drop_hurry();
		return;
	}
	drop.deadline = (struct timer){ .expired = on_deadline };
	timer_start(&drop.deadline, DEADLINE_MS);
	drop_look();
}
