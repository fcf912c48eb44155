/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop reads the questions and sends the answers. It opens files by itself that need no
 * disk for it; threads open the others, so that a disk that does not answer does not stop it.
 */
#include "process/worker/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <log.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <thread.h>
#include <unistd.h>

#include "event/complete.h"
#include "event/loop.h"
#include "event/threads.h"
#include "http/conf/http.h"
#include "http/request/files.h"
#include "process/ipc/open_message.h"
#include "process/server/generation.h"
#include "process/server/table.h"

struct client {
	struct event event; /* first; fd -1: it has gone */
	uint32_t place; /* of the worker */
	unsigned pending; /* questions that are not answered */
	struct client *next;
};

/* A question that is being answered. */
struct opening {
	struct completion completion; /* first */
	struct client *client;
	uint32_t number;
	struct file_query query;
	int result; /* a descriptor or -errno */
	dev_t device; /* of the file; 0: it may be slow, as on a network file system */
	char path[PATH_MAX];
};

enum { QUICK_MAX = 32 };

static struct {
	struct conf *conf;
	struct client *clients;
	bool quitting;
	dev_t quick[QUICK_MAX]; /* devices on which opening a file asks no server */
	size_t quick_count;
} opener;

/* --- clients ------------------------------------------------------------------------ */

/* It goes when its last question has been answered. */
static void forget(struct client *client)
{
	struct client **link = &opener.clients;

	if (client->event.fd >= 0 || client->pending)
		return;
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	free(client);
	if (opener.quitting && !opener.clients)
		loop_stop();
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
		   "files from the opener", client->place, what);
	hang_up(client);
}

static void answer(struct client *client, uint32_t number, int file)
{
	if (client->event.fd < 0)
		return;
	int error = open_answer(client->event.fd, number, file);
	if (error == -ETOOMANYREFS)
		error = open_answer(client->event.fd, number, -EMFILE);
	if (error == -EPIPE)
		hang_up(client);
	else if (error < 0)
		offence(client, "does not read its answers");
}

/* --- opening -------------------------------------------------------------------------- */

static bool is_quick(dev_t device)
{
	for (size_t i = 0; i < opener.quick_count; i++)
		if (opener.quick[i] == device)
			return true;
	return false;
}

static void note_quick(dev_t device)
{
	if (device && opener.quick_count < QUICK_MAX && !is_quick(device))
		opener.quick[opener.quick_count++] = device;
}

/* File systems of this machine, by f_type of statfs(2). All others may be slow. */
static bool is_local(int fd)
{
	static const unsigned long types[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
		TMPFS_MAGIC, SQUASHFS_MAGIC,
	};
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((unsigned long)status.f_type == types[i])
			return true;
	return false;
}

/* A descriptor or -errno, and the device if files on it can be opened quickly. On a thread. */
static int open_regular(const struct file_query *query, dev_t *device)
{
	char why[256];
	struct stat status;
	int fd = policy_open(query, O_RDONLY, why, sizeof(why));

	*device = 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		*device = is_local(fd) ? status.st_dev : 0;
		return fd;
	}
	close(fd);
	return -EAGAIN;
}

/* Without a thread. False: it needs one. */
static bool open_at_once(struct client *client, uint32_t number, const struct file_query *query)
{
	struct stat status;
	int fd = policy_open_cached(query, O_RDONLY, is_quick);

	if (fd == -EAGAIN)
		return false;
	if (fd >= 0 && !(fstat(fd, &status) == 0 && S_ISREG(status.st_mode))) {
		close(fd);
		return false;
	}
	answer(client, number, fd);
	if (fd >= 0)
		close(fd);
	return true;
}

static void on_opened(struct completion *completion)
{
	struct opening *opening = (struct opening *)completion;
	struct client *client = opening->client;

	note_quick(opening->device);
	answer(client, opening->number, opening->result);
	if (opening->result >= 0)
		close(opening->result);
	client->pending--;
	forget(client);
	free(opening);
}

/* On a thread. */
static void work(void *data)
{
	struct opening *opening = data;

	opening->result = open_regular(&opening->query, &opening->device);
	completion_post(&opening->completion);
}

/* 0: it is answered, or will be; -errno: the answer. */
static int begin(struct client *client, uint32_t number, const struct open_question *question)
{
	const struct http_location *location =
		http_location_by_number(opener.conf, question->location);
	const struct file_below below = {
		.base = question->base,
		.path = question->path,
		.root_len = question->root_len,
	};

	if (!location)
		return -EACCES;
	struct opening *opening = malloc(sizeof(*opening));
	if (!opening)
		return -ENOMEM;
	opening->completion = (struct completion){ .run = on_opened };
	opening->client = client;
	opening->number = number;
	int error = file_query_resolve(opener.conf, location, &below, opening->path,
				       &opening->query);
	bool is_answered = error == 0 && open_at_once(client, number, &opening->query);

	if (error == 0 && !is_answered)
		error = thread_run(work, opening);
	if (error < 0 || is_answered) {
		free(opening);
		return error;
	}
	client->pending++;
	return 0;
}

/* Answers a message. False: it must not have been sent. */
static bool take(struct client *client, struct message *message)
{
	struct open_question question;

	if (client->pending == OPEN_PENDING || open_read_question(message, &question) < 0) {
		message_discard(message);
		return false;
	}
	int error = begin(client, message->number, &question);
	if (error < 0)
		answer(client, message->number, error);
	return true;
}

static void on_question(struct event *event, uint32_t events)
{
	struct client *client = (struct client *)event;
	struct message message;
	int result = 1;

	(void)events;
	for (int i = 0; i < OPEN_PENDING && event->fd >= 0; i++) {
		result = channel_receive(event->fd, &message);
		if (result != 1)
			break;
		if (!take(client, &message))
			offence(client, "has sent to the opener what it must not send");
	}
	if (result == -EBADMSG)
		offence(client, "has sent to the opener what is no message");
	else if (result == 0)
		hang_up(client);
	forget(client);
}

/* --- the process ------------------------------------------------------------------------- */

static void add_client(uint32_t place, int fd)
{
	struct client *before = opener.clients, *client = malloc(sizeof(*client));

	/* A worker that asks for another channel has lost the one it had, or should have. */
	while (before && (before->place != place || before->event.fd < 0))
		before = before->next;
	if (before) {
		hang_up(before);
		forget(before);
	}
	if (!client) {
		close(fd);
		return;
	}
	*client = (struct client){
		.event = { .fd = fd, .ready = on_question },
		.place = place,
		.next = opener.clients,
	};
	opener.clients = client;
	if (event_add(&client->event, EPOLLIN) < 0) {
		close(fd);
		client->event.fd = -1;
		forget(client);
	}
}

static int start(struct process *self)
{
	opener.conf = self->generation->conf;
	files_module.start(scope_data(conf_main(opener.conf), &files_module));
	int error = completion_start();
	if (error < 0)
		log_emergc(error, "cannot make the queue of completions");
	return error;
}

static void quit(void)
{
	opener.quitting = true;
	if (!opener.clients)
		loop_stop();
}

static void finish(void)
{
	for (struct client *client = opener.clients; client; client = client->next)
		hang_up(client);
}

const struct child_ops opener_ops = {
	.files = SANDBOX_ALL_FILES,
	.outlives_master = true,
	.start = start,
	.quit = quit,
	.stop = loop_stop,
	.finish = finish,
	.client = add_client,
};
