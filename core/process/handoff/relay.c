/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message with connections is passed on from the channel of a process (relay_take()) or from
 * an orphan (relay_pass_orphan()). Both call pass_on():
 *
 *     pass_on()    channel_peek(), channel_drop(), deliver()
 *     deliver()    finds the group of workers that take it: takers_of(); then send_to()
 *     send_to()    sends it to the worker of the group that choose() gives
 *
 * The message may hold the keys of connections, and two processes must never use the same key.
 * So it is removed from its socket before it is sent: at every moment there is at most one copy
 * that a process can receive. If the master is killed between the two, the connections end. A
 * message that no worker can take now is kept in memory by the hook keep() (orphans.h).
 */
#include "process/handoff/relay.h"

#include <errno.h>
#include <log.h>
#include <timer.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/transport.h"
#include "process/handoff/peer_master.h"
#include "process/handoff/receiver.h"
#include "process/handoff/successors.h"
#include "process/ipc/channel.h"
#include "process/ipc/inbox.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"
#include "stats/stats.h"

enum {
	REQUESTED_MAX = INBOX_CREDIT, /* connections that one process is asked for at a time */
	FULL_MS = 100, /* until the next attempt when receivers have no room */
};

/* The workers that may be given a message. */
struct group {
	struct receiver *receivers;
	size_t count;
	bool are_of_peer; /* of the other program: the inbox of one that has ended is closed here */
};

static struct {
	struct generation *(*active)(void);
	void (*keep)(struct message *message);
	struct receiver workers[TABLE_SIZE]; /* by their places in the table */
	pid_t pids[TABLE_SIZE]; /* of the processes that `workers` describes */
	size_t places; /* how many of `workers` are in use */
	struct timer retry; /* asks for connections again */
} relay;

/* --- who takes connections --------------------------------------------------------- */

static void add(const struct process *process)
{
	uint32_t place = table_slot(process);
	struct receiver *receiver = &relay.workers[place];

	while (relay.places <= place)
		relay.workers[relay.places++].inbox = -1;
	if (relay.pids[place] != process->pid)
		*receiver = (struct receiver){ .inbox = -1 };
	relay.pids[place] = process->pid;
	receiver->inbox = process->inbox[1];
	receiver->stats = process->stats;
	receiver->limit = (uint64_t)process->generation->events->worker_connections;
	receiver->blocked = false;
}

/* The workers of a generation; NULL: none. */
static struct group workers_of(const struct generation *generation, const struct process *except)
{
	for (size_t i = 0; i < relay.places; i++)
		relay.workers[i].inbox = -1;
	if (!generation)
		return (struct group){ relay.workers, 0, false };
	for (struct process *to = table_next(NULL); to; to = table_next(to))
		if (to->generation == generation && to != except && to->inbox[1] >= 0)
			add(to);
	return (struct group){ relay.workers, relay.places, false };
}

static bool is_empty(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->receivers[i].inbox >= 0)
			return false;
	return true;
}

/* The generation that takes the connections of this one when it ends; NULL: none does. */
static const struct generation *successor_of(const struct generation *generation)
{
	const struct generation *active = relay.active();

	return active && active != generation && !active->retiring ? active : NULL;
}

/*
 * The workers that take the connections of a process that ends; NULL: of one that has ended.
 * Workers that end, too, are the last choice, since they have to give the connections away
 * again.
 */
static struct group successors_of(const struct process *process)
{
	const struct generation *successor = successor_of(process ? process->generation : NULL);
	struct group group = { .are_of_peer = true };

	if (successor)
		return workers_of(successor, NULL);
	group.receivers = peer_master_receivers(&group.count);
	if (is_empty(&group))
		group = workers_of(process ? NULL : relay.active(), NULL);
	return group;
}

static struct group takers_of(const struct process *process)
{
	bool ends = !process || process->state == PROCESS_RETIRING;

	return ends ? successors_of(process) : workers_of(process->generation, process);
}

/*
 * How many connections fit in now. *full: all of them have as many connections as they may,
 * so that it will take longer until there is room.
 */
static uint64_t find_room(const struct group *group, bool *full)
{
	uint64_t room = 0;

	*full = true;
	for (size_t i = 0; i < group->count; i++) {
		const struct receiver *receiver = &group->receivers[i];

		room += receiver_room(receiver);
		if (receiver->inbox >= 0 && !receiver_is_full(receiver))
			*full = false;
	}
	return room;
}

