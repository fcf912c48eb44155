/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/worker/helper_process.h"

#include <errno.h>
#include <helper.h>
#include <log.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "config/modules.h"
#include "event/complete.h"
#include "event/loop.h"
#include "process/ipc/channel.h"
#include "process/ipc/helper_message.h"
#include "process/server/generation.h"
#include "process/server/table.h"
#include "process/worker/helper_passing.h"

/*
 * A worker that is controlled by an attacker may ask for one channel after another, and the calls
 * of each hold memory and a descriptor until they are answered.
 */
enum { PLACE_PENDING = 4 * HELPER_PENDING };

/* A worker. */
struct client {
	struct event event; /* first; fd -1: it has gone */
	uint32_t place; /* of the worker in the table */
	unsigned pending; /* calls that are not answered */
	bool is_read; /* on_question() uses it */
	struct client *next;
};

struct call {
	struct helper_call pub; /* first */
	struct client *client;
	uint32_t number;
	char payload[];
};

static struct {
	const struct helper *helper;
	struct client *clients;
	bool quitting;
} process;

static bool has_workers(void)
{
	const struct client *client = process.clients;

	while (client && client->event.fd < 0)
		client = client->next;
	return client;
}

/* Nobody waits for the answers that are left. */
static void stop_if_over(void)
{
	if (process.quitting && !has_workers() && !helper_passing_is_busy())
		loop_stop();
}

/* Frees a worker that has gone, after its last question was answered. */
static void forget(struct client *client)
{
	struct client **link = &process.clients;

	stop_if_over();
	if (client->event.fd >= 0 || client->pending || client->is_read)
		return;
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	free(client);
}

static void hang_up(struct client *client)
{
	if (client->event.fd >= 0) {
		event_remove(&client->event);
		close(client->event.fd);
		client->event.fd = -1;
	}
}

static void offence(struct client *client, const char *what)
{
	log_alertx("worker at place %u %s, so it has a defect or was taken over: it gets no more "
		   "answers from the %s", client->place, what, process.helper->name);
	hang_up(client);
}

static void send_answer(struct client *client, uint32_t number, const struct helper_answer *answer)
{
	if (client->event.fd < 0)
		return;
	int error = helper_send_answer(client->event.fd, number, answer);
	/* The processes of this user have too many descriptors in flight, unix(7). */
	if (error == -ETOOMANYREFS)
		error = helper_send_answer(client->event.fd, number,
					   &(struct helper_answer){ .error = -EMFILE, .fd = -1 });
	if (error == -EPIPE || error == -ECONNRESET)
		hang_up(client);
	else if (error < 0)
		offence(client, "does not read its answers");
}

void helper_answer(struct helper_call *pub, int error, struct str payload, int fd)
{
	struct call *call = (struct call *)pub;
	struct client *client = call->client;

	send_answer(client, call->number,
		    &(const struct helper_answer){ .error = error, .payload = payload, .fd = fd });
	if (pub->fd >= 0)
		close(pub->fd);
	free(call);
	client->pending--;
	forget(client);
}

/* Counts the calls of all channels that the worker of this place has had, also of lost ones. */
static bool has_too_many_calls(uint32_t place)
{
	unsigned pending = 0;

	for (const struct client *client = process.clients; client; client = client->next)
		pending += client->place == place ? client->pending : 0;
	return pending >= PLACE_PENDING;
}

/* Handles a message. False: the worker must not send such a message. */
static bool take(struct client *client, struct message *message)
{
	struct str payload;
	int fd;

	if (client->pending == HELPER_PENDING ||
	    helper_read_question(message, &payload, &fd) < 0) {
		message_discard(message);
		return false;
	}
	struct call *call = has_too_many_calls(client->place) ?
				    NULL :
				    malloc(sizeof(*call) + payload.len);
	if (!call) {
		if (fd >= 0)
			close(fd);
		send_answer(client, message->number,
			    &(const struct helper_answer){ .error = -ENOMEM, .fd = -1 });
		return true;
	}
	*call = (struct call){
		.pub = { .payload = { call->payload, payload.len }, .fd = fd },
		.client = client,
		.number = message->number,
	};
	str_put(call->payload, payload);
	client->pending++;
	process.helper->asked(&call->pub);
	return true;
}

static void on_question(struct event *event, uint32_t events)
{
	struct client *client = (struct client *)event;
	struct message message = { 0 };
	int result = -EAGAIN;

	(void)events;
	client->is_read = true;
	for (int i = 0; i < HELPER_PENDING && event->fd >= 0; i++) {
		result = channel_receive(event->fd, &message);
		if (result != 1)
			break;
		if (!take(client, &message))
			offence(client, "has sent what it must not send");
	}
	if (result == -EBADMSG && message.lacks_fds)
		send_answer(client, message.number,
			    &(const struct helper_answer){ .error = -EMFILE, .fd = -1 });
	else if (result == -EBADMSG)
		offence(client, "has sent what is no message");
	else if (result == 0)
		hang_up(client);
	client->is_read = false;
	forget(client);
}

/* --- the process ------------------------------------------------------------------------- */

/* A worker that asks for another channel has lost the one it had, or should have. */
static void leave_place(uint32_t place)
{
	struct client *client = process.clients;

	while (client && (client->place != place || client->event.fd < 0))
		client = client->next;
	if (client) {
		hang_up(client);
		forget(client);
	}
}

static void add_client(uint32_t place, int fd)
{
	struct client *client = malloc(sizeof(*client));

	leave_place(place);
	if (!client) {
		close(fd);
		return;
	}
	*client = (struct client){
		.event = { .fd = fd, .ready = on_question },
		.place = place,
		.next = process.clients,
	};
	process.clients = client;
	if (event_add(&client->event, EPOLLIN) < 0) {
		close(fd);
		client->event.fd = -1;
		forget(client);
	}
}

static int start(struct process *self)
{
	const struct module *module = helper_module(self->index);
	const struct conf_scope *main = conf_main(self->generation->conf);

	process.helper = module->helper;
	int error = completion_start();
	if (error < 0)
		log_emergc(error, "cannot make the queue of completions");
	if (error == 0 && process.helper->start)
		error = process.helper->start(scope_data(main, module));
	return error;
}

static void quit(void)
{
	process.quitting = true;
	stop_if_over();
}

/* The master of another version of the program may mean another helper, so its name is checked. */
static void pass_on(struct str name, int fd)
{
	if (process.helper->pass_on && str_eq(name, str_from(process.helper->name)))
		helper_passing_start(process.helper, fd, stop_if_over);
	else
		close(fd);
}

static void take_over(int fd)
{
	if (process.helper->take_over)
		helper_taking_start(process.helper, fd);
	else
		close(fd);
}

static void finish(void)
{
	for (struct client *client = process.clients; client; client = client->next)
		hang_up(client);
	helper_passing_finish();
	if (process.helper->finish)
		process.helper->finish();
}

const struct child_ops helper_ops = {
	.outlives_master = true,
	.start = start,
	.quit = quit,
	.stop = loop_stop,
	.finish = finish,
	.client = add_client,
	.pass_on = pass_on,
	.take_over = take_over,
};
