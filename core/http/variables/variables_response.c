/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables of the response, its size and its times. Sizes are known in the LOG
 * phase; before, they have the value that is known so far.
 */
#include "http/variables/variables.h"

#include <date.h>
#include <text.h>

#include "event/loop.h"
#include "http/field/fields.h"
#include "http/request/request_private.h"
#include "http/request/response_fields.h"

struct str milliseconds_text(struct pool *pool, int64_t ms)
{
	uint64_t positive = ms > 0 ? (uint64_t)ms : 0;
	char *text = pool_alloc(pool, 24), *end = str_put_u64(text, positive / 1000);

	*end++ = '.';
	for (uint64_t unit = 100; unit > 0; unit /= 10)
		*end++ = (char)('0' + positive / unit % 10);
	return str_range(text, end);
}

bool variable_status(struct request *req, struct str rest, const void *data, struct str *out)
{
	int becomes = request_core(req)->error_page_code;
	int status = becomes > 0 ? becomes : req->response.status;

	(void)rest, (void)data;
	if (status == 0)
		return text_if_not_empty(STR("000"), out);
	if (status == 200)
		return text_if_not_empty(STR("200"), out);
	return number_found(req->pool, (uint64_t)status, out);
}

bool variable_bytes_sent(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return number_found(req->pool, request_core(req)->bytes_sent, out);
}

bool variable_body_bytes_sent(struct request *req, struct str rest, const void *data,
			      struct str *out)
{
	const struct request_core *core = request_core(req);
	uint64_t head = core->response_head_bytes;

	(void)rest, (void)data;
	return number_found(req->pool, core->bytes_sent > head ? core->bytes_sent - head : 0, out);
}

bool variable_request_length(struct request *req, struct str rest, const void *data,
			     struct str *out)
{
	const struct request_core *core = request_core(req);

	(void)rest, (void)data;
	return number_found(req->pool, core->head_bytes + core->body_bytes, out);
}

bool variable_request_time(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_if_not_empty(milliseconds_text(req->pool, request_age_ms(req)), out);
}

static void add_time(struct text *to, const char *name, int64_t us)
{
	int64_t ms = us > 0 ? us / 1000 : 0;

	text_printf(to, "%s%s=%lld.%03lld", to->len ? " " : "", name, (long long)ms / 1000,
		    (long long)ms % 1000);
}

/*
 * A response that was sent in one go has taken no time to be sent that the client could have made
 * shorter: all of it is work.
 */
bool variable_request_times(struct request *req, struct str rest, const void *data, struct str *out)
{
	struct request_core *core = request_core(req);
	struct text text = { .pool = req->pool };
	int64_t now = core->ended_us ? core->ended_us : clock_us();
	int64_t walked = core->walked_us ? core->walked_us : now;
	int64_t sending = core->sending_us ? core->sending_us : now;
	int64_t worked = sending - walked, sent = now - sending;

	(void)rest, (void)data;
	request_note_body(core); /* what it has waited so far */
	add_time(&text, "head", walked - core->started_us);
	if (core->waiting)
		worked -= now - core->waiting_since_us;
	for (const struct waited *waited = core->waited; waited; waited = waited->next) {
		worked -= waited->us + (core->sending_us ? 0 : waited->body_us);
		sent -= waited->body_us;
	}
	add_time(&text, "work", worked);
	for (const struct waited *waited = core->waited; waited; waited = waited->next)
		add_time(&text, waited->module ? waited->module->name : "delay",
			 waited->us + waited->body_us);
	if (core->waiting)
		add_time(&text, core->waiter ? core->waiter->name : "delay",
			 now - core->waiting_since_us);
	add_time(&text, "send", sent);
	*out = text_str(&text);
	return true;
}

bool variable_request_completion(struct request *req, struct str rest, const void *data,
				 struct str *out)
{
	(void)rest, (void)data;
	*out = request_core(req)->complete_ok ? STR("OK") : STR("");
	return true;
}

bool variable_request_id(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_if_not_empty(request_id(req), out);
}

/* --- times ------------------------------------------------------------------ */

bool variable_msec(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_if_not_empty(milliseconds_text(req->pool, clock_wall_ms()), out);
}

/* A text of the time that is the same for a whole second. */
struct second_text {
	time_t second;
	char text[64];
	size_t len;
};

static bool time_found(struct second_text *kept, char *put(char *to, time_t seconds),
		       struct request *req, struct str *out)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);

	if (kept->second != now) {
		kept->len = (size_t)(put(kept->text, now) - kept->text);
		kept->second = now;
	}
	return text_if_not_empty(pool_strdup(req->pool, (struct str){ kept->text, kept->len }),
				 out);
}

bool variable_time_local(struct request *req, struct str rest, const void *data, struct str *out)
{
	static struct second_text kept;

	(void)rest, (void)data;
	return time_found(&kept, date_put_log, req, out);
}

bool variable_time_iso8601(struct request *req, struct str rest, const void *data, struct str *out)
{
	static struct second_text kept;

	(void)rest, (void)data;
	return time_found(&kept, date_put_iso8601, req, out);
}

/* --- fields of the response --------------------------------------------------- */

struct sought {
	struct request *req;
	struct str name; /* as variables have it */
	struct str value;
	bool is_found;
};

/* field_visitor: values of several fields of one name become a list. */
static void find_sent(void *data, struct str name, struct str value)
{
	struct sought *sought = data;
	const struct str parts[] = { sought->value, STR(", "), value };

	if (!field_is_named(name, sought->name))
		return;
	sought->value = sought->is_found ? pool_concat(sought->req->pool, parts, 3) :
					   pool_strdup(sought->req->pool, value);
	sought->is_found = true;
}

bool variable_sent_http(struct request *req, struct str rest, const void *data, struct str *out)
{
	struct sought sought = { .req = req, .name = rest };

	(void)data;
	response_each_field(req, find_sent, &sought);
	if (sought.is_found)
		*out = sought.value;
	return sought.is_found;
}

bool variable_sent_trailer(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)data;
	return fields_text(req->pool, req->response.trailers, rest, out);
}
