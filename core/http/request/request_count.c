/* SPDX-License-Identifier: BSD-2-Clause */
/* What requests add to the counters of this process. */
#include "event/loop.h"
#include "http/request/request_private.h"
#include "stats/series.h"
#include "stats/stats.h"

/* Clients may announce any length; a sum must not overflow by it. */
#define BODY_MOST (1ull << 40)

void request_count(struct request_core *core, bool has_head, int64_t now_us)
{
	const struct request *req = &core->pub;
	unsigned status = has_head ? (unsigned)req->response.status : 0;
	uint64_t server = req->server->name_hash, head = core->response_head_bytes, packed;
	/* Clients could fill the records by all methods, of which most are refused. */
	bool is_rare = status >= 400 && req->method > METHOD_POST;
	unsigned method = is_rare ? METHOD_OTHER : req->method;
	int64_t took_us;

	core->ended_us = now_us;
	took_us = core->ended_us - core->started_us;
	stats_count_response((int)status, core->bytes_sent);
	packed = series_pack(SERIES_DURATION, status, method, req->version);
	series_count(server, packed, took_us > 0 ? (uint64_t)took_us : 0);
	series_count(server, series_pack(SERIES_RESPONSE_BODY, 0, 0, 0),
		     core->bytes_sent > head ? core->bytes_sent - head : 0);
	if (core->body_expected == 0)
		return;
	/* The response may be complete before the body has arrived. */
	uint64_t body = core->body_expected > 0 ? (uint64_t)core->body_expected : core->body_bytes;

	series_count(server, series_pack(SERIES_REQUEST_BODY, 0, 0, 0),
		     body < BODY_MOST ? body : BODY_MOST);
}
