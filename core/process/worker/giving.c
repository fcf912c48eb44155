/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/worker/giving.h"

#include <stdlib.h>
#include <string.h>
#include <timer.h>

#include "process/handoff/receiver.h"
#include "process/ipc/inbox.h"
#include "process/worker/master_channel.h"
#include "stats/stats.h"

static struct {
	uint32_t *listeners; /* ids of those whose connections other processes take */
	size_t listeners_count;
	void (*again)(void);
	struct timer retry;
} giving;

static void on_retry(void *data)
{
	(void)data;
	giving.again();
}

void giving_init(void (*again)(void))
{
	giving.again = again;
	giving.retry = (struct timer){ .expired = on_retry };
}

void giving_set_listeners(struct str ids)
{
	free(giving.listeners);
	giving.listeners = malloc(ids.len + 1);
	giving.listeners_count = giving.listeners ? ids.len / sizeof(*giving.listeners) : 0;
	if (giving.listeners_count)
		memcpy(giving.listeners, ids.data,
		       giving.listeners_count * sizeof(*giving.listeners));
}

bool giving_has_takers(void)
{
	return giving.listeners_count > 0;
}

bool giving_is_taken(uint32_t listener)
{
	for (size_t i = 0; i < giving.listeners_count; i++)
		if (giving.listeners[i] == listener)
			return true;
	return false;
}

int giving_send(struct batch *batch)
{
	size_t count = batch->count;
	int error = master_channel_give(batch);

	if (error == 0)
		stats_add(&stats_mine->handed_off, count);
	return error;
}

void giving_retry(void)
{
	timer_start(&giving.retry, RECEIVER_RETRY_MS);
}

bool giving_waits(void)
{
	return timer_is_started(&giving.retry);
}

void giving_finish(void)
{
	timer_stop(&giving.retry);
	free(giving.listeners);
	giving.listeners = NULL;
	giving.listeners_count = 0;
}
