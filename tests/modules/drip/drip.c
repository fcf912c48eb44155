/* SPDX-License-Identifier: BSD-2-Clause */
/* A body that is not there yet: `drip 20ms;` sends five bytes, with a pause between them. */
#include <module.h>

struct drip {
	struct body body;
	struct duration pause; /* as configuration */
	struct request *req;
	struct timer timer; /* its data: who waits for the next byte */
	int left;
};

static void expired(void *waiting)
{
	wakeup_fire(waiting);
}

static int drip_read(struct body *body, size_t max, struct slice *out)
{
	struct drip *drip = (struct drip *)body;

	(void)max;
	if (drip->left == 0 || timer_is_started(&drip->timer))
		return drip->left ? -EAGAIN : 0;
	drip->left--;
	drip->timer = (struct timer){ .expired = expired, .data = body_wait(drip->req, body) };
	timer_start(&drip->timer, drip->pause.ms);
	*out = (struct slice){ .data = "x", .len = 1 };
	return 1;
}

static void drip_close(struct body *body)
{
	struct timer *timer = &((struct drip *)body)->timer;

	if (timer_is_started(timer))
		wakeup_fire(timer->data);
	timer_stop(timer);
}

static verdict drip_content(struct request *req, const void *data)
{
	static const struct body_ops ops = { .read = drip_read, .close = drip_close };
	struct drip *drip = pool_memdup(req->pool, data, sizeof(*drip));

	if (drip->pause.ms == 0)
		return PASS;
	drip->body = (struct body){ .ops = &ops, .length = -1 };
	drip->req = req;
	drip->left = 5;
	req->response.status = 200;
	req->response.body = &drip->body;
	return DONE;
}

const struct module drip_module = {
	.name = "drip",
	.summary = "sends a byte now and then",
	.conf_size = sizeof(struct drip),
	.directives = (const struct directive[]) {
		DIRECTIVE("drip", IN_LOCATION, struct drip, pause, "time", "Between two bytes."),
		{ 0 }
	},
	.on[PHASE_CONTENT] = drip_content,
};
