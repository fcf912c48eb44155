/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker may wake up at any moment and read, too: so each message is received,
 * not only looked at, and lands in a new inbox, from which it is dealt out as
 * what a dead worker has left behind (orphans.h). It fits in there, since it has
 * come out of one like it.
 */
#include "process/handoff/stall.h"

#include <log.h>
#include <timer.h>
#include <unistd.h>

#include "base/stats.h"
#include "process/ipc/channel.h"
#include "process/handoff/orphans.h"
#include "process/server/generation.h"
#include "process/ipc/inbox.h"
#include "process/server/main_conf.h"
#include "process/handoff/peer_master.h"
#include "process/server/table.h"
#include "process/upgrade/takeover.h"

enum {
	LOOK_MS = 1000,
	LOOKS = 3, /* that find it idle with something in its inbox */
};

/* What was seen of a place of the table. */
struct seen {
	pid_t pid;
	uint64_t taken;
	unsigned idle; /* looks in a row */
};

static struct seen seen[TABLE_SIZE];
static struct generation *(*find_active)(void);
static struct timer timer;

static bool is_waited_for(const struct process *process)
{
	return process->pid && process->inbox[0] >= 0 &&
	       stats_get(&process->stats->dealt) > stats_get(&process->stats->taken);
}

/* It is looked at not by time but by how often: this process may have been stopped as well. */
static bool is_stuck(const struct process *process)
{
	struct seen *before = &seen[table_slot(process)];
	uint64_t taken = stats_get(&process->stats->taken);
	bool moves = before->pid != process->pid || before->taken != taken;

	before->idle = moves || !is_waited_for(process) ? 0 : before->idle + 1;
	before->pid = process->pid;
	before->taken = taken;
	return before->idle >= LOOKS;
}

/* Somebody else takes connections in its place. */
static bool can_be_replaced(const struct process *process)
{
	const struct generation *active = find_active();

	for (struct process *other = table_next(NULL); other; other = table_next(other))
		if (other != process && other->generation == active && other->inbox[1] >= 0 &&
		    other->state == PROCESS_RUNNING && !stats_get(&other->stats->unavailable))
			return true;
	return process->generation->retiring && peer_master_has_successors();
}

/* How many connections came over. */
static unsigned move_all(const struct process *process, int to)
{
	unsigned count = 0;
	struct message message;

	while (inbox_fits(process->inbox[0]) && channel_receive(process->inbox[0], &message) == 1) {
		int error = channel_send(to, (enum message_type)message.type, message.number,
					 message.payload, message.fds, message.fds_count);

		if (error < 0) {
			log_alertc(error,
				   "%zu connections are closed: %s does not take them, and they "
				   "cannot be kept",
				   message.fds_count, process_name(process));
		}
		count += (unsigned)message.fds_count;
		message_discard(&message);
	}
	return count;
}

static void take_back(struct process *process)
{
	int inbox[2];

	if (channel_pair(inbox) < 0)
		return;
	unsigned count = move_all(process, inbox[1]);
	close(inbox[1]);
	if (count == 0) {
		close(inbox[0]);
		return;
	}
	log_warnx("%s (%d) takes no connections: the %u that wait for it go to others",
		  process_name(process), process->pid, count);
	atomic_fetch_sub_explicit(&process->stats->dealt, count, memory_order_relaxed);
	stats_set(&process->stats->unavailable, 1);
	orphans_take(inbox[0], UINT32_MAX);
}

/* Workers give each other connections, or an acceptor deals them out. */
static bool uses_inboxes(const struct generation *generation)
{
	return generation->retiring || generation->events->accept_mode == ACCEPT_HANDOFF ||
	       (generation->events->balance && generation->workers > 1);
}

static bool is_of_use(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (is_waited_for(process) || uses_inboxes(process->generation))
			return true;
	return false;
}

/* What another program may still go on with is left as it is. */
static void look(void *data)
{
	struct process *process = NULL;

	(void)data;
	while (!takeover_is_instead() && (process = table_next(process)))
		if (is_stuck(process) && can_be_replaced(process))
			take_back(process);
	stall_watch();
}

void stall_start(struct generation *(*active)(void))
{
	find_active = active;
	timer = (struct timer){ .expired = look };
}

void stall_watch(void)
{
	if (!timer_is_started(&timer) && is_of_use())
		timer_start(&timer, LOOK_MS);
}
