/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/master/repair.h"

#include <poll.h>
#include <stddef.h>
#include <timer.h>

#include "process/server/generation.h"
#include "process/server/listen.h"
#include "process/server/table.h"

enum { LOOK_MS = 1000 };

static struct generation *(*find_heir)(void);
static void (*replace_processes)(const char *why);
static struct timer timer;

/* Its read end, which the master has, too, tells that nothing more will come. */
static bool is_dead(const struct process *process)
{
	struct pollfd inbox = { .fd = process->inbox[0], .events = POLLRDHUP };

	return inbox.fd >= 0 && poll(&inbox, 1, 0) > 0 && inbox.revents & (POLLRDHUP | POLLHUP);
}

static bool has_dead_inbox(const struct generation *generation)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation == generation && is_dead(process))
			return true;
	return false;
}

static void look(void *data)
{
	struct generation *generation = find_heir();

	(void)data;
	timer_start(&timer, LOOK_MS);
	if (!generation || !generation->conf || !generation->serving || generation->retiring)
		return;
	if (listen_repair(generation->listeners))
		replace_processes("a listening socket had to be made anew");
	else if (has_dead_inbox(generation))
		replace_processes(
			"the inbox of a worker was shut down, by a process that was taken "
			"over or has a defect");
}

void repair_start(struct generation *(*heir)(void), void (*renew)(const char *why))
{
	find_heir = heir;
	replace_processes = renew;
	timer = (struct timer){ .expired = look };
	timer_start(&timer, LOOK_MS);
}
