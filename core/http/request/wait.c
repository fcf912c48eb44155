/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wake-up tokens. A token belongs to two sides: to the request, until the request goes on or
 * ends, and to the code that fires it, from any thread. Firing posts a completion; everything
 * else happens on the loop's thread, so there is nothing to lock.
 *
 *     request_wait()    a handler gets a token, and returns WAIT: the request waits
 *     wakeup_fire()     on any thread: posts the completion (event/complete.h)
 *     fired()           on the loop's thread, in step 2 of a turn: queues core->resume, or
 *                       calls body_ready() for a token of body_wait(), and frees the token
 *     advance_job()     in step 3 (request.c): calls the same handler again
 *
 * If the time of request_wait_for() is over first, on_limit() queues core->resume instead. If
 * the request ends first, wakeups_cancel() detaches its tokens; fired() only frees them then.
 */
#include <module.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "event/complete.h"
#include "http/request/request_private.h"

struct wakeup {
	struct completion completion;
	struct request_core *core; /* NULL: the request is gone */
	struct body *body; /* of body_wait() */
	void (*cancel)(void *data);
	void *data;
	const struct module *module; /* whose handler has asked for it */
	atomic_bool is_fired; /* there is nothing to cancel any more */
	struct timer limit; /* of request_wait_for() */
	struct wakeup *next; /* of the same request */
};

static void unlink_wakeup(struct wakeup *wakeup)
{
	struct wakeup **at = &wakeup->core->wakeups;

	while (*at != wakeup)
		at = &(*at)->next;
	*at = wakeup->next;
	timer_stop(&wakeup->limit);
	if (!wakeup->body)
		wakeup->core->events -= EVENT_TOKEN;
}

static void fired(struct completion *completion)
{
	struct wakeup *wakeup = (struct wakeup *)completion;
	struct request_core *core = wakeup->core;
	struct body *body = wakeup->body;

	if (core)
		unlink_wakeup(wakeup);
	free(wakeup);
	if (!core)
		return;
	if (body)
		body_ready(body);
	else if (core->waiting)
		job_queue(&core->resume, STAGE_RESPOND);
}

/* The request needs the token no longer. It is freed when the code that holds it fires it. */
static void detach(struct wakeup *wakeup)
{
	timer_stop(&wakeup->limit);
	wakeup->core = NULL;
	if (wakeup->cancel && !atomic_load(&wakeup->is_fired))
		wakeup->cancel(wakeup->data);
}

static void on_limit(void *data)
{
	struct wakeup *wakeup = data;
	struct request_core *core = wakeup->core;

	/* It was fired in this turn: fired() will resume the request. */
	if (atomic_load(&wakeup->is_fired))
		return;
	unlink_wakeup(wakeup);
	detach(wakeup);
	core->events |= EVENT_TIMED_OUT;
	job_queue(&core->resume, STAGE_RESPOND);
}

/* A token that belongs to no request yet: firing it does no more than free it. */
static struct wakeup *create(void)
{
	struct wakeup *wakeup = heap_alloc(sizeof(*wakeup));

	completion_start();
	*wakeup = (struct wakeup){ .completion.run = fired };
	return wakeup;
}

static void link_wakeup(struct wakeup *wakeup, struct request_core *core)
{
	wakeup->core = core;
	wakeup->next = core->wakeups;
	core->wakeups = wakeup;
}

/* Limits the time of a token, whose cancel() is called when it is over. */
static void limit(struct wakeup *wakeup, int64_t ms)
{
	wakeup->limit = (struct timer){ .expired = on_limit, .data = wakeup };
	if (wakeup->core)
		timer_start(&wakeup->limit, ms);
}

static void end_delay(void *wakeup)
{
	wakeup_fire(wakeup);
}

verdict walk_delay(struct request_core *core, int64_t ms)
{
	struct wakeup *wakeup = create();

	core->waiter = NULL;
	wakeup->cancel = end_delay;
	wakeup->data = wakeup;
	link_wakeup(wakeup, core);
	core->events += EVENT_TOKEN;
	limit(wakeup, ms);
	return WAIT;
}

struct wakeup *request_wait(struct request *req, void (*cancel)(void *data), void *data)
{
	struct request_core *core = request_core(req);
	struct wakeup *wakeup = create();

	if (!core->caller) {
		request_log(req, LEVEL_ALERT, 0,
			    "request_wait() was called while no handler ran: a defect of a module; "
			    "its token wakes nobody");
		return wakeup;
	}
	wakeup->cancel = cancel;
	wakeup->data = data;
	wakeup->module = core->waiter = core->caller;
	link_wakeup(wakeup, core);
	core->events += EVENT_TOKEN;
	return wakeup;
}

struct wakeup *request_wait_for(struct request *req, int64_t ms, void (*cancel)(void *data),
				void *data)
{
	struct wakeup *wakeup = request_wait(req, cancel, data);

	limit(wakeup, ms);
	return wakeup;
}

verdict request_delay(struct request *req, int64_t ms)
{
	struct wakeup *wakeup = request_wait_for(req, ms, end_delay, NULL);

	wakeup->data = wakeup;
	if (!wakeup->core)
		wakeup_fire(wakeup);
	return WAIT;
}

bool request_timed_out(const struct request *req)
{
	return request_core(req)->events & EVENT_TIMED_OUT;
}

bool request_client_closed(const struct request *req)
{
	return req->conn->peer_closed;
}

struct wakeup *body_wait(struct request *req, struct body *body)
{
	struct wakeup *wakeup = create();

	wakeup->body = body;
	link_wakeup(wakeup, request_core(req));
	return wakeup;
}

void wakeup_fire(struct wakeup *wakeup)
{
	if (atomic_exchange(&wakeup->is_fired, true)) {
		log_alertx("a token of the module %s was fired twice: the second time is ignored",
			   wakeup->module ? wakeup->module->name : "(unknown)");
		return;
	}
	completion_post(&wakeup->completion);
}

void wakeup_resume(struct wakeup *wakeup)
{
	fired(&wakeup->completion);
}

void wakeups_cancel(struct request_core *core)
{
	core->events %= EVENT_TOKEN;
	while (core->wakeups) {
		struct wakeup *wakeup = core->wakeups;

		core->wakeups = wakeup->next;
		detach(wakeup);
	}
}
