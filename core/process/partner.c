/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the other master says of its workers is kept as it came, descriptors and
 * all, and passed on when a process asks; nobody here needs to understand it.
 */
#include "process/partner.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/channel.h"
#include "process/foreign.h"
#include "process/heirs.h"
#include "process/inbox.h"
#include "process/listen.h"
#include "process/receiver.h"
#include "process/table.h"

/* A message that was kept. */
struct parcel {
	struct parcel *next;
	uint32_t number;
	int fds[CHANNEL_FDS];
	size_t fds_count;
	size_t len;
	char payload[];
};

void (*partner_left)(void);

static struct event partner = { .fd = -1 };
static bool leaving; /* it has said so */
static void (*on_ready)(void);
static struct parcel *parcels, **last = &parcels; /* MESSAGE_HEIRS */
static struct parcel *counters; /* MESSAGE_COUNTERS; NULL: there is none */
static struct foreign foreign; /* it */

static void drop(struct parcel *parcel)
{
	if (!parcel)
		return;
	for (size_t i = 0; i < parcel->fds_count; i++)
		close(parcel->fds[i]);
	free(parcel);
}

static void drop_parcels(void)
{
	while (parcels) {
		struct parcel *parcel = parcels;

		parcels = parcel->next;
		drop(parcel);
	}
	last = &parcels;
}

/* NULL: no memory. */
static struct parcel *pack(struct message *message)
{
	struct parcel *parcel = malloc(sizeof(*parcel) + message->payload.len);

	if (!parcel) {
		message_discard(message);
		return NULL;
	}
	parcel->next = NULL;
	parcel->number = message->number;
	parcel->fds_count = message->fds_count;
	memcpy(parcel->fds, message->fds, sizeof(message->fds));
	parcel->len = message->payload.len;
	str_put(parcel->payload, message->payload);
	return parcel;
}

/* The first of several replaces those before. */
static void keep_heirs(struct message *message)
{
	if (message->number == 0)
		drop_parcels();
	struct parcel *parcel = pack(message);
	if (!parcel)
		return;
	*last = parcel;
	last = &parcel->next;
}

static void keep_counters(struct message *message)
{
	foreign_receive(&foreign, message);
	drop(counters);
	counters = pack(message);
}

static int pass_on(const struct parcel *parcel, enum message_type type, int channel)
{
	return channel_send(channel, type, parcel->number,
			    (struct str){ parcel->payload, parcel->len }, parcel->fds,
			    parcel->fds_count);
}

bool partner_has_heirs(void)
{
	return parcels && parcels->fds_count;
}

int partner_tell_heirs(int channel)
{
	int error = counters ? pass_on(counters, MESSAGE_COUNTERS, channel) : 0;

	for (const struct parcel *parcel = parcels; parcel && error == 0; parcel = parcel->next)
		error = pass_on(parcel, MESSAGE_HEIRS, channel);
	return error;
}

static struct stats *stats_of(const struct parcel *parcel, size_t index)
{
	struct str payload = { parcel->payload, parcel->len };

	return foreign_slot(&foreign, heirs_slot_abroad(payload, index));
}

int partner_give(int inbox)
{
	int result = -EPIPE;

	for (const struct parcel *parcel = parcels; parcel; parcel = parcel->next) {
		for (size_t i = 0; i < parcel->fds_count; i++) {
			result = inbox_forward(inbox, parcel->fds[i]);
			if (result > 0)
				receiver_count_dealt(stats_of(parcel, i), (uint64_t)result);
			if (result >= 0)
				return result;
		}
	}
	return result;
}

void partner_forget(void)
{
	drop_parcels();
	drop(counters);
	counters = NULL;
	foreign_forget(&foreign);
	if (partner.fd >= 0)
		close(partner.fd);
	partner.fd = -1;
}

/* As long as it has not said what it serves, it may serve anything. */
static bool listens(uint32_t listener)
{
	return !parcels ||
	       heirs_listen((struct str){ parcels->payload, parcels->len }, listener);
}

void partner_finish(void)
{
	if (partner.fd < 0)
		return;
	event_remove(&partner);
	table_fold(foreign.slots, foreign.count);
	partner_forget();
	listen_share(NULL);
	if (partner_left)
		partner_left();
}

static void keep_sockets(struct message *message)
{
	for (size_t i = 0; i < message->fds_count; i++)
		listen_receive(message->fds[i]);
	message->fds_count = 0;
}

static void on_leaving(void)
{
	leaving = true;
	if (partner_left)
		partner_left();
}

static void on_message(struct message *message)
{
	switch (message->type) {
	case MESSAGE_HEIRS:
		leaving = false;
		keep_heirs(message);
		return;
	case MESSAGE_COUNTERS:
		keep_counters(message);
		return;
	case MESSAGE_READY:
		message_discard(message);
		if (on_ready)
			on_ready();
		on_ready = NULL;
		return;
	case MESSAGE_SOCKETS:
		keep_sockets(message);
		return;
	case MESSAGE_LEAVING:
		message_discard(message);
		on_leaving();
		return;
	default:
		message_discard(message);
	}
}

static void on_partner(struct event *event, uint32_t events)
{
	struct message message;
	int result = 0;

	(void)events;
	while (partner.fd >= 0 && (result = channel_receive(event->fd, &message)) == 1)
		on_message(&message);
	if (partner.fd < 0 || result != 0)
		return;
	log_notice("the other master process has ended, this one serves alone");
	partner_finish();
}

int partner_start(int fd, void (*ready)(void))
{
	on_ready = ready;
	leaving = false;
	partner = (struct event){ .fd = fd, .ready = on_partner };
	int error = event_add(&partner, EPOLLIN);
	if (error < 0) {
		partner_forget();
		return error;
	}
	listen_share(listens);
	foreign_send(fd, table_stats_fd(), table_stats_slots());
	return 0;
}

bool partner_is_there(void)
{
	return partner.fd >= 0;
}

void partner_offer(const struct generation *generation)
{
	int error = partner.fd >= 0 ? heirs_send(partner.fd, generation, true) : 0;

	if (error == 0)
		return;
	errno = -error;
	log_warn("the other master process does not hear who takes connections here");
}

static void send_sockets(const int *fds, size_t count)
{
	while (count) {
		size_t some = count < CHANNEL_FDS ? count : CHANNEL_FDS;
		int error = channel_send(partner.fd, MESSAGE_SOCKETS, 0, STR(""), fds, some);

		if (error < 0) {
			errno = -error;
			log_warn("the other master process does not get the sockets opened here");
		}
		fds += some;
		count -= some;
	}
}

void partner_share_sockets(void)
{
	if (partner.fd >= 0)
		listen_tell(send_sockets);
}

void partner_say_leaving(void)
{
	if (partner.fd >= 0)
		channel_send(partner.fd, MESSAGE_LEAVING, 0, STR(""), NULL, 0);
}

bool partner_leaves_all(void)
{
	return partner.fd < 0 || leaving;
}

void partner_say_ready(void)
{
	if (partner.fd >= 0)
		channel_send(partner.fd, MESSAGE_READY, 0, STR(""), NULL, 0);
}
