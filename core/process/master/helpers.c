/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/master/helpers.h"

#include <errno.h>
#include <log.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "config/modules.h"
#include "process/ipc/channel.h"
#include "process/server/generation.h"
#include "process/server/table.h"

static uint32_t bit_of(uint32_t number)
{
	return UINT32_C(1) << number;
}

static struct process *find(const struct generation *generation, uint32_t number)
{
	struct process *process = table_next(NULL);

	while (process && (process->generation != generation ||
			   process->kind != PROCESS_HELPER || process->index != number))
		process = table_next(process);
	return process;
}

/*
 * The helper of a generation. If it has no place in the table, it gets one. NULL: the configuration
 * belongs to another program, or the table is full.
 */
static struct process *provide(struct generation *generation, uint32_t number)
{
	struct process *helper = find(generation, number);

	if (!helper && generation->conf &&
	    table_add(PROCESS_HELPER, generation, number, &helper) < 0)
		return NULL;
	return generation->conf ? helper : NULL;
}

/* A helper that has died again and again is started by its timer only. */
static void start_if_due(struct process *helper, void (*start)(struct process *))
{
	if (!helper->pid && helper->state == PROCESS_WAITING && !helper->respawn.failures &&
	    !helper->respawn.not_forked)
		start(helper);
}

/* Tells the worker that there is no helper, so that its questions fail. */
static void refuse(struct process *worker, uint32_t number)
{
	worker->helpers_wanted &= ~bit_of(number);
	channel_send(worker->channel.fd, MESSAGE_HELPER, number, STR(""), NULL, 0);
}

/*
 * Limits the buffer of a worker. Descriptors that a worker has not received yet count towards the
 * limit for all processes of its user (unix(7)), which a worker that reads nothing could exceed.
 */
