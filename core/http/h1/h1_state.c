/* SPDX-License-Identifier: BSD-2-Clause */
/* Exchanges are large, and made for each request of a connection that is idle between them. */
#include "http/h1/h1.h"

#include <stdlib.h>

enum { SPARE_EXCHANGES = 64 };

static struct exchange *spare;
static int spare_count;

struct exchange *h1_exchange_get(void)
{
	struct exchange *ex = spare;

	if (ex) {
		spare = ex->next;
		spare_count--;
	} else {
		ex = calloc(1, sizeof(*ex));
		if (!ex)
			return NULL;
	}
	ex->end = &ex->first;
	return ex;
}

/* The ring of the output needs no clearing: its count says what is in it. */
static void put(struct exchange *ex)
{
	buffer_unref(ex->in);
	output_finish(&ex->out);
	if (spare_count == SPARE_EXCHANGES) {
		free(ex);
		return;
	}
	ex->in = NULL;
	ex->scan = (struct head_scan){ 0 };
	ex->out.first = ex->out.count = 0;
	ex->out.queued = ex->out.sent = 0;
	ex->first = ex->current = NULL;
	ex->body.kind = FRAMING_NONE;
	ex->body_bytes = ex->body_limit = 0;
	ex->awaited = AWAITED_NOTHING;
	ex->head_began_ms = 0;
	ex->line_is_checked = ex->last_answer = ex->eof = ex->broken = false;
	ex->is_responding = false;
	ex->next = spare;
	spare = ex;
	spare_count++;
}

void h1_exchange_release(struct h1 *h, int status)
{
	if (!h->ex)
		return;
	h1_abandon(h->ex, status);
	put(h->ex);
	h->ex = NULL;
}