struct receiver *relay_lightest(const struct process *process)
{
	struct group group = workers_of(process->generation, process);

	return receiver_choose(group.receivers, group.count, false);
}

void relay_forget_plans(void)
{
	for (size_t i = 0; i < relay.places; i++)
		relay.workers[i].planned = 0;
}

/* --- passing on ---------------------------------------------------------------------- */

/*
 * The least loaded worker with room; else one that can close idle connections for it; else the
 * one with the fewest connections on their way, which must make room. NULL: all are blocked or
 * have ended.
 */
static struct receiver *choose(const struct group *group)
{
	struct receiver *best = receiver_choose(group->receivers, group->count, false);

	if (!best)
		best = receiver_choose(group->receivers, group->count, true);
	if (best)
		return best;
	for (size_t i = 0; i < group->count; i++) {
		struct receiver *receiver = &group->receivers[i];

		if (receiver->inbox >= 0 && !receiver->blocked &&
		    (!best || receiver_on_the_way(receiver) < receiver_on_the_way(best)))
			best = receiver;
	}
	return best;
}

/*
 * The descriptors stay open here. 0; -EPIPE: the group is empty; otherwise the error of the
 * last attempt. Dead inboxes of this program are left open: the master makes new ones.
 */
static int send_to(const struct group *group, const struct message *message)
{
	int error = is_empty(group) || group->are_of_peer ? -EPIPE : -EAGAIN;

	for (struct receiver *to; (to = choose(group));) {
		int result = channel_send(to->inbox, MESSAGE_CONNECTIONS, message->number,
					  message->payload, message->fds, message->fds_count);

		if (result == 0) {
			receiver_count_dealt(to->stats, message->fds_count);
			error = 0;
			break;
		}
		to->blocked = true;
		if (result != -EPIPE && result != -ECONNREFUSED) {
			error = result;
		} else if (group->are_of_peer) {
			close(to->inbox);
			to->inbox = -1;
		}
	}
	receivers_unblock(group->receivers, group->count);
	return error;
}

/* If no successor is left, workers of the same generation serve the connections. */
static int deliver(struct process *from, const struct message *message)
{
	struct group takers = takers_of(from);
	int error = send_to(&takers, message);

	if (error != -EPIPE || !from)
		return error;
	relay_send_listeners(from);
	takers = workers_of(from->generation, NULL);
	return send_to(&takers, message);
}

static int deliver_once(struct process *from, struct message *message)
{
	int error = deliver(from, message);

	if (error == 0) {
		message_wipe(message);
		message_discard(message);
	}
	return error;
}

/*
 * As relay_pass_orphan(). `process` is at the other end of the socket; NULL: it has ended. Only the
 * master reads the socket, so channel_drop() removes the message that channel_peek() has seen.
 */
static int pass_on(int fd, struct process *process, uint32_t limit)
{
	struct message message;
	int result = channel_peek(fd, &message);

	if (result != 1)
		return result == -EAGAIN ? 0 : result;
	channel_drop(fd);

	size_t count = message.fds_count;
	bool is_allowed = message.type == MESSAGE_CONNECTIONS && count > 0 && count <= limit;

	if (!is_allowed) {
		message_wipe(&message);
		message_discard(&message);
		return -EPROTO;
	}
	if (deliver_once(process, &message) < 0)
		relay.keep(&message);
	return (int)count;
}

int relay_pass_orphan(int from, uint32_t limit)
{
	int result = pass_on(from, NULL, limit);

	return result == -EBADMSG ? -EPROTO : result;
}

int relay_pass_message(struct message *message)
{
	int error = deliver_once(NULL, message);

	return error == -EPIPE && !relay.active() ? -ESHUTDOWN : error;
}

/* --- asking for connections ------------------------------------------------------------ */

static bool grant(struct process *process, uint32_t count)
{
	if (process->channel.fd < 0 ||
	    channel_send(process->channel.fd, MESSAGE_GIVE, count, STR(""), NULL, 0) < 0)
		return false;
	process->granted += count;
	return true;
}