static void limit_unread(int fd)
{
	const int size = 32 << 10; /* HELPER_PENDING answers fit in, each as long as it may be */

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/*
 * Sends the ends of a new channel to worker and helper. 0 or -errno. -EPIPE, -ECONNRESET: the
 * helper has closed its channel; its end is reported next, and another helper is started.
 */
static int connect_to(struct process *worker, struct process *helper)
{
	uint32_t number = helper->index;
	int fds[2];
	int error = channel_pair(fds);

	if (error < 0)
		return error;
	limit_unread(fds[1]);
	error = channel_send(helper->channel.fd, MESSAGE_CLIENT, table_slot(worker), STR(""),
			     &fds[1], 1);
	if (error == 0) {
		channel_send(worker->channel.fd, MESSAGE_HELPER, number, STR(""), &fds[0], 1);
		worker->helpers_wanted &= ~bit_of(number);
		worker->helpers_connected |= bit_of(number);
	}
	close(fds[0]);
	close(fds[1]);
	return error;
}

static bool can_be_connected(const struct process *worker, const struct process *helper)
{
	return worker->kind == PROCESS_WORKER && worker->generation == helper->generation &&
	       worker->channel.fd >= 0 && helper->channel.fd >= 0;
}

void helpers_connect(struct process *helper)
{
	for (struct process *worker = table_next(NULL); worker; worker = table_next(worker)) {
		if (!(worker->helpers_wanted & bit_of(helper->index)) ||
		    !can_be_connected(worker, helper))
			continue;
		int error = connect_to(worker, helper);
		if (error < 0 && error != -EPIPE && error != -ECONNRESET)
			refuse(worker, helper->index);
	}
}

int helpers_want(struct process *worker, uint32_t number, void (*start)(struct process *))
{
	if (worker->kind != PROCESS_WORKER || number >= helper_count())
		return -EPROTO;
	/* The worker has lost its channel. */
	worker->helpers_connected &= ~bit_of(number);
	worker->helpers_wanted |= bit_of(number);

	struct process *helper = provide(worker->generation, number);
	if (!helper) {
		refuse(worker, number);
	} else if (helper->pid) {
		helpers_connect(helper);
	} else {
		start_if_due(helper, start);
	}
	return 1;
}

void helpers_ended(const struct process *helper)
{
	for (struct process *worker = table_next(NULL); worker; worker = table_next(worker))
		if (worker->generation == helper->generation)
			worker->helpers_connected &= ~bit_of(helper->index);
}

/* --- what helpers pass on ------------------------------------------------------------ */

static bool runs(const struct process *process)
{
	return process->kind == PROCESS_HELPER && process->pid && process->channel.fd >= 0;
}

/* Whether it is a process of this helper, for workers of another generation. */
static bool is_older(const struct process *process, const struct generation *generation,
		     uint32_t number)
{
	return runs(process) && process->generation != generation && process->index == number;
}

static int send_end(int channel, enum message_type type, uint32_t number, int fd)
{
	const char *name = helper_module(number)->helper->name;

	return channel_send(channel, type, number, str_from(name), &fd, 1);
}

void helpers_inherit(const struct process *helper)
{
	uint32_t number = helper->index;
	int fds[2];

	if (!helper_module(number)->helper->take_over || helper->channel.fd < 0)
		return;
	for (struct process *older = table_next(NULL); older; older = table_next(older)) {
		if (!is_older(older, helper->generation, number) || channel_pair(fds) < 0)
			continue;
		limit_unread(fds[0]);
		if (send_end(older->channel.fd, MESSAGE_PASS_ON, number, fds[0]) == 0)
			send_end(helper->channel.fd, MESSAGE_TAKE_OVER, number, fds[1]);
		close(fds[0]);
		close(fds[1]);
	}
}

void helpers_succeed(struct generation *generation, void (*start)(struct process *))
{
	for (uint32_t number = 0; number < helper_count(); number++) {
		const struct process *older = table_next(NULL);

		while (older && !is_older(older, generation, number))
			older = table_next(older);
		if (!older || !helper_module(number)->helper->take_over)
			continue;
		struct process *helper = provide(generation, number);
		if (helper)
			start_if_due(helper, start);
	}
}

bool helpers_for_each_kept(bool (*act)(void *data, struct str name, int fd), void *data)
{
	int fds[2];

	for (struct process *helper = table_next(NULL); helper; helper = table_next(helper)) {
		const struct helper *kind = runs(helper) ? helper_module(helper->index)->helper :
							   NULL;

		if (!kind || !kind->pass_on || channel_pair(fds) < 0)
			continue;
		limit_unread(fds[0]);
		bool is_sent = send_end(helper->channel.fd, MESSAGE_PASS_ON, helper->index,
					fds[0]) == 0;
		close(fds[0]);
		if (!is_sent)
			close(fds[1]);
		else if (!act(data, str_from(kind->name), fds[1]))
			return false;
	}
	return true;
}

void helpers_take(struct generation *generation, struct str name, int fd,
		  void (*start)(struct process *))
{
	for (uint32_t number = 0; number < helper_count(); number++) {
		const struct helper *kind = helper_module(number)->helper;

		if (!kind->take_over || !str_eq(name, str_from(kind->name)))
			continue;
		struct process *helper = provide(generation, number);
		if (helper)
			start_if_due(helper, start);
		if (helper && runs(helper))
			send_end(helper->channel.fd, MESSAGE_TAKE_OVER, number, fd);
	}
	close(fd);
}

/* --- before an upgrade ------------------------------------------------------------------ */

/* Whether the workers of a generation may come to need the helper. */
static bool may_be_needed(const struct generation *generation, uint32_t number)
{
	const struct module *module = helper_module(number);

	return generation->conf && module->helper->is_needed &&
	       module->helper->is_needed(scope_data(conf_main(generation->conf), module));
}

static void connect_ahead(struct process *worker, uint32_t number, void (*start)(struct process *))
{
	if (worker->kind != PROCESS_WORKER || !worker->pid ||
	    (worker->helpers_connected & bit_of(number)) ||
	    !(find(worker->generation, number) || may_be_needed(worker->generation, number)))
		return;

	struct process *helper = provide(worker->generation, number);
	if (!helper)
		return;
	start_if_due(helper, start);
	int error = can_be_connected(worker, helper) ? connect_to(worker, helper) : -EPIPE;
	if (error < 0)
		log_warnc(error, "%s gets no %s while another program takes over",
			  process_name(worker), process_kind_name(helper));
}

void helpers_connect_all(void (*start)(struct process *))
{
	for (struct process *worker = table_next(NULL); worker; worker = table_next(worker))
		for (uint32_t number = 0; number < helper_count(); number++)
			connect_ahead(worker, number, start);
}
