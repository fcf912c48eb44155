/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/master/repair.h"

#include <poll.h>
#include <stddef.h>
#include <timer.h>

#include "process/listen/listen.h"
#include "process/server/generation.h"
#include "process/server/table.h"

enum { LOOK_MS = 1000 };

static struct {
	struct generation *(*active)(void);
	void (*respawn)(const char *why);
	struct timer timer;
} repair;

/*
 * Whether one of the generation's inboxes was shut down: the read end, which the master has,
 * too, tells that nothing more will come.
 */
static bool has_dead_inbox(const struct generation *generation)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process)) {
		struct pollfd inbox = { .fd = process->inbox[0], .events = POLLRDHUP };

		if (process->generation == generation && inbox.fd >= 0 && poll(&inbox, 1, 0) > 0 &&
		    inbox.revents & (POLLRDHUP | POLLHUP))
			return true;
	}
	return false;
}

static void look(void *data)
{
	struct generation *generation = repair.active();

	(void)data;
	timer_start(&repair.timer, LOOK_MS);
	if (!generation || !generation->conf || !generation->serving || generation->retiring)
		return;
	if (listen_repair(generation->listeners))
		repair.respawn("a listening socket had to be made anew");
	else if (has_dead_inbox(generation))
		repair.respawn("the inbox of a worker was shut down, by a process that was taken "
			       "over or has a defect");
}

void repair_start(struct generation *(*active)(void), void (*respawn)(const char *why))
{
	repair.active = active;
	repair.respawn = respawn;
	repair.timer = (struct timer){ .expired = look };
	timer_start(&repair.timer, LOOK_MS);
}
