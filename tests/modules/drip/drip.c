/* SPDX-License-Identifier: BSD-2-Clause */
/* A body that is not there yet: `drip 20ms;` sends five bytes, each after that time. */
#include <module.h>

struct drip {
	struct duration time; /* as configuration */
	struct body body; /* as context */
	struct wakeup *wakeup; /* NULL: the next byte is there */
	struct timer timer;
	struct request *req;
	int left;
};

static void expired(void *data)
{
	wakeup_fire(((struct drip *)data)->wakeup);
	((struct drip *)data)->wakeup = NULL;
}

static int drip_read(struct body *body, size_t max, struct slice *out)
{
	struct drip *drip = (struct drip *)((char *)body - offsetof(struct drip, body));

	if (drip->left == 0 || max == 0)
		return 0;
	if (drip->wakeup)
		return -EAGAIN;
	*out = (struct slice){ .data = "x", .len = 1 };
	drip->left--;
	drip->wakeup = body_wait(drip->req, body);
	timer_start(&drip->timer, drip->time.ms);
	return 1;
}

static void drip_close(struct body *body)
{
	struct drip *drip = (struct drip *)((char *)body - offsetof(struct drip, body));

	timer_stop(&drip->timer);
	if (drip->wakeup)
		expired(drip);
}

static verdict drip_content(struct request *req, const void *data)
{
	static const struct body_ops ops = { .read = drip_read, .close = drip_close };
	const struct drip *conf = data;
	struct drip *drip = request_context(req);

	if (conf->time.ms == 0)
		return PASS;
	*drip = (struct drip){ conf->time, { .ops = &ops, .length = -1 }, NULL,
			       { .expired = expired, .data = drip }, req, 5 };
	req->response.status = 200;
	req->response.body = &drip->body;
	return DONE;
}

const struct module drip_module = {
	.name = "drip",
	.summary = "sends a byte now and then",
	.conf_size = sizeof(struct drip),
	.context_size = sizeof(struct drip),
	.directives = (const struct directive[]) {
		DIRECTIVE("drip", IN_LOCATION, struct drip, time, "time", "Between two bytes."),
		{ 0 }
	},
	.on[PHASE_CONTENT] = drip_content,
};
