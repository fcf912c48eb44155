/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A batch has a target, the receiver with least to do when it was begun, and
 * ends when that one can take no more. If it takes nothing after all, the batch
 * goes to the next best.
 */
#include "process/passing.h"

#include <errno.h>

#include "net/conn.h"
#include "process/inbox.h"
#include "process/receiver.h"

enum { BATCH = 32 }; /* connections in a message: so that many receivers get their share */

static struct receiver *receivers;
static size_t receivers_count;
static struct batch batch;
static struct conn *gathered[BATCH];
static struct receiver *target; /* of the batch */
static unsigned refused;

static struct receiver *choose(void)
{
	return receiver_choose(receivers, receivers_count, false);
}

static void take_back(void)
{
	refused += (unsigned)batch.count;
	for (size_t i = 0; i < batch.count; i++)
		conn_watch(gathered[i]);
	batch.count = batch.len = 0;
}

static int send_batch(void)
{
	size_t count = batch.count;
	int error = receiver_send(target, &batch);

	target->planned = 0;
	if (error < 0)
		return error;
	for (size_t i = 0; i < count; i++)
		conn_forget(gathered[i]);
	return 0;
}

static void flush(void)
{
	while (target && batch.count) {
		if (send_batch() == 0)
			break;
		target = choose();
	}
	take_back();
	target = NULL;
}

void passing_begin(struct receiver *given, size_t count)
{
	receivers = given;
	receivers_count = count;
	receivers_unblock(receivers, receivers_count);
	refused = 0;
}

int passing_add(struct conn *conn)
{
	struct passed_conn passed = {
		.fd = conn->event.fd,
		.listener = conn->listener->id,
		.peer = conn->peer,
		.peer_len = conn->peer_len,
	};

	if (!conn_pack(conn, &passed.past))
		return -EBUSY;
	if (!target)
		target = choose();
	if (!target) {
		refused++;
		return 0;
	}
	if (!batch_add(&batch, &passed)) {
		if (batch.count == 0)
			return -EMSGSIZE;
		flush();
		return passing_add(conn);
	}
	conn_unwatch(conn);
	gathered[batch.count - 1] = conn;
	target->planned++;
	if (batch.count == BATCH || !receiver_can_take(target, false))
		flush();
	return 0;
}

unsigned passing_end(void)
{
	flush();
	return refused;
}

int passing_one(struct receiver *given, size_t count, struct conn *conn)
{
	passing_begin(given, count);
	int error = passing_add(conn);
	unsigned stays = passing_end();
	return error < 0 ? error : !stays;
}
