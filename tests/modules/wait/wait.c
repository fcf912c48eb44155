/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lets a request wait, for a timer or a thread: `wait 1s;` or `wait_in_thread on;`. With
 * `wait_at_most 1s;` it answers 504 when that takes longer. `work 50ms;` blocks the worker.
 */
#include <module.h>
#include <unistd.h>

extern const struct module wait_module;

struct wait {
	struct duration timer, at_most, work; bool thread; /* as configuration */
	struct timer running; /* as context */
	struct wakeup *wakeup;
};

static void expired(void *data)
{
	wakeup_fire(((struct wait *)data)->wakeup);
}

static void cancel(void *data)
{
	log_notice("wait: cancelled");
	timer_stop(&((struct wait *)data)->running);
	expired(data);
}

/* The request may be gone meanwhile: only the token is touched. */
static void work(void *data)
{
	usleep(100000);
	wakeup_fire(data);
}

static verdict wait_preaccess(struct request *req, const void *data)
{
	const struct wait *conf = data;
	struct wait *wait = request_context(req, &wait_module);

	if (request_timed_out(req))
		return request_client_closed(req) ? 499 : 504;
	usleep(wait->wakeup ? 0 : (useconds_t)conf->work.ms * 1000);
	if (wait->wakeup || (!conf->timer.ms && !conf->thread))
		return PASS;
	if (conf->at_most.ms)
		wait->wakeup = request_wait_for(req, conf->at_most.ms,
						conf->timer.ms ? cancel : NULL, wait);
	else
		wait->wakeup = request_wait(req, conf->timer.ms ? cancel : NULL, wait);
	wait->running = (struct timer){ .expired = expired, .data = wait };
	if (conf->timer.ms)
		timer_start(&wait->running, conf->timer.ms);
	else if (thread_run(work, wait->wakeup) < 0)
		work(wait->wakeup);
	return WAIT;
}

const struct module wait_module = {
	.name = "wait",
	.summary = "lets a request wait",
	.conf_size = sizeof(struct wait),
	.context_size = sizeof(struct wait),
	.directives = (const struct directive[]) {
		DIRECTIVE("wait", IN_LOCATION, struct wait, timer, "time", "Waits for a timer."),
		DIRECTIVE("wait_at_most", IN_LOCATION, struct wait, at_most, "time",
			  "Answers 504 after that time."),
		DIRECTIVE("work", IN_LOCATION, struct wait, work, "time",
			  "Blocks the worker for that time."),
		DIRECTIVE("wait_in_thread", IN_LOCATION, struct wait, thread, "on | off",
			  "Waits for a thread, which takes a tenth of a second."),
		{ 0 }
	},
	.on[PHASE_PREACCESS] = wait_preaccess,
};