static void request_later(const struct process *process, bool full)
{
	static int64_t said_ms;

	if (full && clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_warnx("all new workers are full: %llu connections stay with process %d until "
			  "there is room; worker_connections says how many a worker takes",
			  (unsigned long long)stats_get(&process->stats->active), process->pid);
	if (!timer_is_started(&relay.retry))
		timer_start(&relay.retry, full ? FULL_MS : RECEIVER_RETRY_MS);
}

/* Asks a worker that ends for as many connections as there is room for. */
static void request_from(struct process *process)
{
	if (process->state != PROCESS_RETIRING || process->kind != PROCESS_WORKER ||
	    process->is_old || process->channel.fd < 0 || process->may_give == 0)
		return;
	struct group takers = takers_of(process);
	if (is_empty(&takers))
		return;
	bool full;
	uint64_t room = find_room(&takers, &full), granted = 0;

	for (struct process *each = table_next(NULL); each; each = table_next(each))
		granted += each->granted;
	uint64_t count = room > granted ? room - granted : 0;
	/* Another process may not give what it was asked for, so each is asked for at least one. */
	if (count == 0 && room > 0 && process->granted == 0)
		count = 1;
	if (process->granted >= REQUESTED_MAX)
		return;
	if (count > REQUESTED_MAX - process->granted)
		count = REQUESTED_MAX - process->granted;
	if (count > process->may_give)
		count = process->may_give;
	if (count == 0 ? process->granted == 0 : !grant(process, (uint32_t)count))
		request_later(process, full);
	else
		process->may_give -= count;
}

/*
 * A worker has at most worker_connections connections, and those in its inbox. Without the
 * limit a worker that an attacker controls could give connections for ever.
 */
void relay_expect(struct process *process)
{
	if (process->kind == PROCESS_ACCEPTOR)
		process->granted = CHANNEL_FDS;
	process->may_give =
		2 * (uint64_t)process->generation->events->worker_connections + 2 * INBOX_CREDIT;
	request_from(process);
}

bool relay_request(struct process *process, uint32_t count)
{
	return process->state == PROCESS_RUNNING && !process->is_old && process->granted == 0 &&
	       grant(process, count);
}

void relay_kept(struct process *process, uint32_t count)
{
	process->granted -= count < process->granted ? count : process->granted;
}

static void request_from_all(void *data)
{
	(void)data;
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		request_from(process);
}

/* --- what comes in a channel ---------------------------------------------------------- */

static void take_up(void *data)
{
	struct process *process = data;

	if (process->channel.fd >= 0)
		event_add(&process->channel, EPOLLIN);
}

int relay_take(struct process *process)
{
	int result = pass_on(process->channel.fd, process, process->granted);

	if (result == -EPROTO || result == -EBADMSG)
		return -EPROTO;
	if (result > 0) {
		process->granted -= (uint32_t)result;
		request_from(process);
		return 1;
	}
	event_remove(&process->channel);
	process->relay = (struct timer){ .expired = take_up, .data = process };
	timer_start(&process->relay, RECEIVER_RETRY_MS);
	return -EAGAIN;
}

void relay_stop(struct process *process)
{
	timer_stop(&process->relay);
	process->granted = 0;
}

/* --- the listeners whose connections are taken --------------------------------------- */

static size_t collect_ids(const struct generation *generation, uint32_t *ids, size_t max)
{
	const struct listeners *all = generation->listeners;
	size_t count = 0;

	for (size_t i = 0; i < all->count; i++)
		for (const struct listener *one = &all->items[i]; one && count < max;
		     one = one->also)
			count += transport_listener_ids(one, ids + count, max - count);
	return count;
}

int relay_send_listeners(struct process *process)
{
	static uint32_t ids[CHANNEL_PAYLOAD / sizeof(uint32_t)];
	const size_t max = sizeof(ids) / sizeof(ids[0]);
	const struct generation *successor = successor_of(process->generation);

	if (process->channel.fd < 0)
		return -EPIPE;
	if (process->is_old)
		return successors_send(process->channel.fd, successor);
	size_t count = successor ? collect_ids(successor, ids, max) :
				   peer_master_listeners(ids, max);
	return channel_send(process->channel.fd, MESSAGE_LISTENERS, 0,
			    (struct str){ (const char *)ids, count * sizeof(ids[0]) }, NULL, 0);
}

void relay_successors_changed(void)
{
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->state == PROCESS_RETIRING && !process->is_old)
			relay_send_listeners(process);
	request_from_all(NULL);
}

void relay_init(struct generation *(*active)(void), void (*keep)(struct message *message))
{
	relay.active = active;
	relay.keep = keep;
	relay.retry = (struct timer){ .expired = request_from_all };
}
