/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker may wake up at any moment and read its inbox, too. So each message is received,
 * not only looked at, and put into a new inbox, whose connections are then given to others
 * like those of a worker that has ended (orphans.h). All messages fit into the new inbox,
 * since they come from one of the same size.
 */
#include "process/handoff/stall.h"

#include <log.h>
#include <timer.h>
#include <unistd.h>

#include "process/handoff/orphans.h"
#include "process/handoff/peer_master.h"
#include "process/ipc/channel.h"
#include "process/ipc/inbox.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"
#include "stats/stats.h"

enum {
	LOOK_MS = 1000,
	LOOKS = 3, /* in a row that find a worker idle with something in its inbox */
};

/* What the last look at a place of the table has seen. */
struct seen {
	pid_t pid;
	uint64_t taken;
	unsigned idle; /* how many looks in a row have found it idle */
};

static struct {
	struct generation *(*active)(void);
	bool (*is_taking_over)(void);
	struct seen seen[TABLE_SIZE];
	struct timer timer;
} stall;

static bool is_waited_for(const struct process *process)
{
	return process->pid && process->inbox[0] >= 0 &&
	       stats_get(&process->stats->dealt) > stats_get(&process->stats->taken);
}

/* Counts looks, not time: the master itself may have been stopped in between. */
static bool is_stuck(const struct process *process)
{
	struct seen *before = &stall.seen[table_slot(process)];
	uint64_t taken = stats_get(&process->stats->taken);
	bool moves = before->pid != process->pid || before->taken != taken;

	before->idle = moves || !is_waited_for(process) ? 0 : before->idle + 1;
	before->pid = process->pid;
	before->taken = taken;
	return before->idle >= LOOKS;
}

/* Whether another worker takes connections in its place. */
static bool can_be_replaced(const struct process *process)
{
	const struct generation *active = stall.active();

	for (struct process *other = table_next(NULL); other; other = table_next(other))
		if (other != process && other->generation == active && other->inbox[1] >= 0 &&
		    other->state == PROCESS_RUNNING && !stats_get(&other->stats->unavailable))
			return true;
	return process->generation->retiring && peer_master_has_successors();
}

/* Moves all messages into the socket `to`. Returns how many connections were in them. */
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

/* Whether inboxes are used: connections are handed over, dealt out or balanced. */
static bool is_of_use(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process)) {
		const struct generation *generation = process->generation;

		if (is_waited_for(process) || generation->retiring ||
		    generation->events->accept_mode == ACCEPT_HANDOFF ||
		    (generation->events->balance && generation->workers > 1))
			return true;
	}
	return false;
}

/* During a takeover nothing is changed: the other program may have to go on with it. */
static void look(void *data)
{
	struct process *process = NULL;

	(void)data;
	while (!stall.is_taking_over() && (process = table_next(process)))
		if (is_stuck(process) && can_be_replaced(process))
			take_back(process);
	stall_watch();
}

void stall_init(struct generation *(*active)(void), bool (*is_taking_over)(void))
{
	stall.active = active;
	stall.is_taking_over = is_taking_over;
	stall.timer = (struct timer){ .expired = look };
}

void stall_watch(void)
{
	if (!timer_is_started(&stall.timer) && is_of_use())
		timer_start(&stall.timer, LOOK_MS);
}
