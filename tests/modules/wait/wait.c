/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets a request wait, for a timer or a thread: `wait 1s;` or `wait_in_thread on;` */
#include <module.h>
#include <unistd.h>

extern const struct module wait_module;

struct wait {
	struct duration timer; bool thread; /* as configuration */
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

	if (wait->wakeup || (!conf->timer.ms && !conf->thread))
		return PASS;
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
		DIRECTIVE("wait_in_thread", IN_LOCATION, struct wait, thread, "on | off",
			  "Waits for a thread, which takes a tenth of a second."),
		{ 0 }
	},
	.on[PHASE_PREACCESS] = wait_preaccess,
};
